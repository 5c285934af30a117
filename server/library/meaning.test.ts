import { expect, test } from 'vitest';
import { createMeaning } from './meaning.ts';

test('what is not computed in time is told, and found by the next who asks', async () => {
  const failures: unknown[] = [];
  let slow = 80;
  const meaning = createMeaning({
    embed: async (texts, options) => {
      if (!options?.soon) await new Promise((done) => setTimeout(done, slow));
      return texts.map((text) => Float32Array.from(text.includes('water') ? [1, 0] : [0, 1]));
    },
    failed: (error) => void failures.push(error),
  });
  const among = ['water the plants', 'write a letter'].map((text) => ({ key: text, text }));
  const first = await meaning.compare({ text: 'water', among, waitMs: 10 });
  expect([first.late, first.near.size]).toEqual([true, 0]);
  slow = 0;
  const second = await meaning.compare({ text: 'water', among, waitMs: 1000 });
  expect(second.late).toBe(false);
  expect([...second.near]).toEqual([
    ['water the plants', 1],
    ['write a letter', 0],
  ]);
  expect(failures).toEqual([]);
});

test('without somebody who computes it nobody waits', async () => {
  const meaning = createMeaning({ embed: null, failed: () => undefined });
  expect(await meaning.compare({ text: 'water', among: [{ key: 'a', text: 'a' }], waitMs: 10 })).toEqual({
    near: new Map(),
    late: false,
  });
});
