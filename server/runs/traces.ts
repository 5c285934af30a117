// The trace of a run is the last of its versions (RU10): a markdown file in its volume, in the person's own when the run is private or they
// may no longer write there. A run that goes on after its end writes into the same file. Which run a version belongs to is kept here too.
import { reduceRun, type ResultPart, type RunAct, type RunState } from '#shared/run.ts';
import { tracePath } from '#shared/trace.ts';
import type { Clock } from '../platform/clock.ts';
import type { OpenRun } from './eventLog.ts';
import type { RunRow, RunStore } from './runStore.ts';
import { traceOf, traceText, type TraceLinks } from './traceText.ts';
import type { Dependency } from './walk.ts';

export type TraceVolume = { id: string; name: string };
export type TraceFiles = {
  /** Where this person may write: the volume of the run, or their own. Null: nowhere. */
  volumeFor(row: RunRow): Promise<TraceVolume | null>;
  /** A new file, in one commit. */
  create(file: TraceFile): Promise<void>;
  /** Other words in a file that is there, as minimal edits. False: it is not there any more. */
  change(file: TraceFile): Promise<boolean>;
  /** The traces that a skill was made from, as its header says: ids or paths. */
  sourcesOf(place: { volume: string; path: string }): Promise<string[]>;
  /** The newest version that changed this path. */
  lastVersion(place: { volume: string; path: string }): Promise<{ volumeId: string; oid: string } | null>;
};
export type TraceFile = {
  volume: TraceVolume;
  path: string;
  text: string;
  person: string;
  message: string;
  trailers: [string, string][];
};

const [mostReads, mostDependencies] = [30, 50];

export type Traces = ReturnType<typeof createTraces>;

export function createTraces({ store, files, clock }: { store: RunStore; files: TraceFiles; clock: Clock }) {
  async function linksOf(row: RunRow, state: RunState): Promise<TraceLinks> {
    const dependsOn = await dependencies(row, state);
    if (row.parentId !== null) {
      const siblings = (await store.children(row.parentId)).filter(({ id }) => id !== row.id);
      const beside = siblings.some(
        ({ createdAt, endedAt }) => endedAt === null || (endedAt > row.createdAt && createdAt.getTime() < clock.now()),
      );
      return { parent: row.parentId, previous: null, type: beside ? 'parallel' : 'hierarchical', dependsOn };
    }
    const previous = row.previousId ?? (await previousIn(row));
    const type = previous !== null ? 'sequential' : dependsOn.length > 0 ? 'dependency' : 'hierarchical';
    return { parent: null, previous, type, dependsOn };
  }

  async function previousIn({ conversationId, id }: RunRow): Promise<string | null> {
    if (conversationId === null) return null;
    const all = await store.earlier({ conversation: conversationId, limit: 50 });
    const at = all.findIndex(({ run }) => run === id);
    return all[at - 1]?.run ?? null;
  }

  /** Runs that it built on, each once: whose files it read as they left them, whose traces it was told of, what its skills were made from. */
  async function dependencies(row: RunRow, state: RunState): Promise<TraceLinks['dependsOn']> {
    const calls = state.items.flatMap((item) => (item.kind === 'step' ? item.calls : []));
    const found = new Map<string, Dependency>();
    const add = (run: string | null, more: Omit<Dependency, 'run'>) => {
      if (run && run !== row.id && !found.has(run) && found.size < mostDependencies) found.set(run, { run, ...more });
    };
    const read = new Map<string, { volume: string; path: string }>();
    for (const { parts } of calls)
      for (const part of parts)
        if (part.kind === 'file' && part.change === 'read') read.set(`${part.volume} ${part.path}`, part);
    for (const place of [...read.values()].slice(0, mostReads)) {
      const last = await files.lastVersion(place);
      // a trace is its run's, whoever marked it since
      const run = (await store.ofTrace(place.path)) ?? (last && (await store.runOfCommit(last)));
      add(run, { file: place.path });
    }
    const remembered = calls.flatMap(({ tool, status, parts }) =>
      tool === 'query_memory' && status === 'ok' ? parts : [],
    );
    for (const path of remembered.flatMap(tracesIn).slice(0, mostReads))
      add(await store.ofTrace(path), { file: path, how: 'remembered' });
    for (const { volume, path } of state.skills)
      for (const source of (await files.sourcesOf({ volume, path })).slice(0, mostReads))
        add(await store.ofTrace(source), { file: path, how: 'skill' });
    return [...found.values()];
  }

  return {
    /** `ended`: as it will be said when the trace is there. Null: there is nowhere to write it. */
    async write({
      row,
      log,
      ended,
    }: {
      row: RunRow;
      log: OpenRun;
      ended: Extract<RunAct, { type: 'ended' }> | null;
    }): Promise<Omit<Extract<RunAct, { type: 'trace' }>, 'type'> | null> {
      const at = clock.now();
      const last = { seq: Infinity, at: new Date(at).toISOString() };
      const state = ended ? reduceRun(log.state, { ...ended, ...last }) : log.state;
      const volume = await files.volumeFor(row);
      if (!volume) return null;
      const links = await linksOf(row, state);
      const endedAt = state.endedAt ? Date.parse(state.endedAt) : at;
      const text = traceText(traceOf({ row, state, links, endedAt }));
      const before = log.state.trace?.volume === volume.name ? log.state.trace.path : null;
      const path = before ?? tracePath({ id: row.id, goal: row.head.goal, createdAt: row.createdAt });
      const file: TraceFile = {
        volume, path, text, person: row.personId, message: messageOf(row, state), trailers: [['Run', row.id]],
      }; // prettier-ignore
      if (before === null || !(await files.change(file))) await files.create(file);
      await store.traced({ id: row.id, path, dependsOn: links.dependsOn });
      const commits = await store.commitsOf(row.id);
      return { volume: volume.name, path, commits: [...new Set(commits.map(({ oid }) => oid))] };
    },
  };
}

function messageOf({ head }: RunRow, { status }: RunState): string {
  const goal = head.goal.trim().split('\n', 1)[0]!;
  const short = goal.length <= 60 ? goal : `${goal.slice(0, 59).trimEnd()}…`;
  const how = status === 'done' ? 'did' : status === 'stopped' ? 'was stopped at' : 'failed at';
  return `${head.agent?.name ?? 'A run'} ${how} “${short}”`;
}

/** Of an answer of the memory. A path of another volume stands behind its name. */
function tracesIn(part: ResultPart): string[] {
  const matches = part.kind === 'json' ? (part.value as { matches?: unknown } | null)?.matches : null;
  if (!Array.isArray(matches)) return [];
  return (matches as { type?: unknown; path?: unknown }[]).flatMap(({ type, path }) =>
    type === 'traces' && typeof path === 'string' ? [path.replace(/^(system|(team|user)\/[\w-]+): /, '')] : [],
  );
}
