import { expect, test, vi } from 'vitest';
import { frameTypes, type JobResult } from '#shared/devices.ts';
import { openHost, type PerformJob, type WorldOfBoard } from './host.ts';
import { testBoard } from './testBoard.ts';
import { testNetwork } from './testSocket.ts';
import { deviceState, driver, lease } from './testState.ts';

const face = driver('Ben').person;
const settle = () => new Promise((done) => setTimeout(done, 5));

function hosted(perform: PerformJob = async ({ job }) => ({ id: job.id, ok: true, text: '' }), world?: WorldOfBoard) {
  const board = testBoard();
  const network = testNetwork();
  const news = { state: vi.fn(), link: vi.fn(), lost: vi.fn(), baud: vi.fn(), refused: vi.fn() };
  const host = openHost({
    address: 'ws://here/devices/board?host=1',
    port: board.port,
    world,
    baud: 115_200,
    early: [new TextEncoder().encode('boot ')],
    agent: 'Chrome on Linux',
    perform,
    news,
    outside: network.outside,
    pause: () => new Promise(() => {}),
    soon: (run) => run(),
  });
  network.last.opened();
  const text = () =>
    network.sockets.flatMap((socket) => socket.frames.map((frame) => new TextDecoder().decode(frame.bytes))).join('');
  return { board, network, news, host, text };
}

test('[DE2] bytes reach the board under the epoch of the lease that is on, and under no other', async () => {
  const { board, network } = hosted();
  const types = (bytes: string, epoch: number) => network.last.brings(frameTypes.input, bytes, { epoch });
  network.last.says({ type: 'state', state: deviceState({ lease: lease(3, 'Mei') }) });
  types('ok', 3);
  types('stale', 2);
  network.last.says({ type: 'state', state: deviceState({ lease: lease(4, 'Ben') }) });
  types('late', 3);
  types('next', 4);
  network.last.says({ type: 'state', state: deviceState() });
  types('over', 4);
  await settle();
  expect(board.written).toEqual(['ok', 'next']);
});

test('[DE2] what waited for a slow board does not reach it after the lease ended', async () => {
  const { board, network } = hosted();
  board.hold();
  network.last.says({ type: 'state', state: deviceState({ lease: lease(1, 'Mei') }) });
  network.last.brings(frameTypes.input, 'first', { epoch: 1 });
  network.last.brings(frameTypes.input, 'second', { epoch: 1 });
  await settle();
  network.last.says({ type: 'safe', why: 'the lease ended' });
  board.release();
  await settle();
  expect(board.written).not.toContain('second');
  expect(board.written).toContain('\x03\x03');
});

test('[DE5] a server that was started again knows nothing of job and driver: both have ended', async () => {
  const work: PerformJob = ({ job, signal }) =>
    new Promise((done) =>
      signal.addEventListener('abort', () => done({ id: job.id, ok: false, code: 'cancelled', text: 'cancelled' })),
    );
  const { board, network } = hosted(work);
  const job = { id: 'j', kind: 'list', path: '/' } as const;
  const view = { id: 'j', kind: 'list', label: 'list /', by: driver('Mei'), since: 0, done: null, note: '' } as const;
  network.last.says({ type: 'state', state: deviceState({ lease: lease(3, 'Mei') }) });
  network.last.says({ type: 'job', by: driver('Mei'), job });
  await settle();
  // the network was away for a moment: the job goes on
  network.last.broke();
  network.online(true);
  network.last.opened();
  network.last.says({ type: 'state', state: deviceState({ lease: lease(3, 'Mei'), job: view }) });
  await settle();
  expect(board.written).toEqual([]);
  // the server was killed: it does not
  network.last.broke();
  network.online(true);
  network.last.opened();
  network.last.says({ type: 'state', state: deviceState() });
  await settle();
  expect(board.written).toContain('\x03\x03');
  network.last.says({ type: 'state', state: deviceState({ lease: lease(9, 'Ben') }) });
  network.last.brings(frameTypes.input, 'hello', { epoch: 9 });
  await settle();
  expect(board.written.at(-1)).toBe('hello');
});

test('[DE6] a world at rest is told when it is first shared, and again after each return of the connection', () => {
  const rest = Uint8Array.of(1, 2, 3);
  const { network } = hosted(undefined, {
    command: vi.fn(),
    onState: (listener) => {
      listener(rest);
      return () => {};
    },
  });
  const worlds = () =>
    network.last.frames.filter(({ type }) => type === frameTypes.world).map(({ bytes }) => [...bytes]);
  expect(worlds()).toEqual([[1, 2, 3]]);
  network.last.broke();
  network.pass();
  network.last.opened();
  expect(worlds()).toEqual([[1, 2, 3]]);
});

test('[DE3] an emergency stop interrupts, says stop, resets, and overtakes what waits', async () => {
  const { board, network } = hosted();
  network.last.says({ type: 'state', state: deviceState({ lease: lease(1, 'Mei') }) });
  network.last.says({ type: 'stop', by: face });
  network.last.brings(frameTypes.input, 'go on', { epoch: 1 });
  await settle();
  expect(board.written).toEqual(['\x03\x03', '\r\n{"action":"stop"}\r\n']);
  expect(board.calls).toEqual(['reset hard']);
  expect(network.last.messages.at(-1)).toEqual({ type: 'stopped', text: 'Sent: Ctrl-C, stop, reset' });
});

test('[DE3] an emergency stop ends a job', async () => {
  const work: PerformJob = ({ job, signal }) =>
    new Promise((done) =>
      signal.addEventListener('abort', () => done({ id: job.id, ok: false, code: 'cancelled', text: 'cancelled' })),
    );
  const { network } = hosted(work);
  network.last.says({ type: 'job', by: driver('Mei'), job: { id: 'j', kind: 'list', path: '/' } });
  await settle();
  network.last.says({ type: 'stop', by: face });
  await settle();
  const results = network.last.messages
    .filter((one) => one.type === 'job-result')
    .map((one) => one.result as JobResult);
  expect(results).toEqual([{ id: 'j', ok: false, code: 'cancelled', text: 'cancelled' }]);
});

test('[DE5] nobody types into a job, and a second one is busy', async () => {
  let end = () => {};
  const { board, network } = hosted(
    ({ job }) => new Promise((done) => (end = () => done({ id: job.id, ok: true, text: 'done' }))),
  );
  network.last.says({ type: 'state', state: deviceState({ lease: lease(1, 'Mei') }) });
  network.last.says({ type: 'job', by: driver('Mei'), job: { id: 'one', kind: 'list', path: '/' } });
  network.last.says({ type: 'job', by: driver('Mei'), job: { id: 'two', kind: 'list', path: '/' } });
  network.last.brings(frameTypes.input, 'x', { epoch: 1 });
  await settle();
  end();
  await settle();
  expect(board.written).toEqual([]);
  expect(network.last.messages.filter((one) => one.type === 'job-result').map((one) => one.result.ok)).toEqual([
    false,
    true,
  ]);
});

test('[DE1] what the board says while it is opened and while the network is away follows when it is back, in order', () => {
  const { board, network, text } = hosted();
  board.says('one ');
  network.last.broke();
  board.says('two ');
  network.pass();
  network.last.opened();
  board.says('three');
  expect(text()).toBe('boot one two three');
  expect(network.last.messages[0]).toMatchObject({ type: 'hosting', kind: 'serial', port: 'Test board' });
  expect(network.last.frames.map((frame) => frame.offset)).toEqual([9, 13]);
});

test('what waits for the network is bounded, and the gap shows in the offsets', () => {
  const { board, network, host } = hosted();
  network.last.broke();
  for (let n = 0; n < 3 * 1024; n++) board.says('x'.repeat(1024));
  network.pass();
  network.last.opened();
  expect(host.dropped).toBe(2 * 1024 * 1024);
  expect(network.last.frames[0]!.offset).toBe(2 * 1024 * 1024 + 5);
});

test('[DE2] without the server a driven board comes to rest by itself', async () => {
  const { board, network } = hosted();
  network.last.says({ type: 'state', state: deviceState({ lease: lease(1, 'Mei') }) });
  network.last.broke();
  network.pass();
  await settle();
  expect(board.written[0]).toBe('\x03\x03');
});

test('a board that is pulled out is told, and so is its return', () => {
  const { board, network, news, host } = hosted();
  board.pulled();
  expect(network.last.messages.at(-1)).toEqual({
    type: 'connection',
    connection: 'lost',
    why: 'The board was unplugged.',
  });
  expect(news.lost).toHaveBeenCalledOnce();
  host.attach(testBoard().port);
  expect(network.last.messages.at(-1)).toMatchObject({ type: 'connection', connection: 'online' });
});

test('a port that does not do what was asked says so, and the speed stays what it was', async () => {
  const { board, network } = hosted();
  const refuse = () => Promise.reject(new Error('Not on this port.'));
  Object.assign(board.port, { setSignals: refuse, reset: refuse, setBaud: refuse });
  network.last.says({ type: 'signals', dtr: true });
  network.last.says({ type: 'reset', how: 'hard' });
  network.last.says({ type: 'baud', baud: 9600 });
  await settle();
  const said = network.last.messages.filter(({ type }) => type === 'port-failed' || type === 'baud');
  expect(said).toEqual([
    { type: 'port-failed', of: 'signals', text: 'Not on this port.' },
    { type: 'port-failed', of: 'reset', text: 'Not on this port.' },
    { type: 'port-failed', of: 'baud', text: 'Not on this port.' },
    { type: 'baud', baud: 115_200 },
  ]);
});

test('[DE8] keys for a program reach it only while it runs, and only under the turn that is on', async () => {
  const heard: string[] = [];
  let finish = () => {};
  const { board, network } = hosted(({ job, keys }) => {
    keys.begin(async (bytes) => void heard.push(new TextDecoder().decode(bytes)));
    return new Promise((done) => (finish = () => done({ id: job.id, ok: true, text: '' })));
  });
  const types = (text: string, epoch: number, type: number = frameTypes.program) =>
    network.last.brings(type, text, { epoch });
  network.last.says({ type: 'state', state: deviceState({ lease: lease(3, 'Mei') }) });
  types('too early', 3);
  network.last.says({ type: 'job', by: driver('Mei'), job: { id: 'j', kind: 'exec', code: '', timeoutMs: 0, name: '' } }); // prettier-ignore
  await settle();
  types('yes\r', 3);
  types('an earlier turn', 2);
  types('for the prompt', 3, frameTypes.input);
  await settle();
  finish();
  await settle();
  types('too late', 3);
  await settle();
  expect(heard).toEqual(['yes\r']);
  expect(board.written).toEqual([]);
});

test('[DE8] when the turn ends or somebody stops the board, keys that wait do not reach the program any more', async () => {
  for (const end of [{ type: 'safe', why: 'over' }, { type: 'stop', by: face }, { type: 'cancel-job', id: 'j' }] as const) {
    const heard: string[] = [];
    let next = () => {};
    const { network } = hosted(({ keys }) => {
      keys.begin((bytes) => (heard.push(new TextDecoder().decode(bytes)), new Promise((done) => (next = done))));
      return new Promise(() => {});
    });
    network.last.says({ type: 'state', state: deviceState({ lease: lease(3, 'Mei') }) });
    network.last.says({ type: 'job', by: driver('Mei'), job: { id: 'j', kind: 'exec', code: '', timeoutMs: 0, name: '' } }); // prettier-ignore
    await settle();
    for (const text of ['one', 'two', 'three']) network.last.brings(frameTypes.program, text, { epoch: 3 });
    network.last.says(end);
    next();
    await settle();
    network.last.brings(frameTypes.program, 'four', { epoch: 3 });
    await settle();
    expect(heard).toEqual(['one']);
  }
}); // prettier-ignore
