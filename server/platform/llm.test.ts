// The wire against the scripted provider, over real HTTP: every way to call tools, and every fault.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Strategy } from '#shared/run.ts';
import { startFakeModel, type FakeModel, type Reply } from '../../e2e/fakes/model.ts';
import { createEgress } from './egress.ts';
import { createLlm } from './llm.ts';
import { ModelFailure, type ChatMessage, type ModelPart, type ToolSpec } from './model.ts';

const key = 'sk-test-0123456789abcdef';
let fake: FakeModel;
let waits: number[] = [];

beforeAll(async () => {
  fake = await startFakeModel({ key });
});
afterAll(() => fake.close());
beforeEach(() => {
  fake.reset();
  waits = [];
});

const tools: ToolSpec[] = [
  {
    name: 'read_file',
    description: 'Reads a file.',
    parameters: { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] },
  },
  {
    name: 'note',
    description: 'Notes something.',
    parameters: { type: 'object', properties: { text: { type: 'string' } } },
  },
];
const names = { native: 'scripted', schema: 'scripted-schema', fenced: 'scripted-plain' } as const;

function openModel({
  strategy = 'native',
  apiKey = key,
  url = fake.url,
  model = names[strategy],
  allowed = [fake.host],
}: { strategy?: Strategy; apiKey?: string | null; url?: string; model?: string; allowed?: string[] } = {}) {
  const llm = createLlm({
    egress: createEgress({ allowedHosts: allowed }),
    firstMs: 400,
    idleMs: 300,
    wait: async (ms, signal) => {
      signal.throwIfAborted();
      waits.push(ms);
    },
  });
  const endpoint = { provider: 'Scripted', baseUrl: url, apiKey };
  return llm.open({ endpoint, model, strategy, contextSize: null, price: null });
}

const hello: ChatMessage[] = [
  { role: 'system', content: 'You help.' },
  { role: 'user', content: 'Hello' },
];

async function turn(
  model: ReturnType<typeof openModel>,
  { messages = hello, with: given = tools, signal = new AbortController().signal } = {} as {
    messages?: ChatMessage[];
    with?: ToolSpec[];
    signal?: AbortSignal;
  },
) {
  const parts: ModelPart[] = [];
  for await (const part of model.ask({ messages, tools: given, signal })) parts.push(part);
  return read(parts);
}

/** As the loop puts the parts together. */
function read(parts: ModelPart[]) {
  const calls = new Map<number, { id: string | null; name: string | null; args: string }>();
  for (const part of parts) {
    if (part.type !== 'call') continue;
    const call = calls.get(part.index) ?? { id: null, name: null, args: '' };
    calls.set(part.index, { id: part.id ?? call.id, name: part.name ?? call.name, args: call.args + part.args });
  }
  const joined = (type: 'text' | 'thinking') =>
    parts.flatMap((part) => (part.type === type ? [(part as { text: string }).text] : [])).join('');
  return {
    parts,
    text: joined('text'),
    thinking: joined('thinking'),
    calls: [...calls.values()].map(({ name, args }) => [name, args]),
    ids: [...calls.values()].map(({ id }) => id),
    usage: parts.filter((part) => part.type === 'usage'),
    end: parts.at(-1),
  };
}

const failureOf = async (promise: Promise<unknown>): Promise<ModelFailure> => {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ModelFailure);
  return error as ModelFailure;
};

const two = {
  calls: [
    { name: 'read_file', args: { path: 'grüße/日本 🙂.md' } },
    { name: 'note', args: { text: 'zwei' } },
  ],
};
const asJson = two.calls.map(({ name, args }) => [name, JSON.stringify(args)]);

describe.each(['native', 'schema', 'fenced'] as const)('%s', (strategy) => {
  test('[MO1] words and calls come out alike, whichever way a model calls tools', async () => {
    fake.on('Hello', [{ text: 'I look first. 🙂', ...two }, { text: 'Done “so”:\n1. a\n2. b' }]);
    const model = openModel({ strategy });
    const first = await turn(model);
    expect(first.calls).toEqual(asJson);
    expect(first.text.trim()).toBe('I look first. 🙂');
    expect(first.end).toEqual({ type: 'end', reason: 'calls' });

    const messages: ChatMessage[] = [
      ...hello,
      {
        role: 'assistant',
        content: first.text,
        calls: two.calls.map(({ name, args }, i) => ({ id: `c${i}`, name, args: JSON.stringify(args) })),
      },
      { role: 'tool', callId: 'c0', content: 'text of the file' },
      { role: 'tool', callId: 'c1', content: 'noted' },
    ];
    const second = await turn(model, { messages });
    expect(second).toMatchObject({ text: 'Done “so”:\n1. a\n2. b', calls: [], end: { reason: 'stop' } });
    const sent = JSON.stringify(fake.seen.at(-1)!.messages);
    expect(sent).toContain('text of the file');
    expect(sent).toContain('noted');
    expect(sent).toContain('read_file');
  });

  test('[MO1] characters and JSON that are split over packets come out whole', async () => {
    fake.on('Hello', [{ text: 'Grüße, 世界 👩‍👩‍👧 “\\n”', ...two, bytes: 1, piece: 5 }]);
    const answer = await turn(openModel({ strategy }));
    expect(answer.calls).toEqual(asJson);
    expect(answer.text.trim()).toBe('Grüße, 世界 👩‍👩‍👧 “\\n”');
    for (const part of answer.parts) if (part.type === 'text') expect(part.text.isWellFormed()).toBe(true);
  });

  test('[MO1] words are shown while they are written, not at the end', async () => {
    fake.on('Hello', [{ text: 'one two three four five six seven eight', piece: 4 }]);
    const { parts } = await turn(openModel({ strategy }));
    expect(parts.filter(({ type }) => type === 'text').length).toBeGreaterThan(5);
  });

  test('[MO1] without tools it is a plain conversation', async () => {
    fake.on('Hello', [{ text: 'Plain ```js\nlet a = 1;\n``` words' }]);
    const answer = await turn(openModel({ strategy }), { with: [] });
    expect(answer.text).toBe('Plain ```js\nlet a = 1;\n``` words');
    expect(fake.seen.at(-1)).not.toHaveProperty('tools');
    expect(fake.seen.at(-1)).not.toHaveProperty('response_format');
  });

  test('[RU9] a provider that repeats the key is not believed: it reaches neither words, calls nor failures', async () => {
    fake.next(
      { text: `your key is ${key}!`, thinking: `hm, ${key}`, calls: [{ name: 'note', args: { text: key } }], piece: 3 },
      { status: 400, error: `Bad key ${key}` },
      { errorAfter: 2, error: `Bad key ${key}`, text: 'abcdefghijklmnopqrst' },
    );
    const model = openModel({ strategy });
    const answer = await turn(model);
    expect(answer.text).toContain('your key is [key removed]!');
    expect(JSON.stringify(answer)).not.toContain(key);
    expect(answer.text + answer.calls.join('') + answer.thinking).not.toContain('0123456789');
    for (let i = 0; i < 2; i++) expect((await failureOf(turn(model))).message).not.toContain('0123456789');
  });
});

test.each<[string, Reply]>([
  ['ids with every piece', { ids: 'each' }],
  ['no ids', { ids: 'never' }],
  ['one id for all', { ids: 'same' }],
  ['names with every piece', { names: 'each' }],
  ['pieces of calls in turn', { interleave: true }],
  ['pieces in turn, no ids', { interleave: true, ids: 'never' }],
  ['index 0 for all', { indexes: 'zero' }],
  ['no index', { indexes: 'none' }],
  ['no index, no ids', { indexes: 'none', ids: 'never' }],
  ['index 0 for all, ids each', { indexes: 'zero', ids: 'each', names: 'each' }],
  ['arguments as an object', { argsAsObject: true }],
  ['comments between frames', { comments: true }],
  ['no [DONE]', { noDone: true }],
])('[MO1] calls are told apart with %s', async (_, fault) => {
  fake.on('Hello', [{ ...two, ...fault, piece: 5 }]);
  const answer = await turn(openModel());
  expect(answer.calls).toEqual(asJson);
  expect(answer.end).toEqual({ type: 'end', reason: 'calls' });
  const ids = answer.ids.filter((id) => id !== null);
  expect(new Set(ids).size).toBe(ids.length);
});

test('[MO1] an answer cut off by its length says so, also inside arguments', async () => {
  fake.next({ calls: two.calls, lengthAt: 6 }, { text: 'a long story', lengthAt: 6 });
  const cut = await turn(openModel());
  expect(cut.end).toEqual({ type: 'end', reason: 'length' });
  expect(cut.calls[1]).toEqual(['note', '{"text']);
  expect(await turn(openModel())).toMatchObject({ text: 'a long', end: { reason: 'length' } });
});

test('[MO1] thoughts are no words, under each name that providers give them', async () => {
  for (const thinkingAs of ['reasoning_content', 'reasoning', 'tags'] as const) {
    fake.next({ thinking: 'Let me see < 5.', thinkingAs, text: 'Seen.', piece: 3 });
    expect(await turn(openModel())).toMatchObject({ thinking: 'Let me see < 5.', text: 'Seen.' });
  }
});

test('[MO3] every turn is counted once, by an estimate where the provider does not say', async () => {
  fake.next(
    { text: 'eight ch', usage: { prompt_tokens: 11, completion_tokens: 3 } },
    { text: 'eight ch', usage: null },
  );
  expect((await turn(openModel())).usage).toEqual([{ type: 'usage', input: 11, output: 3 }]);
  const [estimate] = (await turn(openModel())).usage;
  expect(estimate).toMatchObject({ estimated: true, output: 2 });
  expect((estimate as { input: number }).input).toBeGreaterThan(50);
});

test('[MO2] a busy provider is asked again after the time that it names, and not for ever', async () => {
  fake.next({ status: 429, headers: { 'retry-after': '7' } }, { status: 503 }, { text: 'Here I am.' });
  expect((await turn(openModel())).text).toBe('Here I am.');
  expect(waits[0]).toBe(7000);
  expect(fake.seen).toHaveLength(3);

  fake.next(...Array<Reply>(3).fill({ status: 429, headers: { 'retry-after': '2' } }));
  expect(await failureOf(turn(openModel()))).toMatchObject({ kind: 'rate-limited', retryAfter: 2 });
  expect(fake.seen).toHaveLength(6);

  fake.next({ status: 429, headers: { 'retry-after': '3600' } });
  expect(await failureOf(turn(openModel()))).toMatchObject({ kind: 'rate-limited', retryAfter: 3600 });
  expect(fake.seen).toHaveLength(7);
});

test('[MO2] after the first byte nothing is asked twice: an error inside a 200 stream is a failure', async () => {
  fake.next({ text: 'This breaks off somewhere', errorAfter: 2 });
  expect(await failureOf(turn(openModel()))).toMatchObject({
    kind: 'unavailable',
    message: expect.stringContaining('fell over'),
  });
  fake.next({ text: 'This breaks off somewhere', errorAfter: 0, code: 'server_error' });
  expect(await failureOf(turn(openModel()))).toMatchObject({ kind: 'broken' });
  fake.next({ text: 'This breaks off somewhere', breakAfter: 2 });
  expect(await failureOf(turn(openModel()))).toMatchObject({ kind: 'unavailable' });
  fake.next({ text: 'This is no JSON', garbage: true });
  expect(await failureOf(turn(openModel()))).toMatchObject({ kind: 'broken' });
  expect(fake.seen).toHaveLength(4);
});

test('[MO2] a provider that falls silent is given up', async () => {
  fake.next({ text: 'This never ends', hang: 2 });
  const failure = await failureOf(turn(openModel()));
  expect(failure).toMatchObject({ kind: 'unavailable', message: expect.stringContaining('said nothing') });
});

test('[MO2] what will not pass is not asked again, and says what it is', async () => {
  fake.next({ overflow: true });
  expect(await failureOf(turn(openModel()))).toMatchObject({ kind: 'context' });
  fake.next({ status: 429, code: 'insufficient_quota', error: 'You exceeded your current quota.' });
  expect(await failureOf(turn(openModel()))).toMatchObject({
    kind: 'refused',
    message: expect.stringContaining('quota'),
  });
  expect(await failureOf(turn(openModel({ model: 'none' })))).toMatchObject({ kind: 'refused' });
  expect(await failureOf(turn(openModel({ apiKey: 'sk-wrong-0123456789' })))).toMatchObject({
    kind: 'unauthenticated',
  });
  expect(waits).toEqual([]);
});

test('[MO2] where servers differ it follows what they refuse', async () => {
  fake.next({ status: 400, error: "Unsupported parameter: 'stream_options'." }, { text: 'Then so.' });
  const model = openModel();
  expect((await turn(model)).text).toBe('Then so.');
  fake.next({ text: 'Again.' });
  await turn(model);
  expect(fake.seen.map(({ stream_options }) => stream_options)).toEqual([
    { include_usage: true },
    undefined,
    undefined,
  ]);
});

test('[MO2] stop ends a turn at once, also while it waits', async () => {
  fake.next({ text: 'a long story '.repeat(200), paceMs: 20 });
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 100);
  await expect(turn(openModel(), { signal: stop.signal })).rejects.toSatisfy((error) => error === stop.signal.reason);
  await expect(turn(openModel(), { signal: stop.signal })).rejects.toBe(stop.signal.reason);
  expect(fake.seen).toHaveLength(1);
});

test('[RU9] a host that nobody listed gets no request and no key; nothing follows a redirect', async () => {
  expect(await failureOf(turn(openModel({ allowed: [] })))).toMatchObject({
    kind: 'refused',
    message: expect.stringContaining('ALLOWED_HOSTS'),
  });
  expect(fake.seen).toHaveLength(0);
  fake.next({ status: 307, headers: { location: 'https://evil.example/v1/chat/completions' } });
  expect(await failureOf(turn(openModel()))).toMatchObject({ kind: 'refused' });
  expect(Object.keys(fake.seen[0]!.headers).filter((name) => /stainless|user-agent|openai/.test(name))).toEqual([]);
});

test('[MO1] fenced calls are read as models write them', async () => {
  const texts = [
    'I will.\n\n```tool\n{\n  "tool": "note",\n  "inputs": {"text": "a"},\n}\n```\n',
    '   ```tool\n   {"tool": "note", "inputs": {"text": "a"}}\n   ```',
    '```tool_call\n{"name": "note", "arguments": {"text": "a"}}\n```\nResult: none',
    '```tool\n{"tool": "note", "text": "a"}',
  ];
  for (const text of texts) {
    fake.next({ text, piece: 2 });
    const { calls } = await turn(openModel({ strategy: 'fenced' }));
    expect(calls.map(([name, args]) => [name, JSON.parse(args!)])).toEqual([['note', { text: 'a' }]]);
  }
  fake.next({ text: '```tool\n{"tool": "note", "inputs": {broken\n```' });
  expect((await turn(openModel({ strategy: 'fenced' }))).calls).toEqual([
    ['note', '{"tool": "note", "inputs": {broken'],
  ]);
  fake.next({ text: 'Code:\n```python\nprint("```tool")\n```\nand ```tool in a line' });
  expect(await turn(openModel({ strategy: 'fenced' }))).toMatchObject({
    calls: [],
    text: 'Code:\n```python\nprint("```tool")\n```\nand ```tool in a line',
  });
});

test('models and vectors of an endpoint', async () => {
  const llm = createLlm({ egress: createEgress({ allowedHosts: [fake.host] }) });
  const endpoint = { provider: 'Scripted', baseUrl: fake.url, apiKey: key };
  expect(await llm.list(endpoint)).toContainEqual({ id: 'scripted', contextSize: 32_768, price: null });
  const [a, b, c] = await llm.embed({ endpoint, model: 'e', texts: ['red apples', 'apples red', 'tax law'] });
  expect(a).toEqual(b);
  expect(a).not.toEqual(c);
});
