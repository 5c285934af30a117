import { execFileSync, spawn } from 'node:child_process';
import path from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, expect, inject, test, vi } from 'vitest';
import { openTestDatabase } from '../../platform/testDatabase.ts';
import { ada, ben, openTestVersions, type Fault, type TestVersions } from './testVersions.ts';

const kills = Number(process.env['KILLS'] ?? 3);
const { url, close } = await openTestDatabase(inject('postgresUrl'));
await close();
const fault: Fault = { at: null };
let world = await openTestVersions({ databaseUrl: url, fault });
const { directory } = world;
afterAll(async () => {
  await world.close();
  world.remove();
});

const countIntents = async () =>
  Number((await world.database.execute(sql`select count(*) as n from checkpoint_intents`)).rows[0]!['n']);

/** Git is clean, the tables say what git says, every living text is its last version, and each line's author is who typed it. */
async function expectAgreement({ versions, git, rooms }: TestVersions, volumeId: string, fileIds: string[]) {
  expect(git(volumeId, 'fsck', '--full', '--strict', '--no-progress', '--no-dangling')).toBe('');
  const inGit = git(volumeId, 'rev-list', '--first-parent', 'main').split('\n');
  const { rows } = await world.database.execute<{ oid: string; position: number }>(
    sql`select oid, position from commits where volume_id = ${volumeId} order by position desc`,
  );
  expect(rows.map((row) => row.oid)).toEqual(inGit);
  expect(rows.map((row) => row.position)).toEqual(inGit.map((_, i) => inGit.length - i));
  for (const fileId of fileIds) {
    const [file] = (await world.database.execute<{ path: string; blob: string; body: string }>(
      sql`select f.path, f.blob, s.body from files f join search_texts s on s.file_id = f.id where f.id = ${fileId}`,
    )).rows; // prettier-ignore
    const text = git(volumeId, 'cat-file', 'blob', `main:${file!.path}`) + '\n';
    expect(git(volumeId, 'rev-parse', `main:${file!.path}`)).toBe(file!.blob);
    expect(await versions.textOf(fileId)).toBe(text);
    expect(file!.body).toBe(text);
    expect((await rooms.read(fileId)) ?? text).toBe(text);
    const runs = (await versions.blame({ volumeId, path: file!.path })).runs;
    const lines = runs.flatMap((run) => Array.from({ length: run.lines }, () => run.author!.login));
    const native = git(volumeId, 'blame', '--line-porcelain', 'main', '--', file!.path).matchAll(
      /^author-mail <(\w+)@/gm,
    );
    expect(lines).toEqual([...native].map((match) => match[1]));
  }
}

test('[GI6] killed before the branch moves: nothing happened, and the next version holds everything once', async () => {
  const volumeId = await world.newVolume();
  const [a] = await world.create(volumeId, { 'a.md': 'one\n' });
  await world.type(a!, ben, (now) => now + 'ben\n');
  fault.at = 'before the move';
  await expect(world.versions.checkpointNow({ volumeId })).rejects.toThrow('killed');
  expect(await countIntents()).toBe(1);
  expect(world.git(volumeId, 'rev-list', '--count', 'main')).toBe('1');
  const { versions: made } = await world.versions.checkpointNow({ volumeId });
  expect(made.map((version) => version.author)).toEqual([ben.id]);
  expect(await countIntents()).toBe(0);
  await expectAgreement(world, volumeId, [a!]);
});

test('[GI6] killed after the branch moved: the tables are completed from the intent, and nothing comes twice', async () => {
  const volumeId = await world.newVolume();
  const [a, b] = await world.create(volumeId, { 'a.md': 'one\n', 'b.md': 'b\n' });
  await world.type(a!, ben, (now) => now + 'ben\n');
  await world.type(a!, ada, (now) => 'ada\n' + now);
  fault.at = 'after the move';
  const save = { volumeId, kind: 'save' as const, message: 'Kept' };
  await expect(world.versions.checkpointNow(save)).rejects.toThrow('killed');
  expect((await world.database.execute(sql`select 1 from commits where volume_id = ${volumeId}`)).rows).toHaveLength(1);
  // another process opens what was left
  await world.close();
  world = await openTestVersions({ databaseUrl: url, directory, fault });
  expect(await countIntents()).toBe(0);
  const { commits } = await world.versions.log({ volumeId, limit: 9 });
  expect(commits.map(({ message, kind }) => `${kind}: ${message}`)).toEqual([
    'save: Kept',
    'save: Kept',
    'create: Create 2 files',
  ]);
  expect(new Set(commits.slice(0, 2).map((commit) => commit.group)).size).toBe(1);
  expect((await world.versions.checkpointNow({ volumeId })).versions).toEqual([]);
  await expectAgreement(world, volumeId, [a!, b!]);
});

test('[GI6] a tree that changed is completed too: paths, deletions and new files follow the branch', async () => {
  const volumeId = await world.newVolume();
  const [a, b] = await world.create(volumeId, { 'a.md': 'one\n', 'b.md': 'b\n' });
  fault.at = 'after the move';
  const act = world.versions.commitTree({
    volumeId, author: ada.id, kind: 'rename',
    plan: () => [{ kind: 'move', fileId: a!, path: 'x/a.md' }, { kind: 'delete', fileId: b! }],
  }); // prettier-ignore
  await expect(act).rejects.toThrow('killed');
  await world.versions.head(volumeId);
  const { rows } = await world.database.execute(
    sql`select path, deleted_at is null as there from files where volume_id = ${volumeId} order by path`,
  );
  expect(rows).toEqual([{ path: 'b.md', there: false }, { path: 'x/a.md', there: true }]); // prettier-ignore
  await expectAgreement(world, volumeId, [a!]);
});

test('[GI6] a branch that somebody else moved is read again; what both wrote is merged, nothing is dropped', async () => {
  const volumeId = await world.newVolume();
  const [a, b] = await world.create(volumeId, { 'a.md': 'one\ntwo\nthree\n', 'b.md': 'b\n' });
  await world.type(a!, ben, (now) => now + 'four, in the room\n');
  const git = (...args: string[]) =>
    world.git(volumeId, '-c', 'user.name=Out Side', '-c', 'user.email=out@example.org', ...args);
  const put = async (text: string) => execFileSync('git', ['--git-dir', world.repositories.directoryOf(volumeId), 'hash-object', '-w', '--stdin'], { input: text, encoding: 'utf8' }).trim(); // prettier-ignore
  const blobs = [await put('zero, outside\none\ntwo\nthree\n'), await put('new\n')];
  const listing = `100644 blob ${blobs[0]}\ta.md\n100644 blob ${git('rev-parse', 'main:b.md')}\tmoved.md\n100644 blob ${blobs[1]}\tnew.md\n`;
  const tree = execFileSync('git', ['--git-dir', world.repositories.directoryOf(volumeId), 'mktree'], { input: listing, encoding: 'utf8' }).trim(); // prettier-ignore
  const outside = git('commit-tree', '-p', 'main', '-m', 'From outside', tree);
  git('update-ref', 'refs/heads/main', outside);
  const { versions: made } = await world.versions.checkpointNow({ volumeId });
  expect(made.map(({ author, parent }) => [author, parent])).toEqual([[ben.id, outside]]);
  expect(await world.rooms.read(a!)).toBe('zero, outside\none\ntwo\nthree\nfour, in the room\n');
  const { commits } = await world.versions.log({ volumeId, limit: 9 });
  expect(commits.map(({ kind, author, message }) => [kind, author.name, message])).toEqual([
    ['pause', 'Ben', 'Edit a.md'], ['external', 'Out Side', 'From outside'], ['create', 'Ada Lovelace', 'Create 2 files'],
  ]); // prettier-ignore
  expect((await world.versions.log({ volumeId, path: 'moved.md', limit: 9 })).total).toBe(2);
  expect(await world.versions.textOf(b!)).toBe('b\n');
});

test('[GI7] the tables can be made again from git, and keep what only they knew', async () => {
  const volumeId = await world.newVolume();
  const [a, b] = await world.create(volumeId, { 'a.md': 'one\n', 'x/b.md': 'b\n' });
  await world.type(a!, ben, (now) => now + 'ben\n');
  await world.versions.checkpointNow({ volumeId, kind: 'save', message: 'Kept' });
  await world.versions.commitTree({
    volumeId,
    author: ada.id,
    kind: 'rename',
    plan: () => [{ kind: 'move', fileId: a!, path: 'x/a.md' }],
  });
  await world.type(a!, ada, (now) => now + 'ada\n');
  await world.versions.checkpointNow({ volumeId });
  // away and back: its lines stay theirs who wrote them
  await world.versions.commitTree({
    volumeId,
    author: ben.id,
    kind: 'delete',
    plan: () => [{ kind: 'delete', fileId: a! }],
  });
  const content = (await world.rooms.read(a!))!;
  await world.versions.commitTree({
    volumeId,
    author: ben.id,
    kind: 'restore',
    plan: () => [{ kind: 'put', fileId: a!, path: 'x/a.md', fileKind: 'text', content }],
  });
  const read = async () => ({
    log: await world.versions.log({ volumeId, limit: 50 }),
    blame: await world.versions.blame({ volumeId, path: 'x/a.md' }),
    file: await world.versions.log({ volumeId, path: 'x/a.md', limit: 50 }),
    words: (
      await world.database.execute(sql`select path, body from search_texts where volume_id = ${volumeId} order by path`)
    ).rows,
  });
  const before = await read();
  expect(before.blame.runs.map((run) => run.author?.login)).toEqual(['ada', 'ben', 'ada']);
  await world.versions.rebuildIndex(volumeId);
  expect(await read()).toEqual(before);
  // without any table: people come back by their addresses, moves by what moved
  await world.database.execute(sql`delete from commits where volume_id = ${volumeId}`);
  await world.database.execute(sql`delete from commit_files where volume_id = ${volumeId}`);
  await world.versions.rebuildIndex(volumeId);
  const after = await read();
  const plain = ({ log, ...rest }: typeof before) => ({ ...rest, file: rest.file.total, log: log.commits.map(({ oid, author, message, files }) => ({ oid, author, message, files })) }); // prettier-ignore
  expect(plain(after)).toEqual(plain(before));
  await expectAgreement(world, volumeId, [b!]); // git itself gives the lines of `a` to whoever put it back
});

test(
  `[SY2] [GI6] kill -9 of a process at ${kills} instants while two people type and versions are made`,
  { timeout: 60_000 + kills * 20_000 },
  async () => {
    const volumeId = await world.newVolume();
    const fileIds = await world.create(volumeId, { 'a.md': '', 'b.md': '', 'c.md': '' });
    let acknowledged = 0;
    const typed: string[] = [];
    for (let round = 0; round < kills; round++) {
      await world.close();
      const said = await killCommitter([url, directory, volumeId, ...fileIds], 1 + (round % 4));
      world = await openTestVersions({ databaseUrl: url, directory, fault });
      for (const line of said) if (line.startsWith('typed ')) typed.push(line.slice(6));
      const oids = said.flatMap((line) => (line.startsWith('version ') ? [line.slice(8)] : []));
      acknowledged += oids.length;
      await world.versions.checkpointNow({ volumeId });
      for (const oid of oids) world.git(volumeId, 'merge-base', '--is-ancestor', oid, 'main'); // throws when it is not
      await expectAgreement(world, volumeId, fileIds);
      expect(await countIntents()).toBe(0);
      const texts = (await Promise.all(fileIds.map((id) => world.versions.textOf(id)))).join('');
      const lines = texts.split('\n').filter(Boolean);
      expect(new Set(lines).size).toBe(lines.length); // nothing twice
      for (const line of typed) expect(lines).toContain(line);
    }
    expect(acknowledged).toBeGreaterThanOrEqual(kills);
  },
);

/** Starts a committer, lets it acknowledge some versions, and kills it a moment later. Answers what it said. */
async function killCommitter(args: string[], count: number): Promise<string[]> {
  const script = path.join(import.meta.dirname, 'testCommitter.ts');
  const committer = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((done) => committer.on('close', done));
  let said = '';
  await new Promise<void>((done, fail) => {
    committer.on('exit', () => fail(new Error(`the committer ended by itself: ${said}`)));
    committer.stdout.on('data', (chunk) => {
      said += chunk;
      if (said.split('\nversion ').length > count) done();
    });
  });
  await new Promise((done) => setTimeout(done, Math.random() * 60));
  process.kill(committer.pid!, 'SIGKILL');
  await ended;
  return said.split('\n').slice(0, -1); // the last one may be half a line
}

test('[GI1] words typed while the tables cannot be asked where they belong get their version later, by themselves', async () => {
  await world.close();
  world = await openTestVersions({ databaseUrl: url, directory, fault, times: { quietMs: 100, retryMs: 100 } });
  const volumeId = await world.newVolume();
  const [a] = await world.create(volumeId, { 'a.md': 'one\n' });
  const change = (theirs: string) => ({ kind: 'merge', base: 'one\n', theirs }) as const;
  await world.rooms.edit({ fileId: a!, person: ben.id, change: change('two\n'), preview: true }); // the room is open
  await world.database.execute(sql`alter table files rename to away`);
  try {
    await world.rooms.edit({ fileId: a!, person: ben.id, change: change('one\nben\n') });
    await new Promise((resolve) => setTimeout(resolve, 300)); // asked more than once in vain
  } finally {
    await world.database.execute(sql`alter table away rename to files`);
  }
  await vi.waitFor(async () => expect(await world.versions.textOf(a!)).toBe('one\nben\n'), { timeout: 10_000 });
  expect(world.git(volumeId, 'log', '-1', '--format=%an')).toBe('Ben');
});
