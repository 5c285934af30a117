// Traces become lessons by themselves (ME3). Every few minutes each volume is looked at: when enough traces wait in it, or one waits too
// long, a run of the agent that consolidates is started with the oldest of them, at the cost of the team or the server and within a
// budget. What it really read is marked as consolidated once it is done; what is old and consolidated is archived. Nothing is kept
// between two looks but runs and files, so that a server that is killed in the middle does the rest after its next start, and nothing
// twice.
import { Problem } from '#shared/errors.ts';
import type { LifecycleState } from '#shared/memoryEntry.ts';
import type { Actor } from '#shared/permissions.ts';
import type { Log } from '../platform/log.ts';
import type { Clock } from '../platform/clock.ts';
import type { MemoryStore, WaitingTrace } from './memoryStore.ts';

export const consolidator = 'MemoryConsolidationAgent';

export type ConsolidationVolume = { id: string; name: string; kind: 'system' | 'team' | 'user'; teamId: string | null };
export type ConsolidationSettings = { traces: number; days: number; archiveDays: number; tokens: number };
export type Pass = {
  run: string;
  status: 'going' | 'done' | 'failed';
  /** The server went away while it ran: nobody's fault. */
  interrupted: boolean;
  startedAt: Date;
  endedAt: Date | null;
  /** Of the traces that it was given, those that it read. */
  read: string[];
};
export type ConsolidationNeeds = {
  store: Pick<MemoryStore, 'waitingTraces' | 'countWaiting' | 'olderThan' | 'volumesWithTraces'>;
  volume(id: string): Promise<ConsolidationVolume | null>;
  /** In whose name: the person of a personal volume, or who ran something in the team's last and may still. Null: nobody. */
  personFor(volume: ConsolidationVolume): Promise<Actor | null>;
  settings(question: { volume: ConsolidationVolume; actor: Actor }): Promise<ConsolidationSettings>;
  /** Did people of the workspace write or see all of it (RU8)? */
  isOurs(file: { volumeId: string; fileId: string }): Promise<boolean>;
  /** A model that the volume pays for, or the server. Null: there is none. */
  model(volume: ConsolidationVolume, actor: Actor): Promise<string | null>;
  /** The last ones of a volume, newest first. */
  passes(volumeId: string): Promise<Pass[]>;
  /** Does one go on anywhere? */
  isBusy(): Promise<boolean>;
  /** Gives the id of the run. */
  start(run: {
    volume: ConsolidationVolume;
    actor: Actor;
    goal: string;
    paths: string[];
    /** Of one that nobody asked for. */
    unattended: { model: string; tokens: number } | null;
  }): Promise<string>;
  mark(marks: {
    volume: ConsolidationVolume;
    personId: string;
    fileIds: string[];
    state: LifecycleState;
    message: string;
  }): Promise<void>;
};

const [day, hour] = [86_400_000, 3_600_000];
/** Traces of one pass, and of one look at what may be in it. */
const [mostTraces, mostLooked] = [20, 100];
const mostArchived = 100;
/** After a pass that failed or read nothing; twice as long after each further one. */
const [firstPause, longestPause] = [6 * hour, 7 * day];

export type Consolidation = ReturnType<typeof createConsolidation>;

export function createConsolidation({ needs, clock, log }: { needs: ConsolidationNeeds; clock: Clock; log: Log }) {
  const { store } = needs;
  let turn: Promise<unknown> = Promise.resolve();
  let closed = false;
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(work);
    turn = mine.catch(() => undefined);
    return mine;
  };

  /** Oldest first; those with words from outside that nobody looked at stay where they are. */
  async function candidates(volumeId: string, passes: Pass[]): Promise<WaitingTrace[]> {
    const found: WaitingTrace[] = [];
    const done = new Set(passes.flatMap(({ status, read }) => (status === 'done' ? read : []))); // marked a moment ago
    for (const trace of await store.waitingTraces({ volumeId, but: consolidator, limit: mostLooked }))
      if (!done.has(trace.path) && (await needs.isOurs({ volumeId, fileId: trace.fileId }))) found.push(trace);
    return found;
  }

  /** What a pass has read is consolidated. Does nothing for those that are already. */
  async function finish(volume: ConsolidationVolume, actor: Actor, passes: Pass[]): Promise<void> {
    for (const { status, read, run } of passes) {
      if (status !== 'done' || read.length === 0) continue;
      const waiting = await store.waitingTraces({ volumeId: volume.id, but: consolidator, paths: read, limit: read.length });
      if (waiting.length === 0) continue;
      const fileIds = waiting.map(({ fileId }) => fileId);
      const message = `${fileIds.length === 1 ? 'One trace is' : `${fileIds.length} traces are`} consolidated (run ${run.slice(0, 8)})`;
      await needs.mark({ volume, personId: actor.personId, fileIds, state: 'consolidated', message });
    }
  } // prettier-ignore

  async function archive(volume: ConsolidationVolume, actor: Actor, days: number): Promise<void> {
    const before = new Date(clock.now() - days * day);
    const old = await store.olderThan({ volumeId: volume.id, state: 'consolidated', before, limit: mostArchived });
    if (old.length === 0) return;
    const message = `${old.length === 1 ? 'One trace is' : `${old.length} traces are`} archived`;
    await needs.mark({ volume, personId: actor.personId, fileIds: old, state: 'archived', message });
  }

  /** Until when it is left alone after what went wrong; 0: it is not. */
  function pauseUntil(passes: Pass[]): number {
    let failures = 0;
    for (const { status, interrupted, read } of passes) {
      if (interrupted) continue;
      if (status === 'done' && read.length > 0) break;
      failures++;
    }
    const last = passes.find(({ interrupted }) => !interrupted);
    if (failures === 0 || !last) return 0;
    return (last.endedAt ?? last.startedAt).getTime() + Math.min(longestPause, firstPause * 2 ** (failures - 1));
  }

  async function stateOf(volume: ConsolidationVolume, actor: Actor) {
    const [settings, passes, waiting] = await Promise.all([
      needs.settings({ volume, actor }),
      needs.passes(volume.id),
      store.countWaiting({ volumeId: volume.id, but: consolidator }),
    ]);
    const going = passes.find(({ status }) => status === 'going') ?? null;
    return { settings, passes, waiting, going, pausedUntil: pauseUntil(passes) };
  }

  async function begin({
    volume,
    actor,
    traces,
    unattended,
  }: {
    volume: ConsolidationVolume;
    actor: Actor;
    traces: WaitingTrace[];
    unattended: { model: string; tokens: number } | null;
  }): Promise<string> {
    const paths = traces.slice(0, mostTraces).map(({ path }) => path);
    return needs.start({ volume, actor, goal: goalFor(paths), paths, unattended });
  }

  /** One volume, one look. True: a run was started. */
  async function look(volumeId: string, mayStart: boolean): Promise<boolean> {
    const volume = await needs.volume(volumeId);
    const actor = volume && volume.kind !== 'system' ? await needs.personFor(volume) : null;
    if (!volume || !actor) return false;
    const { settings, passes, waiting, going, pausedUntil } = await stateOf(volume, actor);
    await finish(volume, actor, passes);
    await archive(volume, actor, settings.archiveDays);
    if (!mayStart || going || waiting === 0 || settings.tokens === 0 || clock.now() < pausedUntil) return false;
    const traces = await candidates(volumeId, passes);
    const oldest = traces[0]?.at.getTime() ?? Infinity;
    if (traces.length < settings.traces && clock.now() - oldest < settings.days * day) return false;
    const model = await needs.model(volume, actor);
    if (model === null || closed) return false;
    const run = await begin({ volume, actor, traces, unattended: { model, tokens: settings.tokens } });
    log.info({ volume: volume.name, run, traces: traces.length }, 'memory.consolidating');
    return true;
  }

  return {
    /** Looks at every volume that has traces; starts one run at most, and none while one goes on anywhere. */
    lookAround: () =>
      inTurn(async () => {
        let mayStart = !(await needs.isBusy());
        for (const volumeId of await store.volumesWithTraces()) {
          if (closed) return;
          try {
            if (await look(volumeId, mayStart)) mayStart = false;
          } catch (err) {
            log.error({ err, volumeId }, 'memory.consolidation-failed');
          }
        }
      }),

    /** A run of ours changed: what it has read is consolidated as soon as it is done, not only at the next look. True: it is over. */
    changed: ({ volumeId, run }: { volumeId: string; run: string }) =>
      inTurn(async () => {
        const volume = await needs.volume(volumeId);
        const actor = volume && (await needs.personFor(volume));
        if (!volume || !actor || closed) return true;
        const passes = await needs.passes(volumeId);
        if (passes.some((pass) => pass.run === run && pass.status === 'going')) return false;
        await finish(volume, actor, passes);
        return true;
      }),

    /** A person asks for it now. */
    now: ({ volume, actor }: { volume: ConsolidationVolume; actor: Actor }) =>
      inTurn(async () => {
        const { passes, going } = await stateOf(volume, actor);
        if (going) throw new Problem('conflict', 'The traces of this volume are being consolidated.', { run: going.run });
        await finish(volume, actor, passes);
        const traces = await candidates(volume.id, passes);
        if (traces.length === 0)
          throw new Problem('conflict', 'No trace waits here, or only such as nobody has reviewed yet.');
        return begin({ volume, actor, traces, unattended: null });
      }), // prettier-ignore

    /** For the page of the memory. */
    async state({ volume, actor }: { volume: ConsolidationVolume; actor: Actor }) {
      const { settings, passes, waiting, going, pausedUntil } = await stateOf(volume, actor);
      const last = passes.find(({ status }) => status !== 'going') ?? null;
      const why = async () => {
        if (volume.kind === 'system') return 'system' as const;
        if (settings.tokens === 0) return 'turned-off' as const;
        if ((await needs.model(volume, actor)) === null) return 'no-model' as const;
        return clock.now() < pausedUntil ? ('paused' as const) : null;
      };
      return {
        waiting,
        after: { traces: settings.traces, days: settings.days, tokens: settings.tokens },
        running: going && going.run,
        last: last && { run: last.run, at: (last.endedAt ?? last.startedAt).toISOString(), ok: last.status === 'done' && last.read.length > 0, read: last.read.length },
        off: await why(),
      };
    }, // prettier-ignore

    async close(): Promise<void> {
      closed = true;
      await turn;
    },
  };
}

const goalFor = (paths: string[]) => `Consolidate these ${paths.length === 1 ? 'trace' : `${paths.length} traces`} of this volume: read each of them, and draw the learnings, patterns and decisions out of them into memory/long_term/, with links to their traces. Those that you read are marked as consolidated when you are done.

${paths.map((path) => `- ${path}`).join('\n')}`; // prettier-ignore
