// What the log costs and what it promises, with a writer that the test holds.
import { expect, test } from 'vitest';
import { emptyRun, type RunAct } from '#shared/run.ts';
import { silentLog } from '../platform/log.ts';
import { createEventLog, type EventWriter } from './eventLog.ts';

const say = (text: string): RunAct => ({ type: 'text', step: 1, text });
const turn: RunAct = { type: 'turn', step: 1, model: 'x/y', strategy: 'native' };

function open() {
  const batches: Parameters<EventWriter['append']>[0][] = [];
  const shown: string[] = [];
  let held = Promise.resolve();
  const events = createEventLog({
    writer: {
      append: async (batch) => {
        batches.push(batch);
        await held;
      },
      has: async () => false,
    },
    clock: { now: () => 0 },
    log: silentLog,
    told: ({ run, events: told }) => void shown.push(...told.map(({ seq }) => `${run.id} ${seq}`)),
  });
  return {
    batches,
    shown,
    runs: ['a', 'b'].map((id) => events.open({ id, state: emptyRun() })) as [
      ReturnType<typeof events.open>,
      ReturnType<typeof events.open>,
    ],
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      held = promise;
      return resolve;
    },
    settled: events.settled,
  };
}

test('[RU1] what all runs tell in one breath is one statement, and words that wait are one event', async () => {
  const { batches, runs, settled } = open();
  const [a, b] = runs;
  void a.emit(turn);
  for (const word of ['one ', 'two ', 'three']) void a.emit(say(word));
  await Promise.resolve(); // a breath is longer than a microtask
  await b.emit(turn);
  await settled();
  expect(batches).toHaveLength(1);
  expect(batches[0]!.lines.map(({ run, event }) => [run, event.type, 'text' in event ? event.text : ''])).toEqual([
    ['a', 'turn', ''],
    ['a', 'text', 'one two three'],
    ['b', 'turn', ''],
  ]);
});

test('[RU1] nothing is shown before it is written; what is told meanwhile is the next statement', async () => {
  const { batches, shown, runs, hold, settled } = open();
  const [a] = runs;
  const written = hold();
  void a.emit(turn);
  await new Promise((done) => setTimeout(done, 5));
  void a.emit(say('meanwhile '));
  void a.emit(say('two'));
  await new Promise((done) => setTimeout(done, 5));
  expect([batches.length, shown]).toEqual([1, []]);
  written();
  await settled();
  expect([batches.length, shown]).toEqual([2, ['a 1', 'a 2']]);
  expect(batches[1]!.summaries).toEqual([]); // words change nothing that a list says
});
