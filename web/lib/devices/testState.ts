// States of a board for tests.
import type { DeviceState, Driver, LeaseView } from '#shared/devices.ts';

export const driver = (name: string, run: string | null = null): Driver => ({
  key: `${name.toLowerCase()}${run ?? ''}`,
  person: { id: name.toLowerCase(), login: name.toLowerCase(), name, colour: 2 },
  run,
});
export const lease = (epoch: number, name: string, more: Partial<LeaseView> = {}): LeaseView => ({
  epoch,
  holder: driver(name),
  with: null,
  state: 'granted',
  since: 0,
  expires: 120_000,
  until: 1_800_000,
  ...more,
});
export const deviceState = (more: Partial<DeviceState> = {}): DeviceState => ({
  id: 'board',
  volume: 'team/lab',
  path: 'bench/cube.md',
  label: 'cube',
  kind: 'serial',
  chip: null,
  connection: 'online',
  why: null,
  host: { person: driver('Ravi').person, agent: 'Chrome on macOS', port: '303a:1001', since: 0 },
  baud: 115_200,
  lease: null,
  queue: [],
  stop: null,
  job: null,
  watchers: [],
  recording: null,
  now: 0,
  ...more,
});
