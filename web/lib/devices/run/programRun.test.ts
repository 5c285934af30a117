import { expect, onTestFinished, test, vi } from 'vitest';
import type { DeviceState } from '#shared/devices.ts';
import { DeviceView } from '../deviceView.svelte.ts';
import { testNetwork } from '../testSocket.ts';
import { deviceState, driver, lease } from '../testState.ts';
import { BoardTools } from '../tools/boardTools.svelte.ts';
import { keepLastBoard, lastBoard, programJob, sendProgram, takeProgram } from './program.ts';
import { ProgramRun } from './programRun.svelte.ts';

const program = { board: 'board', volume: 'team/lab', path: 'bench/blink.py', code: 'print(42)' };

/** Ben has sent a program to a board. */
function sent(first: DeviceState) {
  const network = testNetwork();
  const view = new DeviceView({ id: 'board', origin: 'http://here', outside: network.outside, newId: () => 'job1' });
  view.open();
  network.last.opened();
  network.last.says({ type: 'hello', you: 'ben', from: 0, begin: 0, end: 0, marks: [] });
  const tools = new BoardTools({ api: (() => Promise.reject(new Error('not used'))) as never, view });
  const run = new ProgramRun({ program, view, tools });
  const tell = (state: DeviceState) => {
    network.last.says({ type: 'state', state });
    run.step();
  };
  tell(first);
  const said = (type: string) => network.last.messages.filter((message) => message.type === type);
  const settled = () => vi.waitFor(() => expect(tools.doing).toBeNull());
  return { network, view, tools, run, tell, said, settled };
}

test('[DE2] a program asks for a turn once, and starts once when it has it', async () => {
  const { run, tell, said, network, settled } = sent(deviceState());
  expect([said('ask').length, said('job').length]).toEqual([1, 0]);
  const mine = deviceState({ lease: lease(4, 'Ben') });
  tell(mine);
  await vi.waitFor(() => expect(said('job')).toHaveLength(1));
  expect(said('job')[0]).toEqual({
    type: 'job',
    epoch: 4,
    job: { id: 'job1', kind: 'exec', code: 'print(42)', timeoutMs: 0, name: 'bench/blink.py', fresh: true },
  });
  expect([run.phase, run.waitsFor]).toEqual(['running', null]);
  network.last.says({ type: 'job-result', result: { id: 'job1', ok: true, text: '' } });
  await settled();
  tell(mine);
  expect([run.phase, said('job').length, said('ask').length]).toEqual(['over', 1, 1]);
});

test('[DE2] while somebody else drives it waits in the queue, and a turn that is offered is taken by the person', () => {
  const mei = lease(3, 'Mei');
  const { run, tell, said } = sent(deviceState({ lease: mei }));
  expect(said('ask')).toHaveLength(1);
  tell(deviceState({ lease: mei, queue: [{ driver: driver('Ben'), since: 0, by: 0 }] }));
  expect(run.waitsFor).toEqual({
    words: 'runs when it is your turn: Mei drives, you are number 1 of those who wait',
    act: null,
  });
  tell(deviceState({ lease: lease(4, 'Ben', { state: 'offered' }) }));
  expect(run.waitsFor?.act).toBe('take');
  // not taken in time: asked again by hand only
  tell(deviceState({ lease: lease(5, 'Ada') }));
  expect([run.waitsFor?.act, said('ask').length, said('job').length]).toEqual(['ask', 1, 0]);
});

test('[DE3] a stop ends the waiting: nothing starts when it is cleared', () => {
  const { run, tell, said } = sent(deviceState({ lease: lease(3, 'Mei') }));
  tell(deviceState({ stop: { by: driver('Vera').person, at: 0, done: true } }));
  expect([run.phase, run.why]).toEqual(['failed', 'It was not run: Vera stopped cube.']);
  tell(deviceState({ lease: lease(4, 'Ben') }));
  expect(said('job')).toEqual([]);
});

test('it waits for the work that has the board; what fails says its last words', async () => {
  const job = { id: 'x', kind: 'list', label: 'Reading /', by: driver('Ben'), since: 0, done: null, note: '' } as const;
  const { run, tell, said, network, settled } = sent(deviceState({ lease: lease(4, 'Ben'), job }));
  expect([said('job'), run.waitsFor?.words]).toEqual([[], 'runs after “Reading /”']);
  tell(deviceState({ lease: lease(4, 'Ben') }));
  await vi.waitFor(() => expect(said('job')).toHaveLength(1));
  const text = 'Traceback (most recent call last):\nZeroDivisionError: divide by zero';
  network.last.says({ type: 'job-result', result: { id: 'job1', ok: false, code: 'failed', text } });
  await settled();
  expect([run.phase, run.why]).toEqual(['failed', text]);
});

test('a program that is on its way is taken once, by its own board, and within a minute', () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  sendProgram(program);
  expect(takeProgram('another')).toBeNull();
  expect(takeProgram('board')).toEqual(program);
  expect(takeProgram('board')).toBeNull();
  sendProgram(program);
  vi.advanceTimersByTime(61_000);
  expect(takeProgram('board')).toBeNull();
});

test('what is too large for a job is refused before it is sent; the board used last is each person’s own', () => {
  expect(() => programJob({ path: 'a.py', code: 'x'.repeat(200_001) })).toThrow('a.py is too large');
  const kept = new Map<string, string>();
  const storage = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) }; // prettier-ignore
  keepLastBoard(storage, 'ben', 'board');
  expect([lastBoard(storage, 'ben'), lastBoard(storage, 'ada')]).toEqual(['board', null]);
});
