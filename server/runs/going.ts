// Runs that are in memory: each has one walker at most, what it tells goes through the event log, and it ends exactly once (RU1). A run
// that waits for a person after a restart is here without a walker; an answer sets one going.
import { isProblem, Problem } from '#shared/errors.ts';
import { readRun, type RunAct, type RunEvent } from '#shared/run.ts';
import type { Actor } from '#shared/permissions.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import { createAsking, type Asking } from './approvals.ts';
import type { EventLog, OpenRun } from './eventLog.ts';
import type { RunRow, RunStore } from './runStore.ts';
import { waitingCalls } from './summary.ts';
import type { Emit } from './types.ts';
import { Interrupted } from './endings.ts';
import type { Earlier, Lent, WalkRun } from './walk.ts';

type Ended = Extract<RunAct, { type: 'ended' }>;
export type Going = {
  row: RunRow;
  log: OpenRun;
  asking: Asking;
  /** Null: nobody walks through it now. */
  walk: { abort: AbortController; over: Promise<void> } | null;
  /** Somebody lets it go on just now: nobody else does, and it stays in memory, whoever looks at it meanwhile. */
  resuming: boolean;
  /** The end is being written; nothing more is told. */
  ending: Promise<RunEvent> | null;
};

/** Writes the trace of a run that is about to end so; null when there is nowhere to write it. */
export type WriteTrace = (ending: {
  row: RunRow;
  log: OpenRun;
  /** Null: as it has ended. */
  ended: Ended | null;
}) => Promise<Omit<Extract<RunAct, { type: 'trace' }>, 'type'> | null>;

export type GoingRuns = ReturnType<typeof createGoing>;

/** A walker that does not come back by itself is left behind after this. */
const patienceMs = 5000;
const mendMs = 10_000;

export function createGoing({
  store,
  events,
  walk,
  trace,
  clock,
  log,
}: {
  store: RunStore;
  events: EventLog;
  walk: WalkRun;
  trace: WriteTrace;
  clock: Clock;
  log: Log;
}) {
  const all = new Map<string, Going>();
  const loading = new Map<string, Promise<Going | null>>();
  let closing = false;

  function add(row: RunRow, open: OpenRun): Going {
    const asking = createAsking({ run: open, clock });
    const going: Going = { row, log: open, asking, walk: null, resuming: false, ending: null };
    all.set(row.id, going);
    return going;
  }

  /** The run in memory, from the database if need be. Null: there is none. */
  async function load(id: string): Promise<Going | null> {
    const there = all.get(id);
    if (there) return there;
    const asked =
      loading.get(id) ??
      (async () => {
        const row = await store.byId(id);
        if (!row) return null;
        const stored = await store.events(id);
        // what was said to it is in the row also where it was before its events told it
        const state = { ...readRun(stored), unheard: row.said };
        return add(row, events.open({ id, state, recent: stored }));
      })().finally(() => loading.delete(id));
    loading.set(id, asked);
    return asked;
  }

  /** Out of memory, if nothing holds it there. */
  function release(going: Going): void {
    const { row, log: open, asking } = going;
    if (going.walk || going.resuming || (open.state.endedAt === null && !open.isBroken && !closing)) return;
    asking.close();
    if (all.get(row.id) === going) all.delete(row.id);
    if (open.isBroken && !closing) mendLater(row.id);
  }

  /** Its end could not be written: the database was away for too long. */
  function mendLater(id: string): void {
    setTimeout(() => {
      if (closing) return;
      load(id)
        .then(async (found) => {
          if (!found || found.walk || found.log.state.endedAt !== null) return;
          await end(found, {
            type: 'ended',
            outcome: 'failed',
            reason: 'The database was away for too long.',
            answer: '',
          });
          release(found);
        })
        .catch(() => mendLater(id));
    }, mendMs).unref();
  }

  /** Trace first, so that it is in the last version of the run; then the end. Once. */
  function end(going: Going, ended: Ended): Promise<RunEvent> {
    going.ending ??= (async () => {
      const { row, log: open } = going;
      try {
        const written = await trace({ row, log: open, ended });
        if (written) await open.emit({ type: 'trace', ...written });
      } catch (error) {
        log.error({ err: error, run: row.id }, 'run.trace-failed');
        await open.emit({ type: 'notice', level: 'warning', text: 'The trace could not be written.' });
      }
      return open.emit(ended);
    })();
    return going.ending;
  }

  /** Sets a walker going, with all that was told so far. `actor`: with the rights that the run has now. */
  function go(
    going: Going,
    {
      actor,
      history,
      earlier,
      lent = null,
    }: { actor: Actor; history: RunEvent[]; earlier: Earlier[]; lent?: Lent | null },
  ): void {
    if (going.walk || closing) return;
    const { row, log: open, asking } = going;
    const abort = new AbortController();
    going.ending = null;
    const emit: Emit = async (act) => {
      if (isQuiet(abort.signal)) throw new Problem('unavailable', 'The server goes away.');
      if (going.ending) return going.ending;
      if (act.type === 'ended') return end(going, act);
      const event = await open.emit(act);
      asking.told(event);
      return event;
    };
    const { request } = row;
    const head = { ...row.head, limits: open.state.head?.limits ?? row.head.limits };
    const over = (async () => {
      let reason = 'It came to no end.';
      try {
        await walk({
          head,
          actor,
          request,
          events: history,
          earlier,
          emit,
          people: asking.people,
          signal: abort.signal,
          lent,
        });
      } catch (error) {
        if (!abort.signal.aborted && !isProblem(error)) log.error({ err: error, run: row.id }, 'run.failed');
        reason = isProblem(error) ? error.message : 'Something went wrong on the server. It is written in its log.';
      }
      if (isQuiet(abort.signal)) return;
      const how = abort.signal.aborted
        ? { outcome: 'stopped' as const, reason: String(abort.signal.reason) }
        : { outcome: 'failed' as const, reason };
      if (!going.ending) end(going, { type: 'ended', ...how, answer: '' }).catch(() => undefined);
      await going.ending!.catch((error: unknown) => log.error({ err: error, run: row.id }, 'run.end-failed'));
    })().finally(() => {
      going.walk = null;
      release(going);
    });
    going.walk = { abort, over };
  }

  return {
    all,
    load,
    add,
    go,
    release,
    get: (id: string): Going | null => all.get(id) ?? null,
    isClosing: () => closing,

    /** Ends a run from outside, with its walker or without. Resolves when the end is durable. */
    async stop(going: Going, reason: string): Promise<void> {
      const walking = going.walk;
      walking?.abort.abort(reason);
      if (walking) await Promise.race([walking.over, pause(patienceMs)]);
      if (going.log.state.endedAt !== null) return;
      await end(going, { type: 'ended', outcome: 'stopped', reason, answer: '' });
      release(going);
    },

    /** The server goes away: what walks is left as it is, and the next start says what became of it. */
    async close(): Promise<void> {
      closing = true;
      const walking = [...all.values()].flatMap(({ walk: one, log: open }) =>
        one && open.state.endedAt === null ? one : [],
      );
      for (const { abort } of walking) abort.abort(new Interrupted());
      await Promise.race([Promise.all(walking.map(({ over }) => over)), pause(patienceMs)]);
      for (const { asking } of all.values()) asking.close();
      await events.settled();
    },

    /** Of a person, now: those that do something. */
    working: (personId: string): number =>
      [...all.values()].filter(
        ({ row, walk: one, log: open }) =>
          row.personId === personId &&
          row.parentId === null &&
          one !== null &&
          open.state.endedAt === null &&
          waitingCalls(open.state).length === 0,
      ).length,
  };
}

const isQuiet = (signal: AbortSignal) => signal.reason instanceof Interrupted;
const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms).unref());
