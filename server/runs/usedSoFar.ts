// What a run has used, it and those below it, as their events say: after a restart its limits go on from there (RU6).
import { readRun, type RunEvent } from '#shared/run.ts';
import type { Spent } from './budget.ts';

export type UsedSoFar = { spent: Spent; /** At work, without waiting for people. */ ms: number; children: number };

/** Since a person last let it go on; what a branch took over from another run was paid there. */
export async function usedSoFar({
  events,
  eventsOf,
}: {
  events: RunEvent[];
  eventsOf: (run: string) => Promise<RunEvent[]>;
}): Promise<UsedSoFar> {
  const [started] = events;
  const from = Math.max(
    0,
    events.findLastIndex((event) => event.type === 'resumed' && event.by !== null),
  );
  const own = events.filter((event, i) => i > from && event.at >= (started?.at ?? ''));
  const below = own.flatMap((event) => (event.type === 'child' ? [event] : []));
  const used: UsedSoFar = {
    spent: readRun(started ? [started, ...own] : own).spent,
    ms: workOf(own, new Set(below.map(({ call }) => call))),
    children: below.length,
  };
  for (const { run } of below) {
    const { spent, ms } = await usedSoFar({ events: await eventsOf(run), eventsOf });
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
  money: a.money === null || b.money === null ? null : a.money + b.money,
});
