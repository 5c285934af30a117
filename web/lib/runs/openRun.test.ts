import { expect, test } from 'vitest';
import { Problem } from '#shared/errors.ts';
import type { RunEvent } from '#shared/run.ts';
import { OpenRun } from './openRun.svelte.ts';
import { OpenRuns } from './openRuns.svelte.ts';
import { ada, ben, call, eventsOf, headOf, settle, testOutside, turn } from './testRun.ts';

const story = eventsOf([
  { type: 'started', head: headOf('r1') },
  turn(1),
  { type: 'text', step: 1, text: 'I look.' },
  call(1, 'c1', 'json_command', { device: 'cube-02' }),
  { type: 'approval-asked', call: 'c1', why: 'A real motor.', hash: 'h1', expiresAt: '2026-01-01T00:10:00Z' },
  { type: 'approval', call: 'c1', verdict: 'approved', by: ben },
  { type: 'acting', call: 'c1' },
  { type: 'result', call: 'c1', ok: true, text: 'drove', parts: [], ms: 3 },
  { type: 'usage', step: 1, input: 10, output: 5, money: 0.1, ms: 900 },
  { type: 'ended', outcome: 'done', reason: 'answered', answer: 'Done.' },
]);
const world = (known: Record<string, RunEvent[]>) =>
  testOutside({
    'GET /runs/:id': ({ params }) => {
      const events = known[params['id']!];
      if (!events) throw new Problem('not-found', 'There is no such run.');
      return { run: {}, events, children: [] };
    },
    'POST /runs/:id/approvals/:call': () => ({}),
  });

test('[RU5] it is shown from the first event on, then follows from where that ended', async () => {
  const outside = world({ r1: story.slice(0, 4) });
  const run = new OpenRun('r1', outside);
  run.open();
  expect(run.loading).toBe('loading');
  await settle();
  expect(run.loading).toBe('ready');
  expect(outside.said).toEqual([{ type: 'follow', run: 'r1', after: 4 }]);
  outside.hear({ type: 'run', run: 'other', events: story.slice(4, 5), through: 5 });
  expect(run.now.seq).toBe(4);
  outside.hear({ type: 'run', run: 'r1', events: story.slice(2, 5), through: 5 });
  expect(run.now.status).toBe('waiting');
  expect(run.waiting.map(({ call: { id } }) => id)).toEqual(['c1']);
  outside.hear({ type: 'run', run: 'r1', events: story.slice(5), through: 10 });
  expect([run.now.status, run.isOver, run.waiting.length]).toEqual(['done', true, 0]);
  expect(run.events).toEqual(story);
  // from 00:01 to 00:10, of which it waited one second for Ben
  expect(run.worked(0)).toBe(8000);
  expect(run.usage.get(1)).toMatchObject({ money: 0.1 });
  run.close();
  expect([outside.said.at(-1), outside.listening()]).toEqual([{ type: 'unfollow', run: 'r1' }, 0]);
});

test('[RU5] after a gap of the socket it asks for what is missing; a hole between events is asked for too', async () => {
  const outside = world({ r1: story.slice(0, 3) });
  const run = new OpenRun('r1', outside);
  run.open();
  await settle();
  outside.hear({ type: 'hello', tab: 't', person: ada });
  expect(outside.said.at(-1)).toEqual({ type: 'follow', run: 'r1', after: 3 });
  outside.hear({ type: 'run', run: 'r1', events: story.slice(5, 7), through: 7 });
  expect(run.now.seq).toBe(3);
  expect(outside.said.at(-1)).toEqual({ type: 'follow', run: 'r1', after: 3 });
  expect(outside.said).toHaveLength(3);
  outside.hear({ type: 'run', run: 'r1', events: story.slice(3, 7), through: 7 });
  expect(run.now.seq).toBe(7);
});

test('a run that is not mine to see says so, and is asked for again when the socket is back', async () => {
  const known: Record<string, RunEvent[]> = {};
  const outside = world(known);
  const run = new OpenRun('r1', outside);
  run.open();
  await settle();
  expect(run.loading).toMatchObject({ code: 'not-found' });
  expect(outside.said).toEqual([]);
  known['r1'] = story;
  outside.hear({ type: 'hello', tab: 't', person: ada });
  await settle();
  expect([run.loading, run.now.status]).toEqual(['ready', 'done']);
});

test('[RU7] an answer is bound to the arguments that were on the screen', async () => {
  const outside = world({ r1: story.slice(0, 5) });
  const run = new OpenRun('r1', outside);
  run.open();
  await settle();
  const answering = run.approve(run.waiting[0]!.call, 'refused', 'Not today.');
  expect(run.busy.has('c1')).toBe(true);
  await answering;
  expect(run.busy.size).toBe(0);
  expect(outside.asked.at(-1)).toEqual({
    route: 'POST /runs/:id/approvals/:call',
    params: { id: 'r1', call: 'c1' },
    body: { verdict: 'refused', hash: 'h1', note: 'Not today.' },
  });
});

test('[RU5] what anybody said to it stands there until it went in, also after a reload; what was not taken does not', async () => {
  const said = { type: 'said', seq: 4, at: '2026-01-01T00:00:08Z', by: ben, text: 'Shorter.' } as const;
  const outside = testOutside({
    'GET /runs/:id': () => ({ run: {}, events: [...story.slice(0, 3), said], children: [] }),
    'POST /runs/:id/steer': () => {
      throw new Problem('conflict', 'This run has ended.');
    },
  });
  const run = new OpenRun('r1', outside);
  run.open();
  await settle();
  expect(run.now.unheard).toEqual([{ by: ben, text: 'Shorter.' }]);
  const more: RunEvent = { ...said, seq: 5, by: ada, text: 'Greener.' };
  outside.hear({ type: 'run', run: 'r1', events: [more, { ...said, type: 'steer', seq: 6 }], through: 6 });
  expect(run.now.unheard).toEqual([{ by: ada, text: 'Greener.' }]);
  await expect(run.steer('Louder.')).rejects.toThrow('ended');
  expect(run.now.unheard).toEqual([{ by: ada, text: 'Greener.' }]);
});

test('what waits in a run that a call started waits here too', async () => {
  const child = eventsOf([
    { type: 'started', head: headOf('r2', { parent: { run: 'r1', call: 'c1' } }) },
    turn(1),
    call(1, 'k1'),
    { type: 'question', call: 'k1', text: 'Left or right?', choices: ['left', 'right'] },
  ]);
  const outside = world({ r1: story.slice(0, 4), r2: child });
  const run = new OpenRun('r1', outside);
  run.open();
  await settle();
  run.take(eventsOf([{ type: 'child', call: 'c1', run: 'r2', agent: 'Planner' }], 5));
  await settle();
  expect(run.waiting.map(({ run: { id }, call: { question } }) => [id, question?.text])).toEqual([
    ['r2', 'Left or right?'],
  ]);
  run.close();
  expect(outside.said.filter(({ type }) => type === 'unfollow')).toHaveLength(2);
});

test('[RU2] the slider shows the run as it was after any event, and leaves what it is now alone', async () => {
  const run = new OpenRun('r1', world({}));
  run.take(story);
  run.at = 5;
  expect([run.shown.status, run.now.status]).toEqual(['waiting', 'done']);
  run.at = 3;
  expect(run.shown.items).toMatchObject([{ kind: 'step', text: 'I look.', calls: [] }]);
  run.at = null;
  expect(run.shown).toBe(run.now);
});

test('runs that are on a screen together are opened once and closed when they leave', async () => {
  const outside = world({ r1: story, r2: story, r3: story });
  const runs = new OpenRuns(outside);
  runs.show(['r1', 'r2']);
  const kept = runs.find('r2');
  runs.show(['r2', 'r3']);
  await settle();
  expect(runs.all.map((run) => run.id)).toEqual(['r2', 'r3']);
  expect(runs.find('r2')).toBe(kept);
  expect(outside.asked.map(({ params }) => params['id'])).toEqual(['r1', 'r2', 'r3']);
  runs.close();
  expect(outside.listening()).toBe(0);
});
