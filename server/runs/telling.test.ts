import { expect, test } from 'vitest';
import type { RunAct } from '#shared/run.ts';
import { openTelling } from './telling.ts';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function listen({ broken = false } = {}) {
  const told: string[] = [];
  const telling = openTelling({
    past: null,
    emit: async (act: RunAct) => {
      if (broken) throw new Error('the database is gone');
      if (act.type === 'text') told.push(act.text);
      return { ...act, seq: told.length, at: new Date().toISOString() };
    },
  });
  return { telling, told };
}

test('the first words of a stream are told at once, the others a few times a second, and none is lost', async () => {
  const { telling, told } = listen();
  const began = performance.now();
  const stream = telling.stream((text) => ({ type: 'text', step: 1, text }));
  const words = Array.from({ length: 60 }, (_, i) => `word${i} `);
  for (const word of words) {
    stream.add(word);
    await pause(10);
  }
  stream.end();
  await telling.settled();
  const mostPerSecond = 11; // the beat is ten; a timer may be a little early, and the first and last words wait for none
  const seconds = (performance.now() - began) / 1000;
  expect(told.join('')).toBe(words.join(''));
  expect(told[0]).toBe('word0 ');
  expect(told.length).toBeGreaterThan(4);
  expect(told.length).toBeLessThan(seconds * mostPerSecond + 3);
});

test('what is told after the database is gone is refused, whether or not somebody waits for it', async () => {
  const { telling } = listen({ broken: true });
  await expect(telling.tell({ type: 'text', step: 1, text: 'a' })).rejects.toThrow('the database is gone');
  void telling.tell({ type: 'text', step: 1, text: 'b' });
  await pause(5); // an error that nobody takes would end the process
  await expect(telling.settled()).rejects.toThrow('the database is gone');
});
