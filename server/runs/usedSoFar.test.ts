// After a restart a run goes on within what was left of its limits.
import { expect, test } from 'vitest';
import type { RunAct, RunEvent } from '#shared/run.ts';
import { createBudget, defaultLimits } from './budget.ts';
import { ada, headOf } from './testLoop.ts';
import { usedSoFar } from './usedSoFar.ts';

const eventsOf = (...acts: RunAct[]): RunEvent[] =>
  acts.map((act, i) => ({ ...act, seq: i + 1, at: new Date(1_800_000_000_000 + i * 1000).toISOString() }));
const started = (id: string): RunAct => ({ type: 'started', head: headOf({ id }) });
const turn = (step: number, ms: number): RunAct[] => [
  { type: 'turn', step, model: 'fake/one', strategy: 'native' },
  { type: 'usage', step, input: 100, output: 20, money: 0.5, ms },
];
const call = (step: number, id: string, tool: string): RunAct => ({
  type: 'call', step, call: id, tool, args: {}, effect: 'read',
}); // prettier-ignore
const result = (id: string, ms: number): RunAct => ({ type: 'result', call: id, ok: true, text: '', parts: [], ms });

const below = eventsOf(started('child'), ...turn(1, 3000), call(1, 'c1', 'read_file'), result('c1', 500));
const above: RunAct[] = [
  started('run-1'),
  ...turn(1, 2000),
  call(1, 'd1', 'delegate_to_agent'),
  { type: 'child', call: 'd1', run: 'child', agent: 'Asker' },
  result('d1', 900_000), // a person was waited for in it
  ...turn(2, 1000),
  call(2, 'q1', 'ask_person'),
  { type: 'question', call: 'q1', text: '?', choices: [] },
  { type: 'answer', call: 'q1', by: ada, text: 'yes' },
  result('q1', 600_000),
];

test('[RU6] what a run and its sub-agents have used is counted on after a restart, waiting for people is not', async () => {
  const used = await usedSoFar({ events: eventsOf(...above), eventsOf: async () => below });
  expect(used).toEqual({
    since: '',
    spent: { steps: 3, calls: 3, input: 300, output: 60, money: 1.5 },
    ms: 6500,
    children: 1,
  });
  const clock = { now: () => 5_000_000 };
  const limits = { ...defaultLimits, iterations: 4, tokens: 1000, minutes: 1, fanOut: 1 };
  const budget = createBudget({ limits, clock, used });
  expect(budget.stepsLeft()).toBe(1);
  expect(budget.timeLeft()).toBe(60_000 - 6500);
  expect(budget.takeChild(0)).toContain('1 sub-agents');
  expect(budget.reserveTurn({ input: 500, price: null })).toBe('It has used its 1000 tokens.');
});

test('[RU6] a person who lets it go on gives it all again; the server that goes on by itself does not', async () => {
  const again = eventsOf(...above, { type: 'resumed', by: ada }, ...turn(3, 700));
  expect(await usedSoFar({ events: again, eventsOf: async () => below })).toMatchObject({
    spent: { steps: 1 },
    ms: 700,
    children: 0,
  });
  const itself = eventsOf(...above, { type: 'resumed', by: null }, ...turn(3, 700));
  expect(await usedSoFar({ events: itself, eventsOf: async () => below })).toMatchObject({
    spent: { steps: 4 },
    ms: 7200,
    children: 1,
  });
});

test('[RU6] a sub-agent that was at work goes on in its place, with what was left of its own', async () => {
  const open = eventsOf(...above.slice(0, 5)); // its result is not there yet
  const used = await usedSoFar({ events: open, eventsOf: async () => below });
  expect(used).toMatchObject({ spent: { steps: 2, calls: 2 }, children: 0 });
  const clock = { now: () => 5_000_000 };
  const parent = createBudget({ limits: { ...defaultLimits, iterations: 4, tokens: 500, fanOut: 1 }, clock, used });
  expect(parent.takeChild(0)).toBe(null);
  const own = await usedSoFar({ events: below, eventsOf: async () => [], since: parent.since });
  const child = parent.child({ ...defaultLimits, iterations: 2, minutes: 0.1, tokens: 480 }, own);
  expect(child.timeLeft()).toBe(6000 - 3500);
  expect(child.stepsLeft()).toBe(1);
  expect(parent.stepsLeft()).toBe(2); // what it had used is not taken from those above a second time
  expect(child.reserveTurn({ input: 105, price: null })).toBe('It has used its 480 tokens.');
  expect([child.takeStep(), child.takeStep()]).toEqual([null, 'It has used its 2 steps.']);
});

test('[RU6] whoever lets it go on gives all again to those below, too; what they use then is counted', async () => {
  const again: RunEvent[] = eventsOf(...above, { type: 'resumed', by: ada });
  const at = again.at(-1)!.at;
  const after = (events: RunEvent[]) =>
    events.map((event) => ({ ...event, at: new Date(Date.parse(event.at) + 3_600_000).toISOString() }));
  const goesOn = [...below, ...after(eventsOf({ type: 'resumed', by: null }, ...turn(2, 400)))];
  const used = await usedSoFar({ events: again, eventsOf: async () => goesOn });
  expect(used).toMatchObject({ since: at, spent: { steps: 1, calls: 0, input: 100, money: 0.5 }, ms: 400 });
  expect(await usedSoFar({ events: goesOn, eventsOf: async () => [], since: at })).toMatchObject({
    spent: { steps: 1, calls: 0 },
    ms: 400,
  });
});

test('[RU6] a sub-agent that has not asked its model yet does not make unknown what was paid', async () => {
  const events = eventsOf(...above.slice(0, 5));
  const { spent } = await usedSoFar({ events, eventsOf: async () => eventsOf(started('child')) });
  expect(spent.money).toBe(0.5);
});
