import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import type { ChangeResult, Commit } from '#shared/api.ts';
import { idOf, startVolumes, type Person, type TestVolumes } from '../testVolumes.ts';

let world: TestVolumes;
beforeEach(async () => {
  world = await startVolumes({ postgresUrl: inject('postgresUrl') });
});
afterEach(() => world.stop());

const at = (path: string) => `/volumes/team%2Flab${path}`;
const text = (...lines: string[]) => lines.map((line) => `${line}\n`).join('');

async function ok<T>(who: Person, key: string, body?: unknown): Promise<T> {
  const answer = await world.call(who, key, body);
  if (!answer.ok) throw new Error(`${key}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}
const create = (who: Person, path: string, content: string) =>
  ok<{ id: string }>(who, `PUT ${at(`/files/${path}`)}`, content);
const read = async (path: string) => (await world.call('ada', `GET ${at(`/files/${path}`)}`)).text();
const save = async (who: Person) => (await ok<{ commits: Commit[] }>(who, `POST ${at('/checkpoint')}`, {})).commits;
const head = async () => (await world.versions.head(world.volume.id))!.oid;
const revert = (who: Person, oid: string, dry = false) =>
  ok<ChangeResult>(who, `POST ${at(`/revert${dry ? '?dry_run=1' : ''}`)}`, { oid });
const restore = (who: Person, to: string, path?: string, dry = false) =>
  ok<ChangeResult>(who, `POST ${at(`/restore${dry ? '?dry_run=1' : ''}`)}`, { to, ...(path ? { path } : {}) });
/** Somebody types, and it becomes a version. */
async function edit(who: Person, id: string, find: string, put: string): Promise<string> {
  await world.type(who, id, find, put);
  return (await save(who)).at(-1)!.oid;
}

const start = text('one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight');

test('[GI4] undoing a commit in the middle keeps what came after, and what somebody is typing, with its credit', async () => {
  const { id } = await create('ada', 'a.md', start);
  const middle = await edit('ben', id, 'two', 'zwei');
  await edit('ada', id, 'five', 'fünf');
  await world.type('ben', id, 'eight', 'eight and a half'); // typed, in no version yet
  const result = await revert('ada', middle);
  expect(await read('a.md')).toBe(text('one', 'two', 'three', 'four', 'fünf', 'six', 'seven', 'eight and a half'));
  expect(result.commits.map((commit) => [commit.kind, commit.author.login])).toEqual([['revert', 'ada']]);
  expect(result).toMatchObject({ conflicts: [], files: [{ path: 'a.md', change: 'edited', added: 1, removed: 1 }] });
  const { commits } = await ok<{ commits: Commit[] }>('ada', `GET ${at('/commits')}`);
  expect(commits.map((commit) => commit.author.login)).toEqual(['ada', 'ben', 'ada', 'ben', 'ada']);
  expect(world.undone).toEqual([{ oid: middle, personId: idOf('ada') }]);
});

test('[GI4] an undo can itself be undone, and is not offered twice', async () => {
  const { id } = await create('ada', 'a.md', start);
  const oid = await edit('ben', id, 'two', 'zwei');
  const undo = await revert('ada', oid);
  expect((await world.call('ben', `POST ${at('/revert')}`, { oid })).status).toBe(409);
  const redo = await revert('ben', undo.commits[0]!.oid);
  expect(await read('a.md')).toContain('zwei');
  expect([undo.commits[0]!.message, redo.commits[0]!.message]).toEqual(['Undo “Edit a.md”', 'Redo “Edit a.md”']);
  expect(world.undone.map((told) => told.oid)).toEqual([oid, undo.commits[0]!.oid]);
  expect(world.redone).toEqual([{ oid, personId: idOf('ben') }]); // its words are there again, to be looked at
  await revert('ada', oid);
  expect(await read('a.md')).toBe(start);
});

test('[GI4] a preview says what would happen and changes nothing', async () => {
  const { id } = await create('ada', 'a.md', start);
  const oid = await edit('ben', id, 'two', 'zwei');
  await world.type('ben', id, 'eight', 'acht');
  const before = await head();
  const preview = await revert('ada', oid, true);
  expect(preview).toMatchObject({ commits: [], conflicts: [], files: [{ path: 'a.md', change: 'edited' }] });
  expect(preview.files[0]!.after).toBe(text('one', 'two', 'three', 'four', 'five', 'six', 'seven', 'acht'));
  expect(await head()).toBe(before);
  expect(await world.rooms.read(id)).toContain('zwei');
});

test('[GI4] where somebody wrote on in the same words, theirs stay and a card keeps both', async () => {
  const { id } = await create('ada', 'a.md', start);
  const oid = await edit('ben', id, 'two', 'zwei');
  await edit('ada', id, 'zwei', 'deux');
  const result = await revert('ben', oid);
  expect(await read('a.md')).toContain('deux');
  expect(result.conflicts).toEqual([{ path: 'a.md', base: 'zwei', ours: 'deux', theirs: 'two' }]);
  const { conflicts } = await ok<{ conflicts: { theirs: string; source: string }[] }>(
    'ada',
    `GET /files/${id}/conflicts`,
  );
  expect(conflicts).toMatchObject([{ theirs: 'two', source: 'revert' }]);
});

test('[GI4] restoring a file brings back its old words and keeps what is being typed', async () => {
  const { id } = await create('ada', 'a.md', start);
  const old = await head();
  await edit('ada', id, 'two', 'zwei');
  await edit('ben', id, 'three', 'drei');
  await world.type('ben', id, 'eight', 'eight!');
  const preview = await restore('ada', old, 'a.md', true);
  expect(preview.files[0]!.after).toBe(start.replace('eight', 'eight!'));
  const result = await restore('ada', old, 'a.md');
  expect(await read('a.md')).toBe(start.replace('eight', 'eight!'));
  expect(result.commits.map((commit) => commit.kind)).toEqual(['restore']);
  const undone = await revert('ada', result.commits[0]!.oid);
  expect(undone.conflicts).toEqual([]);
  expect(await read('a.md')).toBe(text('one', 'zwei', 'drei', 'four', 'five', 'six', 'seven', 'eight!'));
});

test('[GI4] restoring a volume: what was made goes, what was deleted comes back with its id, what moved moves back', async () => {
  const kept = await create('ada', 'kept.md', start);
  const gone = await create('ada', 'gone.md', 'I was here\n');
  const moved = await create('ada', 'moved.md', 'I moved\n');
  const old = await head();
  await create('ben', 'new.md', 'new\n');
  await ok('ben', `DELETE ${at('/files/gone.md')}`);
  await ok('ben', `PATCH ${at('/files/moved.md')}`, { rename_to: 'elsewhere/moved.md' });
  await edit('ben', kept.id, 'two', 'zwei');
  await world.type('ben', kept.id, 'eight', 'acht');

  const result = await restore('ada', old);
  expect(result.files.map(({ path, change }) => [path, change]).toSorted()).toEqual([
    ['gone.md', 'created'],
    ['kept.md', 'edited'],
    ['moved.md', 'renamed'],
    ['new.md', 'deleted'],
  ]);
  const { files } = await ok<{ files: { id: string; path: string }[] }>('ada', `GET ${at('/tree')}`);
  expect(files.map(({ id, path }) => [path, id])).toEqual([
    ['gone.md', gone.id],
    ['kept.md', kept.id],
    ['moved.md', moved.id],
  ]);
  expect(await read('gone.md')).toBe('I was here\n');
  expect(await read('kept.md')).toBe(start.replace('eight', 'acht'));

  for (const { oid } of result.commits.filter((commit) => commit.kind === 'restore')) await revert('ada', oid);
  expect(await read('new.md')).toBe('new\n');
  expect((await world.call('ada', `GET ${at('/files/gone.md')}`)).status).toBe(404);
  expect(await read('elsewhere/moved.md')).toBe('I moved\n');
  expect(await read('kept.md')).toBe(start.replace('two', 'zwei').replace('eight', 'acht'));
});

test('[GI4] a file moves back to its path though another one took it meanwhile, if that one goes', async () => {
  const { id } = await create('ada', 'plan.md', 'old plan\n');
  const old = await head();
  await ok('ben', `PATCH ${at('/files/plan.md')}`, { rename_to: 'archive.md' });
  await create('ben', 'plan.md', 'new plan\n');
  await restore('ada', old);
  const { files } = await ok<{ files: { id: string; path: string }[] }>('ada', `GET ${at('/tree')}`);
  expect(files.map((file) => [file.path, file.id])).toEqual([['plan.md', id]]);
  expect(await read('plan.md')).toBe('old plan\n');
});

test('[GI4] a file that was deleted is restored by its path, as it was at that version', async () => {
  const { id } = await create('ada', 'a.md', start);
  const old = await head();
  await edit('ada', id, 'two', 'zwei');
  await ok('ben', `DELETE ${at('/files/a.md')}`);
  await restore('ada', old, 'a.md');
  expect(await read('a.md')).toBe(start);
  expect(await ok<{ id: string }>('ada', `GET /files/${id}`)).toMatchObject({ id, path: 'a.md', deleted: null });
});

test('[GI4] undoing a creation keeps the words that others added since', async () => {
  const { id } = await create('ada', 'a.md', 'mine\n');
  const oid = await head();
  await edit('ben', id, 'mine\n', 'mine\nand his\n');
  await revert('ada', oid);
  expect(await read('a.md')).toBe('and his\n');
});

test('[GI4] bytes come back too, unless they were exchanged again since', async () => {
  const bytes = (n: number) => new Uint8Array([0, 1, 2, n]);
  const upload = (n: number) =>
    world.call('ada', `POST ${at('/upload/x.bin?replace=1')}`, bytes(n), {
      'content-type': 'application/octet-stream',
    });
  const raw = async () => [...new Uint8Array(await (await world.call('ada', `GET ${at('/raw/x.bin')}`)).arrayBuffer())];
  await upload(1);
  await upload(2);
  const second = await head();
  await revert('ben', second);
  expect(await raw()).toEqual([...bytes(1)]);
  await upload(3);
  const third = await head();
  await upload(4);
  expect((await revert('ben', third)).conflicts).toHaveLength(1);
  expect(await raw()).toEqual([...bytes(4)]);
});

test('[AC2] an unknown version is not there; a reader may look but not restore', async () => {
  await create('ada', 'a.md', start);
  const nowhere = 'f'.repeat(40);
  expect((await world.call('ada', `POST ${at('/revert')}`, { oid: nowhere })).status).toBe(404);
  expect((await world.call('ada', `POST ${at('/restore')}`, { to: nowhere })).status).toBe(404);
  expect((await world.call('vic', `POST ${at('/revert')}`, { oid: await head() })).status).toBe(403);
  expect((await world.call('mallory', `POST ${at('/revert')}`, { oid: await head() })).status).toBe(404);
});

const remove = (who: Person, path: string) => ok(who, `DELETE ${at(`/files/${path}`)}`);
const paths = async () => (await world.store.paths(world.volume.id)).map(({ path }) => path).toSorted();

test('[GI4] what comes back comes beside what has its name by now, and the volume goes on', async () => {
  await create('ada', 'A.md', 'old\n');
  await remove('ada', 'A.md');
  const capital = await head();
  await create('ben', 'a.md', 'new\n'); // the same file on many disks
  await revert('ada', capital);
  await create('ada', 'notes', 'a file\n');
  await remove('ada', 'notes');
  const file = await head();
  await create('ben', 'Notes/x.md', 'in a folder\n');
  await revert('ada', file);
  await create('ada', 'plans/y.md', 'in a folder\n');
  await remove('ada', 'plans/y.md');
  const folder = await head();
  await create('ben', 'plans', 'a file\n');
  await revert('ada', folder);
  await create('ada', 'Notes/z.md', 'deep\n');
  await remove('ada', 'Notes/z.md');
  const deep = await head();
  await ok('ada', `PATCH ${at('/folders/Notes')}`, { rename_to: 'NOTES' });
  await revert('ada', deep);
  expect(await paths()).toEqual(['A 2.md', 'NOTES/x.md', 'NOTES/z.md', 'a.md', 'notes 2', 'plans', 'plans 2/y.md']);
  expect(await read('A%202.md')).toBe('old\n');
  const inGit = await world.versions.list({ volumeId: world.volume.id, at: await head() });
  expect(inGit.map(({ path }) => path).toSorted()).toEqual(await paths());
});

test('[GI4] a text with a byte order mark comes back as it was, and goes again whole', async () => {
  const marked = '\ufeffone\r\ntwo\r\n';
  const { id } = await create('ada', 'sheet.csv', marked);
  const made = await head();
  await world.type('ben', id, 'two', 'zwei');
  await save('ben');
  await remove('ada', 'sheet.csv');
  await revert('ada', await head());
  const whole = marked.replace('two', 'zwei');
  expect([await world.rooms.read(id), await world.versions.textOf(id)]).toEqual([whole, whole]);
  await restore('ada', made);
  expect([await world.rooms.read(id), await world.versions.textOf(id)]).toEqual([marked, marked]);
  await revert('ada', made);
  expect(await paths()).toEqual([]);
});

test('[GI4] a version that git cannot read any more is no empty text', async () => {
  const { id } = await create('ada', 'a.md', start);
  const first = await head();
  const { blob } = (await world.store.byId(id))!;
  await edit('ben', id, 'two', 'zwei');
  const objects = path.join(world.repositories.directoryOf(world.volume.id), 'objects');
  fs.rmSync(path.join(objects, blob!.slice(0, 2), blob!.slice(2)));
  for (const dry of ['?dry_run=1', ''])
    expect((await world.call('ada', `POST ${at(`/restore${dry}`)}`, { to: first })).status).toBe(503);
  expect(await world.rooms.read(id)).toBe(start.replace('two', 'zwei'));
});
