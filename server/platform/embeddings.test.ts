import { afterAll, expect, test } from 'vitest';
import { createEmbeddings } from './embeddings.ts';

const embeddings = createEmbeddings({ idle: 50 });
afterAll(() => embeddings.close());

const nearness = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

test('[ME1] texts that mean alike are near, whatever their words; the model needs no network', async () => {
  const [goal, paraphrase, other, empty] = await embeddings.embed([
    'Analyze this CSV data and create a forecast',
    'Predict next quarter sales from the spreadsheet',
    'Make the robot follow the line',
    '',
  ]);
  expect(goal).toHaveLength(512);
  expect(nearness(goal!, goal!)).toBeCloseTo(1, 4);
  expect(nearness(goal!, paraphrase!)).toBeGreaterThan(nearness(goal!, other!) + 0.2);
  expect(Number.isFinite(empty![0])).toBe(true);
});

test('what somebody waits for goes before the texts of an index, and the thread comes back after it was idle', async () => {
  const order: string[] = [];
  const index = embeddings
    .embed(Array.from({ length: 40 }, (_, i) => `trace number ${i}`))
    .then(() => order.push('index'));
  const asked = embeddings.embed(['where is the forecast'], { soon: true }).then(() => order.push('asked'));
  await Promise.all([index, asked]);
  expect(order).toEqual(['asked', 'index']);
  await new Promise((resolve) => setTimeout(resolve, 120));
  expect(await embeddings.embed(['back again'])).toHaveLength(1);
});

test('a server that stops leaves nobody waiting', async () => {
  const stopping = createEmbeddings();
  const asked = expect(stopping.embed(['a', 'b'])).rejects.toMatchObject({ code: 'unavailable' });
  await stopping.close();
  await asked;
  await expect(stopping.embed(['c'])).rejects.toMatchObject({ code: 'unavailable' });
});

test('an index leaves the processor to those who ask, and still comes to its end while they keep asking', async () => {
  await embeddings.embed(['a question'], { soon: true }); // the model is there
  await embeddings.embed(['of an index']);
  let [asking, gone] = [true, 0];
  const index = Promise.all(
    ['one', 'two', 'three'].map((text) => embeddings.embed([`${text} of an index`]).then(() => gone++)),
  ).then(() => (asking = false));
  const began = performance.now();
  let early: number | null = null;
  while (asking) {
    await embeddings.embed(['a question'], { soon: true });
    if (performance.now() - began > 300) early ??= gone;
    await new Promise((done) => setTimeout(done, 20));
  }
  await index;
  expect(early).toBeLessThanOrEqual(1);
  expect(performance.now() - began).toBeGreaterThan(900);
});
