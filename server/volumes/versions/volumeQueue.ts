// One writer per volume (GI6): acts wait for each other, and each starts with tables that say what git says.
import { Problem } from '#shared/errors.ts';
import type { Log } from '../../platform/log.ts';
import type { Repositories } from '../../platform/repositories.ts';
import type { Repository } from '../../platform/repository.ts';
import type { CheckpointStore } from './checkpointStore.ts';
import type { Head } from './versions.ts';

export type QueueNeeds = {
  store: CheckpointStore;
  repositories: Repositories;
  log: Log;
  /** Fills the tables from git when they do not reach its head. */
  rebuild: (volumeId: string, repository: Repository) => Promise<void>;
};

export function createVolumeQueue({ store, repositories, log, rebuild }: QueueNeeds) {
  const queues = new Map<string, Promise<unknown>>();
  /** Where the tables of a volume are, once it is known that they agree with git. */
  const heads = new Map<string, Head | null>();

  /** When something failed, the next one looks first whether git and the tables still agree. */
  function inQueue<T>(volumeId: string, work: (repository: Repository) => Promise<T>): Promise<T> {
    return afterOthers(volumeId, () =>
      repositories.use(volumeId, async (repository) => {
        const known = heads.get(volumeId);
        if (known === undefined || (known?.oid ?? null) !== (await repository.head()))
          await agree(volumeId, repository);
        try {
          return await work(repository);
        } catch (error) {
          if (!(error instanceof Problem) || error.code === 'conflict') heads.delete(volumeId);
          throw error;
        }
      }),
    );
  }

  /** One after the other. */
  function afterOthers<T>(volumeId: string, work: () => Promise<T>): Promise<T> {
    const before = queues.get(volumeId) ?? Promise.resolve();
    const result = before.then(work);
    const settled = result.then(
      () => undefined,
      () => undefined,
    );
    queues.set(volumeId, settled);
    void settled.then(() => queues.get(volumeId) === settled && queues.delete(volumeId));
    return result;
  }

  /** What a kill interrupted is completed if the branch moved, and forgotten if not; then the tables reach git's head. */
  async function agree(volumeId: string, repository: Repository): Promise<void> {
    const head = await repository.head();
    for (const { id, headBefore, headAfter, plan } of await store.intents(volumeId)) {
      if (head !== headBefore && (await isReached(repository, head, headAfter))) {
        await store.apply({ plan, intent: id, textOf: textIn(repository) });
        log.info({ volume: volumeId, versions: plan.versions.length }, 'checkpoint.completed');
      } else await store.dropIntent(id);
    }
    const known = await store.head(volumeId);
    if (known && head === null) {
      // a folder that is not there, a disk that is not mounted: the tables made from that would say that nothing ever was
      log.error({ volume: volumeId, known: known.oid, directory: repository.gitdir }, 'repository.empty');
      throw new Problem('unavailable', 'The versions of this volume are not where they were. Nothing was changed.');
    }
    if ((known?.oid ?? null) !== head) {
      log.warn({ volume: volumeId, head, known: known?.oid ?? null }, 'index.outdated');
      await rebuild(volumeId, repository);
    }
    heads.set(volumeId, await store.head(volumeId));
  }

  return {
    heads,
    inQueue,
    /** Waits until the tables of the volume agree with git. */
    async head(volumeId: string): Promise<Head | null> {
      if (!heads.has(volumeId)) await inQueue(volumeId, async () => undefined);
      return heads.get(volumeId) ?? null;
    },
    async rebuild(volumeId: string): Promise<void> {
      await inQueue(volumeId, async (repository) => {
        await rebuild(volumeId, repository);
        heads.set(volumeId, await store.head(volumeId));
      });
    },
    /** The repository goes, then what `rows` takes away. */
    remove: (volumeId: string, rows: () => Promise<void>): Promise<void> =>
      afterOthers(volumeId, async () => {
        heads.delete(volumeId);
        await repositories.remove(volumeId);
        await rows();
      }),
    /** When nothing is being written any more. */
    async idle(): Promise<void> {
      while (queues.size > 0) await Promise.all(queues.values());
    },
  };
}

export const textIn =
  (repository: Repository) =>
  async (blob: string): Promise<string> =>
    (await repository.readBlob(blob))?.toString() ?? '';

async function isReached(repository: Repository, head: string | null, oid: string): Promise<boolean> {
  if (head === null) return false;
  for await (const commit of repository.history(head)) if (commit.oid === oid) return true;
  return false;
}
