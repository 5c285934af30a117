// What a team writes, put together: living documents, the versions made of them, the files and volumes that hold them, who looked at
// what landed, and the news of all that. They know each other by type only; here they are introduced, in the order in which they need
// each other. What works on these documents (library, memory, boards, runs) is told by `told`.
import type { Accounts } from './accounts/accounts.ts';
import type { Config } from './config.ts';
import { createLive } from './live/live.ts';
import type { Clock } from './platform/clock.ts';
import type { Database } from './platform/database.ts';
import type { Log } from './platform/log.ts';
import type { Repositories } from './platform/repositories.ts';
import { forgetVolume } from './forgetting.ts';
import { openReviewing } from './reviewing.ts';
import { noteRunCommits } from './runs/runCommits.ts';
import { openRooms } from './sync/rooms.ts';
import type { RoomAccess } from './sync/types.ts';
import { createImporting } from './volumes/exchange/importing.ts';
import { createConflictStore } from './volumes/files/conflictStore.ts';
import { createFiles } from './volumes/files/files.ts';
import { createFileStore } from './volumes/files/fileStore.ts';
import { createMerges } from './volumes/files/merge.ts';
import { createRollback, rollbackFiles } from './volumes/history/rollback.ts';
import { createSearchStore } from './volumes/search/searchStore.ts';
import { openWordWriter } from './volumes/search/wordWriter.ts';
import { openVersions } from './volumes/versions/openVersions.ts';
import { createVolumeNews } from './volumes/volumeNews.ts';
import { createVolumes } from './volumes/volumes.ts';
import { createVolumeStore } from './volumes/volumeStore.ts';
import { whoMayJoin } from './whoMayJoin.ts';

/** For benchmarks and load tests (RATE_LIMITS=off): nobody is told to slow down. */
const unlimited = {
  messagesPerSecond: 1e9,
  bytesPerSecond: 1e12,
  syncsPerSecond: 1e9,
  socketsPerPerson: 1e6,
  socketsPerRoom: 1e6,
  newClientsPerHour: 1e6,
};

export type Documents = Awaited<ReturnType<typeof openDocuments>>;

type Edited = Parameters<typeof openRooms>[0]['news']['edited'];
type Committed = Parameters<typeof openVersions>[0]['news']['committed'];

export async function openDocuments({
  database,
  databaseUrl,
  repositories,
  accounts,
  clock,
  log,
  config,
  told,
  runs,
  removeBoards,
}: {
  database: Database;
  databaseUrl: string;
  repositories: Repositories;
  accounts: Accounts;
  clock: Clock;
  log: Log;
  config: Pick<Config, 'checkpoint' | 'rateLimits'>;
  told: {
    edited: Edited;
    committed: Committed;
    runCommitted: Parameters<typeof noteRunCommits>[1];
  };
  /** For /live: runs that a tab follows, and what it can do for them. */
  runs: Parameters<typeof createLive>[0]['runs'];
  /** Boards whose files go with a volume. */
  removeBoards: (fileIds: string[]) => Promise<void>;
}) {
  const failed = (what: string) => (err: unknown) => log.error({ err }, what);
  const store = createFileStore(database);
  const volumeStore = createVolumeStore(database);
  const searching = createSearchStore(database);
  const people = { faces: accounts.faces, byLogins: accounts.byLogins };
  const nameOf = async (volumeId: string) => (await volumeStore.byId(volumeId))?.name ?? null;

  // ---- living documents: the log, the rooms, who may come in
  const access: RoomAccess = {
    faceOf: async (personId) => (await accounts.face(personId))!,
    mayJoin: whoMayJoin({ accounts, findFile: (id, actor) => volumes.findFile(id, actor) }),
    firstText: (fileId) => versions.textOf(fileId),
  };
  const rooms = await openRooms({
    databaseUrl,
    access,
    news: {
      edited(edit) {
        versions.edited(edit);
        told.edited(edit);
      },
      left: (left) => versions.left(left),
    },
    log,
    ...(config.rateLimits ? {} : { limits: unlimited }),
  });

  // ---- news: who is here, what just happened
  const live = createLive({
    clock,
    findVolume: (name, actor) => volumes.find(name, actor),
    isStillValid: accounts.isStillValid,
    face: accounts.face,
    isFileOf: async ({ volumeId, fileId }) => (await store.byId(fileId))?.volumeId === volumeId,
    putOffVersions: (volumeId) => versions.putOff(volumeId),
    runs,
  });
  const news = createVolumeNews({
    store,
    describe: (volumeId, made) => versions.describe(volumeId, made),
    nameOf,
    people,
    live,
    notify: accounts.notify,
    failed: failed('news.failed'),
  });

  // ---- versions, and who looked at them
  const merges = createMerges({ store: createConflictStore(database), rooms, people, news, clock });
  const reviews = openReviewing({
    database,
    accounts,
    volumes: { list: (actor) => volumes.list(actor) },
    volumeStore,
    commits: (asked) => versions.commits(asked),
    live,
    failed: failed('news.failed'),
  });
  const wordWriter = openWordWriter({ store: searching, log });
  const made = await openVersions({
    database,
    repositories,
    rooms,
    people,
    reviews: reviews.states,
    news: {
      ...news,
      committed(committed) {
        news.committed(committed);
        wordWriter.written();
        told.committed(committed);
      },
    },
    keepConflicts: merges.keepConflicts,
    clock,
    log,
    times: config.checkpoint,
  });
  const versions = noteRunCommits(made, told.runCommitted);

  // ---- volumes and the files in them
  const volumes = createVolumes({
    store: volumeStore,
    files: store,
    versions,
    members: accounts,
    unreviewed: reviews.unreviewed,
    forget: (gone) =>
      forgetVolume({
        database,
        ...gone,
        removeRooms: (fileIds) => rooms.remove(fileIds),
        removeBoards,
      }),
  });
  const files = createFiles({ store, versions, rooms, merges, news });
  const importing = createImporting({ store, versions, rooms, merges });
  const rollback = createRollback({
    versions,
    rooms,
    keepConflicts: merges.keepConflicts,
    undone: (undone) => reviews.reverted(undone),
    redone: (redone) => reviews.redone(redone),
    files: rollbackFiles(store),
  });

  return {
    store,
    volumeStore,
    nameOf,
    people,
    searching,
    rooms,
    live,
    merges,
    reviews,
    versions,
    volumes,
    files,
    importing,
    rollback,
    /** Makes the last versions, lets go. What works on the documents is closed before. */
    async close(): Promise<void> {
      await versions.close();
      await wordWriter.close();
      await rooms.stop();
    },
  };
}
