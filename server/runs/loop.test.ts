import { expect, test } from 'vitest';
import { play, scriptedModel, toolOf } from './testLoop.ts';

test('[RU3] a call is said, done, and its result read by the model, which then answers', async () => {
  const model = scriptedModel([{ calls: [['look', { at: 'sky' }, 'a1']], text: 'I look.' }, 'It is blue.']);
  const { end, events } = await play({
    model,
    tools: [toolOf({ name: 'look', act: async ({ at }) => ({ ok: true, text: `the ${at as string} is blue` }) })],
  });
  expect(end).toEqual({ outcome: 'done', reason: 'It answered.', answer: 'It is blue.' });
  expect(events.map(({ type }) => type)).toEqual([
    'turn', 'text', 'usage', 'call', 'acting', 'result', 'turn', 'text', 'usage',
  ]); // prettier-ignore
  expect(model.asked[1]!.messages.slice(-2)).toEqual([
    { role: 'assistant', content: 'I look.', calls: [{ id: 'a1', name: 'look', args: '{"at":"sky"}' }] },
    { role: 'tool', callId: 'a1', content: 'the sky is blue' },
  ]);
});
