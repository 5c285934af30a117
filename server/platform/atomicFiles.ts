// Files that are there whole or not at all: written beside, synced, then renamed into place.
import fs from 'node:fs/promises';
import path from 'node:path';

export type AtomicFiles = ReturnType<typeof openAtomicFiles>;
export type FileData = string | Uint8Array | readonly Uint8Array[];

/** Files that are open at once while a wave is written: thousands stay below the limits of the system. */
const openAtOnce = 64;

/** `directory`: a bare git repository. `fsync: false` is for tests and benchmarks only. */
export function openAtomicFiles({ directory, fsync = true }: { directory: string; fsync?: boolean }) {
  const temporary = path.join(directory, 'tmp'); // one folder for leftovers, on the same file system
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

  /** A new file, durable when it returns; gone again when it could not be written whole. Fails with EEXIST if it is there. */
  async function writeNew(name: string, data: FileData, mode = 0o644): Promise<void> {
    const handle = await fs.open(name, 'wx', mode);
    try {
      await handle.writeFile(data as string | Uint8Array | Iterable<Uint8Array>);
      if (fsync) await handle.sync();
    } catch (error) {
      await fs.rm(name, { force: true }); // a full disk must not leave a lock that nobody holds
      throw error;
    } finally {
      await handle.close();
    }
  }

  async function writeTemporary(data: FileData): Promise<string> {
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

  /** `git gc` removes empty fan-out folders, also this one, also now. True if the folder had to be made (again). */
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

  /** Many files in one parallel wave of fsyncs, instead of a chain of them. All are durable when it returns, in no order. */
  async function writeWave(entries: { target: string; data: () => FileData }[]): Promise<void> {
    const directories = new Set(entries.map(({ target }) => path.dirname(target)));
    await inWaves(entries, async ({ target, data }) => {
      if (await renameInto(await writeTemporary(data()), target)) directories.add(path.dirname(path.dirname(target)));
    });
    // A folder that is gone was emptied by a gc: what we put there is in a pack already, which git made durable before.
    await inWaves([...directories], (name) => syncDirectory(name).catch(unlessMissing));
  }

  return { writeNew, writeWhole, writeWave, syncDirectory, temporary };
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
