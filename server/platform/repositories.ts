// The repositories of this server, one a volume, opened when they are needed. Only so many stay open: each may hold a git process.
import fs from 'node:fs/promises';
import path from 'node:path';
import type { NativeGit } from './nativeGit.ts';
import { openRepository, type Repository } from './repository.ts';

export type Repositories = {
  /** Runs `work` with the open repository of a volume; makes an empty one if there is none. */
  use<T>(volumeId: string, work: (repository: Repository) => Promise<T>): Promise<T>;
  /** Where it is, for git's own commands. */
  directoryOf(volumeId: string): string;
  /** Takes it off the disk. */
  remove(volumeId: string): Promise<void>;
  close(): Promise<void>;
};

type Entry = { repository: Promise<Repository>; users: number; closed: Promise<void> | null };

/** `directory` holds one `<volume id>.git` each. `most`: how many stay open when nobody uses them. */
export function openRepositories({
  directory,
  native,
  most = 16,
  fsync = true,
}: {
  directory: string;
  native: NativeGit | null;
  most?: number;
  fsync?: boolean;
}): Repositories {
  const entries = new Map<string, Entry>(); // least recently used first
  const repaired = new Set<string>();
  const directoryOf = (volumeId: string) => {
    if (!/^[\w-]+$/.test(volumeId)) throw new TypeError('a volume id');
    return path.join(directory, `${volumeId}.git`);
  };

  async function open(volumeId: string): Promise<Repository> {
    // later on a lock is somebody's, e.g. that of a push which git serves
    const repair = !repaired.has(volumeId);
    const repository = await openRepository({ directory: directoryOf(volumeId), native, repair, fsync });
    repaired.add(volumeId);
    return repository;
  }

  async function take(volumeId: string): Promise<Entry> {
    for (;;) {
      const entry: Entry = entries.get(volumeId) ?? { repository: open(volumeId), users: 0, closed: null };
      if (entry.closed) {
        await entry.closed; // never two at a time on one folder
        continue;
      }
      entry.users++;
      entries.delete(volumeId);
      entries.set(volumeId, entry);
      return entry;
    }
  }

  function shut(volumeId: string, entry: Entry): Promise<void> {
    entry.closed ??= (async () => {
      await entry.repository.then(
        (repository) => repository.close(),
        () => undefined,
      );
      entries.delete(volumeId);
    })();
    return entry.closed;
  }

  function shutIdle(): void {
    let tooMany = entries.size - most;
    for (const [volumeId, entry] of entries) {
      if (tooMany <= 0) return;
      if (entry.users > 0 || entry.closed) continue;
      tooMany--;
      void shut(volumeId, entry);
    }
  }

  return {
    directoryOf,
    async use(volumeId, work) {
      const entry = await take(volumeId);
      try {
        return await work(await entry.repository);
      } catch (error) {
        // one that could not be opened is tried again the next time
        await entry.repository.catch(() => entries.delete(volumeId));
        throw error;
      } finally {
        entry.users--;
        shutIdle();
      }
    },
    async remove(volumeId) {
      const entry = entries.get(volumeId);
      if (entry) await shut(volumeId, entry);
      await fs.rm(directoryOf(volumeId), { recursive: true, force: true });
    },
    async close() {
      await Promise.all([...entries].map(([volumeId, entry]) => shut(volumeId, entry)));
    },
  };
}
