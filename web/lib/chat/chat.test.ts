import { expect, test } from 'vitest';
import type { Conversation, RunSummary } from '#shared/api/runs.ts';
import { readCommand } from '#shared/command.ts';
import { readWriting } from '#shared/commandWriting.ts';
import { Problem } from '#shared/errors.ts';
import type { ToBrowser } from '#shared/live.ts';
import type { Api } from '#lib/api.ts';
import { Chat } from './chat.svelte.ts';
import { choicesFor, fit } from './choices.ts';
import { Names } from './names.svelte.ts';

const ada = { id: 'id-ada', login: 'ada', name: 'Ada', colour: 1 };
const conversation = (id: string, more: Partial<Conversation> = {}): Conversation => ({
  id, volume: 'team/lab', title: id, by: ada, private: true, createdAt: '2026-01-01T00:00:00Z', updatedAt: '2026-01-01T00:00:00Z', running: 0, waiting: 0, ...more,
}); // prettier-ignore
const run = (id: string, more: Partial<RunSummary> = {}): RunSummary => ({
  id, volume: 'team/lab', goal: id, agent: null, by: ada, status: 'done', reason: null, private: true, conversation: 'c1', parent: null, branchOf: null, model: null, steps: 0, calls: 0,
  tokens: 0, money: null, waiting: 0, tainted: false, createdAt: '2026-01-01T00:00:00Z', endedAt: null, ...more,
}); // prettier-ignore
const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

function world({
  conversations = [] as Conversation[],
  runs = [] as RunSummary[],
  refuse = null as Problem | null,
} = {}) {
  const asked: { route: string; body?: unknown; query?: Record<string, unknown> }[] = [];
  const kept = new Map<string, string>();
  let listener: ((message: ToBrowser) => void) | null = null;
  const answers: Record<string, (input: any) => unknown> = {
    'GET /conversations': () => ({ conversations, cursor: null }),
    'GET /runs': ({ query }) => ({
      runs: runs.filter((one) => one.conversation === query.conversation).reverse(),
      cursor: null,
    }),
    'POST /conversations': ({ body }) => {
      const made = conversation(`made-${conversations.length}`, { title: body.title, private: body.private });
      conversations = [made, ...conversations];
      return made;
    },
    'POST /runs': ({ body }) => {
      if (refuse) throw refuse;
      const made = run(`run-${runs.length}`, { conversation: body.conversation, status: 'running' });
      runs = [...runs, made];
      return made;
    },
    'PATCH /conversations/:conversation': ({ params, body }) => ({
      ...conversations.find((one) => one.id === params.conversation)!,
      ...body,
    }),
    'DELETE /conversations/:conversation': () => ({}),
  };
  const open = () => {
    const chat = new Chat({
      volume: 'team/lab',
      login: 'ada',
      api: (async (route: string, input: object) => {
        asked.push({ route, ...input });
        return answers[route]!(input);
      }) as unknown as Api,
      listen: (heard) => {
        listener = heard;
        return () => (listener = null);
      },
      storage: { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value) },
      soon: (act) => {
        act();
        return () => {};
      },
    });
    chat.open();
    return chat;
  };
  return {
    asked,
    open,
    hear: (message: ToBrowser) => listener?.(message),
    kept,
    add: (one: RunSummary) => (runs = [...runs, one]),
  };
}

test('the first message begins a conversation, the next ones go on with it, and it is there again next time', async () => {
  const { asked, open } = world();
  const chat = open();
  await settle();
  expect([chat.state, chat.current, chat.front]).toEqual(['ready', null, null]);
  chat.draft = '/llmos "Plan the week" @Planner --model x --calls 3';
  await chat.send(readCommand(chat.draft));
  expect(asked.filter(({ route }) => route.startsWith('POST')).map(({ route, body }) => [route, body])).toEqual([
    ['POST /conversations', { volume: 'team/lab', title: 'Plan the week', private: true }],
    [
      'POST /runs',
      {
        volume: 'team/lab',
        goal: 'Plan the week',
        conversation: 'made-0',
        agent: 'Planner',
        model: 'x',
        budget: { toolCalls: 3 },
      },
    ],
  ]);
  expect([chat.draft, chat.runs.map(({ id }) => id), chat.front?.id]).toEqual(['', ['run-0'], 'run-0']);
  chat.draft = 'More';
  await chat.send(readCommand(chat.draft));
  expect(asked.filter(({ route }) => route === 'POST /conversations')).toHaveLength(1);
  chat.close();

  const again = open();
  await settle();
  expect([again.current, again.runs.map(({ id }) => id)]).toEqual(['made-0', ['run-0', 'run-1']]);
});

test('what was refused stays in the field, to be mended and sent again', async () => {
  const { open } = world({ refuse: new Problem('invalid', 'No model is set up.') });
  const chat = open();
  await settle();
  chat.draft = 'Do it';
  await expect(chat.send(readCommand('Do it'))).rejects.toThrow('No model is set up.');
  expect([chat.draft, chat.sending]).toEqual(['Do it', false]);
});

test('words that were typed while a message was on its way are kept', async () => {
  const { open } = world();
  const chat = open();
  await settle();
  chat.draft = 'First';
  const sending = chat.send(readCommand('First'));
  chat.draft = 'Second';
  await sending;
  expect(chat.draft).toBe('Second');
});

test('a run that a teammate starts in a shared conversation comes by news; one that waits is in front', async () => {
  const { open, hear, add } = world({ conversations: [conversation('c1', { private: false })], runs: [run('a')] });
  const chat = open();
  await settle();
  chat.select('c1');
  await settle();
  expect(chat.runs.map(({ id }) => id)).toEqual(['a']);
  add(run('b', { status: 'waiting' }));
  add(run('c', { parent: 'b' }));
  add(run('d'));
  hear({ type: 'runs', volume: 'team/other', run: 'x' });
  await settle();
  expect(chat.runs).toHaveLength(1);
  hear({ type: 'runs', volume: 'team/lab', run: 'b' });
  await settle();
  expect([chat.runs.map(({ id }) => id), chat.front?.id]).toEqual([['a', 'b', 'd'], 'b']);
});

test('sharing and deleting a conversation are told to the server; a deleted one is left', async () => {
  const { open, asked } = world({ conversations: [conversation('c1')], runs: [run('a')] });
  const chat = open();
  chat.select('c1');
  await settle();
  await chat.change(chat.conversation!, { private: false });
  expect(chat.conversation!.private).toBe(false);
  await chat.remove(chat.conversation!);
  expect([chat.current, chat.runs, chat.conversations]).toEqual([null, [], []]);
  expect(asked.slice(-2).map(({ route }) => route)).toEqual([
    'PATCH /conversations/:conversation',
    'DELETE /conversations/:conversation',
  ]);
});

const names = [
  { kind: 'agent', id: 'planning-agent', name: 'PlanningAgent', description: 'Plans', volume: 'team/lab' },
  { kind: 'agent', id: 'writer', name: 'Writer', description: '', volume: 'system' },
  { kind: 'skill', id: 'data-analysis', name: 'Data analysis', description: 'Analyses', volume: 'system' },
  { kind: 'tool', id: 'plan', name: 'plan', description: '', volume: 'system' },
];
const offered = (text: string, paths: string[] = ['notes/plan.md', 'data/writers.csv', 'README.md']) =>
  choicesFor(readWriting(text, text.length)!, { names, paths, models: ['local/one', 'openai/two'] }).map(
    ({ kind, value }) => `${kind} ${value}`,
  );

test.each([
  ['@plan', ['agent PlanningAgent', 'file notes/plan.md']],
  ['@writ', ['agent Writer', 'file data/writers.csv']],
  ['@notes/', ['file notes/plan.md']],
  ['@zzz', []],
  ['/', ['command llmos', 'skill data-analysis']],
  ['/ana', ['skill data-analysis']],
  ['/llmos "x" --mo', ['flag model', 'flag money']],
  ['/llmos "x" --model two', ['model openai/two']],
])('what is offered after %s', (text, wanted) => expect(offered(text)).toEqual(wanted));

test('the start of a name comes before the middle, the middle before scattered letters, and no match is none', () => {
  const scores = [
    'plan.md',
    'planning.md',
    'notes/plan-b.md',
    'my-plan.md',
    'explanation.md',
    'pool-and.md',
    'x.md',
  ].map((name) => fit('plan', name));
  expect(scores[0]).toBeGreaterThanOrEqual(scores[3]!);
  expect(scores[3]).toBeGreaterThan(scores[4]!);
  expect(scores[4]).toBeGreaterThan(scores[5]!);
  expect([fit('plan', 'x.md'), fit('', 'x.md') > 0]).toEqual([0, true]);
});

test('names are read once for a while; without them nothing is called unknown', async () => {
  let reads = 0;
  let down = true;
  let set = null as string | null;
  const api = (async (route: string) => {
    if (down) throw new Problem('unavailable', 'down');
    if (route === 'GET /library/names') return { names };
    reads += 1;
    return { models: [{ name: 'local/one' }], aliases: { fast: 'local/one' }, default: set, problem: null };
  }) as unknown as Api;
  const all = new Names({ api, volume: 'team/lab' });
  await all.read();
  expect(all.known).toBe(false);
  down = false;
  await all.read();
  await all.read();
  expect([reads, all.known, all.isAgent('planning-agent'), all.isAgent('plan')]).toEqual([1, true, true, false]);
  expect([all.problem, all.models]).toEqual(['No model is set up.', ['fast', 'local/one']]);
  set = 'local/one';
  const later = new Names({ api, volume: 'team/lab' });
  await later.read();
  expect(later.problem).toBeNull();
});
