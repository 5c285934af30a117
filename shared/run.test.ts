import { expect, test } from 'vitest';
import { readRun, reduceRun, type RunAct, type RunEvent } from './run.ts';

const ada = { id: 'p1', login: 'ada', name: 'Ada', colour: 1 };
const list = (acts: RunAct[]): RunEvent[] =>
  acts.map((act, i) => ({ ...act, seq: i + 1, at: new Date(Date.UTC(2026, 0, 1, 0, 0, i)).toISOString() }));

const story = list([
  { type: 'turn', step: 1, model: 'fake/one', strategy: 'native' },
  { type: 'text', step: 1, text: 'I wri' },
  { type: 'text', step: 1, text: 'te it.' },
  { type: 'call', step: 1, call: 'c1', tool: 'write_file', args: { path: 'a.md' }, effect: 'write' },
  { type: 'approval-asked', call: 'c1', why: 'It is outside.', hash: 'h', expiresAt: '2026-01-01T00:10:00Z' },
  { type: 'approval', call: 'c1', verdict: 'approved', by: ada },
  { type: 'acting', call: 'c1' },
  { type: 'result', call: 'c1', ok: true, text: 'written', parts: [], ms: 3 },
  { type: 'usage', step: 1, input: 10, output: 5, money: 0.1, ms: 900 },
  { type: 'steer', by: ada, text: 'Shorter, please.' },
  { type: 'ended', outcome: 'done', reason: 'answered', answer: 'Done.' },
]);

test('[RU2] the reducer over the events gives the run that was on the screen', () => {
  const run = readRun(story);
  expect(run).toMatchObject({
    status: 'done',
    answer: 'Done.',
    spent: { steps: 1, calls: 1, input: 10, output: 5, money: 0.1 },
  });
  expect(run.items).toMatchObject([
    {
      kind: 'step',
      text: 'I write it.',
      calls: [{ id: 'c1', status: 'ok', result: 'written', approval: { by: ada } }],
    },
    { kind: 'steer', text: 'Shorter, please.' },
  ]);
  expect(readRun(story.slice(0, 5)).status).toBe('waiting');
  expect(readRun(story.slice(0, 6)).status).toBe('running');
});

test('[RU5] what was said stands beside the run until it is read, each word for itself, also past its end', () => {
  const ben = { id: 'p2', login: 'ben', name: 'Ben', colour: 2 };
  const run = readRun(
    list([
      { type: 'said', by: ada, text: 'Shorter.' },
      { type: 'said', by: ben, text: 'Shorter.' },
      { type: 'said', by: ada, text: 'Shorter.' },
      { type: 'steer', by: ada, text: 'Shorter.' },
      { type: 'ended', outcome: 'stopped', reason: 'Ada stopped it.', answer: '' },
    ]),
  );
  expect(run.unheard).toEqual([ben, ada].map((by) => ({ by, text: 'Shorter.' })));
  expect(run.items).toMatchObject([{ kind: 'steer', by: ada, text: 'Shorter.' }]);
});

test('[RU2] events that are told twice count once, and no state is changed behind a screen', () => {
  let state = readRun([]);
  for (const event of story) {
    const before = JSON.stringify(state);
    const next = reduceRun(state, event);
    expect(JSON.stringify(state)).toBe(before);
    expect(reduceRun(next, event)).toBe(next);
    state = next;
  }
  expect(state).toEqual(readRun(story));
});

test('[RU3] what a refused call answers leaves it refused', () => {
  const refused = [
    ...story.slice(0, 5),
    ...list([
      { type: 'approval', call: 'c1', verdict: 'refused', by: ada },
      { type: 'result', call: 'c1', ok: false, text: 'Ada said no.', parts: [], ms: 0 },
    ]).map((event, i) => ({ ...event, seq: 6 + i })),
  ];
  const run = readRun(refused);
  expect(run.items).toMatchObject([{ calls: [{ status: 'refused', result: 'Ada said no.' }] }]);
  expect(run.status).toBe('running');
});
