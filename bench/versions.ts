// What versions cost: commits, history, blame and merges through the real engine, over a real PostgreSQL and real repositories with
// fsync on; native git does the same beside it where it can. `node bench/versions.ts [commits]` prints a table; nothing is asserted.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { migrateDatabase, openDatabase } from '../server/platform/database.ts';
import { openEmbeddedPostgres } from '../server/platform/embeddedPostgres.ts';
import { openRepository, type NewCommit } from '../server/platform/repository.ts';
import { ada, everyone, openTestVersions } from '../server/volumes/versions/testVersions.ts';

const commits = Number(process.argv[2] ?? 10_000);
const fileCount = 2000;
const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'llmos-bench-'));
const postgres = await openEmbeddedPostgres({ directory: path.join(directory, 'postgres') });
const database = await openDatabase({ url: postgres.url });
await migrateDatabase(database);
await database.close();
const world = await openTestVersions({
  databaseUrl: postgres.url,
  directory: path.join(directory, 'volumes'),
  fsync: true,
});
const { versions, rooms, repositories, type } = world;

type Times = { wall: number[]; cpu: number[] };
type Line = { what: string; goal: string; ours: Times; peer: string; theirs: Times };
const lines: Line[] = [];

const nameOf = (i: number) => `area${i % 20}/topic${Math.floor(i / 20) % 5}/note${i}.md`;
const textOf = (i: number, n: number) =>
  Array.from({ length: 60 }, (_, line) => `line ${line} of note ${i} with some words ${line === n % 60 ? n : 0}`).join(
    '\n',
  ) + '\n';

/** `cpu`: of this process with its threads, without PostgreSQL and git; it says more than wall time on a busy machine. */
async function sample(
  count: number,
  act: (i: number) => Promise<unknown> | unknown,
  before: (i: number) => Promise<unknown> | unknown = () => null,
): Promise<Times> {
  const times: Times = { wall: [], cpu: [] };
  for (let i = -2; i < count; i++) {
    await before(i + 2);
    const [start, used] = [performance.now(), process.cpuUsage()];
    await act(i + 2);
    const [wall, { user, system }] = [performance.now() - start, process.cpuUsage(used)];
    if (i < 0) continue; // the first two warm up
    times.wall.push(wall);
    times.cpu.push((user + system) / 1000);
  }
  return times;
}

const nothing: Times = { wall: [], cpu: [] };

/** In our order: rev-parse, hash-object, three times ls-tree and mktree, commit-tree, update-ref; a process each. */
function nativeCommit(gitdir: string, name: string, text: string): void {
  const identity = {
    GIT_AUTHOR_NAME: 'a',
    GIT_AUTHOR_EMAIL: 'a@x',
    GIT_COMMITTER_NAME: 'a',
    GIT_COMMITTER_EMAIL: 'a@x',
  };
  const git = (args: string[], input = '') =>
    execFileSync('git', ['--git-dir', gitdir, ...args], {
      input,
      encoding: 'utf8',
      env: { ...process.env, ...identity },
    }).trim();
  const head = git(['rev-parse', 'main']);
  const parts = name.split('/');
  let oid = git(['hash-object', '-w', '--stdin'], text);
  for (let depth = parts.length - 1; depth >= 0; depth--) {
    const entries = git(['ls-tree', `${head}:${parts.slice(0, depth).join('/')}`]).split('\n');
    const changed = entries.map((entry) =>
      entry.endsWith(`\t${parts[depth]}`) ? entry.replace(/[0-9a-f]{40}/, oid) : entry,
    );
    oid = git(['mktree'], changed.join('\n') + '\n');
  }
  git(['update-ref', 'refs/heads/main', git(['commit-tree', '-m', 'Edit', '-p', head, oid]), head]);
}

async function measureCommits() {
  const volumeId = await world.newVolume();
  const start = performance.now();
  const ids = await world.create(
    volumeId,
    Object.fromEntries(Array.from({ length: fileCount }, (_, i) => [nameOf(i), textOf(i, -1)])),
  );
  lines.push({
    what: `import of ${fileCount} files as one commit`,
    goal: '',
    ours: { wall: [performance.now() - start], cpu: [] },
    peer: '',
    theirs: nothing,
  });
  const commit = (fileIds: string[]) => versions.checkpointNow({ volumeId, fileIds });
  const fileOf = (i: number) => ids[(i * 7) % fileCount]!;
  const one = await sample(
    40,
    (i) => commit([fileOf(i)]),
    (i) => type(fileOf(i), ada, (now) => now.replace('line 30', `edit ${i}`)),
  );
  const five = await sample(
    25,
    (i) => commit([fileOf(i + 100)]),
    async (i) => {
      for (const [k, face] of everyone.entries())
        await type(fileOf(i + 100), face, (now) => now.replace(`line ${k * 7} `, `${face.login} ${i} `));
    },
  );
  const log = await versions.log({ volumeId, limit: 5 });
  if (new Set(log.commits.map((commit) => commit.author.login)).size !== 5) throw new Error('not five people');
  const gitdir = path.join(directory, 'native.git');
  fs.cpSync(repositories.directoryOf(volumeId), gitdir, { recursive: true });
  const native = await sample(10, (i) => nativeCommit(gitdir, nameOf((i * 7) % fileCount), textOf(i, 5000 + i)));
  lines.push({
    what: `one pause, one person, ${fileCount} files`,
    goal: '25',
    ours: one,
    peer: 'git plumbing, one commit',
    theirs: native,
  });
  lines.push({
    what: 'one pause, five people, stacked',
    goal: '60',
    ours: five,
    peer: 'five of them',
    theirs: { wall: native.wall.map((ms) => ms * 5), cpu: [] },
  });
}

async function measureHistory() {
  const volumeId = await world.newVolume();
  const hot = nameOf(7);
  const stackOf = (from: number): NewCommit[] =>
    Array.from({ length: 50 }, (_, k) => {
      const n = from + k;
      const file = n % 10 === 0 ? 7 : 20 + ((n * 13) % (fileCount - 20));
      const { login, name } = everyone[n % 5]!;
      const author = { name, email: `${login}@users.llmos.invalid`, at: 1_700_000_000_000 + n * 1000 };
      return { changes: [{ path: nameOf(file), content: textOf(file, n) }], author, message: `Edit ${nameOf(file)}` };
    });
  const past = await openRepository({ directory: repositories.directoryOf(volumeId), native: null, fsync: false });
  const changes = Array.from({ length: fileCount }, (_, i) => ({ path: nameOf(i), content: textOf(i, -1) }));
  await past.write({
    stack: [{ changes, author: { name: 'Ada', email: 'ada@users.llmos.invalid', at: 0 }, message: 'Import' }],
  });
  for (let n = 1; n < commits; n += 50) await past.write({ stack: stackOf(n) });
  await past.close();
  const start = performance.now();
  await versions.rebuildIndex(volumeId);
  lines.push({
    what: `tables made again from ${commits} commits`,
    goal: '',
    ours: { wall: [performance.now() - start], cpu: [] },
    peer: '',
    theirs: nothing,
  });
  await repositories.use(volumeId, (repository) => repository.tidy({ atLeast: 1 }));
  const gitdir = repositories.directoryOf(volumeId);
  const git = (...args: string[]) => execFileSync('git', ['--git-dir', gitdir, ...args], { maxBuffer: 2 ** 28 });
  const page = (more: object) => versions.log({ volumeId, limit: 50, ...more });
  const { commits: newest, total } = await page({});
  const old = await versions.between({ volumeId, from: Math.max(1, total - 4000), to: Math.max(1, total - 4000) });
  const add = (what: string, goal: string, ours: Times, peer: string, theirs: Times) =>
    lines.push({ what, goal, ours, peer, theirs });
  add(
    `history page of 50 at ${total} commits`,
    '50',
    await sample(30, () => page({})),
    'git log -50 --raw',
    await sample(10, () => git('log', '-50', '--raw', 'main')),
  );
  add(
    '… in the middle',
    '50',
    await sample(30, (i) => page({ cursor: String(5000 - i) })),
    'git log --skip',
    await sample(10, () => git('log', '-50', '--raw', `--skip=${Math.max(0, total - 5000)}`, 'main')),
  );
  add(
    '… of one file (1,000 versions)',
    '50',
    await sample(30, () => page({ path: hot })),
    'git log -50 -- path',
    await sample(5, () => git('log', '-50', '--raw', 'main', '--', hot)),
  );
  add('diff of one commit, with texts', '50', await sample(30, async (i) => {
    const commit = newest[i % 50]!;
    return versions.diff({ volumeId, from: commit.parent!, to: commit.oid, path: commit.files[0]!.path });
  }), 'git diff-tree -p', await sample(10, (i) => git('diff-tree', '-p', newest[i]!.oid))); // prettier-ignore
  add(
    'diff over 4,000 commits (names, counts)',
    '',
    await sample(5, () => versions.diff({ volumeId, from: old[0]!.oid, to: newest[0]!.oid })),
    'git diff --numstat',
    await sample(5, () => git('diff', '--numstat', old[0]!.oid, 'main')),
  );
  add(
    'blame of a file with 1,000 versions',
    '150',
    await sample(30, () => versions.blame({ volumeId, path: hot })),
    'git blame',
    await sample(3, () => git('blame', '--porcelain', 'main', '--', hot)),
  );
  add(
    '… as it was 4,000 commits ago',
    '',
    await sample(5, () => versions.blame({ volumeId, path: hot, at: old[0]!.oid })),
    'git blame',
    await sample(3, () => git('blame', '--porcelain', old[0]!.oid, '--', hot)),
  );
}

async function measureMerge() {
  const volumeId = await world.newVolume();
  const words = (seed: number) => Array.from({ length: 12 }, (_, k) => `word${(seed * 31 + k * 17) % 977}`).join(' ');
  const base = Array.from({ length: 1100 }, (_, i) => `${i}: ${words(i)}`).join('\n') + '\n';
  const outside = (n: number) =>
    base
      .split('\n')
      .map((line, i) => (i % 11 === 3 ? line.replace(/word\d+/, `outside${n}`) : line))
      .join('\n');
  const ids = await world.create(volumeId, Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`${i}.md`, base])));
  for (const id of ids) await type(id, ada, (now) => now.replace('5: ', '5: typed by ada '));
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const merge = (i: number) =>
    rooms.edit({ fileId: ids[i]!, person: null, change: { kind: 'merge', base, theirs: outside(i) } });
  const ours = await sample(10, merge);
  delay.disable();
  const files = ['ours', 'base', 'theirs'].map((name) => path.join(directory, name));
  for (const [i, text] of [base.replace('5: ', '5: typed by ada '), base, outside(1)].entries())
    fs.writeFileSync(files[i]!, text);
  const theirs = await sample(10, () => execFileSync('git', ['merge-file', '-p', ...files]));
  lines.push({
    what: '100 places merged into 100 kB of living text',
    goal: '100',
    ours,
    peer: 'git merge-file (lines, not living)',
    theirs,
  });
  lines.push({
    what: '… longest stall of the main thread meanwhile',
    goal: '',
    ours: { wall: [delay.max / 1e6], cpu: [] },
    peer: '',
    theirs: nothing,
  });
}

const at = (times: number[], part: number) => {
  if (times.length === 0) return '';
  return times.toSorted((a, b) => a - b)[Math.min(times.length - 1, Math.floor(times.length * part))]!.toFixed(1);
};

try {
  await measureCommits();
  await measureHistory();
  await measureMerge();
  const load = os.loadavg().map((value) => value.toFixed(1));
  console.log(`Node ${process.version}, ${os.cpus().length} cores, load ${load.join(' ')}; milliseconds\n`);
  console.log('| what | goal | p50 | p95 | cpu | beside it | p50 | p95 |\n|---|---|---|---|---|---|---|---|');
  for (const { what, goal, ours, peer, theirs } of lines) {
    const cells = [
      what,
      goal,
      at(ours.wall, 0.5),
      at(ours.wall, 0.95),
      at(ours.cpu, 0.5),
      peer,
      at(theirs.wall, 0.5),
      at(theirs.wall, 0.95),
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
} finally {
  await world.close();
  await postgres.stop();
  fs.rmSync(directory, { recursive: true, force: true });
}
