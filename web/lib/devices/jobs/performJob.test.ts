// Jobs against real MicroPython: what is on the board afterwards, to the byte, also when the line or the power goes in the middle.
import crypto from 'node:crypto';
import { expect, test } from 'vitest';
import type { Artifact, Job, JobResult } from '#shared/devices.ts';
import type { BoardPort } from '../port.ts';
import { ProgramKeys } from '../programKeys.ts';
import { unfinishedSuffix } from './boardFiles.ts';
import { performJob } from './performJob.ts';
import { openBoardPort } from './testBoardPort.ts';

const names = (board: { files(): Map<string, unknown> }) =>
  [...board.files().keys()].filter((path) => !path.endsWith('/')).sort();
type Work = Job extends infer Each ? (Each extends Job ? Omit<Each, 'id'> : never) : never;
const noise = (bytes: number) => new Uint8Array(crypto.randomBytes(bytes));
const store = new Map<string, Uint8Array>();
function artifactOf(bytes: Uint8Array, name = 'x'): Artifact {
  const id = crypto.randomUUID();
  store.set(id, bytes);
  return { id, name, bytes: bytes.length, sha256: crypto.createHash('sha256').update(bytes).digest('hex') };
}
function work(
  port: BoardPort,
  job: Work,
  {
    signal = new AbortController().signal,
    progress = (_: { done: number | null; note: string }) => {},
    keys = new ProgramKeys(),
  } = {},
): Promise<JobResult> {
  return performJob({
    port,
    job: { id: 'j1', ...job } as Job,
    fetchArtifact: async ({ id }) => store.get(id)!,
    storeArtifact: async ({ name, bytes }) => artifactOf(bytes, name),
    progress,
    signal,
    keys,
  });
}
const put = (port: BoardPort, path: string, bytes: Uint8Array, more = {}) =>
  work(port, { kind: 'put', path, artifact: artifactOf(bytes) }, more);
async function get(port: BoardPort, path: string): Promise<Uint8Array> {
  const result = await work(port, { kind: 'get', path });
  if (!result.ok) throw new Error(result.text);
  return store.get(result.artifact!.id)!;
}

test('a program runs, fails, is stopped; the prompt is back each time', async () => {
  const { connect, booted, said } = openBoardPort();
  const port = connect();
  await booted();
  const exec = (code: string, timeoutMs = 5000, fresh = false) =>
    work(port, { kind: 'exec', code, timeoutMs, name: 'main.py', fresh });
  expect(await exec('print("grün", 6*7)')).toMatchObject({ ok: true, text: 'grün 42\r\n' });
  expect(await exec('print("before")\n1/0')).toMatchObject({
    ok: false,
    code: 'failed',
    text: expect.stringMatching(/^before\n[\s\S]*ZeroDivisionError/),
  });
  expect(await exec('def f(:\n pass')).toMatchObject({
    ok: false,
    code: 'failed',
    text: expect.stringContaining('SyntaxError'),
  });
  expect(await exec('x = 0\nwhile True: x += 1', 300)).toMatchObject({ ok: false, code: 'timeout' });
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 300);
  expect(
    await work(
      port,
      { kind: 'exec', code: 'print("on")\nwhile True: pass', timeoutMs: 0, name: 'x' },
      { signal: stop.signal },
    ),
  ).toMatchObject({
    ok: false,
    code: 'cancelled',
    text: expect.stringContaining('on'),
  });
  await exec('left = 1');
  expect(await exec('print("left" in globals())')).toMatchObject({ text: 'True\r\n' });
  expect(await exec('print("left" in globals())', 5000, true)).toMatchObject({ text: 'False\r\n' });
  expect(await exec('import sys\nprint("bye")\nsys.exit()')).toMatchObject({ ok: true, text: 'bye\r\n' });
  expect(await exec(`text = "${'x'.repeat(20_000)}"\nprint(len(text))`)).toMatchObject({ text: '20000\r\n' });
  await port.write(Buffer.from('40+2\r'));
  await expect.poll(said).toMatch(/40\+2\r\n42\r\n>>> $/);
}, 60_000);

test('files: written, listed, read back byte for byte, renamed, removed; errors in words', async () => {
  const { connect, booted, board } = openBoardPort();
  const port = connect();
  await booted();
  const bytes = noise(20_001);
  const told: (number | null)[] = [];
  expect(
    await put(port, 'data.bin', bytes, { progress: ({ done }: { done: number | null }) => told.push(done) }),
  ).toMatchObject({ ok: true });
  expect(told.at(-1)).toBe(1);
  expect(Buffer.compare(await get(port, '/data.bin'), bytes)).toBe(0);
  const other = noise(700);
  expect(await put(port, 'data.bin', other)).toMatchObject({ ok: true });
  expect(Buffer.compare(await get(port, '/data.bin'), other)).toBe(0);
  expect(await put(port, '/empty', new Uint8Array())).toMatchObject({ ok: true });
  expect(await get(port, '/empty')).toEqual(new Uint8Array());

  expect(await work(port, { kind: 'mkdir', path: '/dir' })).toMatchObject({ ok: true });
  expect(await work(port, { kind: 'mkdir', path: '/dir' })).toMatchObject({
    ok: false,
    text: '/dir is there already.',
  });
  const odd = "/dir/it's größer \\ \u{1f980}.py";
  expect(await put(port, odd, Buffer.from('x = 1'))).toMatchObject({ ok: true });
  const listed = await work(port, { kind: 'list', path: '/dir' });
  expect(listed).toMatchObject({ ok: true, entries: [{ name: odd.slice(5), folder: false, bytes: 5 }] });
  const top = await work(port, { kind: 'list', path: '/' });
  expect((top as { entries: unknown[] }).entries).toContainEqual({ name: 'data.bin', folder: false, bytes: 700 });
  expect((top as { entries: { name: string }[] }).entries[0]!.name).toBe('dir');

  expect(await work(port, { kind: 'rename', path: odd, to: '/data.bin' })).toMatchObject({
    ok: false,
    text: '/data.bin is there already.',
  });
  expect(await work(port, { kind: 'rename', path: odd, to: '/dir/b.py' })).toMatchObject({ ok: true });
  expect(await work(port, { kind: 'rename', path: '/nothing', to: '/dir/c.py' })).toMatchObject({
    ok: false,
    text: 'There is no /nothing on the board.',
  });
  expect(await work(port, { kind: 'get', path: '/dir' })).toMatchObject({ ok: false, text: '/dir is a folder.' });
  expect(await put(port, '/dir', other)).toMatchObject({ ok: false, text: '/dir is a folder.' });
  expect(await work(port, { kind: 'remove', path: '/dir' })).toMatchObject({ ok: true });
  expect(await work(port, { kind: 'list', path: '/dir' })).toMatchObject({
    ok: false,
    text: 'There is no /dir on the board.',
  });
  for (const path of ['/../etc/passwd', '/a\nb', `/${'x'.repeat(300)}`])
    expect(await work(port, { kind: 'remove', path }), path).toMatchObject({
      ok: false,
      code: 'failed',
      text: expect.stringContaining('no path'),
    });
  await expect.poll(() => names(board)).toEqual(['/data.bin', '/empty']);
}, 60_000);

test('[DE7] the line is cut at every write of an upload, and the power goes: the file is the old one or the new one, whole', async () => {
  const { connect, booted, board } = openBoardPort({ files: new Map([['/main.py', Buffer.from('print("first")\n')]]) });
  await booted();
  let held = Buffer.from('print("first")\n');
  let cut = 0;
  let half = false;
  let [kept, replaced] = [0, 0];
  for (let done = false; !done;) {
    if (!half) cut += 1;
    half = !half;
    const next = Buffer.from(`print("${cut}")\n# ${crypto.randomBytes(900).toString('hex')}\n`);
    const result = await put(connect({ cutAfter: cut, half }), '/main.py', next);
    if (result.ok) done = half;
    else expect(result, `cut at write ${cut}: ${result.text}`).toMatchObject({ code: 'lost' });
    if (cut % 8 === 0) await board.hardReset();
    else await new Promise((resolve) => setTimeout(resolve, 10));
    const onBoard = Buffer.from(board.files().get('/main.py')!);
    expect([held.toString(), next.toString()], `cut at write ${cut}${half ? ', half of it' : ''}`).toContain(
      onBoard.toString(),
    );
    if (onBoard.equals(next)) replaced += 1;
    else kept += 1;
    held = onBoard;
  }
  expect(kept).toBeGreaterThan(10);
  expect(replaced).toBeGreaterThan(1);
  await expect.poll(() => [...board.files().keys()].filter((path) => path.endsWith(unfinishedSuffix))).toEqual([]);
}, 120_000);

test('a cancelled upload leaves the old file and nothing beside it', async () => {
  const { connect, booted, board } = openBoardPort();
  const port = connect();
  await booted();
  await put(port, '/a.bin', Buffer.from('old'));
  const stop = new AbortController();
  const result = await put(port, '/a.bin', noise(200_000), {
    signal: stop.signal,
    progress: ({ done }: { done: number | null }) => done !== null && done > 0.05 && stop.abort(),
  });
  expect(result).toMatchObject({ ok: false, code: 'cancelled', partial: '/a.bin is as it was.' });
  expect(Buffer.from(await get(port, '/a.bin')).toString()).toBe('old');
  await expect.poll(() => names(board)).toEqual(['/a.bin']);
}, 60_000);

test('a file that is not the one that was chosen, or has no room, never begins to be written', async () => {
  const { connect, booted, board } = openBoardPort();
  const port = connect();
  await booted();
  const artifact = artifactOf(noise(100));
  const forged = await work(port, { kind: 'put', path: '/a', artifact: { ...artifact, sha256: 'f'.repeat(64) } });
  expect(forged).toMatchObject({ ok: false, code: 'mismatch', partial: 'The board was not touched.' });
  const big = await work(port, {
    kind: 'exec',
    name: 'x',
    timeoutMs: 0,
    code: 'with open("/big","wb") as f:\n for i in range(30):\n  f.write(bytes(65536))',
  });
  expect(big).toMatchObject({ ok: true });
  expect(await put(port, '/a', noise(300_000))).toMatchObject({
    ok: false,
    code: 'failed',
    text: expect.stringContaining('no room'),
  });
  expect(names(board)).toEqual(['/big']);
}, 60_000);

test('without hashlib the sum is a CRC, without that the file is read back', async () => {
  const { connect, booted } = openBoardPort();
  const port = connect();
  await booted();
  const hide = (modules: string[]) =>
    work(port, {
      kind: 'exec',
      name: 'x',
      timeoutMs: 5000,
      code: `import sys, binascii\nclass Poor:\n pass\nfor n in ${JSON.stringify(modules)}:\n sys.modules[n] = Poor()\nif "binascii" in ${JSON.stringify(modules)}:\n for n in ("hexlify", "b2a_base64", "a2b_base64"):\n  setattr(sys.modules["binascii"], n, getattr(binascii, n))`,
    });
  for (const modules of [['hashlib'], ['hashlib', 'binascii']]) {
    expect(await hide(modules)).toMatchObject({ ok: true });
    const bytes = noise(3000);
    expect(await put(port, '/sum.bin', bytes), modules.join()).toMatchObject({ ok: true });
    expect(Buffer.compare(await get(port, '/sum.bin'), bytes)).toBe(0);
  }
}, 60_000);

test('[DE7] what something else prints into a file that is read is noticed; a second try may pass', async () => {
  const { connect, booted } = openBoardPort();
  const port = connect();
  await booted();
  const bytes = noise(5000);
  await put(port, '/a.bin', bytes);
  const disturbed = (times: number): BoardPort => ({
    ...port,
    onBytes: (listener) =>
      port.onBytes((said) => {
        const line = Buffer.from(said).toString('latin1').indexOf('==') < 0 && said.length > 200;
        if (!line || times-- <= 0) return listener(said);
        listener(said.slice(0, 100));
        listener(Buffer.from('TICK'));
        listener(said.slice(100));
      }),
  });
  const torn = await work(disturbed(Infinity), { kind: 'get', path: '/a.bin' });
  expect(torn, torn.text).toMatchObject({ ok: false, code: 'mismatch' });
  expect(Buffer.compare(await get(disturbed(1), '/a.bin'), bytes)).toBe(0);
}, 60_000);

test('a line of JSON is answered by the protocol of the board', async () => {
  const { connect, booted } = openBoardPort();
  const port = connect();
  await booted();
  expect(await work(port, { kind: 'json', command: { action: 'get_pose' }, timeoutMs: 3000 })).toMatchObject({
    ok: true,
    json: { pose: expect.anything() },
  });
  expect(await work(port, { kind: 'json', command: { action: 'drive', l: 0, r: 0 }, timeoutMs: 3000 })).toMatchObject({
    ok: true,
    json: { status: 'ok' },
  });
}, 30_000);

/** A program whose driver types: `typed` when it has said something. */
function talk(port: BoardPort, code: string) {
  const keys = new ProgramKeys();
  const type = (text: string) => keys.type(new TextEncoder().encode(text));
  let heard = '';
  const stop = port.onBytes((bytes) => (heard += new TextDecoder().decode(bytes)));
  const result = work(port, { kind: 'exec', code, timeoutMs: 20_000, name: 'main.py' }, { keys }).finally(stop);
  const says = (text: string) => expect.poll(() => heard, { interval: 2, timeout: 10_000 }).toContain(text);
  return { type, result, says };
}

test('[DE8] what the driver types reaches the program: input(), lines, single keys, asked for without waiting', async () => {
  const { connect, booted, said } = openBoardPort();
  await booted();
  const port = connect();
  const asking = talk(port, 'n=input("name? ")\nm=input("again? ")\nprint("hello", n, m)');
  await asking.says('name? ');
  asking.type('ad');
  asking.type('x\x7fa\r');
  await asking.says('again? ');
  asking.type('grün\r');
  expect(await asking.result).toMatchObject({ ok: true, text: expect.stringContaining('hello ada grün') });

  const early = talk(port, 'import sys\nprint(repr(sys.stdin.readline()), repr(sys.stdin.read(2)))');
  early.type('typed before it ran\rxy'); // Enter is \r on a keyboard and \n in a program, as on a board
  expect(await early.result).toMatchObject({ ok: true, text: "'typed before it ran\\n' 'xy'\r\n" });

  const polling = talk(
    port,
    `
import select, sys
p=select.poll(); p.register(sys.stdin, select.POLLIN)
print(p.poll(0), "go")
n=0
while not p.poll(20): n+=1
print(n > 0, sys.stdin.read(1))`,
  );
  await polling.says('go');
  await new Promise((done) => setTimeout(done, 100));
  polling.type('k');
  expect(await polling.result).toMatchObject({ ok: true, text: '[] go\r\nTrue k\r\n' });

  const endless = talk(port, 'print("on")\nwhile True: pass');
  await endless.says('on');
  endless.type('ignored\x03');
  expect(await endless.result).toMatchObject({ ok: false, text: expect.stringContaining('KeyboardInterrupt') });
  expect(said().endsWith('>>> ')).toBe(true);
});

// Keys that nobody read, that come in the moment in which the program ends or after it, and all those that a prompt obeys.
test('[DE8] no key of a program reaches the prompt behind it, whenever it is typed', async () => {
  const { board, connect, booted, said } = openBoardPort();
  await booted();
  const port = connect();
  const evil = 'open("bad","w")\r\n\x04\x02open("bad","w")\r\x05A\x01open("bad","w")\x04\x02\x01';
  for (let round = 0; round < 25; round++) {
    const { type, result, says } = talk(port, `import time\nprint("on")\ntime.sleep_ms(${round % 5})`);
    await says('on');
    const typing = setInterval(() => type(evil), 0);
    for (let i = 0; i < 20; i++) type(evil);
    const ended = await result;
    type(evil);
    clearInterval(typing);
    type(evil);
    expect(ended).toMatchObject({ ok: true, text: 'on\r\n' });
    expect(said().endsWith('>>> ')).toBe(true);
  }
  expect(await work(port, { kind: 'exec', code: 'print("bad" in __import__("os").listdir())', timeoutMs: 5000, name: 'x' })).toMatchObject({ text: 'False\r\n' }); // prettier-ignore
  expect(names(board)).toEqual([]);
}, 60_000);
