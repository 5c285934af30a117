// The living documents of a server, put together: the log and its lock, the rooms in memory, the door, the worker for programs.
import { isProblem } from '#shared/errors.ts';
import type { Log } from '../platform/log.ts';
import { createAgents } from './agents.ts';
import { createAnswers } from './answers.ts';
import { createCompaction } from './compaction.ts';
import type { Surroundings } from './connection.ts';
import { createDocuments } from './documents.ts';
import { createDoor } from './door.ts';
import { defaultLimits, type Limits } from './limits.ts';
import { createLogStore } from './logStore.ts';
import { markCommitted } from './markStore.ts';
import { createPrograms } from './programs.ts';
import { openReadStore } from './readStore.ts';
import { createRegistry } from './registry.ts';
import { readEpoch, readPending, removeRooms } from './roomStore.ts';
import type { RoomAccess, RoomNews, Rooms } from './types.ts';
import { UpdateLog } from './updateLog.ts';

export type OpenRooms = Rooms & {
  statistics(): Statistics;
  /** Writes what is left, ends all connections with 1001 (come back), lets go of the log. */
  stop(): Promise<void>;
};

export type Statistics = {
  rooms: number;
  connections: number;
  flushes: number;
  rows: number;
  catchUps: number;
  compactions: number;
};

/**
 * `databaseUrl`: rooms keep connections of their own, one of which holds the lock of the log. Throws a sentence for people when
 * another server holds it.
 */
export async function openRooms({
  databaseUrl,
  access,
  news,
  log,
  limits: given,
}: {
  databaseUrl: string;
  access: RoomAccess;
  news: RoomNews;
  log: Log;
  limits?: Partial<Limits>;
}): Promise<OpenRooms> {
  const limits = { ...defaultLimits, ...given };
  const statistics = { flushes: 0, rows: 0, catchUps: 0, compactions: 0 };
  const failed = (error: unknown) => log.error({ err: error }, 'room.failed');

  const logStore = createLogStore({ databaseUrl });
  await logStore.connect(limits.lockPatience);
  const store = openReadStore({ databaseUrl });
  const documents = createDocuments({ databaseUrl });
  const answers = createAnswers({ store, documents, cacheBytes: limits.blobCache });
  const updateLog = new UpdateLog({
    store: logStore,
    longest: limits.flushInterval,
    openRooms: () => registry.all(),
    news: {
      flushed: (rows) => {
        statistics.flushes++;
        statistics.rows += rows;
      },
      unavailable: (error) => log.warn({ err: error }, 'log.interrupted'),
      available: () => log.info('log.resumed'),
      refused: (error) => log.error({ err: error }, 'log.refused'),
    },
  });
  const registry = createRegistry({
    store,
    log: updateLog,
    limits,
    access,
    news,
    leftOut: (room) => {
      answers.forget(room);
      compaction.consider([room.fileId]);
    },
  });
  const compaction = createCompaction({
    store,
    documents,
    registry,
    limits,
    failed,
    compacted: () => statistics.compactions++,
  });
  const around: Surroundings = {
    answers,
    documents,
    store,
    limits,
    large: { arriving: 0, most: limits.firstSyncsAtOnce },
    failed,
    caughtUp: () => statistics.catchUps++,
  };
  const door = createDoor({ registry, access, news, around });
  const agents = createAgents({ find: registry.find });
  const programs = createPrograms({ store, documents, registry, access, limits });
  function close(fileId: string): void {
    const room = registry.find(fileId);
    if (!room) return;
    registry.leaveOut(room);
    room.close(4404, 'The file is gone.');
  }
  /** Sessions and tokens end by themselves too. */
  const rechecking = setInterval(() => void door.recheck().catch(failed), limits.recheck).unref();
  const timer = setInterval(
    () => {
      const now = performance.now();
      door.tick(now);
      registry.sweep(now);
    },
    Math.min(5000, limits.idleRoom),
  ).unref();

  return {
    ...programs,
    join: door.join,
    recheck: door.recheck,
    markCommitted(marks) {
      compaction.consider(marks.map(({ fileId }) => fileId));
      return markCommitted(marks);
    },
    pending: () => readPending({ store }),
    epoch: async (fileId) => registry.find(fileId)?.epoch ?? readEpoch({ store, fileId }),
    close,
    async remove(fileIds) {
      const open = await registry.shut(fileIds); // for good: the ids of files are never used again
      for (const fileId of fileIds) close(fileId);
      await updateLog.settled();
      await removeRooms({ store, fileIds }).catch((error: unknown) => {
        open();
        throw error;
      });
    },
    showAgent: agents.show,
    hideAgent: agents.hide,
    here: (fileId) => registry.find(fileId)?.faces() ?? [],
    statistics: () => ({ ...statistics, rooms: [...registry.all()].length, connections: door.count() }),
    async stop() {
      clearInterval(timer);
      clearInterval(rechecking);
      agents.close();
      for (const room of registry.all()) room.frozen = true;
      await Promise.race([
        updateLog.settled(),
        new Promise((resolve) => setTimeout(resolve, limits.stopPatience).unref()),
      ]);
      updateLog.stop();
      for (const room of registry.all()) room.close(1001, 'The server is stopping.');
      await compaction.settled().catch((error: unknown) => isProblem(error) || failed(error));
      await documents.close();
      await Promise.all([logStore.close(), store.close()]);
    },
  };
}
