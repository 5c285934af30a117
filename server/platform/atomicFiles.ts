// The file system under isomorphic-git: every file is written whole, synced, then renamed into place. Objects are held back until
// flush(), so that a commit costs one parallel wave of fsyncs instead of a chain of them.
import fs from 'node:fs/promises';
import path from 'node:path';

export type AtomicFiles = ReturnType<typeof openAtomicFiles>;

/** Files that are open at once while a wave is written: an import of thousands stays below the limits of the system. */
const openAtOnce = 64;

/** `directory`: a bare git repository. `fsync: false` is for tests and benchmarks only. */
export function openAtomicFiles({ directory, fsync = true }: { directory: string; fsync?: boolean }) {
  const temporary = path.join(directory, 'tmp'); // one folder for leftovers, on the same file system
  const objects = path.join(directory, 'objects') + path.sep;
  const pending = new Map<string, Uint8Array>();
  const fanOut = new Set<string>();
  let serial = 0;

  async function syncDirectory(name: string): Promise<void> {
    if (!fsync || process.platform === 'win32') return; // Windows has no handle on a folder
    const handle = await fs.open(name, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  /** A new file, durable when it returns. Fails with EEXIST if it is there. */
  async function writeNew(name: string, data: string | Uint8Array, mode = 0o644): Promise<void> {
    const handle = await fs.open(name, 'wx', mode);
    try {
      await handle.writeFile(data);
      if (fsync) await handle.sync();
    } finally {
      await handle.close();
    }
  }

  async function writeTemporary(data: string | Uint8Array): Promise<string> {
    const name = path.join(temporary, `${process.pid}-${serial++}`);
    await writeNew(name, data, 0o444);
    return name;
  }

  async function writeWhole(target: string, data: string | Uint8Array): Promise<void> {
    await fs.mkdir(path.dirname(target), { recursive: true });
    await fs.rename(await writeTemporary(data), target);
    await syncDirectory(path.dirname(target));
  }

  /** What it made, if anything. A gc that takes the folder away in the middle of it is no fault: `renameInto` comes again. */
  const makeFolder = (name: string) => fs.mkdir(name, { recursive: true }).catch(unlessMissing);

  /** `git gc` removes empty fan-out folders, also this one, also now. True if the folder had to be made again. */
  async function renameInto(from: string, target: string): Promise<boolean> {
    for (let attempt = 0; ; attempt++) {
      try {
        await fs.rename(from, target);
        return attempt > 0;
      } catch (error) {
        if (!isMissing(error) || attempt === 50) throw error;
        await makeFolder(path.dirname(target));
      }
    }
  }

  /** Puts all held objects in place, durable when it returns. Order among objects is free: nothing points at them yet. */
  async function flush(): Promise<void> {
    const entries = [...pending];
    const directories = new Set(entries.map(([target]) => path.dirname(target)));
    for (const name of directories) {
      if (fanOut.has(name)) continue;
      if (await makeFolder(name)) directories.add(path.dirname(name));
      fanOut.add(name);
    }
    await inWaves(entries, async ([target, data]) => {
      if (await renameInto(await writeTemporary(data), target)) directories.add(path.dirname(path.dirname(target)));
    });
    // A folder that is gone was emptied by a gc: what we put there is in a pack already, which git made durable before.
    await inWaves([...directories], (name) => syncDirectory(name).catch(unlessMissing));
    for (const [target] of entries) pending.delete(target);
  }

  async function stat(name: string) {
    const held = pending.get(path.normalize(name));
    if (!held) return fs.stat(name);
    return { isFile: () => true, isDirectory: () => false, isSymbolicLink: () => false, size: held.length };
  }

  const promises = {
    async readFile(name: string, options?: Parameters<typeof fs.readFile>[1]) {
      return pending.get(path.normalize(name)) ?? fs.readFile(name, options ?? null);
    },
    async writeFile(name: string, data: string | Uint8Array) {
      const target = path.normalize(name);
      if (target.startsWith(objects)) pending.set(target, typeof data === 'string' ? Buffer.from(data) : data);
      else await writeWhole(target, data);
    },
    // isomorphic-git asks `stat` only whether it may skip a write. Saying no rewrites a torn object, and keeps one that a gc might prune.
    async stat(name: string) {
      const target = path.normalize(name);
      if (target.startsWith(objects) && !pending.has(target))
        throw Object.assign(new Error('absent'), { code: 'ENOENT' });
      return stat(target);
    },
    lstat: stat,
    mkdir: fs.mkdir,
    rmdir: fs.rmdir,
    unlink: fs.unlink,
    readdir: fs.readdir,
    readlink: fs.readlink,
    symlink: fs.symlink,
  };
  /** Forgets what was not flushed. */
  const discard = () => pending.clear();
  /** How many objects wait for flush(). */
  const held = () => pending.size;
  return { promises, flush, discard, held, writeNew, writeWhole, syncDirectory, temporary };
}

const unlessMissing = (error: unknown) => {
  if (!isMissing(error)) throw error;
};

export const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException | null)?.code === 'ENOENT';

async function inWaves<T>(items: T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = items[Symbol.iterator]();
  const worker = async () => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(openAtOnce, items.length) }, worker));
}
