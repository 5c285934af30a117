import { expect, test } from 'vitest';
import type { RunAct } from '#shared/run.ts';
import { openTelling } from './telling.ts';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function listen({ broken = false } = {}) {
  const told: { text: string; at: number }[] = [];
  const began = performance.now();
  const telling = openTelling({
    past: null,
    emit: async (act: RunAct) => {
      if (broken) throw new Error('the database is gone');
      if (act.type === 'text') told.push({ text: act.text, at: performance.now() - began });
      return { ...act, seq: told.length, at: new Date().toISOString() };
    },
  });
  return { telling, told };
}

test('the first words of a stream are told at once, the others a few times a second, and none is lost', async () => {
  const { telling, told } = listen();
  const stream = telling.stream((text) => ({ type: 'text', step: 1, text }));
  const words = Array.from({ length: 60 }, (_, i) => `word${i} `);
  for (const word of words) {
    stream.add(word);
    await pause(10);
  }
  stream.end();
  await telling.settled();
  expect(told.map(({ text }) => text).join('')).toBe(words.join(''));
  expect(told[0]).toMatchObject({ text: 'word0 ' });
  expect(told.length).toBeGreaterThan(4);
  expect(told.length).toBeLessThan(12);
});

test('what is told after the database is gone is refused, whether or not somebody waits for it', async () => {
  const { telling } = listen({ broken: true });
  await expect(telling.tell({ type: 'text', step: 1, text: 'a' })).rejects.toThrow('the database is gone');
  void telling.tell({ type: 'text', step: 1, text: 'b' });
  await pause(5); // an error that nobody takes would end the process
  await expect(telling.settled()).rejects.toThrow('the database is gone');
});
