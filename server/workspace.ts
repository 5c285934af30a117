// The second page of main.ts: what a team shares, put together. Living documents, versions, files, reviews and the news of all that
// know each other by type only; here they are introduced, in the order in which they need each other.
import type { Accounts } from './accounts/accounts.ts';
import { openAgents } from './agents.ts';
import type { Config } from './config.ts';
import { openBench } from './bench.ts';
import type { Devices } from './devices/devices.ts';
import { createLive } from './live/live.ts';
import { openMemory } from './memory/memory.ts';
import type { Models } from './models/types.ts';
import type { ToolsOfElsewhere } from './runs/types.ts';
import type { EmbedTexts } from './memory/memoryIndex.ts';
import { openConsolidation } from './consolidating.ts';
import { openReviewing } from './reviewing.ts';
import { forgetTeam, forgetVolume } from './forgetting.ts';
import type { Clock } from './platform/clock.ts';
import type { Database } from './platform/database.ts';
import type { GitClone } from './platform/gitClone.ts';
import type { Log } from './platform/log.ts';
import type { Repositories } from './platform/repositories.ts';
import { createLibrary } from './library/library.ts';
import { createMeaningStore } from './library/meaningStore.ts';
import { libraryRoutes } from './library/libraryRoutes.ts';
import { noteRunCommits } from './runs/runCommits.ts';
import { reviewRoutes } from './reviews/reviewRoutes.ts';
import { openRooms } from './sync/rooms.ts';
import type { RoomAccess } from './sync/types.ts';
import { textFrom } from './volumes/content.ts';
import { packZip, readArchive } from './volumes/exchange/archive.ts';
import { archiveRoutes } from './volumes/exchange/archiveRoutes.ts';
import { createConflictStore } from './volumes/files/conflictStore.ts';
import { fileRoutes } from './volumes/files/fileRoutes.ts';
import { createFiles } from './volumes/files/files.ts';
import { createFileStore } from './volumes/files/fileStore.ts';
import { historyRoutes } from './volumes/history/historyRoutes.ts';
import { createImporting } from './volumes/exchange/importing.ts';
import { createMerges } from './volumes/files/merge.ts';
import { openVersions } from './volumes/versions/openVersions.ts';
import { createRollback, rollbackFiles } from './volumes/history/rollback.ts';
import { rollbackRoutes } from './volumes/history/rollbackRoutes.ts';
import { createDefinitionStore } from './volumes/search/definitionStore.ts';
import { searchVolume } from './volumes/search/search.ts';
import { createSearchStore } from './volumes/search/searchStore.ts';
import { openWordWriter } from './volumes/search/wordWriter.ts';
import { readSample, readSystemFiles, type Sample } from './volumes/exchange/shippedFiles.ts';
import { createShippedStore } from './volumes/exchange/shippedStore.ts';
import { upgradeSystem } from './volumes/exchange/upgrading.ts';
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
  const store = createFileStore(database);
  const volumeStore = createVolumeStore(database);
  const people = { faces: accounts.faces, byLogins: accounts.byLogins };

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
        library.edited(edit);
        opened?.edited(edit);
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
    runs: {
      find: (run, actor) => agents.liveRuns.find(run, actor),
      follow: (who) => agents.liveRuns.follow(who),
      able: (tab) => agents.liveRuns.able(tab),
      output: (said) => agents.liveRuns.output(said),
      left: (tab) => agents.liveRuns.left(tab),
    },
  });
  const nameOf = async (volumeId: string) => (await volumeStore.byId(volumeId))?.name ?? null;
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
  const made = await openVersions({
    database,
    repositories,
    rooms,
    people,
    reviews: reviews.states,
    news: {
      ...news,
      committed(told) {
        library.committed(told);
        news.committed(told);
        memory.committed(told);
        wordWriter.written();
        opened?.committed(told);
      },
    },
    keepConflicts: merges.keepConflicts,
    clock,
    log,
    times: config.checkpoint,
  });
  const versions = noteRunCommits(made, (noted) => agents.committed(noted));

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
        removeBoards: (fileIds) => devices.forget(fileIds),
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

  const searching = createSearchStore(database);
  const wordWriter = openWordWriter({ store: searching, log });

  async function openSystem(): Promise<void> {
    const { id } = await volumes.ensureSystem();
    const shipped = createShippedStore(database);
    const changed = await upgradeSystem({
      volumeId: id,
      files: await readSystemFiles(),
      release,
      store,
      shipped,
      versions,
      rooms,
      merges,
    });
    if (changed > 0) log.info({ release, files: changed }, 'system.upgraded');
  }
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

    async personJoined({ id, login }: { id: string; login: string }): Promise<void> {
      await volumes.ensureForPerson({ id, login });
    },
    async teamGone({ teamId }: { teamId: string }): Promise<void> {
      await forgetTeam({ database, teamId });
      await volumes.removeOfTeam(teamId);
    },
    async teamFounded({
      team,
      sample,
      personId,
    }: {
      team: { id: string; slug: string };
      sample: Sample | null;
      personId: string;
    }): Promise<void> {
      const { id } = await volumes.ensureForTeam(team);
      if (sample === null || (await versions.head(id))) return;
      await importing.importFiles({
        volumeId: id,
        person: personId,
        files: await readSample(sample),
        kind: 'sample',
        message: `Start from the sample ${sample}`,
      });
    },
    /** Ends the connections, makes the last versions, lets go. */
    async close(): Promise<void> {
      for (const stop of stopListening) stop();
      live.close();
      await consolidation.close();
      await agents.close();
      await devices.close();
      await memory.close();
      await versions.close();
      await wordWriter.close();
      await rooms.stop();
    },
  };
}
