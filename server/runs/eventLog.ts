// Events become durable before anybody sees them (RU1): what all runs told since the last write is appended in one statement, in order.
// Streamed words of one run that wait together become one event.
import { isProblem, Problem } from '#shared/errors.ts';
import { reduceRun, type RunAct, type RunEvent, type RunState } from '#shared/run.ts';
import type { Clock } from '../platform/clock.ts';
import { isOutage } from '../platform/outage.ts';
import type { Log } from '../platform/log.ts';
import { summaryOf, type RunSummaryRow } from './summary.ts';

export type EventLine = { run: string; event: RunEvent };
export type EventWriter = {
  /** One transaction. Throws what the database said. */
  append(batch: { lines: EventLine[]; summaries: RunSummaryRow[] }): Promise<void>;
  /** After a lost connection: are these lines in all the same? */
  has(lines: EventLine[]): Promise<boolean>;
};

/** A run that tells something. `state` and `recent` are what is durable. */
export type OpenRun = {
  id: string;
  readonly state: RunState;
  /** The last events, the newest last; older ones are in the database only. */
  readonly recent: readonly RunEvent[];
  /** What it told could not be written: nothing more is told. */
  readonly isBroken: boolean;
  emit(act: RunAct): Promise<RunEvent>;
};

type Streamed = Extract<RunAct, { type: 'text' | 'thinking' | 'output' }>;
type Pending = {
  run: Inner;
  event: RunEvent;
  told: Promise<RunEvent>;
  settle: { done: (event: RunEvent) => void; fail: (error: unknown) => void };
};
type Inner = OpenRun & {
  state: RunState;
  recent: RunEvent[];
  seq: number;
  tail: Pending | null;
  /** Half a character that the next piece completes. */
  half: { of: string; text: string } | null;
  broken: Error | null;
};

const longestPiece = 16_384;
const keptRecent = 400;
/** So long an outage of the database is waited for. */
const patienceMs = 30_000;

export type EventLog = ReturnType<typeof createEventLog>;

export function createEventLog({
  writer,
  clock,
  log,
  told,
}: {
  writer: EventWriter;
  clock: Clock;
  log: Log;
  /** They are durable now. `before`: the state before the first of them. */
  told: (news: { run: OpenRun; events: RunEvent[]; before: RunState }) => void;
}) {
  let queue: Pending[] = [];
  let planned: NodeJS.Immediate | null = null;
  let writing: Promise<void> | null = null;

  function emit(run: Inner, raw: RunAct): Promise<RunEvent> {
    if (run.broken) return Promise.reject(run.broken);
    const act = clean(raw);
    const streamed = isStreamed(act) ? act : null;
    if (streamed) {
      joinHalf(run, streamed);
      const tail = run.tail;
      if (tail && streamOf(tail.event) === streamOf(streamed) && textOf(tail.event).length < longestPiece) {
        (tail.event as RunEvent & Streamed).text += streamed.text;
        return tail.told;
      }
    }
    const event: RunEvent = { ...act, seq: (run.seq += 1), at: new Date(clock.now()).toISOString() };
    const { promise, resolve, reject } = Promise.withResolvers<RunEvent>();
    promise.catch(() => undefined); // whoever does not wait for it learns from `broken`
    const pending: Pending = { run, event, told: promise, settle: { done: resolve, fail: reject } };
    run.tail = streamed ? pending : null;
    queue.push(pending);
    if (!writing) planned ??= setImmediate(write); // what is told in the same breath goes in one statement
    return promise;
  }

  function write(): void {
    planned = null;
    if (writing || queue.length === 0) return;
    const batch = queue;
    queue = [];
    for (const { run, event } of batch) {
      run.tail = null;
      if (isStreamed(event)) event.text = event.text.toWellFormed();
    }
    writing = append(batch).finally(() => {
      writing = null;
      write();
    });
  }

  async function append(batch: Pending[]): Promise<void> {
    const byRun = new Map<Inner, Pending[]>();
    for (const pending of batch) byRun.set(pending.run, [...(byRun.get(pending.run) ?? []), pending]);
    try {
      await store([...byRun]);
    } catch (error) {
      if (byRun.size === 1) return fail([...byRun][0]!, error);
      // one of them is at fault: the others go on
      for (const one of byRun) await store([one]).catch((why: unknown) => fail(one, why));
    }
  }

  async function store(parts: [Inner, Pending[]][]): Promise<void> {
    const changed = parts.map(([run, pendings]) => {
      const events = pendings.map(({ event }) => event);
      return { run, pendings, events, before: run.state, after: events.reduce(reduceRun, run.state) };
    });
    const lines = changed.flatMap(({ run, events }) => events.map((event) => ({ run: run.id, event })));
    const summaries = changed.flatMap(({ run, events, before, after }) => {
      if (events.every(isStreamed)) return []; // words change nothing that a list says
      const [was, is] = [summaryOf(run.id, before), summaryOf(run.id, after)];
      return JSON.stringify(was) === JSON.stringify(is) ? [] : [is];
    });
    await persist({ lines, summaries });
    for (const { run, pendings, events, before, after } of changed) {
      run.state = after;
      run.recent.push(...events);
      if (run.recent.length > keptRecent) run.recent.splice(0, run.recent.length - keptRecent);
      for (const { settle, event } of pendings) settle.done(event);
      told({ run, events, before });
    }
  }

  /** Waits for a database that is away; a lost answer is looked up rather than written twice. */
  async function persist(batch: { lines: EventLine[]; summaries: RunSummaryRow[] }): Promise<void> {
    const until = performance.now() + patienceMs;
    for (let attempt = 0; ; attempt++) {
      try {
        if (attempt > 0 && (await writer.has(batch.lines))) return;
        return await writer.append(batch);
      } catch (error) {
        if (!isOutage(error) || performance.now() > until) throw error;
        log.warn({ err: error }, 'runs.append-waits');
        await new Promise((done) => setTimeout(done, Math.min(100 * 2 ** attempt, 2000)));
      }
    }
  }

  function fail([run, pendings]: [Inner, Pending[]], error: unknown): void {
    log.error({ err: error, run: run.id }, 'runs.append-failed');
    run.broken = isProblem(error) ? error : new Problem('unavailable', 'What the run did could not be written down.');
    for (const { settle } of pendings) settle.fail(run.broken);
    for (const pending of queue.filter((one) => one.run === run)) pending.settle.fail(run.broken);
    queue = queue.filter((one) => one.run !== run);
  }

  return {
    /** `state`: after all events that are stored. */
    open({ id, state, recent = [] }: { id: string; state: RunState; recent?: RunEvent[] }): OpenRun {
      const run: Inner = {
        id,
        state,
        recent: recent.slice(-keptRecent),
        seq: state.seq,
        tail: null,
        half: null,
        broken: null,
        get isBroken() {
          return run.broken !== null;
        },
        emit: (act) => emit(run, act),
      };
      return run;
    },
    /** Everything that was told is durable, or given up. */
    async settled(): Promise<void> {
      while (writing || queue.length > 0) {
        write();
        await writing;
      }
    },
  };
}

export const isStreamed = (act: RunAct): act is Streamed =>
  act.type === 'text' || act.type === 'thinking' || act.type === 'output';
const streamOf = (act: RunAct): string =>
  act.type === 'output' ? `output ${act.call}` : act.type === 'text' || act.type === 'thinking' ? `${act.type} ${act.step}` : ''; // prettier-ignore
const textOf = (act: RunAct): string => (isStreamed(act) ? act.text : '');

/** A character of two halves may arrive in two pieces; the first half waits for the other. */
function joinHalf(run: Inner, act: Streamed): void {
  const of = streamOf(act);
  if (run.half?.of === of) act.text = run.half.text + act.text;
  run.half = null;
  const last = act.text.charCodeAt(act.text.length - 1);
  if (last >= 0xd800 && last <= 0xdbff) {
    run.half = { of, text: act.text.slice(-1) };
    act.text = act.text.slice(0, -1);
  }
}

/** A copy that PostgreSQL takes: no zero characters and no halves of characters, neither in values nor in keys. */
function clean<T>(value: T, streamedText = false): T {
  if (typeof value === 'string') {
    const text = value.includes('\0') ? value.replaceAll('\0', '\uFFFD') : value;
    return (streamedText ? text : text.toWellFormed()) as T;
  }
  if (Array.isArray(value)) return value.map((one) => clean(one)) as T;
  if (typeof value !== 'object' || value === null) return value;
  const type = (value as { type?: unknown }).type;
  const streams = type === 'text' || type === 'thinking' || type === 'output';
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, one]) => one !== undefined)
      .map(([key, one]) => [clean(key), clean(one, streams && key === 'text')]),
  ) as T;
}
