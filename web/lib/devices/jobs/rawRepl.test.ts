import v8 from 'node:v8';
import vm from 'node:vm';
import { describe, expect, test } from 'vitest';
import type { Job, JobResult } from '#shared/devices.ts';
import type { BoardPort } from '../port.ts';
import { performJob } from './performJob.ts';
import { replBoard } from './testReplBoard.ts';

type Exec = Partial<Extract<Job, { kind: 'exec' }>>;
function exec(port: BoardPort, job: Exec = {}, signal = new AbortController().signal): Promise<JobResult> {
  return performJob({
    port,
    job: { id: 'j1', kind: 'exec', code: 'print(1)', timeoutMs: 5000, name: 'main.py', ...job },
    fetchArtifact: () => Promise.reject(new Error('nothing to fetch')),
    storeArtifact: () => Promise.reject(new Error('nothing to store')),
    progress: () => {},
    signal,
  });
}

describe('a program runs whatever the board does at that moment, and the friendly prompt is back afterwards', () => {
  for (const starts of ['friendly', 'raw', 'paste', 'raw-paste', 'program'] as const)
    test(starts, async () => {
      const board = replBoard({ starts, run: () => ({ out: 'hello\r\n' }) });
      expect(await exec(board.port)).toEqual({ id: 'j1', ok: true, text: 'hello\r\n' });
      expect(board.state).toBe('friendly');
      expect(board.ran).toEqual(['print(1)']);
      expect(board.listeners.size).toBe(0);
    });
});

test('a program that catches Ctrl-C a few times is stopped still', async () => {
  const board = replBoard({ starts: 'program', deafTo: 5, run: () => ({ out: 'x' }) });
  expect(await exec(board.port)).toMatchObject({ ok: true });
});

test('what somebody left half typed at the prompt is not run', async () => {
  const board = replBoard();
  await board.port.write(new TextEncoder().encode('machine.reset()'));
  await exec(board.port);
  expect(board.ran).toEqual(['print(1)']);
});

test('raw-paste never sends more than the board granted; older firmware gets the program the old way', async () => {
  const code = 'x = 0\n' + 'x += 1\n'.repeat(3000) + 'print(x)';
  for (const paste of ['yes', 'refused', 'unknown'] as const) {
    const board = replBoard({ paste, run: () => ({ out: 'done' }) });
    expect(await exec(board.port, { code }), paste).toMatchObject({ ok: true, text: 'done' });
    expect(board.ran).toEqual([code]);
    expect(board.overrun).toBe(false);
  }
});

test('a traceback is a failure, after what was printed', async () => {
  const board = replBoard({
    run: () => ({
      out: 'one\r\n',
      error: 'Traceback (most recent call last):\r\nZeroDivisionError: divide by zero\r\n',
    }),
  });
  expect(await exec(board.port)).toMatchObject({
    ok: false,
    code: 'failed',
    text: expect.stringMatching(/^one\n.*\r\nZeroDivisionError/s),
  });
  expect(board.state).toBe('friendly');
});

test('a program that takes too long is interrupted; one that is cancelled tells what it printed', async () => {
  const board = replBoard({ run: () => ({ out: 'begun\r\n', runsUntil: 2 }) });
  expect(await exec(board.port, { timeoutMs: 200 })).toMatchObject({
    ok: false,
    code: 'timeout',
    text: expect.stringContaining('begun'),
  });
  expect(board.state).toBe('friendly');
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 200);
  expect(await exec(board.port, { timeoutMs: 0 }, stop.signal)).toMatchObject({
    ok: false,
    code: 'cancelled',
    text: expect.stringContaining('begun'),
  });
  expect(board.state).toBe('friendly');
});

test('a program that ignores Ctrl-C for good: the answer says what does end it', async () => {
  const board = replBoard({ run: () => ({ runsUntil: 1000 }) });
  expect(await exec(board.port, { timeoutMs: 100 })).toMatchObject({
    ok: false,
    code: 'timeout',
    text: expect.stringContaining('hard reset'),
  });
}, 20_000);

test('a board that restarts in the middle, softly or not', async () => {
  for (const restarts of ['soft', 'hard'] as const) {
    const board = replBoard({ run: () => ({ out: 'one\r\n', restarts }) });
    expect(await exec(board.port, { timeoutMs: 0 })).toMatchObject({
      ok: false,
      code: 'failed',
      text: expect.stringContaining('restarted'),
    });
    expect(board.state).toBe('friendly');
  }
});

test('a board that says nothing, and one that says anything but MicroPython', async () => {
  expect(await exec(replBoard({ answers: 'nothing' }).port)).toMatchObject({
    ok: false,
    code: 'timeout',
    text: expect.stringContaining('does not answer'),
  });
  const garbage = Uint8Array.from({ length: 300 }, (_, i) => (i * 37) & 255);
  expect(await exec(replBoard({ answers: garbage }).port)).toMatchObject({
    ok: false,
    code: 'timeout',
    text: expect.stringContaining('not as MicroPython'),
  });
}, 30_000);

test('a board that is pulled in the middle of a program', async () => {
  const board = replBoard({ run: () => ({ out: 'begun', runsUntil: 1000 }) });
  setTimeout(() => board.pull(), 150);
  expect(await exec(board.port, { timeoutMs: 0 })).toMatchObject({
    ok: false,
    code: 'lost',
    text: expect.stringContaining('unplugged'),
  });
});

test('100 MB of output at full speed are counted, not kept', async () => {
  const board = replBoard({ run: () => ({ runsUntil: 1 }) });
  const piece = new Uint8Array(64 * 1024).fill(0x41);
  v8.setFlagsFromString('--expose-gc');
  const collect = vm.runInNewContext('gc') as () => void;
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  const stop = new AbortController();
  const flood = async () => {
    await new Promise((resolve) => setTimeout(resolve, 150));
    for (let sent = 0; sent < 100 << 20; sent += piece.length) {
      for (const listener of board.listeners) listener(piece.slice());
      if (sent % (1 << 19) === 0) await new Promise((resolve) => setTimeout(resolve, 0));
      if (sent % (8 << 20) === 0) {
        collect();
        await new Promise((resolve) => setTimeout(resolve, 10)); // what was collected is given back a moment later
        most = Math.max(most, process.memoryUsage().arrayBuffers - before);
      }
    }
    stop.abort();
  };
  void flood();
  const result = await exec(board.port, { timeoutMs: 0 }, stop.signal);
  expect(result).toMatchObject({ ok: false, code: 'cancelled' });
  expect(result.text.length).toBeLessThan(300_000);
  expect(result.text).toContain('AAAA');
  expect(most).toBeLessThan(40 << 20);
}, 60_000);

test('a program with a byte that the board would obey is refused with words', async () => {
  const board = replBoard();
  expect(await exec(board.port, { code: 'print("\x04")' })).toMatchObject({
    ok: false,
    code: 'failed',
    text: expect.stringContaining('control character'),
  });
  expect(board.ran).toEqual([]);
});
