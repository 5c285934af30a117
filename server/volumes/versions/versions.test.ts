import crypto from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, expect, inject, test } from 'vitest';
import { openTestDatabase } from '../../platform/testDatabase.ts';
import { ada, ben, cyd, openTestVersions } from './testVersions.ts';

const { url, close } = await openTestDatabase(inject('postgresUrl'));
await close();
const world = await openTestVersions({ databaseUrl: url });
const { versions, rooms, create, type, git, newVolume, news } = world;
afterAll(async () => {
  await world.close();
  world.remove();
});

const isClean = (volumeId: string) =>
  git(volumeId, 'fsck', '--full', '--strict', '--no-progress', '--no-dangling').replace(/^notice: .*$/gm, '') === '';
const show = (volumeId: string, path: string, at = 'main') => git(volumeId, 'cat-file', 'blob', `${at}:${path}`);
const subjects = (volumeId: string) => git(volumeId, 'log', '--reverse', '--format=%an: %s').split('\n');
const blame = (volumeId: string, path: string) =>
  git(volumeId, 'blame', '--line-porcelain', 'main', '--', path)
    .split('\n')
    .flatMap((line) => (line.startsWith('author ') ? [line.slice(7)] : []));

test('[GI1] [GI3] one pause of two people in several files is one commit each, stacked, credited, byte-exact', async () => {
  const volumeId = await newVolume();
  const [a, b] = await create(volumeId, { 'a.md': 'one\ntwo\n', 'folder/b.md': 'three\n' });
  await type(a!, ben, (now) => now + 'by ben\n');
  await type(a!, ada, (now) => 'by ada\n' + now);
  await type(b!, ada, (now) => now + 'by ada 😀 é\r\n');
  const { versions: made, held } = await versions.checkpointNow({ volumeId });
  expect(held).toEqual([]);
  expect(
    made.map(({ author, message, kind, files, added, removed }) => ({
      author,
      message,
      kind,
      paths: files.map((file) => file.path),
      added,
      removed,
    })),
  ).toEqual([
    { author: ben.id, message: 'Edit a.md', kind: 'pause', paths: ['a.md'], added: 1, removed: 0 },
    { author: ada.id, message: 'Edit 2 files', kind: 'pause', paths: ['a.md', 'folder/b.md'], added: 2, removed: 0 },
  ]);
  expect(new Set(made.map((version) => version.group)).size).toBe(1);
  expect(subjects(volumeId)).toEqual(['Ada Lovelace: Create 2 files', 'Ben: Edit a.md', 'Ada Lovelace: Edit 2 files']);
  expect(git(volumeId, 'log', '-1', '--format=%ae')).toBe('ada@users.llmos.invalid');
  expect(show(volumeId, 'a.md') + '\n').toBe(await rooms.read(a!));
  expect(blame(volumeId, 'a.md')).toEqual(['Ada Lovelace', 'Ada Lovelace', 'Ada Lovelace', 'Ben']);
  expect(
    (await versions.blame({ volumeId, path: 'a.md' })).runs.map(({ lines, author, message }) => [
      lines,
      author?.login,
      message,
    ]),
  ).toEqual([
    [1, 'ada', 'Edit 2 files'],
    [2, 'ada', 'Create 2 files'],
    [1, 'ben', 'Edit a.md'],
  ]);
  expect(await versions.textOf(b!)).toBe('three\nby ada 😀 é\r\n');
  expect((await rooms.pending()).filter(({ fileId }) => fileId === a || fileId === b)).toEqual([]);
  expect(isClean(volumeId)).toBe(true);
});

test('[GI3] whoever typed in a line of somebody else is its co-author, in git and in the tables', async () => {
  const volumeId = await newVolume();
  const [a] = await create(volumeId, { 'a.md': 'top\n' });
  await type(a!, ada, (now) => now + 'a whole sentence by ada\n');
  await type(a!, ben, (now) => now.replace('whole', 'whole long'));
  const { versions: made } = await versions.checkpointNow({ volumeId });
  expect(made.map(({ author, coAuthors }) => ({ author, coAuthors }))).toEqual([
    { author: ada.id, coAuthors: [ben.id] },
  ]);
  expect(git(volumeId, 'log', '-1', '--format=%(trailers)')).toBe('Co-authored-by: Ben <ben@users.llmos.invalid>');
  const { commits } = await versions.log({ volumeId, limit: 1 });
  expect(commits[0]!.coAuthors.map((face) => face.login)).toEqual(['ben']);
});

test('[GI2] a pause that leaves everything as it was makes no version, and is not asked about again', async () => {
  const volumeId = await newVolume();
  const [a] = await create(volumeId, { 'a.md': 'same\n' });
  await type(a!, ben, () => 'same\nmore\n');
  await type(a!, ben, () => 'same\n');
  expect((await versions.checkpointNow({ volumeId })).versions).toEqual([]);
  expect(await rooms.window(a!)).toBeNull();
  expect((await versions.checkpointNow({ volumeId, message: 'Nothing', kind: 'save' })).versions).toEqual([]);
});

test('[GI1] a version that is saved with a message carries it; a restore keeps its message to the one who restores', async () => {
  const volumeId = await newVolume();
  const [a] = await create(volumeId, { 'a.md': 'one\n' });
  await type(a!, ada, (now) => now + 'ada\n');
  await type(a!, ben, (now) => 'ben\n' + now);
  const saved = await versions.checkpointNow({ volumeId, kind: 'save', message: 'Before the experiment' });
  expect(saved.versions.map(({ kind, message }) => `${kind}: ${message}`)).toEqual([
    'save: Before the experiment',
    'save: Before the experiment',
  ]);
  await type(a!, ada, (now) => now + 'ada again\n');
  await type(a!, ben, (now) => 'ben again\n' + now);
  const undone = await versions.checkpointNow({
    volumeId,
    of: ben.id,
    kind: 'restore',
    message: 'Restore',
    undoes: saved.versions[0]!.oid,
    trailers: [['Run', '7']],
  });
  expect(undone.versions.map(({ author, kind, message, undoes }) => [author, kind, message, undoes])).toEqual([
    [ada.id, 'pause', 'Edit a.md', null],
    [ben.id, 'restore', 'Restore', saved.versions[0]!.oid],
  ]);
  expect(git(volumeId, 'log', '-1', '--format=%(trailers)')).toBe('Run: 7');
});

test('[SY14] a rename, a move and a deletion keep the file, its history and its blame; words typed before are committed first', async () => {
  const volumeId = await newVolume();
  const [a, b] = await create(volumeId, { 'a.md': 'one\n', 'x/b.md': 'b\n' });
  await type(a!, ben, (now) => now + 'ben\n');
  const moved = await versions.commitTree({
    volumeId,
    author: ada.id,
    kind: 'rename',
    plan: () => [{ kind: 'move', fileId: a!, path: 'x/renamed.md' }],
  });
  expect(moved.versions.map(({ author, message }) => [author, message])).toEqual([
    [ben.id, 'Edit a.md'],
    [ada.id, 'Rename a.md to x/renamed.md'],
  ]);
  expect(show(volumeId, 'x/renamed.md')).toBe('one\nben');
  await type(a!, cyd, (now) => now + 'cyd\n');
  await versions.checkpointNow({ volumeId });
  const { commits, total } = await versions.log({ volumeId, path: 'x/renamed.md', limit: 2 });
  expect([total, commits.map((commit) => commit.message)]).toEqual([
    4,
    ['Edit x/renamed.md', 'Rename a.md to x/renamed.md'],
  ]);
  expect(commits[1]!.files).toEqual([
    { path: 'x/renamed.md', pathBefore: 'a.md', fileId: a, change: 'renamed', added: 0, removed: 0, binary: false },
  ]);
  expect((await versions.blame({ volumeId, path: 'x/renamed.md' })).runs.map((run) => run.author?.login)).toEqual([
    'ada',
    'ben',
    'cyd',
  ]);
  // two files change places in one act
  await versions.commitTree({
    volumeId,
    author: ada.id,
    kind: 'rename',
    plan: () => [
      { kind: 'move', fileId: a!, path: 'x/b.md' },
      { kind: 'move', fileId: b!, path: 'x/renamed.md' },
    ],
  });
  expect([show(volumeId, 'x/b.md'), show(volumeId, 'x/renamed.md')]).toEqual(['one\nben\ncyd', 'b']);
  expect((await versions.log({ volumeId, path: 'x/b.md', limit: 50 })).total).toBe(5);
  await versions.commitTree({ volumeId, author: ben.id, kind: 'delete', plan: () => [{ kind: 'delete', fileId: a! }] });
  expect(git(volumeId, 'ls-tree', '-r', '--name-only', 'main')).toBe('x/renamed.md');
  const back = await versions.commitTree({
    volumeId,
    author: ada.id,
    kind: 'restore',
    plan: async () => [{ kind: 'put', fileId: a!, path: 'x/b.md', fileKind: 'text', content: (await rooms.read(a!))! }],
  });
  expect(back.versions[0]!.files[0]).toMatchObject({ fileId: a, blobBefore: null, added: 3, removed: 0 });
  const authors = async () => (await versions.blame({ volumeId, path: 'x/b.md' })).runs.map((run) => run.author?.login);
  expect(await authors()).toEqual(['ada', 'ben', 'cyd']); // who put it back did not write it
  await type(a!, ben, (now) => `ben first\n${now}`);
  await versions.checkpointNow({ volumeId });
  expect(await authors()).toEqual(['ben', 'ada', 'ben', 'cyd']);
  expect(
    (await versions.log({ volumeId, path: 'x/b.md', limit: 50 })).commits.map((commit) => commit.files[0]!.change),
  ).toEqual(['edited', 'created', 'deleted', 'renamed', 'edited', 'renamed', 'edited', 'created']);
  expect(isClean(volumeId)).toBe(true);
});

test('[SY6] a version never sets the text of a living file; paths are taken once; a refused plan leaves nothing', async () => {
  const volumeId = await newVolume();
  const [a] = await create(volumeId, { 'a.md': 'one\n' });
  const put = (fileId: string, path: string) => () => [
    { kind: 'put' as const, fileId, path, fileKind: 'text' as const, content: 'other\n' },
  ];
  await expect(
    versions.commitTree({ volumeId, author: ada.id, kind: 'create', plan: put(a!, 'a.md') }),
  ).rejects.toMatchObject({ code: 'conflict' });
  await expect(
    versions.commitTree({ volumeId, author: ada.id, kind: 'create', plan: put(crypto.randomUUID(), 'a.md/b.md') }),
  ).rejects.toMatchObject({ code: 'conflict' });
  await expect(
    versions.commitTree({
      volumeId,
      author: ada.id,
      kind: 'delete',
      plan: () => [{ kind: 'delete', fileId: crypto.randomUUID() }],
    }),
  ).rejects.toMatchObject({ code: 'not-found' });
  expect(git(volumeId, 'rev-list', '--count', 'main')).toBe('1');
  const bytes = Uint8Array.of(0, 1, 255);
  const image = crypto.randomUUID();
  const upload = (content: Uint8Array) =>
    versions.commitTree({
      volumeId,
      author: ada.id,
      kind: 'upload',
      plan: () => [{ kind: 'put', fileId: image, path: 'i.png', fileKind: 'binary', content }],
    });
  expect((await upload(bytes)).versions[0]).toMatchObject({
    message: 'Upload i.png',
    files: [{ binary: true, added: 0 }],
  });
  expect((await upload(bytes)).versions).toEqual([]);
  expect((await upload(Uint8Array.of(7))).versions).toHaveLength(1);
  expect(await versions.bytesOf(image)).toEqual(Buffer.of(7));
});

const key = 'ghp_' + 'aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5';

test('[GI1] a file that holds what looks like a secret is held back alone and visibly, until it does not or a person says it is none', async () => {
  const volumeId = await newVolume();
  const [a, b] = await create(volumeId, { 'a.md': 'one\n', 'b.md': 'b\n' });
  await type(a!, ben, (now) => now + `key = ${key}\n`);
  await type(b!, ben, (now) => now + 'fine\n');
  const first = await versions.checkpointNow({ volumeId });
  expect([first.held, first.versions.map((version) => version.message)]).toEqual([[a], ['Edit b.md']]);
  expect(news.held.filter((told) => told.volumeId === volumeId)).toEqual([
    { volumeId, fileId: a, path: 'a.md', people: [ben.id] },
  ]);
  await versions.checkpointNow({ volumeId });
  expect(news.held.filter((told) => told.volumeId === volumeId)).toHaveLength(1);
  expect((await rooms.pending()).map((waiting) => waiting.fileId)).toContain(a);
  await type(a!, ada, (now) => now.replace(`key = ${key}`, 'the key is in the safe'));
  const second = await versions.checkpointNow({ volumeId });
  expect([second.held, second.versions.map((version) => version.author)]).toEqual([[], [ada.id]]);
  expect(git(volumeId, 'log', '-p', 'main')).not.toContain(key);
  const { rows } = await world.database.execute(sql`select held_at from files where id = ${a}`);
  expect(rows).toEqual([{ held_at: null }]);
});

test('[GI1] a new file with a secret is kept as a room without a version, and gets one when a person says that it is none', async () => {
  const volumeId = await newVolume();
  const [a] = await create(volumeId, { 'secret.md': `token ${key}\n` });
  expect(git(volumeId, 'count-objects')).toContain('0 objects');
  expect(await rooms.read(a!)).toBe(`token ${key}\n`);
  expect((await versions.checkpointNow({ volumeId })).held).toEqual([a]);
  const { looksSecret } = await import('#shared/secrets.ts');
  await world.database.execute(
    sql`update files set not_secret = ${looksSecret('secret.md', `token ${key}\n`)!.hash}, held_at = null where id = ${a}`,
  );
  const { versions: made } = await versions.checkpointNow({ volumeId, fileIds: [a!] });
  expect(made.map(({ author, files }) => [author, files[0]!.path])).toEqual([[ada.id, 'secret.md']]);
  expect(show(volumeId, 'secret.md')).toBe(`token ${key}`);
});

test('what is made is told once the tables have it', async () => {
  const volumeId = await newVolume();
  const [a] = await create(volumeId, { 'a.md': 'one\n' });
  await type(a!, ben, (now) => now + 'two\n');
  await versions.checkpointNow({ volumeId });
  const told = news.committed.filter((committed) => committed.volumeId === volumeId);
  expect(told.map(({ fileIds, versions: made }) => [fileIds, made.length])).toEqual([
    [[a], 1],
    [[a], 1],
  ]);
  expect((await versions.log({ volumeId, limit: 1 })).commits[0]!.oid).toBe(told[1]!.versions[0]!.oid);
});

test('[GI6] many acts at once on one volume are written one after the other, and nothing is lost', async () => {
  const volumeId = await newVolume();
  const ids = (
    await Promise.all(Array.from({ length: 8 }, (_, i) => create(volumeId, { [`${i}.md`]: `${i}\n` })))
  ).flat();
  await Promise.all(
    ids.map(async (id, i) => {
      await type(id, i % 2 ? ada : ben, (now) => now + 'more\n');
      await versions.checkpointNow({ volumeId, fileIds: [id] });
    }),
  );
  expect(git(volumeId, 'rev-list', '--count', 'main')).toBe('16');
  const { total, commits } = await versions.log({ volumeId, limit: 200 });
  expect([total, commits.at(-1)!.parent, new Set(commits.map((commit) => commit.oid)).size]).toEqual([16, null, 16]);
  expect(commits.slice(0, -1).map((commit) => commit.parent)).toEqual(commits.slice(1).map((commit) => commit.oid));
});
