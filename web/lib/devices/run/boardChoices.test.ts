import { expect, test } from 'vitest';
import type { Device } from '#shared/api/devices.ts';
import type { DeviceState } from '#shared/devices.ts';
import { deviceState, driver, lease } from '../testState.ts';
import { boardChoices, boardOffer } from './boardChoices.ts';

const board = (id: string, state: Partial<DeviceState> = {}, more: Partial<Device> = {}): Device => ({
  id,
  volume: 'team/lab',
  path: `bench/${id}.md`,
  file: { label: id, chip: null, kind: null, baud: 115_200, owner: null, usb: [], tools: null, plot: null },
  state: deviceState({ id, label: id, ...state }),
  may: 'drive',
  ...more,
});
const choices = (devices: Device[], last: string | null = null) => {
  const { boards, first } = boardChoices({ devices, volume: 'team/lab', last });
  return { boards: boards.map(({ id }) => id), first };
};

test('the board used last is meant first, unless it is not there; boards that I may only watch are not offered', () => {
  const devices = [
    board('away', { connection: 'offline' }),
    board('elsewhere', {}, { volume: 'ben' }),
    board('driven', { lease: lease(1, 'Mei') }),
    board('free'),
    board('seen', {}, { may: 'watch' }),
  ];
  expect(choices(devices)).toEqual({ boards: ['free', 'driven', 'away', 'elsewhere'], first: 'free' });
  expect(choices(devices, 'driven').first).toBe('driven');
  expect(choices(devices, 'away').first).toBe('free');
  expect(choices(devices, 'seen').first).toBe('free');
  expect(choices([devices[0]!]).first).toBe('away');
  expect(choices([])).toEqual({ boards: [], first: null });
});

test.each([
  ['nobody drives', {}, { words: 'Nobody drives', act: 'run' }],
  ['I drive', { lease: lease(1, 'Ben') }, { words: 'You drive', act: 'run' }],
  ['I am the second driver', { lease: lease(1, 'Mei', { with: driver('Ben') }) }, { words: 'You drive', act: 'run' }],
  ['my own agent drives', { lease: lease(1, 'Ben', { holder: driver('Ben', 'r1') }) }, { words: 'A run of Ben drives, 2:00 left', act: 'ask' }], // prettier-ignore
  ['somebody drives, others wait', { lease: lease(1, 'Mei'), queue: [{ driver: driver('Ada'), since: 0, by: 0 }] }, { words: 'Mei drives, 2:00 left, 1 wait', act: 'ask' }], // prettier-ignore
  ['it is stopped', { stop: { by: driver('Vera').person, at: 0, done: true } }, { words: 'Stopped by Vera. Clear it on the bench to go on', act: null }], // prettier-ignore
  ['it is unplugged', { connection: 'lost', why: 'Unplugged 13:02' }, { words: 'Unplugged 13:02', act: null }],
  ['nobody runs the virtual one', { connection: 'offline', kind: 'virtual' }, { words: 'No browser runs it', act: 'start' }], // prettier-ignore
] as const)('what is offered when %s', (_, state, wanted) => {
  expect(boardOffer({ state: deviceState(state as Partial<DeviceState>), me: 'ben', now: 0 })).toEqual(wanted);
});
