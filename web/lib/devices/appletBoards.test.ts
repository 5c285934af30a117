import { expect, onTestFinished, test, vi } from 'vitest';
import type { DeviceState } from '#shared/devices.ts';
import { appletBoards } from './appletBoards.ts';
import { testNetwork } from './testSocket.ts';
import { deviceState, lease } from './testState.ts';

/** An applet of Ben in team/lab, and the board `bench/cube.md` with the label "Cube one". */
function asking(first: DeviceState) {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const network = testNetwork();
  const api = vi.fn(async () => ({ devices: [{ id: 'board', path: 'bench/cube.md', file: { label: 'Cube one' } }] }));
  const boards = appletBoards({
    api: api as never,
    volume: 'team/lab',
    origin: 'http://here',
    outside: network.outside,
  });
  const tell = (state: DeviceState) => network.last.says({ type: 'state', state });
  const pass = () => vi.advanceTimersByTimeAsync(50);
  const said = (type: string) => network.last.messages.filter((message) => message.type === type);
  return {
    network,
    boards,
    tell,
    pass,
    said,
    /** The first question opens the board. */
    async begin(command: unknown, device = 'cube') {
      const answer = boards.ask({ device, command }).then(
        (value) => ({ value }),
        (error: Error) => ({ error: error.message }),
      );
      await pass();
      if (network.sockets.length > 0) {
        network.last.opened();
        network.last.says({ type: 'hello', you: 'ben', from: 0, end: 0, marks: [] });
        tell(first);
      }
      await pass();
      return answer;
    },
    answer(json: unknown) {
      const { job } = said('job').at(-1);
      network.last.says({ type: 'job-result', result: { id: job.id, ok: true, text: '', json } });
    },
  };
}
const driven = (name: string) => deviceState({ lease: lease(4, name) });

test('[DE2] a free board is taken for the applet, asked, and given back when the applet is gone', async () => {
  const { boards, begin, tell, pass, said, answer } = asking(deviceState());
  const first = begin({ action: 'get_pose' });
  await pass();
  await pass();
  expect(said('ask')).toHaveLength(1);
  tell(driven('Ben'));
  await pass();
  expect(said('job').map(({ job, epoch }) => [job.kind, job.command, epoch])).toEqual([
    ['json', { action: 'get_pose' }, 4],
  ]);
  answer({ status: 'ok', x: 1 });
  expect(await first).toEqual({ value: { status: 'ok', x: 1 } });
  boards.close();
  expect(said('release')).toEqual([{ type: 'release', epoch: 4 }]);
});

test('[DE2] a turn that its person has on the bench is used, and not given back', async () => {
  const { boards, begin, pass, said, answer } = asking(driven('Ben'));
  const first = begin({ action: 'get_info' }, 'Cube one');
  await pass();
  await pass();
  answer({ status: 'ok' });
  expect(await first).toEqual({ value: { status: 'ok' } });
  boards.close();
  expect([said('ask'), said('release')]).toEqual([[], []]);
});

test.each([
  ['somebody drives', driven('Mei'), /^Mei drives Cube one/],
  ['it is unplugged', deviceState({ connection: 'lost', why: 'Unplugged' }), /^Cube one is not connected: Unplugged/],
  ['it is stopped', deviceState({ stop: { by: lease(1, 'Vera').holder.person, at: 0, done: true } }), /^Vera stopped/],
])('[DE2] nothing is sent when %s', async (_, state, words) => {
  const { begin, pass, said } = asking(state);
  const first = begin({ action: 'drive' });
  await pass();
  await pass();
  expect(await first).toEqual({ error: expect.stringMatching(words) });
  expect([said('ask'), said('job')]).toEqual([[], []]);
});

test('what is no command, or no board of this volume, opens nothing', async () => {
  const { boards, network } = asking(deviceState());
  await expect(boards.ask({ device: 'cube', command: 'drive' })).rejects.toThrow('A command is an object');
  await expect(boards.ask({ device: 'other', command: {} })).rejects.toThrow('There is no board “other” in team/lab.');
  expect(network.sockets).toEqual([]);
});
