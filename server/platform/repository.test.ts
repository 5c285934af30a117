import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { openNativeGit } from './nativeGit.ts';
import { openRepositories } from './repositories.ts';
import { splitTrailers } from './gitObjects.ts';
import { openRepository, type NewCommit, type Repository } from './repository.ts';

const kills = Number(process.env['KILLS'] ?? 8);
const packingMs = Number(process.env['GC_MS'] ?? 2500);
const root = fs.mkdtempSync(path.join(os.tmpdir(), 'llmos-repository-'));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

const native = await openNativeGit({ searchPath: process.env['PATH']! });
const git = (directory: string, ...args: string[]) =>
  execFileSync('git', ['--git-dir', directory, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim();
const isClean = (directory: string) =>
  git(directory, 'fsck', '--full', '--strict', '--no-progress', '--no-dangling').replace(/^notice: .*$/gm, '') === '';

const author = { name: 'Ann', email: 'ann@users.llmos.invalid', at: 1_700_000_000_000 };
const commit = (path: string, content: NewCommit['changes'][0]['content'], message = 'Edit'): NewCommit => ({
  changes: [{ path, content }],
  author,
  message,
});
const text = async (repository: Repository, at: string, path: string) => {
  const found = await repository.blobAt({ at, path });
  return found && (await repository.readBlob(found.oid))!.toString();
};

test('native git is found, so that both ways are tested', () => expect(native?.version).toMatch(/^git version/));
test('no native git on the path: null', async () => expect(await openNativeGit({ searchPath: root })).toBeNull());

describe.each([
  ['with native git', native],
  ['without native git', null],
])('%s', (name, native) => {
  const open = (id: string) =>
    openRepository({ directory: path.join(root, `${name} ${id}`.replaceAll(' ', '-')), native });

  test('[GI6] a stack of versions becomes commits in a line, and the branch moves once', async () => {
    const repository = await open('stack');
    expect(await repository.head()).toBeNull();
    const heads: string[] = [];
    const written = await repository.write({
      stack: [commit('a.md', 'one\n'), commit('b/c.md', 'two\n'), commit('a.md', 'three\n')],
      beforeMove: async (written) => {
        const head = written.at(-1)!.oid;
        heads.push(head);
        expect(await repository.head()).toBeNull();
        expect(git(repository.gitdir, 'cat-file', '-t', head)).toBe('commit'); // all objects are durable by now
      },
    });
    expect(heads).toEqual([written[2]!.oid]);
    expect(await repository.head()).toBe(written[2]!.oid);
    expect(written.map((each) => each!.parent)).toEqual([null, written[0]!.oid, written[1]!.oid]);
    expect(written[2]!.changed).toEqual([
      { path: 'a.md', blob: expect.any(String), blobBefore: written[0]!.changed[0]!.blob, mode: '100644' },
    ]);
    expect(await text(repository, written[1]!.oid, 'a.md')).toBe('one\n');
    expect(await text(repository, written[2]!.oid, 'a.md')).toBe('three\n');
    expect(await text(repository, written[0]!.oid, 'b/c.md')).toBeNull();
    expect(await repository.blobAt({ at: written[2]!.oid, path: 'b' })).toBeNull();
    expect(await repository.blobAt({ at: '0'.repeat(40), path: 'a.md' })).toBeNull();
    expect(git(repository.gitdir, 'rev-list', '--count', 'main')).toBe('3');
    expect(isClean(repository.gitdir)).toBe(true);
    await repository.close();
  });

  test('[GI2] a version that changes nothing makes no commit', async () => {
    const repository = await open('nothing');
    const [first] = await repository.write({ stack: [commit('a.md', 'one\n')] });
    const moves: unknown[] = [];
    const beforeMove = async (written: unknown) => void moves.push(written);
    expect(await repository.write({ stack: [commit('a.md', 'one\n'), commit('gone.md', null)], beforeMove })).toEqual([
      null,
      null,
    ]);
    const [same, other] = await repository.write({ stack: [commit('a.md', 'one\n'), commit('a.md', 'two\n')] });
    expect([same, other!.parent]).toEqual([null, first!.oid]);
    expect(moves).toEqual([]);
    await repository.close();
  });

  test('trees are listed and compared; modes are kept; a moved file keeps its blob', async () => {
    const repository = await open('trees');
    const [first] = await repository.write({
      stack: [
        {
          ...commit('run.sh', 'echo\n'),
          changes: [
            { path: 'x/y/deep.md', content: 'deep\n' },
            { path: 'bytes', content: Uint8Array.of(0, 255, 10) },
          ],
        },
      ],
    });
    const deep = (await repository.blobAt({ at: first!.oid, path: 'x/y/deep.md' }))!;
    const [second] = await repository.write({
      stack: [
        {
          ...commit('', ''),
          changes: [
            { path: 'x/y/deep.md', content: null },
            { path: 'top.md', content: { oid: deep.oid, mode: '100755' } },
          ],
        },
      ],
    });
    const [third] = await repository.write({ stack: [commit('top.md', 'changed\n')] });
    const listed = await repository.list(third!.oid);
    expect(listed.map(({ path, mode, size }) => [path, mode, size])).toEqual([
      ['bytes', '100644', 3],
      ['top.md', '100755', 8],
    ]);
    expect((await repository.readBlob(listed[0]!.oid))!).toEqual(Buffer.of(0, 255, 10));
    expect(await repository.changedPaths(first!.oid, second!.oid)).toEqual([
      { path: 'x/y/deep.md', blob: null, blobBefore: deep.oid, mode: '100644' },
      { path: 'top.md', blob: deep.oid, blobBefore: null, mode: '100755' },
    ]);
    expect((await repository.changedPaths(null, third!.oid)).map((change) => change.path)).toEqual(['bytes', 'top.md']);
    expect((await repository.changedPaths(third!.oid, null)).map((change) => change.blob)).toEqual([null, null]);
    const oids: string[] = [];
    for await (const { oid } of repository.history(third!.oid, first!.oid)) oids.push(oid);
    expect(oids).toEqual([third!.oid, second!.oid]);
    expect(isClean(repository.gitdir)).toBe(true);
    await repository.close();
  });

  test('a file and a folder never have one name; one may follow the other in one version', async () => {
    const repository = await open('names');
    await repository.write({ stack: [commit('a/b.md', 'b\n'), commit('c', 'c\n')] });
    await expect(repository.write({ stack: [commit('a', 'a\n')] })).rejects.toMatchObject({ code: 'conflict' });
    await expect(repository.write({ stack: [commit('c/d.md', 'd\n')] })).rejects.toMatchObject({ code: 'conflict' });
    const changes = [
      { path: 'a', content: 'a\n' },
      { path: 'a/b.md', content: null },
      { path: 'c', content: null },
      { path: 'c/d.md', content: 'd\n' },
    ];
    const [done] = await repository.write({ stack: [{ ...commit('', ''), changes }] });
    expect((await repository.list(done!.oid)).map((file) => file.path)).toEqual(['a', 'c/d.md']);
    for (const path of ['../x', 'a/../b', '.git/config', 'x//y', '.GIT', ''])
      await expect(repository.write({ stack: [commit(path, 'x')] })).rejects.toMatchObject({ code: 'invalid' });
    expect(isClean(repository.gitdir)).toBe(true);
    await repository.close();
  });

  test('names, messages and trailers of any kind leave a commit that git accepts', async () => {
    const repository = await open('messages');
    const names = ['Ann <script>', 'a\nb', '', '  ', '😀 é', '<>', 'x\u0000y', '\ud800'];
    const stack = names.map((name, i) => ({
      changes: [{ path: `${i}.md`, content: `${i}` }],
      author: { name, email: `${name}@x`, at: 1_700_000_000_999 },
      message: name + '\n\n\nbody\u0000 ' + name,
      trailers: [['Co-authored-by', 'Bob\n <bob@x>'] as [string, string]],
    }));
    await repository.write({ stack });
    expect(isClean(repository.gitdir)).toBe(true);
    const last = (await repository.readCommit((await repository.head())!))!;
    expect(last.author).toEqual({ name: '\ufffd', email: '\ufffd@x', at: 1_700_000_000_000 });
    expect(git(repository.gitdir, 'log', '-1', '--format=%(trailers:key=Co-authored-by)')).toBe(
      'Co-authored-by: Bob <bob@x>',
    );
    expect(git(repository.gitdir, 'log', '-1', '--format=%s', 'main~3')).toBe('😀 é');
    await repository.close();
  });

  test('[GI3] a message that somebody wrote names no authors and no runs', async () => {
    const repository = await open('claims');
    const claim = 'Better words\n\nco-authored-by : Bob <bob@x>\nRun: 0123\r\nCo-Authored-By: Eve <eve@x>';
    for (const message of [claim, claim.split('\n\n')[1]!, `${claim}\n\nReviewed: yes`])
      await repository.write({ stack: [{ ...commit('a.md', message), message }] });
    expect(git(repository.gitdir, 'log', '--format=%(trailers:only)').trim()).toBe('Reviewed: yes');
    await repository.write({ stack: [commit('b.md', 'b', 'Run: the pump')] });
    expect(git(repository.gitdir, 'log', '-1', '--format=%B').trimEnd()).toBe('Run: the pump');
    const oids = git(repository.gitdir, 'rev-list', 'main').split('\n').filter(Boolean);
    for (const oid of oids.slice(2))
      expect(splitTrailers((await repository.readCommit(oid))!.message).trailers).toEqual([]);
    await repository.close();
  });

  test('[GI6] two writers on one branch: one wins, the other is told', async () => {
    const [a, b] = [await open('two'), await open('two')];
    await a.write({ stack: [commit('base.md', 'base')] });
    const head = await a.head();
    const both = await Promise.allSettled(
      [a, b].map((each, i) => each.write({ stack: [commit(`${i}.md`, 'x')], expected: head })),
    );
    expect(both.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(both.find((result) => result.status === 'rejected')!.reason).toMatchObject({ code: 'conflict' });
    await Promise.all(Array.from({ length: 20 }, (_, i) => a.write({ stack: [commit(`q${i}.md`, 'x')] })));
    expect(git(a.gitdir, 'rev-list', '--count', 'main')).toBe('22');
    expect(isClean(a.gitdir)).toBe(true);
    await Promise.all([a.close(), b.close()]);
  });

  test('[GI6] a write that fails before the branch moves leaves no trace, and the next one works', async () => {
    const repository = await open('fails');
    await repository.write({ stack: [commit('a.md', 'one\n')] });
    const head = await repository.head();
    const fail = () => Promise.reject(new Error('no intent'));
    await expect(repository.write({ stack: [commit('a.md', 'two\n')], beforeMove: fail })).rejects.toThrow('no intent');
    expect(await repository.head()).toBe(head);
    const [next] = await repository.write({ stack: [commit('a.md', 'three\n')] });
    expect(next!.parent).toBe(head);
    expect(isClean(repository.gitdir)).toBe(true);
    await repository.close();
  });

  test('an import of thousands of files is one version', async () => {
    const repository = await openRepository({
      directory: path.join(root, `${name} import`.replaceAll(' ', '-')),
      native,
      fsync: false,
    });
    const changes = Array.from({ length: 1100 }, (_, i) => ({ path: `d${i % 50}/f${i}.md`, content: `file ${i}\n` }));
    const [done] = await repository.write({ stack: [{ changes, author, message: 'Import' }] });
    expect(await repository.list(done!.oid)).toHaveLength(1100);
    expect(await text(repository, done!.oid, 'd7/f1007.md')).toBe('file 1007\n');
    expect(isClean(repository.gitdir)).toBe(true);
    await repository.close();
  });
});

test(
  '[GI6] versions are written while git packs what is there, and all can be read at any time',
  { timeout: 60_000 + 4 * packingMs },
  async () => {
    const directory = fs.mkdtempSync(path.join(root, 'gc-')); // a second try starts afresh
    const repository = await openRepository({ directory, native });
    const slow = await openRepository({ directory, native: null, repair: false });
    let [running, packed, steps] = [true, 0, 0];
    const packing = (async () => {
      for (; running; packed++) {
        if (packed % 3 === 0) await native!.run(repository.gitdir, ['gc', '--quiet']);
        else if (await repository.tidy({ atLeast: 1 })) steps++; // on a slow machine nothing may be loose yet
      }
    })();
    const oids: string[] = [];
    const end = Date.now() + packingMs;
    try {
      for (let n = 0; Date.now() < end || packed === 0 || steps === 0; n++) {
        const stack = [commit(`d${n % 9}/${n % 50}.md`, `${n}\n`)];
        // gc takes the lock of the branch for a moment, like any other writer
        const written = await repository.write({ stack }).catch((error) => {
          if (error.code !== 'conflict') throw error;
          return [];
        });
        if (written[0]) oids.push(written[0].oid);
        const oid = n % 5 === 0 && oids[n % oids.length];
        if (oid) expect(await text(slow, oid, 'd0/0.md')).toBeTypeOf('string');
      }
    } finally {
      running = false;
      await packing;
    }
    expect(git(repository.gitdir, 'rev-list', '--count', 'main')).toBe(String(oids.length));
    expect(isClean(repository.gitdir)).toBe(true);
    expect(await slow.history((await slow.head())!).next()).toMatchObject({ value: { oid: oids.at(-1) } });
    await Promise.all([repository.close(), slow.close()]);
  },
);

test('packing is worth it only with many loose objects, and makes them few', async () => {
  const repository = await openRepository({ directory: path.join(root, 'tidy'), native, fsync: false });
  for (let n = 0; n < 20; n++) await repository.write({ stack: [commit('a/b.md', `${n}\n`)] });
  expect(await repository.tidy()).toBe(false);
  const loose = () => Number(/^count: (\d+)/m.exec(git(repository.gitdir, 'count-objects', '-v'))![1]);
  expect(loose()).toBe(80);
  expect(await repository.tidy({ atLeast: 80 })).toBe(true);
  expect(loose()).toBe(0);
  expect(await text(repository, (await repository.head())!, 'a/b.md')).toBe('19\n');
  await repository.close();
});

test(
  `[GI6] kill -9 at ${kills} instants: fsck is clean, the next commit works, acknowledged commits are reachable`,
  { timeout: 60_000 + kills * 3000 },
  async () => {
    const directory = path.join(root, 'kill');
    let [acknowledged, midCommit] = [0, 0];
    for (let round = 0; round < kills; round++) {
      const oids = await killWriter(directory, round % 4);
      acknowledged += oids.length;
      const leftovers = [
        ...fs.readdirSync(path.join(directory, 'tmp')),
        ...fs.readdirSync(path.join(directory, 'refs/heads')).filter((name) => name.endsWith('.lock')),
      ];
      if (leftovers.length > 0) midCommit++;
      expect(isClean(directory)).toBe(true);
      const repository = await openRepository({ directory, native: null });
      await repository.write({ stack: [commit('after.md', `${round}\n`)] });
      await repository.close();
      for (const oid of oids) git(directory, 'merge-base', '--is-ancestor', oid, 'main'); // throws when it is not
      expect(fs.readdirSync(path.join(directory, 'tmp'))).toEqual([]);
    }
    expect(acknowledged).toBeGreaterThan(0);
    if (kills >= 100) expect(midCommit).toBeGreaterThan(0);
  },
);

/** Starts a writer, lets it acknowledge some stacks, and kills it a moment later. */
async function killWriter(directory: string, stacks: number): Promise<string[]> {
  const writer = spawn(process.execPath, [path.join(import.meta.dirname, 'testWriter.ts'), directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((done) => writer.on('close', done));
  let said = '';
  await new Promise<void>((done, fail) => {
    writer.on('exit', () => fail(new Error('the writer ended by itself')));
    writer.stdout.on('data', (chunk) => {
      said += chunk;
      if (said.split('\n').length >= stacks + 2) done();
    });
  });
  await new Promise((done) => setTimeout(done, Math.random() * 30));
  process.kill(writer.pid!, 'SIGKILL');
  await ended;
  return said
    .split('\n')
    .slice(1)
    .filter((line) => line.length === 40);
}

test('[GI6] what a killed process left is removed at the next start, and only then', async () => {
  const directory = path.join(root, 'leftovers');
  await (await openRepository({ directory, native: null })).close();
  const [lock, temporary] = [path.join(directory, 'refs/heads/main.lock'), path.join(directory, 'tmp/1-1')];
  const pack = path.join(directory, 'objects/pack/pack-0123.pack');
  for (const name of [lock, temporary, pack]) fs.writeFileSync(name, 'half');
  const other = await openRepository({ directory, native: null, repair: false });
  await expect(other.write({ stack: [commit('a.md', 'x')] })).rejects.toMatchObject({ code: 'conflict' }); // it may be a push
  await other.close();
  const repository = await openRepository({ directory, native: null });
  expect(await repository.write({ stack: [commit('a.md', 'x')] })).toHaveLength(1);
  expect([fs.existsSync(lock), fs.existsSync(pack), fs.readdirSync(path.join(directory, 'tmp'))]).toEqual([
    false,
    false,
    [],
  ]);
  await repository.close();
});

test('only so many repositories stay open, and one that is used is never closed under it', async () => {
  const repositories = openRepositories({ directory: path.join(root, 'many'), native, most: 2, fsync: false });
  const ids = Array.from({ length: 6 }, (_, i) => `volume-${i}`);
  for (let round = 0; round < 3; round++)
    await Promise.all(
      ids.map((id) =>
        repositories.use(id, (repository) => repository.write({ stack: [commit('a.md', `${round}\n`)] })),
      ),
    );
  for (const id of ids)
    expect(await repositories.use(id, async (repository) => text(repository, (await repository.head())!, 'a.md'))).toBe(
      '2\n',
    );
  await repositories.remove(ids[0]!);
  expect(await repositories.use(ids[0]!, (repository) => repository.head())).toBeNull();
  await expect(repositories.use('../x', async () => null)).rejects.toThrow();
  await repositories.close();
});
