import crypto from 'node:crypto';
import { afterAll, expect, inject, test } from 'vitest';
import { openTestDatabase } from '../../platform/testDatabase.ts';
import { ada, ben, openTestVersions } from '../versions/testVersions.ts';

const { url, close } = await openTestDatabase(inject('postgresUrl'));
await close();
const world = await openTestVersions({ databaseUrl: url });
const { versions, create, type, git, newVolume } = world;
afterAll(async () => {
  await world.close();
  world.remove();
});

const volumeId = await newVolume();
const [a, b] = await create(volumeId, { 'a.md': 'one\ntwo\nthree\n', 'x/b.md': 'b\n' });
const save = async () => (await versions.checkpointNow({ volumeId })).head!.oid;
const first = (await versions.head(volumeId))!.oid;
await type(a!, ben, (now) => now.replace('two', 'TWO'));
const second = await save();
await versions.commitTree({
  volumeId,
  author: ada.id,
  kind: 'rename',
  plan: () => [{ kind: 'move', fileId: a!, path: 'x/a.md' }],
});
const third = (await versions.head(volumeId))!.oid;
await type(a!, ada, (now) => now + 'four\n');
await create(volumeId, { 'c.md': 'c\n' }, ben);
const last = await save();

test('[GI7] the list of versions comes in pages, newest first, and says who, what and how much', async () => {
  const page = await versions.log({ volumeId, limit: 3, viewer: ada.id });
  expect(page.total).toBe(5);
  expect(page.commits.map(({ message, author, review }) => [message, author.login, review.state])).toEqual([
    ['Edit x/a.md', 'ada', 'own'],
    ['Create c.md', 'ben', 'unreviewed'],
    ['Move a.md to x/', 'ada', 'own'],
  ]);
  const rest = await versions.log({ volumeId, limit: 3, cursor: page.cursor! });
  expect(rest.commits.map((commit) => commit.oid)).toEqual([second, first]);
  expect(rest.cursor).toBeNull();
  expect(git(volumeId, 'rev-list', 'main').split('\n')).toEqual(
    [...page.commits, ...rest.commits].map((commit) => commit.oid),
  );
  await expect(versions.log({ volumeId, limit: 3, cursor: "1' or 1" })).rejects.toMatchObject({ code: 'invalid' });
});

test('the list of versions of a file follows it through renames', async () => {
  const { commits, total } = await versions.log({ volumeId, path: 'x/a.md', limit: 50 });
  expect([total, commits.map((commit) => commit.oid)]).toEqual([4, [last, third, second, first]]);
  // by a path that it had once
  expect((await versions.log({ volumeId, path: 'a.md', limit: 50 })).total).toBe(4);
  await expect(versions.log({ volumeId, path: 'nowhere.md', limit: 50 })).rejects.toMatchObject({ code: 'not-found' });
});

test('[RV3] the list can be narrowed to what others wrote and nobody reviewed', async () => {
  const unreviewed = async (viewer: string) =>
    (await versions.log({ volumeId, limit: 50, unreviewed: true, viewer })).commits.map((commit) => commit.oid);
  expect(await unreviewed(ada.id)).toEqual([expect.any(String), second]);
  await world.reviews.add({ volumeId, oids: [second], personId: ada.id, verdict: 'approved' });
  expect(await unreviewed(ada.id)).toHaveLength(1);
  const [commit] = await versions.commits({ volumeId, oids: [second, '0'.repeat(40)] });
  expect(commit!.review).toMatchObject({ state: 'approved', by: { login: 'ada' } });
});

test('any two versions can be compared, also backwards, across renames and with nothing', async () => {
  const diff = async (from: string, to: string, path?: string) =>
    (await versions.diff({ volumeId, from, to, ...(path ? { path } : {}) })).map(
      ({ path, pathBefore, change, added, removed }) => [path, pathBefore, change, added, removed],
    );
  expect(await diff(first, second)).toEqual([['a.md', null, 'edited', 1, 1]]);
  expect(await diff(second, third)).toEqual([['x/a.md', 'a.md', 'renamed', 0, 0]]);
  expect(await diff(first, last)).toEqual([
    ['c.md', null, 'created', 1, 0],
    ['x/a.md', 'a.md', 'renamed', 2, 1],
  ]);
  expect(await diff(last, first)).toEqual([
    ['a.md', 'x/a.md', 'renamed', 1, 2],
    ['c.md', null, 'deleted', 0, 1],
  ]);
  expect((await diff('none', first)).map(([path, , change]) => [path, change])).toEqual([
    ['a.md', 'created'],
    ['x/b.md', 'created'],
  ]);
  expect(await versions.diff({ volumeId, from: first, to: last, path: 'x/a.md' })).toEqual([
    {
      path: 'x/a.md', pathBefore: 'a.md', change: 'renamed', binary: false, added: 2, removed: 1,
      before: 'one\ntwo\nthree\n', after: 'one\nTWO\nthree\nfour\n',
    }, // prettier-ignore
  ]);
  await expect(versions.diff({ volumeId, from: '0'.repeat(40), to: last })).rejects.toMatchObject({
    code: 'not-found',
  });
});

test('a version can be compared with what is typed now', async () => {
  await type(b!, ben, (now) => now + 'live\n');
  const live = await versions.diff({ volumeId, from: last, to: 'live' });
  expect(live.map(({ path, added, before }) => [path, added, before])).toEqual([['x/b.md', 1, null]]);
  expect(await versions.diff({ volumeId, from: last, to: 'live', path: 'x/b.md' })).toMatchObject([
    { before: 'b\n', after: 'b\nlive\n' },
  ]);
  expect((await versions.diff({ volumeId, from: third, to: 'live' })).map((file) => file.path)).toEqual([
    'c.md',
    'x/a.md',
    'x/b.md',
  ]);
  await type(b!, ben, () => 'b\n');
  expect(await versions.diff({ volumeId, from: last, to: 'live' })).toEqual([]);
  await save();
});

test('each line has its author, now and at any version', async () => {
  const who = async (path: string, at?: string) =>
    (await versions.blame({ volumeId, path, ...(at ? { at } : {}) })).runs.map(({ lines, oid }) => [lines, oid]);
  expect(await who('x/a.md')).toEqual([
    [1, first],
    [1, second],
    [1, first],
    [1, last],
  ]);
  expect(await who('a.md', second)).toEqual([
    [1, first],
    [1, second],
    [1, first],
  ]);
  expect(await who('a.md', first)).toEqual([[3, first]]);
  await expect(versions.blame({ volumeId, path: 'x/a.md', at: first })).rejects.toMatchObject({ code: 'not-found' });
  const image = crypto.randomUUID();
  const content = Uint8Array.of(0);
  await versions.commitTree({
    volumeId,
    author: ada.id,
    kind: 'upload',
    plan: () => [{ kind: 'put', fileId: image, path: 'i.png', fileKind: 'binary', content }],
  });
  await expect(versions.blame({ volumeId, path: 'i.png' })).rejects.toMatchObject({ code: 'invalid' });
});

test('what a version held can be read at any time', async () => {
  expect(await versions.textAt({ volumeId, at: first, path: 'a.md' })).toBe('one\ntwo\nthree\n');
  expect(await versions.textAt({ volumeId, at: last, path: 'a.md' })).toBeNull();
  expect(await versions.fileAt({ fileId: a!, at: second })).toMatchObject({ path: 'a.md' });
  expect(await versions.fileAt({ fileId: a!, at: third })).toMatchObject({ path: 'x/a.md' });
  expect((await versions.list({ volumeId, at: first })).map(({ path, size }) => [path, size])).toEqual([
    ['a.md', 14],
    ['x/b.md', 2],
  ]);
  const between = await versions.between({ volumeId, from: 2, to: 3 });
  expect(between.map((version) => version.oid)).toEqual([second, third]);
  expect(await versions.between({ volumeId, from: 1, to: 99, fileId: b! })).toHaveLength(1);
});
