// What a run may do with a board, and when a person is asked. The board here only notes what reached it; beside real MicroPython the same
// tools are tried in server/devices.
import crypto from 'node:crypto';
import { beforeEach, expect, test } from 'vitest';
import type { Device } from '#shared/api/devices.ts';
import type { JobResult, LeaseView } from '#shared/devices.ts';
import { deviceTools as names } from '#shared/toolNames.ts';
import type { JobAsked, RunBoard, RunBoards } from '../../devices/types.ts';
import { checkArguments } from '../arguments.ts';
import { effectOf } from '../calls.ts';
import type { ToolContext, ToolResult } from '../types.ts';
import { deviceTable } from './deviceTable.ts';
import { deviceTools } from './deviceTools.ts';

let now: number;
let lease: LeaseView | null;
let epoch: number;
let kind: 'serial' | 'virtual';
let allowed: string[] | null;
let answer: (job: JobAsked) => Omit<Extract<JobResult, { ok: true }>, 'id'> | Omit<Extract<JobResult, { ok: false }>, 'id'>; // prettier-ignore
let reached: unknown[];
/** What stands in files of the volume, by path; and which board the name means. */
let texts: Record<string, string>;
let boardId: string;
const person = { id: 'p', login: 'ada', name: 'Ada', colour: 1 };
const state = () => ({
  id: 'b1', volume: 'team/lab', path: 'bench/cube.md', label: 'Cube', kind, chip: 'ESP32', connection: 'online' as const, why: null, host: null,
  baud: 115_200, lease, queue: [], stop: null, job: null, watchers: [], recording: null, now,
}); // prettier-ignore
const device = (): Device => ({
  id: 'b1', volume: 'team/lab', path: 'bench/cube.md', state: state(), may: 'drive',
  file: { label: 'Cube', chip: 'ESP32', kind, baud: 115_200, owner: null, usb: [], tools: allowed, plot: null },
}); // prettier-ignore
const sha256 = (text: string) => crypto.hash('sha256', text);
const textOf = (path: string) => texts[path] ?? `text of ${path}`;
const board: RunBoard = {
  get id() {
    return boardId;
  },
  device: async () => device(),
  state,
  lease: () => lease,
  async drive() {
    reached.push('drive');
    lease = {
      epoch: ++epoch,
      holder: { key: 'run', person, run: 'r1' },
      with: null,
      state: 'granted',
      since: now,
      expires: now + 120_000,
      until: now + 1_800_000,
    };
    return lease;
  },
  write: async (bytes) => void reached.push(new TextDecoder().decode(bytes)),
  async job(job) {
    expect(lease, 'no job without the turn').not.toBeNull();
    reached.push(job.kind);
    return { id: 'j', ...answer(job) } as JobResult;
  },
  reset: async (how) => void reached.push(`reset ${how}`),
  interrupt: async () => void reached.push('interrupt'),
  release() {
    reached.push('release');
    lease = null;
  },
  keep: async ({ name, bytes }) => ({ id: 'a', name, bytes: bytes.length, sha256: '' }),
  keepFile: async (path) => ({ id: 'f', name: path, bytes: 9, sha256: sha256(textOf(path)) }),
  hashOfFile: async (path) => ({ bytes: 9, sha256: sha256(textOf(path)) }),
  bytesOf: async () => new TextEncoder().encode('print(1)\n'),
  read: ({ from }) => ({ bytes: new TextEncoder().encode('>>> '), from: from ?? 6, to: 10, end: 10, skipped: 0 }),
  waitFor: async () => ({ found: null, bytes: new Uint8Array(), from: 10, to: 10 }),
  stop: async () => void reached.push('stop'),
};
const boards: RunBoards = { list: async () => [device()], open: async () => board, close: () => undefined };
const files = {
  read: async ({ path }: { path: string }) => ({
    text: textOf(path),
    volume: 'team/lab',
    path,
    untrusted: null,
    saw: () => undefined,
  }),
  check: async (paths: string[]) => ({ paths, untrusted: null }),
};
let tools: ReturnType<typeof deviceTools>;
const toolOf = (name: string) => tools.find((tool) => tool.name === name)!;
const effect = (name: string, args: Record<string, unknown> = {}) => effectOf(toolOf(name), { board: 'Cube', ...args });
const context = { signal: new AbortController().signal, output: () => undefined } as unknown as ToolContext;
const acting = (name: string, given: Record<string, unknown>, more: Partial<ToolContext>): Promise<ToolResult> =>
  toolOf(name)
    .act(given, { ...context, ...more })
    .catch((error: Error) => ({ ok: false, text: error.message }));
/** As the loop does it: a call that waits for a person gets its approval, for what it binds. `meanwhile`: before it acts. */
async function use(name: string, args: Record<string, unknown> = {}, meanwhile = () => {}): Promise<ToolResult> {
  const given = name === 'list_devices' ? args : { board: 'Cube', ...args };
  expect(checkArguments(toolOf(name).parameters, given)).toBeNull();
  const asks = ['external', 'destructive'].includes(effectOf(toolOf(name), given));
  const bound = asks
    ? ((await toolOf(name)
        .binds?.(given)
        .catch(() => null)) ?? null)
    : null;
  meanwhile();
  return acting(name, given, { approved: asks, bound: bound?.what ?? null });
}
const take = (covered: string[], minutes = 10) => use('take_board', { tools: covered, minutes, why: 'It turns.' });

beforeEach(() => {
  [now, lease, epoch, kind, allowed, reached] = [1_000_000, null, 0, 'serial', null, []];
  [texts, boardId] = [{}, 'b1'];
  answer = () => ({ ok: true, text: 'hello' });
  tools = deviceTools({ boards, files: files as never, clock: { now: () => now } });
});

test('every tool of the bench is in the table, once, and asks before it acts unless it only looks', () => {
  expect(tools.map(({ name }) => name)).toEqual([...names]);
  for (const { name, effect: written } of deviceTable) expect([name, effect(name)]).toEqual([name, written]);
});

test('[RU7] one approval covers the tools of this turn, for its minutes, and nothing else', async () => {
  expect(await take(['run_on_board', 'json_command'], 5)).toMatchObject({ ok: true });
  expect([effect('run_on_board', { code: 'print(1)' }), effect('json_command'), effect('serial_write')]).toEqual(['write', 'write', 'external']); // prettier-ignore
  now += 5 * 60_000;
  expect(effect('run_on_board', { code: 'print(1)' }), 'the minutes are over').toBe('external');
});

test.each([
  ['somebody took the board', () => void (lease = { ...lease!, epoch: 99 })],
  ['it was given back', () => void (lease = null)],
  ['it was stopped', () => void (lease = null)],
  ['its tab is away', () => void (lease = { ...lease!, state: 'away' })],
])('[RU7] what a person allowed ends with the turn: %s', async (_, end) => {
  await take(['run_on_board']);
  expect(effect('run_on_board', { code: 'print(1)' })).toBe('write');
  end();
  expect(effect('run_on_board', { code: 'print(1)' })).toBe('external');
});

test('[RU7] a call that nobody was asked about, because a turn covered it, does not act after that turn', async () => {
  await take(['run_on_board']);
  lease = null; // a person took it, before this call of the same answer had its turn
  reached = [];
  const late = await use('run_on_board', { code: 'print(1)' }, () => undefined);
  expect(late.ok, 'asked about, it takes a turn of its own').toBe(true);
  await take(['run_on_board']);
  reached = [];
  const result = await use('run_on_board', { code: 'print(1)' }, () => (lease = null));
  expect(result).toMatchObject({ ok: false, text: expect.stringMatching(/turn.*over/) });
  await take(['run_on_board']);
  reached = [];
  expect(await use('run_on_board', { code: 'print(1)' }, () => (now += 11 * 60_000))).toMatchObject({ ok: false });
  expect(await use('json_command', { command: { action: 'drive' } }, () => (boardId = 'b2'))).toMatchObject({
    ok: false,
  });
  expect(reached).toEqual([]);
});

test.each([
  ['run_on_board', { path: 'bench/line.py' }, 'bench/line.py'],
  ['write_board_file', { path: '/main.py', from: 'bench/line.py' }, 'bench/line.py'],
  ['flash_board', { path: 'bench/fw.bin', address: 0 }, 'bench/fw.bin'],
] as const)(
  '[RU7] the text that was approved is the text that acts, not what the file holds by then: %s',
  async (name, args, path) => {
    expect(await use(name, args, () => (texts[path] = 'motor.on()'))).toMatchObject({
      ok: false,
      text: expect.stringMatching(/changed/),
    });
    expect(reached.filter((what) => what === 'exec' || what === 'put' || what === 'flash')).toEqual([]);
    expect(await use(name, args)).toMatchObject({ ok: true });
  },
);

test('[RU7] an approval is for one board, whatever its name means later', async () => {
  const moved = () => (boardId = 'b2');
  expect(await use('serial_write', { text: 'x' }, moved)).toMatchObject({
    ok: false,
    text: expect.stringMatching(/changed/),
  });
  boardId = 'b1';
  expect(await use('take_board', { tools: ['serial_write'], minutes: 1, why: 'x' }, moved)).toMatchObject({
    ok: false,
  });
  expect(reached).toEqual([]);
});

test('[RU7] no turn covers deleting, flashing, a hard reset, or what moves on a real board', async () => {
  await take(['reset_board', 'json_command']);
  expect(effect('reset_board', { how: 'soft' })).toBe('write');
  expect(effect('reset_board', { how: 'hard' })).toBe('external');
  expect(effect('json_command', { command: { action: 'read_adc' } })).toBe('write');
  for (const command of [
    { action: 'drive', l: 40, r: 40 },
    { action: 'set_pwm', pin: 4 },
    { action: 'set', what: 'left motor' },
    { action: 'x', cmd: 'drive' },
  ])
    expect([command, effect('json_command', { command })]).toEqual([command, 'external']);
  expect(effect('delete_board_file')).toBe('destructive');
  expect(effect('flash_board')).toBe('destructive');
  kind = 'virtual';
  expect(effect('json_command', { command: { action: 'drive' } }), 'nothing moves in the room').toBe('write');
  expect(checkArguments(toolOf('take_board').parameters, { board: 'Cube', tools: ['flash_board'], why: 'x' })).not.toBeNull(); // prettier-ignore
});

test('[RU7] on a real board a program that names a motor, or is not before a person’s eyes, asks each time', async () => {
  await take(['run_on_board', 'serial_write', 'write_board_file']);
  expect(effect('run_on_board', { code: 'print(adc.read())\nreturn_value = 1' })).toBe('write');
  expect(effect('run_on_board', { code: 'PWM(Pin(4)).duty(900)' })).toBe('external');
  expect(effect('run_on_board', { path: 'bench/line.py' })).toBe('external');
  expect(effect('serial_write', { text: '{"action":"drive","l":90,"r":90}\n' })).toBe('external');
  expect(effect('write_board_file', { path: '/main.py', content: 'motor.on()' })).toBe('external');
  kind = 'virtual';
  expect(effect('run_on_board', { path: 'bench/line.py' })).toBe('write');
});

test('[DE2] a call that a person approved takes the turn for itself, and gives it back also when it fails', async () => {
  expect(await use('run_on_board', { code: 'print("hello")' })).toMatchObject({ ok: true, text: 'hello' });
  expect(reached).toEqual(['drive', 'exec', 'release']);
  answer = () => ({ ok: false, code: 'failed', text: 'Traceback', partial: 'The file is as it was.' });
  reached = [];
  expect(await use('write_board_file', { path: '/a.py', content: 'x' })).toMatchObject({
    ok: false,
    text: 'Traceback\nThe file is as it was.',
  });
  expect(reached).toEqual(['drive', 'put', 'release']);
  await take(['run_on_board']);
  reached = [];
  await use('run_on_board', { path: 'bench/line.py' });
  expect(reached, 'its own turn goes on').toEqual(['exec']);
});

test('[RU8] what a board says is text from outside, and is marked so', async () => {
  for (const [name, args] of [
    ['read_console', {}],
    ['wait_for_output', { words: 'x' }],
    ['run_on_board', { code: '1' }],
    ['read_board_file', { path: '/boot.py' }],
    ['read_sensor', { action: 'get_pose' }],
  ] as const)
    expect([name, (await use(name, args)).untrusted]).toEqual([name, 'the board Cube']);
  answer = () => ({ ok: true, text: '', artifact: { id: 'a', name: 'boot.py', bytes: 9, sha256: '' } });
  expect(await use('read_board_file', { path: '/boot.py' })).toMatchObject({ text: 'print(1)\n', untrusted: 'the board Cube' }); // prettier-ignore
});

test('the list in the file of the board goes before every approval', async () => {
  allowed = ['run-on-board'];
  expect((await use('serial_write', { text: 'x' })).text).toMatch(
    /does not let agents use serial_write.*bench\/cube\.md/,
  );
  expect((await take(['json_command'])).text).toMatch(/does not let agents use json_command/);
  expect(await use('run_on_board', { code: '1' })).toMatchObject({ ok: true });
  expect(await use('read_console')).toMatchObject({ ok: true });
  allowed = [];
  expect(await use('emergency_stop'), '[DE3] a stop is never refused').toMatchObject({ ok: true });
  expect(reached).toContain('stop');
});

test('arguments that say two things, or nothing, reach no board', async () => {
  for (const args of [{}, { code: 'a', path: 'b.py' }])
    expect((await use('run_on_board', args)).text).toMatch(/one of them/);
  expect(await use('write_board_file', { path: '/a', content: 'x', from: 'y' })).toMatchObject({ ok: false });
  expect(reached.filter((what) => what === 'exec' || what === 'put')).toEqual([]);
});

test('an error that the board answers is a failure with its words', async () => {
  answer = () => ({ ok: true, text: '', json: { status: 'error', msg: 'i2c 0x40: no answer' } });
  expect(await use('json_command', { command: { action: 'read_i2c' } })).toMatchObject({ ok: false, text: expect.stringContaining('no answer') }); // prettier-ignore
});
