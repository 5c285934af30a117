// Whatever comes out of a model, and whatever tools and people do: the loop ends, and each call has exactly one result.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Problem } from '#shared/errors.ts';
import { repairJson } from './arguments.ts';
import { ModelFailure, type ChatMessage, type ModelPart } from '../platform/model.ts';
import { messagesOf } from './messages.ts';
import { ada, headOf, noPeople, play, scriptedModel, toolOf } from './testLoop.ts';
import { defaultLimits } from './budget.ts';
import type { People, Tool } from './types.ts';

const tools: Tool[] = [
  toolOf({ name: 'read' }),
  toolOf({ name: 'strict', parameters: { type: 'object', required: ['n'], properties: { n: { type: 'integer' } } } }),
  toolOf({ name: 'write', effect: 'write' }),
  toolOf({ name: 'send', effect: 'external' }),
  toolOf({ name: 'wipe', effect: 'destructive' }),
  toolOf({ name: 'web', reach: { outside: true }, act: async () => ({ ok: true, text: 'w', untrusted: 'web' }) }),
  toolOf({ name: 'diary', reach: { private: true } }),
  toolOf({ name: 'throws', act: async () => { throw new Error('inside'); } }),
  toolOf({ name: 'refuses', act: async () => { throw new Problem('forbidden', 'No.'); } }),
  toolOf({ name: 'nothing', act: async () => undefined as never }),
  toolOf({ name: 'asks', act: async (_, { ask }) => ({ ok: true, text: (await ask({ text: '?', choices: [] })).text }) }),
]; // prettier-ignore

const name = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(...tools.map((tool) => tool.name), 'unknown', '') },
  fc.constant(null),
);
const args = fc.oneof(
  { weight: 3, arbitrary: fc.nat(99).map((n) => JSON.stringify({ n })) },
  fc.constantFrom('', '{}', '{"n":1}', '{"n":', '1}', '{"n":"x"}', '```json\n{}\n```', '{"n":1,}', '[]', 'null', '"{}"', '{"__proto__":{"a":1}}'),
  fc.json({ maxDepth: 2 }),
  fc.string({ maxLength: 12 }),
); // prettier-ignore
const part: fc.Arbitrary<ModelPart | Error> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ type: fc.constant('text' as const), text: fc.string({ maxLength: 8 }) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('thinking' as const), text: fc.string({ maxLength: 8 }) }) },
  {
    weight: 24,
    arbitrary: fc.record({
      type: fc.constant('call' as const),
      index: fc.integer({ min: -1, max: 3 }),
      id: fc.oneof(fc.constant(null), fc.constantFrom('a', 'b', 'call_1_1', '', 'x y')),
      name,
      args,
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('usage' as const), input: fc.nat(500), output: fc.nat(500) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('end' as const),
      reason: fc.constantFrom('stop' as const, 'calls' as const, 'length' as const, 'refusal' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('context' as const, 'rate-limited' as const, 'broken' as const)
      .map((kind) => new ModelFailure(kind, kind)),
  },
);
const turn = fc
  .tuple(fc.array(part, { maxLength: 7 }), fc.constantFrom('calls' as const, 'stop' as const, 'length' as const, null))
  .map(([parts, reason]) => (reason === null ? parts : [...parts, { type: 'end' as const, reason }]));

test('[RU3] any sequence of parts of a model: the loop ends, and each call id has exactly one result', async () => {
  let [turns, calls, acted, ended] = [0, 0, 0, new Map<string, number>()];
  await fc.assert(
    fc.asyncProperty(
      fc.array(turn, { minLength: 1, maxLength: 6 }),
      fc.constantFrom('approved' as const, 'refused' as const, 'expired' as const, 'never' as const),
      fc.option(fc.integer({ min: 1, max: 12 }), { freq: 4 }),
      fc.constantFrom(null, 300, 4000),
      async (script, verdict, stopAt, tokens) => {
        const stop = new AbortController();
        const people: People = {
          ...noPeople,
          approve: () =>
            verdict === 'never'
              ? new Promise(() => setTimeout(() => stop.abort('Enough.'), 5))
              : Promise.resolve({ verdict, by: ada }),
        };
        let asked = 0;
        const model = scriptedModel([...script], { otherwise: 'Done.', contextSize: tokens === 300 ? 900 : null });
        const watched = {
          ...model,
          ask: (ask: Parameters<typeof model.ask>[0]) => {
            if (++asked === stopAt) stop.abort('Enough.');
            return model.ask(ask);
          },
        };
        const { end, of, state } = await play({
          model: watched,
          tools,
          people,
          signal: stop.signal,
          head: headOf({ limits: { ...defaultLimits, tokens } }),
          failed: () => undefined,
        });
        expect(['done', 'failed', 'stopped']).toContain(end.outcome);
        expect(end.reason).not.toBe('');
        const ids = of('call').map((event) => event.call);
        expect(new Set(ids).size).toBe(ids.length);
        expect(of('result').map((event) => event.call).sort()).toEqual([...ids].sort()); // prettier-ignore
        expect(new Set(of('acting').map((event) => event.call)).size).toBe(of('acting').length);
        for (const { call } of of('acting')) {
          const { tool } = of('call').find((event) => event.call === call)!;
          if (tool === 'send' || tool === 'wipe') expect(verdict).toBe('approved');
        }
        expectWellFormed(messagesOf(state.items));
        for (const { messages } of model.asked) expectWellFormed(messages);
        turns += of('turn').length;
        calls += ids.length;
        acted += of('acting').length;
        ended.set(end.outcome, (ended.get(end.outcome) ?? 0) + 1);
      },
    ),
    { numRuns: 500 },
  );
  expect(({} as Record<string, unknown>)['a']).toBeUndefined();
  // it was really about something
  expect(turns).toBeGreaterThan(600);
  expect(calls).toBeGreaterThan(500);
  expect(acted).toBeGreaterThan(150);
  expect([...ended.keys()].sort()).toEqual(['done', 'failed', 'stopped']);
}, 120_000);

/** What every provider demands: after an assistant's calls their results, each once, and no other. */
function expectWellFormed(messages: ChatMessage[]): void {
  let open: string[] = [];
  for (const message of messages) {
    if (message.role === 'tool') {
      expect(open).toContain(message.callId);
      open = open.filter((id) => id !== message.callId);
      continue;
    }
    expect(open).toEqual([]);
    if (message.role === 'assistant') {
      open = message.calls.map(({ id }) => id);
      for (const { args } of message.calls) expect(typeof JSON.parse(args)).toBe('object');
    }
  }
  expect(open).toEqual([]);
}

test('[RU11] mending never changes what is valid JSON', () => {
  fc.assert(
    fc.property(fc.json(), (json) => {
      expect(JSON.parse(repairJson(json))).toEqual(JSON.parse(json));
    }),
  );
});
