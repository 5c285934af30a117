// What a run has used, it and those below it, as their events say: after a restart its limits go on from there (RU6).
import { readRun, type RunEvent } from '#shared/run.ts';
import type { Spent, Used } from './budget.ts';

/** Since a person last let it go on, it or the one above it; what a branch took over from another run was paid there. */
export async function usedSoFar({
  events,
  eventsOf,
  since: above = '',
}: {
  events: RunEvent[];
  eventsOf: (run: string) => Promise<RunEvent[]>;
  /** When the one above it was given all again. */
  since?: string;
}): Promise<Used> {
  const [started] = events;
  const from = Math.max(
    0,
    events.findLastIndex((event) => event.type === 'resumed' && event.by !== null),
  );
  const again = from > 0 ? events[from]!.at : '';
  const since = again > above ? again : above;
  const own = events.filter((event, i) => i > from && event.at >= (started?.at ?? '') && event.at >= since);
  const isDelegation = new Set(events.flatMap((event) => (event.type === 'child' ? event.call : [])));
  const answered = new Set(events.flatMap((event) => (event.type === 'result' ? event.call : [])));
  const used: Used = {
    since,
    spent: readRun(started ? [started, ...own] : own).spent,
    ms: workOf(own, isDelegation),
    // a call that goes on takes its place again
    children: own.filter((event) => event.type === 'child' && answered.has(event.call)).length,
  };
  // those that were there before it was given all again may have gone on since
  for (const event of events) {
    if (event.type !== 'child' || event.at < (started?.at ?? '')) continue;
    const { spent, ms } = await usedSoFar({ events: await eventsOf(event.run), eventsOf, since });
    used.spent = sumOf(used.spent, spent);
    used.ms += ms;
  }
  return used;
}

/** Turns and calls; not those in which a person was asked, or in which another run worked. */
function workOf(events: RunEvent[], delegated: Set<string>): number {
  const asked = new Set(events.flatMap((event) => (event.type === 'question' ? event.call : [])));
  return events
    .filter((event) => event.type === 'usage' || event.type === 'result')
    .filter((event) => event.type === 'usage' || !(asked.has(event.call) || delegated.has(event.call)))
    .reduce((sum, { ms }) => sum + ms, 0);
}

const sumOf = (a: Spent, b: Spent): Spent => ({
  steps: a.steps + b.steps,
  calls: a.calls + b.calls,
  input: a.input + b.input,
  output: a.output + b.output,
  money:
    a.input === 0 ? b.money : b.input === 0 ? a.money : a.money === null || b.money === null ? null : a.money + b.money,
});
