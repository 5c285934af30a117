// The trace of a run is the last of its versions (RU10): a markdown file in its volume, in the person's own when the run is private or they
// may no longer write there. A run that goes on after its end writes into the same file. Which run a version belongs to is kept here too.
import { reduceRun, type RunAct, type RunState } from '#shared/run.ts';
import { tracePath } from '#shared/trace.ts';
import type { Clock } from '../platform/clock.ts';
import type { OpenRun } from './eventLog.ts';
import type { RunRow, RunStore } from './runStore.ts';
import { traceOf, traceText, type TraceLinks } from './traceText.ts';

export type TraceVolume = { id: string; name: string };
export type TraceFiles = {
  /** Where this person may write: the volume of the run, or their own. Null: nowhere. */
  volumeFor(row: RunRow): Promise<TraceVolume | null>;
  /** A new file, in one commit. */
  create(file: TraceFile): Promise<void>;
  /** Other words in a file that is there, as minimal edits. False: it is not there any more. */
  change(file: TraceFile): Promise<boolean>;
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

const mostReads = 30;

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

  /** Runs whose files it read, as they left them. */
  async function dependencies(row: RunRow, state: RunState): Promise<TraceLinks['dependsOn']> {
    const read = new Map<string, { volume: string; path: string }>();
    for (const item of state.items)
      for (const call of item.kind === 'step' ? item.calls : [])
        for (const part of call.parts)
          if (part.kind === 'file' && part.change === 'read') read.set(`${part.volume} ${part.path}`, part);
    const found: TraceLinks['dependsOn'] = [];
    for (const place of [...read.values()].slice(0, mostReads)) {
      const last = await files.lastVersion(place);
      const run = last && (await store.runOfCommit(last));
      if (run && run !== row.id) found.push({ run, file: place.path });
    }
    return found;
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
