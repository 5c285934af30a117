// The third page of main.ts: what works for people. The library, models, runs and memory know each other by type only; here they are
// introduced. Each comes with what it asks of the others.
import { decide, hasRole, type Actor } from '#shared/permissions.ts';
import type { Accounts } from './accounts/accounts.ts';
import type { Config } from './config.ts';
import type { BoardsOfRuns } from './devices/types.ts';
import type { Library } from './library/types.ts';
import type { Live } from './live/live.ts';
import type { LiveRuns } from './live/runTabs.ts';
import type { Memory } from './memory/memory.ts';
import type { Models } from './models/types.ts';
import type { ToolsOfElsewhere } from './runs/types.ts';
import type { Clock } from './platform/clock.ts';
import type { Database } from './platform/database.ts';
import type { Log } from './platform/log.ts';
import { createBrowsers } from './runs/browsers.ts';
import { createConversations } from './runs/conversations.ts';
import { createConversationStore } from './runs/conversationStore.ts';
import { figureDays, figuresOf } from './runs/figures.ts';
import { runRoutes } from './runs/runRoutes.ts';
import { openRuns, type Runs } from './runs/runs.ts';
import { createRunStore } from './runs/runStore.ts';
import { createTools } from './runs/tools/createTools.ts';
import type { FileParts } from './runs/tools/runReading.ts';
import { createTraces } from './runs/traces.ts';
import type { AskMemory } from './runs/types.ts';
import { createWalking } from './runs/walking.ts';
import { traceFiles } from './traceFiles.ts';
import type { Volumes } from './volumes/volumes.ts';
import type { VolumeStore } from './volumes/volumeStore.ts';
import type { Files } from './volumes/files/files.ts';
import type { FileStore } from './volumes/files/fileStore.ts';
import type { Merges } from './volumes/files/merge.ts';
import type { Versions } from './volumes/versions/versions.ts';
import type { Rooms } from './sync/types.ts';

export type Agents = Awaited<ReturnType<typeof openAgents>>;

export async function openAgents({
  database,
  accounts,
  volumes,
  volumeStore,
  files,
  fileStore,
  merges,
  versions,
  rooms,
  search,
  importedFrom,
  library,
  memory,
  models,
  toolsOfElsewhere,
  boards,
  live,
  clock,
  log,
  config,
}: {
  database: Database;
  accounts: Accounts;
  volumes: Volumes;
  volumeStore: VolumeStore;
  files: Files;
  fileStore: FileStore;
  merges: Merges;
  versions: Versions;
  rooms: Rooms;
  search: FileParts['search'];
  /** Taints what reads it (RU8). */
  importedFrom: NonNullable<FileParts['cameFrom']>;
  library: Library;
  memory: Pick<Memory, 'query'>;
  models: Models;
  toolsOfElsewhere: ToolsOfElsewhere;
  boards: BoardsOfRuns;
  live: Pick<Live, 'runs'>;
  clock: Clock;
  log: Log;
  config: Pick<Config, 'rateLimits'>;
}) {
  const failed = (what: string) => (err: unknown) => log.error({ err }, what);
  const findVolume = (name: string, actor: Actor) => volumes.find(name, actor);
  const store = createRunStore(database);
  const browsers = createBrowsers();

  // ---- what is in a file from outside, unless somebody looked at it: what was imported, what a run wrote that had read such text (RU8)
  const cameFrom: NonNullable<FileParts['cameFrom']> = async (place) => {
    const [imported, goal] = await Promise.all([importedFrom(place), store.unseenOf(place)]);
    return imported ?? (goal === null ? null : `what a run wrote that had read text from outside: “${short(goal)}”`);
  };

  // ---- how a run is walked through: a definition, a model, tools
  const askMemory: AskMemory = async ({ question, actor, volume, only }) => {
    const answer = await memory.query({ question, actor, only });
    const byVolume = [...Map.groupBy(answer.matches, (match) => match.volume)];
    const from = await Promise.all(
      byVolume.map(async ([name, matches]) => {
        const found = name === 'system' ? null : await findVolume(name, actor);
        return found && cameFrom({ volumeId: found.id, fileIds: matches.map(({ fileId }) => fileId) });
      }),
    );
    const placed = (match: { volume: string; path: string }) =>
      match.volume === volume ? match.path : `${match.volume}: ${match.path}`;
    const matches = answer.matches.map((match) => ({ ...match, path: placed(match) }));
    return { ...answer, matches, untrusted: from.find((one) => one !== null) ?? null };
  };
  const tools = {
    files: { findVolume, files, store: fileStore, rooms, merges, versions, search, cameFrom },
    library,
    importedFrom,
    memory: askMemory,
    browsers,
    browserOf: (run: string) => runs.browserOf(run),
    clock,
  };
  const walking = createWalking({
    library,
    models,
    toolsOfElsewhere,
    boards,
    findVolume,
    async importedFrom({ volume, path, actor }) {
      const found = await findVolume(volume, actor);
      const file = found && (await fileStore.byPath(found.id, path));
      return file ? importedFrom({ volumeId: found.id, fileIds: [file.id] }) : null;
    },
    textAt: versions.textAt,
    toolsFor: ({ startChild, ...run }) => createTools({ ...run, parts: { ...tools, startChild } }),
    openChild: (child) => runs.child(child),
    eventsOf: store.events,
    clock,
    failed: failed('run.step-failed'),
  });

  // ---- runs, and who looks at them
  const conversations = createConversations({
    store: createConversationStore(database),
    faces: (ids) => accounts.faces(ids),
    volumeName: async (volumeId) => (await volumeStore.byId(volumeId))?.name ?? null,
    shared: (conversation) => runs.shared(conversation),
    clock,
  });
  const volumeFor = async (id: string, personId: string) => {
    const row = await volumeStore.byId(id);
    return row && { ...row, role: await accounts.roleIn({ volume: row, personId }) };
  };
  const traces = createTraces({
    store,
    clock,
    files: traceFiles({
      files,
      fileStore,
      merges,
      versions,
      rooms,
      volumeStore,
      mayWrite: async (id, personId) => hasRole((await volumeFor(id, personId))?.role ?? null, 'editor'),
    }),
  });
  const runs: Runs = await openRuns({
    store,
    conversationOf: conversations.join,
    plan: walking.plan,
    allowance: walking.allowance,
    async walk(given) {
      try {
        await walking.walk(given);
      } finally {
        rooms.hideAgent(given.head.id); // it leaves the files that it was seen in
      }
    },
    trace: traces.write,
    access: {
      volume: volumeFor,
      face: (personId) => accounts.face(personId),
      isActive: (personId) => accounts.isActive(personId),
      isTokenGood: (tokenId) => accounts.isTokenGood(tokenId),
    },
    news: {
      changed: (news) => live.runs(news),
      waits({ row: { id, personId, head }, what }) {
        const how = what === 'question' ? 'asks you something' : 'waits for your approval';
        const text = `“${short(head.goal)}” ${how}.`;
        const told = { to: [personId], kind: `run.${what}`, text, volume: head.volume, run: id };
        accounts.notify(told).catch(failed('news.failed'));
      },
    },
    clock,
    log,
    limited: config.rateLimits,
  });
  const stopListening = accounts.onAccessChanged(({ personId }) => {
    runs.recheck(personId).catch(failed('runs.recheck-failed'));
  });

  const liveRuns: LiveRuns = {
    async find(run, actor) {
      const target = await runs.target(run, actor);
      if (!target) return null;
      const { name, kind, role } = target.volume;
      const resource = { kind: 'volume', name, volumeKind: kind, role } as const;
      return decide({ actor, verb: 'volume.read', resource }) === 'allow' ? { volume: name } : null;
    },
    follow: runs.following.follow,
    able: browsers.able,
    output: browsers.output,
    left: browsers.left,
  };

  return {
    runs,
    cameFrom,
    liveRuns,
    /** For whoever makes versions: those of a run are noted as its. */
    committed: ({
      run,
      volumeId,
      versions: made,
    }: {
      run: string;
      volumeId: string;
      versions: { oid: string; at: Date }[];
    }) => store.addCommits(made.map(({ oid, at }) => ({ runId: run, volumeId, oid, at }))),
    handlers: runRoutes({
      runs,
      conversations,
      browsers,
      findVolume,
      readableVolumes: async (actor) => (await volumes.readable(actor)).map(({ id }) => id),
    }),
    /** Of definitions, in the runs that the asker may see. */
    async figures(actor: Actor) {
      const volumeIds = (await volumes.readable(actor)).map(({ id }) => id);
      const since = new Date(clock.now() - figureDays * 86_400_000);
      const rows = await store.uses({ volumeIds, personId: actor.personId, since, limit: mostCounted });
      return { days: figureDays, cut: rows.length === mostCounted, figures: figuresOf({ rows, now: clock.now() }) };
    },
    async close(): Promise<void> {
      stopListening();
      await runs.close();
    },
  };
}

const mostCounted = 20_000;

const short = (goal: string) => {
  const line = goal.trim().split('\n', 1)[0]!;
  return line.length <= 60 ? line : `${line.slice(0, 59).trimEnd()}…`;
};
