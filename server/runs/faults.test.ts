// The loop against the scripted provider over real HTTP: what comes of each fault, for the person who looks at the run.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Strategy } from '#shared/run.ts';
import { startFakeModel, type FakeModel, type Reply } from '../../e2e/fakes/model.ts';
import { createEgress } from '../platform/egress.ts';
import { createLlm } from '../platform/llm.ts';
import { play, toolOf } from './testLoop.ts';

let fake: FakeModel;
beforeAll(async () => {
  fake = await startFakeModel({ key: 'right' });
});
afterAll(() => fake.close());
beforeEach(() => fake.reset());

const names = { native: 'scripted', schema: 'scripted-schema', fenced: 'scripted-plain' } as const;
function open(strategy: Strategy = 'native', apiKey = 'right') {
  const llm = createLlm({
    egress: createEgress({ allowedHosts: [fake.host] }),
    firstMs: 400,
    idleMs: 300,
    wait: async (_, signal) => signal.throwIfAborted(),
  });
  const endpoint = { provider: 'Scripted', baseUrl: fake.url, apiKey };
  return llm.open({ endpoint, model: names[strategy], strategy, contextSize: null, price: null });
}
const tools = ['look', 'write'].map((name) =>
  toolOf({
    name,
    effect: name === 'write' ? 'write' : 'read',
    parameters: { type: 'object', properties: { n: { type: 'integer' } } },
    act: async ({ n }) => ({ ok: true, text: `${name} ${n as number} ✓` }),
  }),
);
const calls = [{ name: 'look', args: { n: 1 } }, { name: 'look', args: { n: 2 } }, { name: 'write', args: { n: 3 } }]; // prettier-ignore

async function run(replies: Reply[], { strategy, apiKey }: { strategy?: Strategy; apiKey?: string } = {}) {
  fake.next(...replies);
  return play({ model: open(strategy, apiKey), tools });
}

test.each<[string, Reply]>([
  ['bytes one by one, UTF-8 and JSON split anywhere', { bytes: 1, text: 'Zuerst übe ich 😀' }],
  ['pieces of calls that take turns', { interleave: true, piece: 3 }],
  ['no ids', { ids: 'never' }],
  ['the same id for all', { ids: 'same' }],
  ['ids and names in each piece', { ids: 'each', names: 'each', piece: 4 }],
  ['arguments as an object', { argsAsObject: true }],
  ['all under index 0', { indexes: 'zero' }],
  ['no index', { indexes: 'none' }],
  ['no usage', { usage: null }],
  ['no end mark', { noDone: true }],
  ['comments between the frames', { comments: true }],
])('[RU11] %s: every call is done once, in its order', async (_, fault) => {
  const { end, of, state } = await run([{ ...fault, calls }, { text: 'All three.' }]);
  expect(end).toEqual({ outcome: 'done', reason: 'It answered.', answer: 'All three.' });
  expect(of('call').map(({ tool, args }) => [tool, args])).toEqual(calls.map(({ name, args }) => [name, args]));
  expect(of('result').map(({ text }) => text).sort()).toEqual(['look 1 ✓', 'look 2 ✓', 'write 3 ✓']); // prettier-ignore
  const usage = of('usage');
  expect(usage).toHaveLength(2);
  for (const { input, output } of usage) expect(Math.min(input, output)).toBeGreaterThan(0);
  if (fault.text) expect(state.items[0]).toMatchObject({ text: fault.text });
  // what goes back to the provider is one result for each id that it was given
  const sent = fake.seen.at(-1)!.messages;
  const said = sent.find(({ tool_calls }) => tool_calls)!.tool_calls!.map(({ id }) => id);
  expect(sent.flatMap(({ tool_call_id }) => tool_call_id ?? [])).toEqual(said);
});

test.each(['schema', 'fenced'] as const)(
  '[RU11] a model without tools of its own (%s) does the same',
  async (strategy) => {
    const { end, of } = await run([{ calls }, { text: 'All three.' }], { strategy });
    expect(end).toMatchObject({ outcome: 'done', answer: 'All three.' });
    expect(of('turn')[0]!.strategy).toBe(strategy);
    expect(of('result').filter(({ ok }) => ok)).toHaveLength(3);
  },
);

test.each<[string, Reply[], RegExp]>([
  ['429 again and again', [1, 2, 3].map(() => ({ status: 429, headers: { 'retry-after': '30' } })), /asks to slow down; try again in 30 s/],
  ['5xx again and again', [1, 2, 3].map(() => ({ status: 503 })), /cannot be reached/],
  ['an error in a 200 stream', [{ text: 'I was about to say', errorAfter: 2 }], /The model|provider|answer/],
  ['a stream that breaks', [{ text: 'I was about to say', calls, breakAfter: 3 }], /cannot be (used|reached)/],
  ['silence in the middle', [{ text: 'I was about to say', hang: 2 }], /cannot be (used|reached)/],
  ['silence from the start', [1, 2, 3].map(() => ({ hang: 'at once' as const })), /cannot be reached/],
  ['a frame that is no JSON', [{ text: 'Hm', garbage: true, calls }], /cannot be used/],
])('[RU11] %s: failed, with a reason, and nothing half said is done', async (_, replies, reason) => {
  const { end, of } = await run(replies);
  expect(end.outcome).toBe('failed');
  expect(end.reason).toMatch(reason);
  expect(of('acting')).toEqual([]);
}); // prettier-ignore

test('[RU11] one 429 and one 503 before the first byte are not seen at all', async () => {
  const { end } = await run([{ status: 429, headers: { 'retry-after': '1' } }, { status: 503 }, { text: 'Here.' }]);
  expect(end).toMatchObject({ outcome: 'done', answer: 'Here.' });
});

test('[RU11] a wrong key ends the run with what to do, and is not repeated', async () => {
  const { end, events } = await run([], { apiKey: 'wrong-key-0123456789' });
  expect(end.reason).toBe('The provider does not accept the key. Look at the models of the settings.');
  expect(JSON.stringify(events)).not.toContain('wrong-key');
});

test('[RU11] `length` inside the arguments: what is whole is done, what was cut is told', async () => {
  const { end, of } = await run([{ calls, lengthAt: 3 }, { text: 'I write less.' }]);
  expect(end.outcome).toBe('done');
  expect(of('acting')).toHaveLength(2);
  expect(of('result').find(({ ok }) => !ok)!.text).toContain('cut off');
});

test('[RU11] an overflow that the provider tells: shortened once, then asked again', async () => {
  const { end, of } = await run([
    { calls: [calls[0]!] },
    { calls: [calls[1]!] },
    { overflow: true },
    { text: 'SUMMARY' },
    { text: 'Here.' },
  ]);
  expect(end).toMatchObject({ outcome: 'done', answer: 'Here.' });
  expect(of('notice')[0]!.text).toContain('summarised');
});
