// A volume's versions: a bare git repository. Commits touch only the trees on the changed paths, in one wave of fsyncs; the branch
// moves by compare-and-swap under git's own lock file, so that a native `git push` and this writer exclude each other (GI6).
import fsSync from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import git from 'isomorphic-git';
import { Problem } from '#shared/errors.ts';
import { isMissing, openAtomicFiles } from './atomicFiles.ts';
import {
  cleanIdentity,
  joinMessage,
  readCommitObject,
  readTreeObject,
  writeCommitObject,
  writeTreeObject,
  type CommitObject,
  type Signature,
  type Tree,
} from './gitObjects.ts';
import type { GitObject, NativeGit } from './nativeGit.ts';
import { openNewObjects } from './newObjects.ts';
import { nestChanges, writeChangedTree, type ChangedPath, type TreePut } from './treeChanges.ts';
import { compareTrees, listTree, readListing, type ListedFile } from './treeReading.ts';

/** `content`: bytes, text, an object that is there already, or null to take the path away. */
export type PathChange = { path: string; content: TreePut | null };
export type NewCommit = { changes: PathChange[]; author: Signature; message: string; trailers?: [string, string][] };
/** Null for a commit that would change nothing (GI2). */
export type WrittenCommit = { oid: string; parent: string | null; changed: ChangedPath[] } | null;

export type Repository = {
  readonly gitdir: string;
  head(): Promise<string | null>;
  /**
   * Writes a stack of commits and moves the branch once, from `expected` (else from where it is). `beforeMove` runs when all objects
   * are durable and nothing points at them yet; not at all if nothing changes. Throws `conflict` if the branch is elsewhere.
   */
  write(act: {
    stack: NewCommit[];
    expected?: string | null;
    beforeMove?: (written: WrittenCommit[]) => Promise<void>;
  }): Promise<WrittenCommit[]>;
  readBlob(oid: string): Promise<Buffer | null>;
  /** Null: nothing there, or a folder. */
  blobAt(place: { at: string; path: string }): Promise<{ oid: string; mode: string } | null>;
  list(at: string): Promise<ListedFile[]>;
  /** Paths that differ between two commits; equal folders are not opened. `from: null`: everything in `to`, and the other way round. */
  changedPaths(from: string | null, to: string | null): Promise<ChangedPath[]>;
  readCommit(oid: string): Promise<CommitObject | null>;
  /** First parents, newest first, down to `until` (not in it) or to the beginning. */
  history(from: string, until?: string | null): AsyncGenerator<CommitObject>;
  /** Packs loose objects when there are many; what is written meanwhile stays as it is. Without native git it does nothing. */
  tidy(options?: { atLeast?: number }): Promise<boolean>;
  close(): Promise<void>;
};

const cachedTrees = 500;
/** The trees of commits: comparing neighbours asks for each twice. */
const cachedRoots = 1000;
/** Loose objects that are worth a pack. */
const manyObjects = 2000;

const config = [
  '[core]',
  'repositoryformatversion = 0',
  'filemode = true',
  'bare = true',
  'fsync = all',
  `hooksPath = /dev/null`,
  'logAllRefUpdates = false',
  '[gc]',
  'auto = 0',
  '[transfer]',
  'fsckObjects = true',
  '',
].join('\n');

/**
 * `repair`: this process is the only writer now, so what a killed one left (temporary files, locks) is removed.
 * `fsync: false` is for tests and benchmarks only.
 */
export async function openRepository({
  directory,
  native,
  repair = true,
  fsync = true,
}: {
  directory: string;
  native: NativeGit | null;
  repair?: boolean;
  fsync?: boolean;
}): Promise<Repository> {
  const gitdir = path.resolve(directory);
  const ref = 'refs/heads/main';
  const refFile = path.join(gitdir, ref);
  for (const name of ['objects/pack', 'objects/info', 'refs/heads', 'tmp'])
    await fs.mkdir(path.join(gitdir, name), { recursive: true });
  const files = openAtomicFiles({ directory: gitdir, fsync });
  const fresh = openNewObjects({ gitdir, files });
  if (repair) await removeLeftovers(gitdir, [`${refFile}.lock`, 'packed-refs.lock', 'HEAD.lock'], files.temporary);
  for (const [name, text] of [
    ['config', config],
    ['HEAD', `ref: ${ref}\n`],
  ] as const)
    if (!(await exists(path.join(gitdir, name)))) await files.writeWhole(path.join(gitdir, name), text);

  const reader = native?.openReader(gitdir) ?? null;
  let cache = {}; // isomorphic-git keeps whole packs in it
  let packs = ''; // the names of those packs
  let looseWritten = await estimateLoose(gitdir);
  const trees = new Map<string, Tree>();
  const roots = new Map<string, string>();
  let queue: Promise<unknown> = Promise.resolve();

  async function forgetOldPacks(): Promise<boolean> {
    const now = (await fs.readdir(path.join(gitdir, 'objects/pack'))).sort().join();
    if (now === packs) return false;
    [packs, cache] = [now, {}];
    return true;
  }

  async function readObject(oid: string): Promise<GitObject | null> {
    const found = await reader?.read(oid).catch(() => null);
    if (found) return found;
    for (let attempt = 0; ; attempt++) {
      try {
        const { type, object } = (await git.readObject({ fs: fsSync, gitdir, oid, format: 'content', cache })) as {
          type: string;
          object: Uint8Array;
        };
        return { type, data: Buffer.from(object) };
      } catch (error) {
        // it may have moved from a loose file into a pack between two looks
        if (((await forgetOldPacks()) || attempt === 0) && attempt < 3) continue;
        if ((error as { code?: string }).code === 'NotFoundError') return null;
        throw error;
      }
    }
  }

  async function readTree(oid: string): Promise<Tree> {
    const known = trees.get(oid);
    if (known) return known;
    const object = fresh.find(oid) ?? (await readObject(oid));
    if (object?.type !== 'tree') throw new Error(`${gitdir}: the tree ${oid} is missing`);
    return remember(oid, readTreeObject(Buffer.from(object.data)));
  }

  function remember(oid: string, tree: Tree): Tree {
    if (trees.size >= cachedTrees) trees.delete(trees.keys().next().value!);
    trees.set(oid, tree);
    return tree;
  }

  async function readCommit(oid: string): Promise<CommitObject | null> {
    const object = await readObject(oid);
    if (object?.type !== 'commit') return null;
    const commit = readCommitObject(oid, object.data);
    if (roots.size >= cachedRoots) roots.delete(roots.keys().next().value!);
    roots.set(oid, commit.tree);
    return commit;
  }

  async function rootOf(oid: string): Promise<string> {
    const known = roots.get(oid);
    if (known) return known;
    const commit = await readCommit(oid);
    if (!commit) throw new Error(`${gitdir}: the commit ${oid} is missing`);
    return commit.tree;
  }

  async function head(): Promise<string | null> {
    const loose = await fs.readFile(refFile, 'utf8').catch(otherwiseEmpty);
    if (loose) return loose.trim();
    const packed = await fs.readFile(path.join(gitdir, 'packed-refs'), 'utf8').catch(otherwiseEmpty);
    return (
      packed
        .split('\n')
        .find((line) => line.endsWith(` ${ref}`))
        ?.slice(0, 40) ?? null
    );
  }

  /** In the way of git itself: refs/heads/main.lock, made by one only, holds the new value and is renamed. */
  async function moveRef(from: string | null, to: string): Promise<void> {
    const lock = `${refFile}.lock`;
    for (let attempt = 0; ; attempt++) {
      try {
        await files.writeNew(lock, `${to}\n`);
        break;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
        if (attempt === 100) throw new Problem('conflict', 'Somebody else is writing a version; try again.');
        await new Promise((done) => setTimeout(done, 10));
      }
    }
    try {
      if ((await head()) !== from) throw new Problem('conflict', 'Another version was written meanwhile; try again.');
      await fs.rename(lock, refFile);
    } catch (error) {
      await fs.rm(lock, { force: true });
      throw error;
    }
    await files.syncDirectory(path.dirname(refFile));
  }

  const store = {
    readTree,
    writeBlob: (bytes: Uint8Array) => fresh.add('blob', bytes),
    writeTree(tree: Tree): string {
      const oid = fresh.add('tree', writeTreeObject(tree));
      remember(oid, tree);
      return oid;
    },
  };

  async function writeCommit(commit: NewCommit, parent: string | null, root: string | null) {
    const changed: ChangedPath[] = [];
    const tree =
      (await writeChangedTree({ store, root, changes: nestChanges(commit.changes), changed })) ??
      store.writeTree(new Map());
    if (changed.length === 0) return null;
    const { name, email, at } = commit.author;
    const author = { name: cleanIdentity(name, 'nobody'), email: cleanIdentity(email, 'nobody'), at };
    const message = joinMessage(commit.message, commit.trailers ?? []);
    const object = writeCommitObject({ tree, parents: parent ? [parent] : [], author, message });
    return { oid: fresh.add('commit', object), parent, tree, changed };
  }

  async function writeStack({
    stack,
    expected,
    beforeMove,
  }: Parameters<Repository['write']>[0]): Promise<WrittenCommit[]> {
    const from = expected === undefined ? await head() : expected;
    let parent = from;
    let root = from && (await rootOf(from));
    const written: WrittenCommit[] = [];
    try {
      for (const commit of stack) {
        const done = await writeCommit(commit, parent, root);
        if (done) [parent, root] = [done.oid, done.tree];
        written.push(done && { oid: done.oid, parent: done.parent, changed: done.changed });
      }
      if (parent === from) {
        fresh.discard();
        return written;
      }
      looseWritten += await fresh.flush();
    } catch (error) {
      fresh.discard();
      for (const oid of trees.keys()) trees.delete(oid); // some of them were never written
      throw error;
    }
    await beforeMove?.(written);
    await moveRef(from, parent!);
    return written;
  }

  /** One after the other, in the order of the calls. */
  function inQueue<T>(work: () => Promise<T>): Promise<T> {
    const result = queue.then(work);
    queue = result.catch(() => undefined);
    return result;
  }

  return {
    gitdir,
    head,
    readCommit,
    write: (act) => inQueue(() => writeStack(act)),
    async readBlob(oid) {
      const object = await readObject(oid);
      return object?.type === 'blob' ? object.data : null;
    },
    async blobAt({ at, path: name }) {
      const commit = await readCommit(at);
      if (!commit) return null;
      let tree = await readTree(commit.tree);
      const parts = name.split('/');
      for (const part of parts.slice(0, -1)) {
        const folder = tree.get(part);
        if (folder?.type !== 'tree') return null;
        tree = await readTree(folder.oid);
      }
      const entry = tree.get(parts.at(-1)!);
      return entry?.type === 'blob' ? { oid: entry.oid, mode: entry.mode } : null;
    },
    async list(at) {
      if (native) return readListing(await native.run(gitdir, ['ls-tree', '-r', '-l', '-z', '--full-tree', at]));
      const sizeOf = async (oid: string) => (await readObject(oid))?.data.length ?? 0;
      return listTree({ readTree, sizeOf, tree: await rootOf(at) });
    },
    async changedPaths(from, to) {
      return compareTrees({ readTree, before: from && (await rootOf(from)), after: to && (await rootOf(to)) });
    },
    async *history(from, until = null) {
      for (let oid: string | undefined = from; oid && oid !== until;) {
        const commit: CommitObject | null = await readCommit(oid);
        if (!commit) throw new Error(`${gitdir}: the commit ${oid} is missing`);
        yield commit;
        oid = commit.parents[0];
      }
    },
    async tidy({ atLeast = manyObjects } = {}) {
      if (!native || looseWritten < atLeast) return false;
      looseWritten = 0;
      await native.run(gitdir, ['repack', '-d', '-l', '-q', '--geometric=2']);
      return true;
    },
    async close() {
      await queue;
      reader?.close();
    },
  };
}

const exists = (name: string) =>
  fs.access(name).then(
    () => true,
    () => false,
  );

function otherwiseEmpty(error: unknown): string {
  if (isMissing(error)) return '';
  throw error;
}

async function removeLeftovers(gitdir: string, locks: string[], temporary: string): Promise<void> {
  for (const name of await fs.readdir(temporary)) await fs.rm(path.join(temporary, name), { force: true });
  for (const lock of locks) await fs.rm(path.resolve(gitdir, lock), { force: true });
  const packs = path.join(gitdir, 'objects/pack');
  const names = new Set(await fs.readdir(packs));
  for (const name of names)
    // the index comes last
    if (/^pack-.*\.pack$/.test(name) && !names.has(name.replace(/pack$/, 'idx')))
      await fs.rm(path.join(packs, name), { force: true });
}

/** From one of 256 folders, as git does it. */
async function estimateLoose(gitdir: string): Promise<number> {
  return (
    256 *
    (await fs.readdir(path.join(gitdir, 'objects/17')).then(
      (names) => names.length,
      () => 0,
    ))
  );
}
