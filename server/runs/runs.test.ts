import { afterEach, expect, inject, test } from 'vitest';
import { readRun, type ResultPart } from '#shared/run.ts';
import { idOf, pause, sayAndEnd, startRuns, type TestRuns } from './testRuns.ts';
import type { WalkRun } from './walk.ts';

const open: TestRuns[] = [];
async function start(options: Omit<Parameters<typeof startRuns>[0], 'postgresUrl'>): Promise<TestRuns> {
  const world = await startRuns({ postgresUrl: inject('postgresUrl'), ...options });
  open.push(world);
  return world;
}
afterEach(async () => {
  const databases = new Set(open.map(({ database }) => database));
  for (const world of open.splice(0)) await world.close();
  for (const database of databases) await database.close();
});

/** Walks until it is stopped. */
const forever: WalkRun = async ({ emit, signal }) => {
  await emit({ type: 'turn', step: 1, model: 'fake/model', strategy: 'native' });
  if (!signal.aborted) await new Promise((done) => signal.addEventListener('abort', done));
};
/** Hears nothing. */
const deaf: WalkRun = () => new Promise(() => undefined);
/** One call that a person has to approve. */
const asksWith =
  (more: { personOnly?: true }): WalkRun =>
  async ({ emit, events, people, signal }) => {
    const hash = 'h'.repeat(64);
    const expiresAt = new Date(Date.now() + 60_000).toISOString();
    if (!events.some(({ type }) => type === 'call')) {
      await emit({ type: 'turn', step: 1, model: 'fake/model', strategy: 'native' });
      await emit({ type: 'call', step: 1, call: 'c1', tool: 'send', args: { to: 'x' }, effect: 'external' });
      await emit({ type: 'approval-asked', call: 'c1', why: 'It goes out.', hash, expiresAt, ...more });
    }
    const said = await people.approve({ call: 'c1', tool: 'send', args: {}, why: '', hash, expiresAt, signal });
    await emit({ type: 'approval', call: 'c1', ...said });
    await emit({ type: 'result', call: 'c1', ok: said.verdict === 'approved', text: 'sent', parts: [], ms: 1 });
    await emit({ type: 'ended', outcome: 'done', reason: 'It is done.', answer: 'Sent.' });
  };
const asks = asksWith({});

test('[RU1] a run is events, durable and in order; words that stream are few of them', async () => {
  const world = await start({ walk: sayAndEnd('one two three four five six') });
  const id = await world.start('ada');
  await world.until(id, ({ status }) => status === 'done');
  const events = await world.events(id);
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => i + 1));
  expect(events.map(({ type }) => type)).toEqual(['started', 'turn', 'text', 'usage', 'ended']);
  const { body } = await world.call('ben', `GET /runs/${id}`);
  expect(body.events).toEqual(events);
  expect(body.run).toMatchObject({ status: 'done', steps: 1, tokens: 15, money: expect.closeTo(0.01), goal: 'Do it.' });
  expect(readRun(events)).toMatchObject({ status: 'done', answer: 'one two three four five six' });
  expect(world.told.map(({ run, only }) => [run, only])).toEqual(world.told.map(() => [id, null]));
});

test('[RU1] what PostgreSQL cannot hold is told as it can, and halves of a character find each other', async () => {
  const walk: WalkRun = async ({ emit }) => {
    await emit({ type: 'turn', step: 1, model: 'm', strategy: 'native' });
    await emit({ type: 'text', step: 1, text: 'a\0b \ud83d' });
    await emit({ type: 'text', step: 1, text: '\ude00 \udc00' });
    await emit({ type: 'call', step: 1, call: 'c', tool: 't', args: { 'k\0': ['\ud800', 1, null] }, effect: 'read' });
    await emit({ type: 'ended', outcome: 'done', reason: '', answer: '' });
  };
  const world = await start({ walk });
  const id = await world.start('ada');
  await world.until(id, ({ status }) => status === 'done');
  const state = readRun(await world.events(id));
  expect(state.items[0]).toMatchObject({
    text: 'a\uFFFDb 😀 \uFFFD',
    calls: [{ args: { 'k\uFFFD': ['\uFFFD', 1, null] } }],
  });
});

test('[RU5] another person sees it, approves exactly what they saw, once', async () => {
  const world = await start({ walk: asks });
  const id = await world.start('ada');
  await world.until(id, ({ status }) => status === 'waiting');
  expect(world.waits).toEqual([{ run: id, what: 'approval' }]);
  const at = `POST /runs/${id}/approvals/c1`;
  const hash = 'h'.repeat(64);
  expect((await world.call('vic', at, { verdict: 'approved', hash })).status).toBe(403);
  expect((await world.call('mallory', at, { verdict: 'approved', hash })).status).toBe(404);
  expect((await world.call('ben', at, { verdict: 'approved', hash: 'other' })).status).toBe(409);
  expect((await world.call('ben', `POST /runs/${id}/approvals/none`, { verdict: 'approved', hash })).status).toBe(404);
  const both = await Promise.all(
    ['ben', 'ada'].map((who) => world.call(who as 'ben', at, { verdict: 'approved', hash })),
  );
  expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
  await world.until(id, ({ status }) => status === 'done');
  expect((await world.events(id)).filter(({ type }) => type === 'approval')).toHaveLength(1);
  expect((await world.call('ben', at, { verdict: 'approved', hash })).status).toBe(409);
});

test('[RU8] what would show something of its person is approved by that person alone; others may refuse it', async () => {
  const world = await start({ walk: asksWith({ personOnly: true }) });
  const hash = 'h'.repeat(64);
  for (const [who, verdict, text] of [
    ['ada', 'approved', true],
    ['ben', 'refused', false],
  ] as const) {
    const id = await world.start('ada');
    await world.until(id, ({ status }) => status === 'waiting');
    const at = `POST /runs/${id}/approvals/c1`;
    const refused = await world.call('ben', at, { verdict: 'approved', hash });
    expect([refused.status, JSON.stringify(refused.body)]).toEqual([
      403,
      expect.stringContaining('Only ADA may approve'),
    ]);
    expect((await world.call(who, at, { verdict, hash })).status).toBe(200);
    await world.until(id, ({ status }) => status === 'done');
    expect((await world.events(id)).find(({ type }) => type === 'result')).toMatchObject({ ok: text });
  }
});

test('[RU1] a run that waits for a person still does after a restart, and goes on when somebody answers', async () => {
  const before = await start({ walk: asks });
  const [waiting, running] = [await before.start('ada'), await before.start('ada', { goal: 'interrupt' })];
  await before.until(waiting, ({ status }) => status === 'waiting');
  await before.close();
  void running;
  const after = await start({ walk: asks, database: before.database });
  expect((await after.runs.row(waiting)).status).toBe('waiting');
  const { status } = await after.call('ben', `POST /runs/${waiting}/approvals/c1`, {
    verdict: 'approved',
    hash: 'h'.repeat(64),
  });
  expect(status).toBe(200);
  await after.until(waiting, (row) => row.status === 'done');
  const events = await after.events(waiting);
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => i + 1));
});

test('[RU1] whatever else was going on is interrupted, keeps what it did, and can be resumed', async () => {
  const before = await start({ walk: forever });
  const id = await before.start('ada');
  await before.until(id, ({ steps }) => steps === 1);
  await before.close();
  const seen: number[] = [];
  const after = await start({
    database: before.database,
    walk: async ({ emit, events }) => {
      seen.push(events.length);
      await emit({ type: 'ended', outcome: 'done', reason: '', answer: 'at last' });
    },
  });
  expect(await after.runs.row(id)).toMatchObject({ status: 'failed', reason: 'interrupted', steps: 1 });
  expect((await after.call('vic', `POST /runs/${id}/resume`, {})).status).toBe(403);
  expect((await after.call('ben', `POST /runs/${id}/resume`, {})).body).toMatchObject({ status: 'running' });
  await after.until(id, ({ status }) => status === 'done');
  expect(seen).toEqual([4]); // started, turn, ended, resumed
  expect((await after.call('ben', `POST /runs/${id}/resume`, {})).status).toBe(409);
});

test(
  '[RU1] it ends exactly once: stopped by a teammate, also when it will not listen',
  { timeout: 20_000 },
  async () => {
    for (const walk of [forever, deaf]) {
      const world = await start({ walk });
      const id = await world.start('ada');
      const { body } = await world.call('ben', `POST /runs/${id}/stop`);
      expect(body).toMatchObject({ status: 'stopped', reason: 'BEN stopped it.' });
      expect((await world.events(id)).filter(({ type }) => type === 'ended')).toHaveLength(1);
      expect((await world.call('ben', `POST /runs/${id}/steer`, { text: 'go' })).status).toBe(409);
    }
  },
);

test('[RU1] a walker that throws, or forgets to end, makes a failed run', async () => {
  const world = await start({
    walk: async ({ head }) => {
      if (head.goal === 'throw') throw new Error('a secret of ours');
    },
  });
  for (const goal of ['throw', 'forget']) {
    const id = await world.start('ada', { goal });
    await world.until(id, ({ status }) => status === 'failed');
    expect((await world.runs.row(id)).reason).not.toContain('secret');
  }
});

test('[RU5] what people say is seen by all until it is heard, before the next turn, also by a run that is interrupted meanwhile', async () => {
  const before = await start({ walk: forever });
  const id = await before.start('ada');
  expect((await before.call('ben', `POST /runs/${id}/steer`, { text: 'Use the other file.' })).status).toBe(200);
  const unheard = async () => readRun((await before.call('ada', `GET /runs/${id}`)).body.events).unheard;
  const standing = [{ by: expect.objectContaining({ login: 'ben' }), text: 'Use the other file.' }];
  expect(await unheard()).toEqual(standing);
  await before.close();
  expect(await unheard()).toEqual(standing);
  const after = await start({
    database: before.database,
    walk: async ({ emit, people }) => {
      for (const said of people.steering()) await emit({ type: 'steer', ...said });
      expect(people.steering()).toEqual([]);
      await emit({ type: 'ended', outcome: 'done', reason: '', answer: '' });
    },
  });
  await after.call('ada', `POST /runs/${id}/resume`, {});
  await after.until(id, ({ status }) => status === 'done');
  const state = readRun(await after.events(id));
  expect([state.unheard, (await after.store.byId(id))!.said]).toEqual([[], []]);
  expect(state.items).toContainEqual(
    expect.objectContaining({
      kind: 'steer',
      text: 'Use the other file.',
      by: expect.objectContaining({ login: 'ben' }),
    }),
  );
});

test('[RU5] a step is the start of a new run, with all that was before it, at the same versions', async () => {
  const twoSteps: WalkRun = async ({ emit, events }) => {
    const from = events.filter(({ type }) => type === 'turn').length + 1;
    for (let step = from; step <= 3; step++) {
      await emit({ type: 'turn', step, model: 'm', strategy: 'native' });
      await emit({ type: 'text', step, text: `step ${step}` });
      await emit({ type: 'usage', step, input: 1, output: 1, money: null, ms: 1 });
    }
    await emit({ type: 'ended', outcome: 'done', reason: '', answer: '' });
  };
  const world = await start({ walk: twoSteps });
  const id = await world.start('ada');
  await world.until(id, ({ status }) => status === 'done');
  expect((await world.call('ben', `POST /runs/${id}/branch`, { step: 9 })).status).toBe(422);
  const { body } = await world.call('ben', `POST /runs/${id}/branch`, { step: 2, text: 'Otherwise.' });
  expect(body).toMatchObject({ branchOf: { run: id, step: 2 }, by: { login: 'ben' } });
  await world.until(body.id, ({ status }) => status === 'done');
  const state = readRun(await world.events(body.id));
  expect(state.items.map((item) => (item.kind === 'step' ? item.text : item.kind))).toEqual(['step 1', 'steer', 'step 2', 'step 3']); // prettier-ignore
  expect(state.head!.versions).toEqual(readRun(await world.events(id)).head!.versions);
  expect(state.spent.input).toBe(2); // what was before is not paid twice
});

test('[AC2] a private run exists for its person only, also in lists, and stays so in its conversation', async () => {
  const world = await start({ walk: sayAndEnd('mine') });
  const id = await world.start('ada', { private: true });
  await world.until(id, ({ status }) => status === 'done');
  for (const key of [`GET /runs/${id}`, `GET /runs/${id}/events`, `POST /runs/${id}/stop`, `POST /runs/${id}/retry`])
    expect((await world.call('ben', key)).status, key).toBe(404);
  expect((await world.call('ben', 'GET /runs?volume=team%2Flab')).body.runs).toEqual([]);
  expect((await world.call('ada', 'GET /runs')).body.runs).toHaveLength(1);
  expect(world.told.every(({ only }) => only !== null)).toBe(true);

  const { body: talk } = await world.call('ada', 'POST /conversations', { volume: 'team/lab' });
  const one = await world.start('ada', { conversation: talk.id, goal: 'A first question' });
  await world.until(one, ({ status }) => status === 'done');
  expect((await world.call('ben', `GET /runs/${one}`)).status).toBe(404);
  expect((await world.call('ben', 'POST /runs', { volume: 'team/lab', goal: 'x', conversation: talk.id })).status).toBe(
    404,
  );
  const { body: shared } = await world.call('ada', `PATCH /conversations/${talk.id}`, { private: false });
  expect(shared).toMatchObject({ title: 'A first question', private: false });
  expect((await world.call('ben', `GET /runs/${one}`)).status).toBe(200);
  expect((await world.call('ben', `DELETE /conversations/${talk.id}`)).status).toBe(404);
});

test('a run of a conversation knows what was answered before', async () => {
  const heard: unknown[] = [];
  const world = await start({
    walk: async (walk) => {
      heard.push(walk.earlier.map(({ goal, answer }) => [goal, answer]));
      await sayAndEnd(`answer to ${walk.head.goal}`)(walk);
    },
  });
  const { body: talk } = await world.call('ada', 'POST /conversations', { volume: 'team/lab', private: false });
  for (const goal of ['one', 'two']) {
    const id = await world.start('ada', { conversation: talk.id, goal });
    await world.until(id, ({ status }) => status === 'done');
  }
  expect(heard).toEqual([[], [['one', 'answer to one']]]);
  const { body } = await world.call('vic', 'GET /conversations?volume=team%2Flab');
  expect(body.conversations).toMatchObject([{ title: 'one', running: 0, waiting: 0 }]);
});

test('the list of conversations says which of them wait for a person', async () => {
  const world = await start({
    walk: async ({ emit, people, signal }) => {
      await emit({ type: 'turn', step: 1, model: 'fake/model', strategy: 'native' });
      await emit({ type: 'call', step: 1, call: 'q', tool: 'ask_person', args: {}, effect: 'read' });
      await emit({ type: 'question', call: 'q', text: 'Go on?', choices: [] });
      await people.answer({ call: 'q', text: 'Go on?', choices: [], signal });
      await emit({ type: 'ended', outcome: 'done', reason: 'It answered.', answer: '' });
    },
  });
  const { body: talk } = await world.call('ada', 'POST /conversations', { volume: 'team/lab', private: false });
  const id = await world.start('ada', { conversation: talk.id });
  await world.until(id, ({ status }) => status === 'waiting');
  const listed = async () => (await world.call('ben', 'GET /conversations?volume=team%2Flab')).body.conversations;
  expect(await listed()).toMatchObject([{ id: talk.id, running: 1, waiting: 1 }]);
  await world.call('ada', `POST /runs/${id}/stop`, {});
  expect(await listed()).toMatchObject([{ running: 0, waiting: 0 }]);
});

test('three runs at once and twenty an hour are enough for one person', async () => {
  const world = await start({ walk: forever });
  const started = await Promise.all(
    Array.from({ length: 5 }, () => world.call('ada', 'POST /runs', { volume: 'team/lab', goal: 'x' })),
  );
  expect(started.map(({ status }) => status).sort()).toEqual([200, 200, 200, 429, 429]);
  await world.start('ben');
  for (const { status, body } of started) if (status === 200) await world.call('ada', `POST /runs/${body.id}/stop`);
  let last = 200;
  for (let i = 0; i < 20 && last === 200; i++) {
    const { status, body } = await world.call('ada', 'POST /runs', { volume: 'team/lab', goal: 'x' });
    last = status;
    if (status === 200) await world.call('ada', `POST /runs/${body.id}/stop`);
  }
  expect(last).toBe(429);
  expect(
    (await world.call('ada', 'GET /runs?limit=100')).body.runs.filter(
      ({ by }: { by: { login: string } }) => by.login === 'ada',
    ).length,
  ).toBe(18);
});

test('[SY10] who may no longer run there, runs nothing there', async () => {
  const world = await start({ walk: forever });
  const id = await world.start('ben');
  world.roles.ben = 'viewer';
  await world.runs.recheck('00000000-0000-4000-8000-000000000002');
  expect(await world.runs.row(id)).toMatchObject({
    status: 'stopped',
    reason: 'BEN may no longer run anything in team/lab.',
  });
  expect((await world.call('ada', `POST /runs/${id}/resume`, {})).status).toBe(403);
});

test('[SY10] who lends a run their browser lends it no more once they may run nothing there, or may not see it', async () => {
  const world = await start({ walk: forever });
  const id = await world.start('ada');
  await world.call('ben', `POST /runs/${id}/take-over`);
  expect(await world.runs.browserOf(id)).toBe(idOf('ben'));
  for (const role of ['viewer', null] as const) {
    world.roles.ben = role;
    expect(await world.runs.browserOf(id)).toBe(idOf('ada'));
  }
  world.roles.ben = 'editor';
  expect(await world.runs.browserOf(id)).toBe(idOf('ben'));
  world.disabled.add('ben');
  expect(await world.runs.browserOf(id)).toBe(idOf('ada'));
});

test('events come as a stream for programs, from where they were, and it ends with the run', async () => {
  const world = await start({
    walk: async (walk) => {
      await pause(50);
      await sayAndEnd('hello there')(walk);
    },
  });
  const id = await world.start('ada');
  const all = await (await world.request('vic', `GET /runs/${id}/events`)).text();
  const ids = [...all.matchAll(/^id: (\d+)$/gm)].map(([, n]) => Number(n));
  expect(ids).toEqual((await world.events(id)).map(({ seq }) => seq));
  const rest = await (await world.request('vic', `GET /runs/${id}/events`, undefined, { 'last-event-id': '3' })).text();
  expect([...rest.matchAll(/^id: (\d+)$/gm)].map(([, n]) => Number(n))).toEqual([4, 5]);
  expect((await world.request('vic', `GET /runs/${id}/events?after=5`)).status).toBe(204);
});

test('what an ended run used is kept in its row; nobody counts the private runs of somebody else', async () => {
  const walk: WalkRun = async ({ emit }) => {
    const call = async (id: string, tool: string, ok: boolean, parts: ResultPart[] = []) => {
      await emit({ type: 'call', step: 1, call: id, tool, args: {}, effect: 'read' });
      await emit({ type: 'acting', call: id });
      await emit({ type: 'result', call: id, ok, text: '', parts, ms: 1 });
    };
    await emit({ type: 'skills', used: [{ name: 'plan', volume: 'system', path: 'skills/plan/SKILL.md', why: 'x' }] });
    await emit({ type: 'turn', step: 1, model: 'm', strategy: 'native' });
    await call('a', 'read_file', true, [{ kind: 'file', volume: 'team/lab', path: 'data.csv', change: 'read' }]);
    await call('b', 'read_file', false);
    await call('c', 'use_skill', true, [
      { kind: 'file', volume: 'team/lab', path: 'skills/b/SKILL.md', change: 'read' },
    ]);
    await emit({ type: 'ended', outcome: 'done', reason: 'It answered.', answer: 'Yes.' });
  };
  const world = await start({ walk });
  const shared = await world.start('ada');
  const hidden = await world.start('ada', { private: true });
  for (const id of [shared, hidden]) await world.until(id, ({ status }) => status === 'done');
  const { volumeId } = (await world.store.byId(shared))!;
  const seen = async (who: 'ada' | 'ben', volumeIds = [volumeId]) =>
    world.store.uses({ volumeIds, personId: idOf(who), since: new Date(0), limit: 10 });
  expect((await seen('ada')).map(({ id }) => id).sort()).toEqual([shared, hidden].sort());
  expect(await seen('ben', [])).toEqual([]);
  expect(await seen('ben')).toMatchObject([
    {
      id: shared,
      by: { login: 'ada' },
      goal: 'Do it.',
      used: {
        skills: [
          { volume: 'system', path: 'skills/plan/SKILL.md' },
          { volume: 'team/lab', path: 'skills/b/SKILL.md' },
        ],
        tools: { read_file: { ok: 1, failed: 1 }, use_skill: { ok: 1, failed: 0 } },
      },
    },
  ]);
});

test('[RU4] what runs in the name of somebody whose account is disabled stops, and does not go on', async () => {
  const world = await start({ walk: forever });
  const id = await world.start('ben');
  await world.until(id, ({ steps }) => steps === 1);
  world.disabled.add('ben');
  await world.runs.recheck('00000000-0000-4000-8000-000000000002');
  const row = await world.runs.row(id);
  expect([row.status, row.reason]).toEqual(['stopped', 'The account of BEN is disabled.']);
  expect((await world.call('ada', `POST /runs/${id}/resume`, {})).status).toBe(403);
});

test('[RU6] who lets a run go on may raise its limits as far as is allowed now; what costs money only its person', async () => {
  const heard: { iterations: number; money: number | null }[] = [];
  const hears: WalkRun = async (walk) => {
    const { iterations, money } = walk.head.limits;
    heard.push({ iterations, money });
    await forever(walk);
  };
  const before = await start({ walk: hears });
  const id = await before.start('ada', { budget: { iterations: 2, money: 0.5 } });
  const goOn = async (world: TestRuns, who: 'ada' | 'ben', budget: object) => {
    await world.call('ada', `POST /runs/${id}/stop`);
    return world.call(who, `POST /runs/${id}/resume`, { budget });
  };
  await before.call('ada', `POST /runs/${id}/stop`);
  const limitsFor = async (who: 'ada' | 'ben' | 'vic') => before.call(who, `GET /runs/${id}/limits`);
  expect((await limitsFor('vic')).status).toBe(403);
  expect((await limitsFor('ada')).body).toMatchObject({ now: { iterations: 2, money: 0.5 }, most: { iterations: 15, money: null } }); // prettier-ignore
  expect((await limitsFor('ben')).body).toMatchObject({ most: { iterations: 15, money: 0.5 } });

  await goOn(before, 'ben', { iterations: 99, money: 9 });
  await goOn(before, 'ben', {});
  await goOn(before, 'ada', { money: 3 });
  await goOn(before, 'ben', { money: null });
  await goOn(before, 'ada', { money: null });
  await goOn(before, 'ada', { money: 3 });
  await before.close();
  const after = await start({
    database: before.database,
    walk: hears,
    allowance: async ({ head }) => ({ ...head.limits, iterations: 7, money: null }),
  });
  await goOn(after, 'ben', {});
  expect(heard).toEqual([
    { iterations: 2, money: 0.5 },
    { iterations: 15, money: 0.5 },
    { iterations: 15, money: 0.5 },
    { iterations: 15, money: 3 },
    { iterations: 15, money: 3 },
    { iterations: 15, money: null },
    { iterations: 15, money: 3 },
    { iterations: 7, money: 3 },
  ]);
  expect(readRun(await after.events(id)).head!.limits).toMatchObject({ iterations: 7, money: 3 });
});

test('[RU6] of two who let a run go on in the same moment one does, and its limits are those that hold', async () => {
  const walks: Parameters<WalkRun>[0][] = [];
  const world = await start({
    walk: async (walk) => {
      walks.push(walk);
      await forever(walk);
    },
  });
  const id = await world.start('ada');
  await world.call('ada', `POST /runs/${id}/stop`);
  const answers = await Promise.all(
    [3, 4].map((iterations) => world.call('ada', `POST /runs/${id}/resume`, { budget: { iterations } })),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
  const events = await world.events(id);
  expect(events.filter(({ type }) => type === 'resumed')).toHaveLength(1);
  expect(walks.at(-1)!.head.limits.iterations).toBe(readRun(events).head!.limits.iterations);
  await world.call('ada', `POST /runs/${id}/stop`);
  expect(walks.map(({ signal }) => signal.aborted)).toEqual([true, true]); // it is the one in memory that goes on
});
