import { expect, test } from 'vitest';
import type { Egress, EgressAnswer } from './egress.ts';
import { createEgressFetch } from './egressFetch.ts';

/** A server that sends a word each 2 ms, as a socket hands it over: what nobody read meanwhile is one piece. */
function slowWords(words: number): Egress['request'] {
  let waiting: string[] = [];
  let [left, came] = [words, () => {}];
  const timer = setInterval(() => {
    waiting.push(`${words - left--} `);
    if (left === 0) clearInterval(timer);
    came();
  }, 2);
  async function* chunks() {
    while (left > 0 || waiting.length > 0) {
      if (waiting.length === 0) await new Promise<void>((done) => (came = done));
      const piece = waiting.join('');
      waiting = [];
      yield Buffer.from(piece);
    }
  }
  const answer = { status: 200, headers: {}, url: 'https://x/', chunks } as unknown as EgressAnswer;
  return async () => answer;
}

async function read(restMs: number): Promise<{ text: string; reads: number }> {
  const egress = { request: slowWords(60) } as Egress;
  const fetch = createEgressFetch({ egress, keep: () => true, restMs });
  const { body } = await fetch('https://x/');
  let [text, reads] = ['', 0];
  for await (const chunk of body!) {
    text += Buffer.from(chunk).toString();
    reads++;
  }
  return { text, reads };
}

test('a server that sends every word by itself is not read word by word, and nothing is lost', async () => {
  const [hurried, rested] = [await read(0), await read(20)];
  expect(rested.text).toBe(Array.from({ length: 60 }, (_, i) => `${i} `).join(''));
  expect(hurried.text).toBe(rested.text);
  expect(rested.reads).toBeLessThan(hurried.reads / 2);
});
