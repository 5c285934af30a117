// The second page of main.ts: what a team shares, put together. Its documents (documents.ts), and what reads them and works on them:
// library, memory, boards, runs. They know each other by type only; here they are introduced, in the order in which they need each other.
import type { Accounts } from './accounts/accounts.ts';
import { openAgents } from './agents.ts';
import type { Config } from './config.ts';
import { openBench } from './bench.ts';
import type { Devices } from './devices/devices.ts';
import { openMemory } from './memory/memory.ts';
import type { Models } from './models/types.ts';
import type { ToolsOfElsewhere } from './runs/types.ts';
import type { EmbedTexts } from './memory/memoryIndex.ts';
import { openConsolidation } from './consolidating.ts';
import { openDocuments } from './documents.ts';
import { createFounding } from './founding.ts';
import type { Clock } from './platform/clock.ts';
import type { Database } from './platform/database.ts';
import type { GitClone } from './platform/gitClone.ts';
import type { Log } from './platform/log.ts';
import type { Repositories } from './platform/repositories.ts';
import { createLibrary } from './library/library.ts';
import { createMeaningStore } from './library/meaningStore.ts';
import { libraryRoutes } from './library/libraryRoutes.ts';
import { reviewRoutes } from './reviews/reviewRoutes.ts';
import { textFrom } from './volumes/content.ts';
import { packZip, readArchive } from './volumes/exchange/archive.ts';
import { archiveRoutes } from './volumes/exchange/archiveRoutes.ts';
import { fileRoutes } from './volumes/files/fileRoutes.ts';
import { historyRoutes } from './volumes/history/historyRoutes.ts';
import { rollbackRoutes } from './volumes/history/rollbackRoutes.ts';
import { createDefinitionStore } from './volumes/search/definitionStore.ts';
import { searchVolume } from './volumes/search/search.ts';

export type Workspace = Awaited<ReturnType<typeof openWorkspace>>;

export async function openWorkspace({
  database,
  databaseUrl,
  repositories,
  gitClone,
  accounts,
  clock,
  log,
  embed,
  models,
  toolsOfElsewhere,
  config,
  release,
}: {
  database: Database;
  databaseUrl: string;
  repositories: Repositories;
  gitClone: GitClone;
  accounts: Accounts;
  clock: Clock;
  log: Log;
  /** Meaning of texts; null: search is by words alone. */
  embed: EmbedTexts;
  models: Models & Pick<Parameters<typeof openConsolidation>[0], 'standardModel'>;
  toolsOfElsewhere: ToolsOfElsewhere;
  config: Pick<Config, 'checkpoint' | 'rateLimits' | 'dataDir' | 'consolidateEveryMs'>;
  release: string;
}) {
  const failed = (what: string) => (err: unknown) => log.error({ err }, what);

  // ---- agents, skills and tools in all volumes: hears of every word and version from the start
  const definitions = createDefinitionStore(database);
  const library = createLibrary({
    findVolume: (name, actor) => volumes.find(name, actor),
    versions: {
      head: (volumeId) => versions.head(volumeId),
      checkpointNow: (checkpoint) => versions.checkpointNow(checkpoint),
      textAt: (place) => versions.textAt(place),
      list: (version) => versions.list(version),
      readBlob: (blob) => versions.readBlob(blob),
    },
    reading: { ...definitions, living: (fileId) => rooms.read(fileId), pending: () => rooms.pending() },
    embed,
    kept: createMeaningStore(database),
    failed: failed('library.failed'),
  });

  /** Null until the boards are there: what happens before concerns none that is in memory. */
  let opened: Pick<Devices, 'edited' | 'committed'> | null = null;

  // ---- what people write
  const documents = await openDocuments({
    database,
    databaseUrl,
    repositories,
    accounts,
    clock,
    log,
    config,
    told: {
      edited(edit) {
        library.edited(edit);
        opened?.edited(edit);
      },
      committed(told) {
        library.committed(told);
        memory.committed(told);
        opened?.committed(told);
      },
      runCommitted: (noted) => agents.committed(noted),
    },
    runs: {
      find: (run, actor) => agents.liveRuns.find(run, actor),
      follow: (who) => agents.liveRuns.follow(who),
      able: (tab) => agents.liveRuns.able(tab),
      output: (said) => agents.liveRuns.output(said),
      left: (tab) => agents.liveRuns.left(tab),
    },
    removeBoards: (fileIds) => devices.forget(fileIds),
  });
  const { store, volumeStore, nameOf, people, searching, rooms, live } = documents;
  const { merges, reviews, versions, volumes, files, importing, rollback } = documents;

  // ---- what can be found again
  const memory = openMemory({
    database,
    files: { markdown: store.markdown, readBlob: versions.readBlob },
    embed,
    readable: volumes.readable,
    told: (volumeIds) => {
      for (const volumeId of volumeIds) live.memory({ volumeId });
    },
    log,
  });

  const { openSystem, ...founding } = createFounding({ database, documents, release, log });
  await openSystem();

  // ---- boards, shared between browsers
  const devices = await openBench({
    database,
    dataDir: config.dataDir,
    accounts,
    volumes,
    volumeName: nameOf,
    files,
    fileStore: store,
    versions,
    rooms,
    live,
    clock,
    failed: failed('devices.failed'),
  });
  opened = devices;

  // ---- what works for them
  let consolidating: Pick<ReturnType<typeof openConsolidation>, 'runChanged'> | null = null;
  const agents = await openAgents({
    database,
    accounts,
    volumes,
    volumeStore,
    files,
    fileStore: store,
    merges,
    versions,
    rooms,
    search: (question) => searchVolume({ store: searching, ...question }),
    library,
    memory,
    models,
    toolsOfElsewhere,
    boards: devices,
    importedFrom: async (files) => {
      const message = await reviews.unreviewedImport(files);
      return message && `an import that nobody has reviewed: “${message.split('\n', 1)[0]}”`;
    },
    live: {
      runs(news) {
        live.runs(news);
        consolidating?.runChanged(news);
      },
    },
    clock,
    log,
    config,
  });

  const consolidation = openConsolidation({
    database,
    accounts,
    volumeStore,
    fileStore: store,
    merges,
    versions,
    rooms,
    library,
    standardModel: models.standardModel,
    cameFrom: agents.cameFrom,
    runs: agents.runs,
    clock,
    log,
    everyMs: config.consolidateEveryMs,
  });
  consolidating = consolidation;

  const stopListening = [
    accounts.onAccessChanged(({ personId }) => {
      live.accessChanged({ personId });
      rooms.recheck(personId).catch(failed('access.recheck-failed'));
      devices.recheck(personId).catch(failed('access.recheck-failed'));
    }),
    accounts.notifications.onNotified((told) => live.notified(told)),
  ];

  return {
    library,
    rooms,
    versions,
    volumes,
    importing,
    runs: agents.runs,
    memory,
    handlers: {
      ...fileRoutes({
        volumes,
        files,
        store,
        merges,
        versions,
        rooms,
        search: searching,
        people,
        originOf: accounts.originOf,
      }),
      ...archiveRoutes({ importing, versions, gitClone }),
      ...historyRoutes({ versions }),
      ...rollbackRoutes(rollback),
      ...reviewRoutes(reviews),
      ...libraryRoutes({
        library,
        findVolume: (name, actor) => volumes.find(name, actor),
        versions,
        find: ({ volumeId, path }) => store.byPath(volumeId, path),
        importFiles: importing.importFiles,
        pack: packZip,
        textFrom,
        unpack: (bytes) => readArchive({ bytes }),
        textNow: async ({ volumeId, path }) => {
          const file = await store.byPath(volumeId, path);
          return file && ((await rooms.read(file.id)) ?? versions.textOf(file.id));
        },
        figures: agents.figures,
        now: () => clock.now(),
      }),
      ...agents.handlers,
      ...memory.routes,
      ...consolidation.routes,
      ...devices.handlers,
    },
    acceptors: { '/sync/': rooms.join, '/live': live.accept, '/devices/': devices.accept },

    ...founding,
    /** Ends the connections, makes the last versions, lets go. */
    async close(): Promise<void> {
      for (const stop of stopListening) stop();
      live.close();
      await consolidation.close();
      await agents.close();
      await devices.close();
      await memory.close();
      await documents.close();
    },
  };
}
