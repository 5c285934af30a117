// The versions of all volumes: when they are made (schedule), how (checkpoint), and how they are read (history), put together.
import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database.ts';
import type { Log } from '../../platform/log.ts';
import type { Repositories } from '../../platform/repositories.ts';
import type { AnchoredOverlap, Rooms } from '../../sync/types.ts';
import { createCheckpoint } from './checkpoint.ts';
import { createCheckpointStore } from './checkpointStore.ts';
import { rebuildIndex } from './commitIndex.ts';
import { textFrom } from '../content.ts';
import { createHistory, type ReviewStates } from '../history/history.ts';
import { createHistoryStore } from '../history/historyStore.ts';
import { openSchedule, type Times } from './schedule.ts';
import type { CheckpointNow, People, VersionNews, Versions } from './versions.ts';

export type VersionNeeds = {
  database: Database;
  repositories: Repositories;
  rooms: Pick<Rooms, 'window' | 'read' | 'seed' | 'edit' | 'markCommitted' | 'pending'>;
  people: People;
  reviews: ReviewStates;
  news: VersionNews;
  /** Where a change from outside of the rooms clashed with what was typed. */
  keepConflicts: (clash: {
    volumeId: string;
    fileId: string;
    overlaps: AnchoredOverlap[];
    theirsBy: string | null;
    source: 'push';
  }) => Promise<void>;
  clock: Clock;
  log: Log;
  times: Partial<Times> & Pick<Times, 'quietMs' | 'latestMs'>;
};

/** Finishes what a kill interrupted and schedules what was typed before a restart. */
export async function openVersions(needs: VersionNeeds): Promise<Versions> {
  const { database, repositories, rooms, people, reviews, news, clock, log } = needs;
  const store = createCheckpointStore({ database, markCommitted: (marks) => rooms.markCommitted(marks) });
  const historyStore = createHistoryStore({ database });
  const heldBack = new Set<string>();

  const engine = createCheckpoint({
    store, repositories, rooms, people, clock, log,
    news: {
      committed(told) {
        for (const fileId of told.fileIds) heldBack.delete(fileId);
        news.committed(told);
      },
      held(told) {
        heldBack.add(told.fileId);
        news.held(told);
      },
    },
    rebuild: (volumeId, repository) =>
      rebuildIndex({
        volumeId, repository, store, people, now: clock.now(),
        async mergeOutside({ fileId, base, theirs }) {
          if ((await rooms.read(fileId)) === null) return;
          const { overlaps } = await rooms.edit({ fileId, person: null, change: { kind: 'merge', base, theirs } });
          if (overlaps.length > 0) await needs.keepConflicts({ volumeId, fileId, overlaps, theirsBy: null, source: 'push' });
        },
      }),
  }); // prettier-ignore

  const times: Times = { leaveMs: 1000, retryMs: 10_000, putOffMs: 120_000, ...needs.times };
  const schedule = openSchedule({
    clock,
    times,
    pending: (told) => news.pending({ ...told, held: heldBack.has(told.fileId) }),
    async makeVersion(volumeId, fileIds) {
      await checkpointNow({ volumeId, fileIds }).catch((err: unknown) =>
        log.error({ err, volume: volumeId }, 'checkpoint.failed'),
      );
    },
  });

  async function checkpointNow(checkpoint: CheckpointNow) {
    const { volumeId } = checkpoint;
    const fileIds = checkpoint.fileIds ?? [...new Set([...schedule.waiting(volumeId), ...(await pendingIn(volumeId))])];
    const taken = schedule.take(volumeId, fileIds);
    try {
      const made = await engine.checkpoint({ ...checkpoint, fileIds, order: [null, ...taken.order] });
      if (made.versions.length > 0) tidy(volumeId);
      return made;
    } catch (error) {
      schedule.giveBack(taken);
      throw error;
    }
  }

  /** News of an edit may still be on its way to us when somebody asks for a version of it. */
  async function pendingIn(volumeId: string): Promise<string[]> {
    const pending = (await rooms.pending()).map(({ fileId }) => fileId);
    const rows = await store.filesById(pending);
    return pending.filter((fileId) => rows.get(fileId)?.volumeId === volumeId);
  }

  const volumeOf = remembering(store.volumeOf);
  const whenKnown = (fileId: string, then: (volumeId: string) => void) =>
    void volumeOf(fileId).then(
      (volumeId) => volumeId && then(volumeId),
      (err: unknown) => {
        log.error({ err, file: fileId }, 'schedule.failed');
        lookAgain();
      },
    );

  /** All words that are in no version: after a start, and when it could not be asked where some of them belong. */
  async function schedulePending(): Promise<void> {
    for (const { fileId, people: typists } of await rooms.pending())
      whenKnown(fileId, (volumeId) => {
        for (const person of typists.length > 0 ? typists : [null]) schedule.edited({ volumeId, fileId, person });
      });
  }
  let looking: NodeJS.Timeout | null = null;
  let closed = false;
  function lookAgain(): void {
    if (closed) return;
    looking ??= setTimeout(() => {
      looking = null;
      schedulePending().catch((err: unknown) => {
        log.error({ err }, 'schedule.failed');
        lookAgain();
      });
    }, times.retryMs).unref();
  }

  /** Loose objects are packed beside the writing, one volume after the other. */
  const untidy = new Set<string>();
  let tidying: Promise<void> = Promise.resolve();
  function tidy(volumeId: string): void {
    if (untidy.has(volumeId)) return;
    untidy.add(volumeId);
    tidying = tidying.then(async () => {
      untidy.delete(volumeId);
      await repositories
        .use(volumeId, (repository) => repository.tidy())
        .catch((err: unknown) => log.warn({ err, volume: volumeId }, 'repository.untidy'));
    });
  }

  const readBlob: Versions['readBlob'] = ({ volumeId, oid }) =>
    repositories.use(volumeId, (repository) => repository.readBlob(oid));
  const blobAt: Versions['blobAt'] = ({ volumeId, at, path }) =>
    repositories.use(volumeId, async (repository) => {
      const found = await repository.blobAt({ at, path });
      return found && repository.readBlob(found.oid);
    });
  const bytesOf: Versions['bytesOf'] = async (fileId) => {
    const file = await historyStore.fileById(fileId);
    return file?.blob ? readBlob({ volumeId: file.volumeId, oid: file.blob }) : null;
  };
  const asText = (bytes: Uint8Array | null) => bytes && textFrom(bytes);
  const history = createHistory({ store: historyStore, people, reviews, rooms, head: engine.head, readBlob });

  for (const volumeId of await store.volumesWithIntents())
    await engine.head(volumeId).catch((err: unknown) => log.error({ err, volume: volumeId }, 'checkpoint.unfinished'));
  await schedulePending();

  return {
    checkpointNow,
    async commitTree(commit) {
      const made = await engine.commitTree(commit);
      if (made.versions.length > 0) tidy(commit.volumeId);
      return made;
    },
    head: engine.head,
    readBlob, blobAt, bytesOf,
    textAt: async (place) => asText(await blobAt(place)),
    textOf: async (fileId) => asText(await bytesOf(fileId)),
    async fileAt({ fileId, at }) {
      const file = await historyStore.fileById(fileId);
      const position = file && (await historyStore.position(file.volumeId, at));
      return position ? historyStore.fileAt({ fileId, position }) : null;
    },
    list: ({ volumeId, at }) => repositories.use(volumeId, (repository) => repository.list(at)),
    between: historyStore.between,
    async version({ volumeId, oid }) {
      const position = await historyStore.position(volumeId, oid);
      return position ? ((await historyStore.between({ volumeId, from: position, to: position }))[0] ?? null) : null;
    },
    log: history.log, commits: history.commits, describe: history.describe, diff: history.diff, blame: history.blame,
    rebuildIndex: (volumeId) => engine.rebuild(volumeId),
    async removeAll({ volumeId, rows }) {
      schedule.take(volumeId, schedule.waiting(volumeId));
      await engine.remove(volumeId, rows);
    },
    edited: ({ fileId, person }) => whenKnown(fileId, (volumeId) => schedule.edited({ volumeId, fileId, person })),
    left: ({ fileId }) => whenKnown(fileId, (volumeId) => schedule.left({ volumeId, fileId })),
    putOff: schedule.putOff,
    async close() {
      closed = true;
      if (looking) clearTimeout(looking);
      schedule.close();
      for (const volumeId of schedule.volumes())
        await checkpointNow({ volumeId, fileIds: schedule.waiting(volumeId) }).catch((err: unknown) =>
          log.error({ err, volume: volumeId }, 'checkpoint.failed'),
        );
      await engine.idle();
      await tidying;
    },
  }; // prettier-ignore
}

/** A file never changes its volume. */
function remembering(find: (fileId: string) => Promise<string | null>) {
  const known = new Map<string, string>();
  return async (fileId: string): Promise<string | null> => {
    const found = known.get(fileId) ?? (await find(fileId));
    if (known.size > 20_000) known.clear();
    if (found) known.set(fileId, found);
    return found;
  };
}
