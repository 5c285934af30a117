import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { encodeFrame, frameTypes, type Job, type JobResult } from '#shared/devices.ts';
import { createDeviceStore } from './deviceStore.ts';
import { actorOf, idOf, openTestHub, until, type TestHub } from './testHub.ts';

let hub: TestHub;
beforeAll(async () => {
  hub = await openTestHub({ postgresUrl: inject('postgresUrl') });
});
afterAll(async () => {
  await hub.close();
  expect(hub.errors).toEqual([]);
});

const wait = (ms: number) => new Promise((done) => setTimeout(done, ms));
const exec: Job = { id: 'one', kind: 'exec', code: 'print(1)', timeoutMs: 0, name: 'main.py' };
const results = (viewer: { of: (type: 'job-result') => { result: JobResult }[] }) => viewer.of('job-result').map(({ result }) => result); // prettier-ignore
const runOf = (name: string) => `00000000-0000-4000-a000-${name.padStart(12, '0')}`;
const runActor = actorOf('ben');

test('[DE5] a job has the board for itself; its progress goes to all, its result to who asked', async () => {
  const id = hub.board();
  const host = await hub.host('ada', id);
  const [ben, vic] = [await hub.viewer('ben', id), await hub.viewer('vic', id)];
  const epoch = await ben.drive();
  ben.say({ type: 'job', epoch, job: exec });
  await until(() => host.of('job').length === 1);
  expect(host.of('job')[0]).toMatchObject({ job: exec, by: { person: { login: 'ben' } } });
  host.say({ type: 'job-progress', id: 'one', done: 0.5, note: 'half' });
  await until(() => vic.state().job?.done === 0.5);
  expect(vic.state().job).toMatchObject({
    kind: 'exec',
    label: 'main.py',
    note: 'half',
    by: { person: { login: 'ben' } },
  });
  ben.type('x', epoch);
  ben.say({ type: 'job', epoch, job: { ...exec, id: 'two' } });
  await until(() => ben.refusals.length === 2);
  expect(ben.refusals.toSorted()).toEqual(['bytes busy', 'job busy']);
  host.say({ type: 'job-result', result: { id: 'one', ok: true, text: '1\n' } });
  await until(() => results(ben).length === 1);
  expect(results(ben)).toEqual([{ id: 'one', ok: true, text: '1\n' }]);
  expect(results(vic)).toEqual([]);
  await until(() => vic.state().job === null);
  expect(
    vic
      .of('mark')
      .map(({ mark }) => [mark.kind, mark.job, mark.text])
      .slice(-2),
  ).toEqual([
    ['job', undefined, 'main.py'], // what it prints is for everybody: no console folds it
    ['job-end', undefined, 'main.py: done'],
  ]);
  ben.type('free again', epoch);
  await until(() => host.typed.length === 1);
});

test('[DE8] keys for a program: of its driver only, to the program that runs, to no other and to no prompt', async () => {
  const id = hub.board();
  const host = await hub.host('ada', id);
  const [ben, dan, vic] = [await hub.viewer('ben', id), await hub.viewer('dan', id), await hub.viewer('vic', id)];
  const epoch = await ben.drive();
  const since = () => ben.state().job!.since;
  const types = (viewer: typeof ben, text: string, offset: number, under = epoch) =>
    viewer.socket.send(encodeFrame({ type: frameTypes.program, epoch: under, offset, bytes: Buffer.from(text) }));
  types(ben, 'no program', 5);
  await until(() => ben.refusals.length === 1);
  ben.say({ type: 'job', epoch, job: exec });
  await until(() => ben.state().job !== null);
  types(ben, 'yes\r', since());
  await until(() => host.typed.length === 1);
  expect(host.typed).toEqual([{ epoch, text: 'yes\r' }]);
  types(ben, 'another program', since() - 1);
  types(ben, 'another turn', since(), epoch - 1);
  types(dan, 'not mine', since());
  types(vic, 'only looks', since());
  await until(() => ben.refusals.length === 3 && dan.refusals.length === 1 && vic.refusals.length === 1);
  expect([ben.refusals, dan.refusals, vic.refusals]).toEqual([
    ['bytes stale', 'bytes stale', 'bytes stale'],
    ['bytes no-lease'],
    ['bytes forbidden'],
  ]);
  const first = since();
  host.say({ type: 'job-result', result: { id: 'one', ok: true, text: '' } });
  await until(() => ben.state().job === null);
  types(ben, 'too late', first);
  await until(() => ben.refusals.length === 4);
  ben.say({ type: 'job', epoch, job: { id: 'files', kind: 'list', path: '/' } });
  await until(() => ben.state().job?.id === 'files');
  types(ben, 'files have no ears', since());
  await until(() => ben.refusals.length === 5);
  expect(host.typed).toHaveLength(1);
});

test('[DE5] a job is cancelled by who began it; a browser that does not answer does not hold the board for ever', async () => {
  const id = hub.board();
  const host = await hub.host('ada', id);
  const [ben, dan] = [await hub.viewer('ben', id), await hub.viewer('dan', id)];
  const epoch = await ben.drive();
  ben.say({ type: 'job', epoch, job: exec });
  await until(() => dan.state().job !== null);
  dan.say({ type: 'cancel-job', id: 'one' });
  await until(() => dan.refusals.length === 1);
  expect([dan.refusals, host.of('cancel-job')]).toEqual([['cancel-job forbidden'], []]);
  ben.say({ type: 'cancel-job', id: 'one' });
  await until(() => host.of('cancel-job').length === 1);
  expect(ben.state().job).not.toBeNull();
  hub.time.ahead += 3000;
  await until(() => results(ben).length === 1);
  expect(results(ben)[0]).toMatchObject({ ok: false, code: 'cancelled', text: 'BEN cancelled it.' });
  await until(() => ben.state().job === null);
});

test('[DE5] the board is pulled in the middle of an upload: the asker is told that half of it may be there', async () => {
  const id = hub.board();
  const host = await hub.host('ada', id);
  const ben = await hub.viewer('ben', id);
  const epoch = await ben.drive();
  const artifacts = createDeviceStore(hub.database);
  const artifact = { id: crypto.randomUUID(), fileId: id, name: 'a.py', bytes: 3, sha256: 'f'.repeat(64), personId: idOf('ben'), createdAt: new Date() }; // prettier-ignore
  await artifacts.addArtifact(artifact);
  const put: Job = { id: 'up', kind: 'put', path: '/a.py', artifact: { id: artifact.id, name: 'forged', bytes: 1, sha256: 'forged' } }; // prettier-ignore
  ben.say({ type: 'job', epoch, job: { ...put, id: 'no', artifact: { ...put.artifact, id: crypto.randomUUID() } } });
  await until(() => ben.refusals.length === 1);
  ben.say({ type: 'job', epoch, job: put });
  await until(() => host.of('job').length === 1);
  const { job } = host.of('job')[0]!;
  expect(job.kind === 'put' && job.artifact).toEqual({ id: artifact.id, name: 'a.py', bytes: 3, sha256: 'f'.repeat(64) }); // prettier-ignore
  host.socket.terminate();
  await until(() => results(ben).length === 1);
  expect(results(ben)[0]).toMatchObject({ id: 'up', ok: false, code: 'lost', partial: '“/a.py” may be missing or cut short on the board: look before you use it.' }); // prettier-ignore
  expect(ben.refusals).toEqual(['job invalid']);
});

test("[DE3] a stop in the middle of a flash: the board's browser says how it ended", async () => {
  const id = hub.board();
  const host = await hub.host('ada', id);
  const [ben, vic] = [await hub.viewer('ben', id), await hub.viewer('vic', id)];
  ben.say({ type: 'job', epoch: await ben.drive(), job: exec });
  await until(() => host.of('job').length === 1);
  vic.say({ type: 'stop' });
  await until(() => host.of('stop').length === 1 && host.of('cancel-job').length === 1);
  expect(ben.state().job === null || ben.state().stop !== null).toBe(true);
  host.say({ type: 'job-result', result: { id: 'one', ok: false, code: 'cancelled', text: 'KeyboardInterrupt' } });
  await until(() => results(ben).length === 1);
  expect(results(ben)[0]).toMatchObject({ text: 'KeyboardInterrupt' });
});

test('a recording holds both directions with their times and who; it comes back as lines, bytes and a cast', async () => {
  const id = hub.board();
  const host = await hub.host('ada', id);
  const ben = await hub.viewer('ben', id);
  const epoch = await ben.drive();
  const started = await route('POST /devices/:id/recordings', id);
  await expect(route('POST /devices/:id/recordings', id)).rejects.toMatchObject({ code: 'conflict' });
  await until(() => ben.state().recording?.id === started.id);
  ben.type('é\r', epoch);
  await until(() => host.typed.length === 1);
  const [first, second] = [Buffer.from('caf\u00e9 \u{1f916}').subarray(0, 8), Buffer.from('caf\u00e9 \u{1f916}').subarray(8)]; // prettier-ignore
  host.print(first);
  await until(() => ben.bytes.length === first.length);
  host.print(second);
  host.print(Buffer.from([0xff, 0x00]));
  await until(() => ben.bytes.length === first.length + second.length + 2);
  const stopped = await route('POST /devices/:id/recordings/stop', id);
  expect(stopped).toMatchObject({ ended: 'stopped', outputBytes: 12, inputBytes: 3, by: { login: 'ben' } });

  const lines = (await text(id, started.id, 'jsonl')).trim().split('\n').map((line) => JSON.parse(line) as { t: number; type: string; d?: string; by?: string }); // prettier-ignore
  expect(lines.map(({ type }) => type).filter((type) => type !== 'm')).toEqual(['i', 'o', 'o', ...(lines.filter(({ type }) => type === 'o').length > 2 ? ['o'] : [])]); // prettier-ignore
  expect(lines.find(({ type }) => type === 'i')).toMatchObject({ by: 'ben', d: Buffer.from('é\r').toString('base64') });
  expect(lines.map(({ t }) => t)).toEqual(lines.map(({ t }) => t).toSorted((a, b) => a - b));
  const raw = await (await file(id, started.id, 'raw')).arrayBuffer();
  expect(Buffer.from(raw).equals(ben.bytes)).toBe(true);
  const cast = (await text(id, started.id, 'cast')).trim().split('\n').map((line) => JSON.parse(line) as [number, string, string]); // prettier-ignore
  expect(cast[0]).toMatchObject({ version: 2 });
  expect(cast.slice(1).filter(([, type]) => type === 'o').map(([, , said]) => said).join('')).toBe('café 🤖\ufffd\0'); // prettier-ignore

  await route('DELETE /devices/:id/recordings/:recording', id, started.id);
  await expect(file(id, started.id, 'raw')).rejects.toMatchObject({ code: 'not-found' });
});

test('a recording survives a killed server: what was on disk counts, up to the last whole line', async () => {
  const id = hub.board();
  const host = await hub.host('ada', id);
  const ben = await hub.viewer('ben', id);
  const { id: recording } = await route('POST /devices/:id/recordings', id);
  host.print('kept');
  await until(() => ben.bytes.length === 4);
  await wait(1200); // at the latest
  await hub.restart({ kindly: false });
  const name = path.join(hub.directory, 'recordings', `${recording}.jsonl`);
  fs.appendFileSync(name, '{"t":99999,"type":"o","n":4,"d":"aGFs'); // as if the kill had cut a line
  await hub.restart({ kindly: true });
  const { recordings } = (await call('GET /devices/:id/recordings', id)) as { recordings: unknown[] };
  expect(recordings).toMatchObject([{ id: recording, ended: 'interrupted', outputBytes: 4 }]);
  expect(Buffer.from(await (await file(id, recording, 'raw')).arrayBuffer()).toString()).toBe('kept');
});

test('the audit says who sent what; typing is summed up per driver', async () => {
  const id = hub.board();
  const host = await hub.host('ada', id);
  const ben = await hub.viewer('ben', id);
  const epoch = await ben.drive();
  for (const key of 'print(1)\r\u0003') ben.type(key, epoch);
  await until(() => host.typed.length === 10);
  ben.say({ type: 'reset', epoch, how: 'soft' });
  await until(() => host.of('reset').length === 1);
  const { events, cursor } = (await call('GET /devices/:id/audit', id, { limit: 100 })) as {
    events: { kind: string; text: string; bytes: number | null; by: { login: string } | null }[];
    cursor: string | null;
  };
  expect(cursor).toBeNull();
  expect(events.find(({ kind }) => kind === 'input')).toMatchObject({ text: 'print(1)\\r^C', bytes: 10, by: { login: 'ben' } }); // prettier-ignore
  expect(events.map(({ kind }) => kind).toSorted()).toEqual(['connection', 'input', 'lease', 'reset']);
  const page = (await call('GET /devices/:id/audit', id, { limit: 1 })) as { events: unknown[]; cursor: string };
  const next = (await call('GET /devices/:id/audit', id, { limit: 100, cursor: page.cursor })) as { events: unknown[] };
  expect(page.events.length + next.events.length).toBe(4);
});

test('a run drives as a driver of its own: asks, writes, reads, waits, works, lets go', async () => {
  const id = hub.board();
  const host = await hub.host('ada', id);
  const ada = await hub.viewer('ada', id);
  const boards = hub.devices.forRun({ run: runOf('1'), actor: runActor, volume: 'team/lab' });
  expect((await boards.list()).some((device) => device.id === id)).toBe(true);
  const board = await boards.open(hub.rows.get(id)!.path);
  const { signal } = new AbortController();
  await expect(board.write(Buffer.from('x'))).rejects.toMatchObject({ data: { refusal: 'no-lease' } });
  const lease = await board.drive({ waitMs: 1000, signal });
  await until(() => ada.state().lease?.holder.run === runOf('1'));
  const heard = board.waitFor({ pattern: { kind: 'words', text: 'temp * C' }, from: null, ms: 3000, signal });
  await board.write(Buffer.from('read()\r'));
  await until(() => host.typed.length === 1);
  expect(host.typed[0]).toEqual({ epoch: lease.epoch, text: 'read()\r' });
  host.print('read()\r\nTEMP 1\r\ntemp ');
  await wait(30);
  host.print('21.5 C\r\n>>> ');
  expect(await heard).toMatchObject({ found: 'temp 21.5 C' });
  expect(Buffer.from(board.read({ from: null, most: 4 }).bytes).toString()).toBe('>>> ');
  const silence = await board.waitFor({ pattern: { kind: 'text', text: 'never' }, from: null, ms: 50, signal });
  expect(silence.found).toBeNull();

  const job = board.job({ kind: 'exec', code: '1', timeoutMs: 1000, name: 'a' }, { signal });
  await until(() => host.of('job').length === 1);
  host.say({ type: 'job-result', result: { id: host.of('job')[0]!.job.id, ok: true, text: 'ok' } });
  expect(await job).toMatchObject({ ok: true, text: 'ok' });
  boards.close();
  await until(() => ada.state().lease === null);
  expect(host.of('safe')).toHaveLength(1);
  await expect(board.drive({ waitMs: 10, signal })).rejects.toMatchObject({ code: 'conflict' });
});

test('[DE4] a person takes the board from a run: its job ends, it is told, and it waits behind people', async () => {
  const id = hub.board();
  const host = await hub.host('ada', id);
  const dan = await hub.viewer('dan', id);
  const boards = hub.devices.forRun({ run: runOf('2'), actor: runActor, volume: 'team/lab' });
  const board = await boards.open(id);
  const { signal } = new AbortController();
  await board.drive({ waitMs: 1000, signal });
  const job = board.job({ kind: 'exec', code: 'while True: pass', timeoutMs: 0, name: 'loop' }, { signal });
  await until(() => host.of('job').length === 1);
  dan.say({ type: 'take' });
  await until(() => dan.state().lease?.holder.person.login === 'dan');
  host.say({ type: 'job-result', result: { id: host.of('job')[0]!.job.id, ok: false, code: 'cancelled', text: 'stopped' } }); // prettier-ignore
  expect(await job).toMatchObject({ ok: false, code: 'cancelled' });
  await expect(board.write(Buffer.from('x'))).rejects.toMatchObject({ data: { refusal: 'no-lease' } });
  await expect(board.drive({ waitMs: 50, signal })).rejects.toMatchObject({ data: { refusal: 'busy' } });
  await until(() => dan.state().queue.length === 0);
  const waiting = board.drive({ waitMs: 5000, signal });
  await until(() => dan.state().queue.length === 1);
  dan.say({ type: 'release', epoch: dan.state().lease!.epoch });
  expect((await waiting).holder.run).toBe(runOf('2'));
  await board.stop();
  await expect(board.write(Buffer.from('x'))).rejects.toMatchObject({ data: { refusal: 'stopped' } });
  boards.close();
});

test('[AC3] a run loses the board when its person loses the right', async () => {
  const id = hub.board();
  await hub.host('ada', id);
  const boards = hub.devices.forRun({ run: runOf('3'), actor: actorOf('dan'), volume: 'team/lab' });
  const board = await boards.open(id);
  const { signal } = new AbortController();
  await board.drive({ waitMs: 1000, signal });
  hub.roles.set('dan', 'viewer');
  await expect(board.write(Buffer.from('x'))).rejects.toMatchObject({ code: 'forbidden' });
  await hub.devices.recheck();
  expect(board.lease()).toBeNull();
  hub.roles.set('dan', 'editor');
  boards.close();
});

type Handler = (context: object) => Promise<unknown>;
/** A handler as the edge calls it, by ben. */
async function call(
  key: keyof TestHub['devices']['handlers'],
  id: string,
  query: object = {},
  recording = '',
): Promise<unknown> {
  // prettier-ignore
  const handler = hub.devices.handlers[key] as unknown as Handler;
  const row = hub.rows.get(id)!;
  return handler({ actor: runActor, file: { id, path: row.path }, volume: { id: 'lab' }, query, params: { id, recording } }); // prettier-ignore
}
const route = async (key: keyof TestHub['devices']['handlers'], id: string, recording = '') =>
  (await call(key, id, {}, recording)) as { id: string; ended: string | null };
const file = async (id: string, recording: string, format: string) =>
  (await call('GET /devices/:id/recordings/:recording', id, { format }, recording)) as Response;
const text = async (id: string, recording: string, format: string) => (await file(id, recording, format)).text();

test('what the port refused stands in the console of everybody', async () => {
  const id = hub.board();
  const host = await hub.host('ada', id);
  const vic = await hub.viewer('vic', id);
  host.say({ type: 'port-failed', of: 'baud', text: 'The adapter does not know 31,250 baud.' });
  await until(() => vic.of('mark').some(({ mark }) => mark.kind === 'baud'));
  expect(vic.of('mark').at(-1)!.mark.text).toBe('The speed is as it was: The adapter does not know 31,250 baud.');
});
