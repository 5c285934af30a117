import crypto from 'node:crypto';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { openTestDatabase } from '../platform/testDatabase.ts';
import { createMeaning } from './meaning.ts';
import { createMeaningStore } from './meaningStore.ts';
import type { TypedDefinition } from './types.ts';

let database: Awaited<ReturnType<typeof openTestDatabase>>;
beforeAll(async () => {
  database = await openTestDatabase(inject('postgresUrl'));
});
afterAll(() => database.close());

const definition = (name: string) =>
  ({ name, description: `About ${name}.`, keywords: [], capabilities: [] }) as unknown as TypedDefinition;
const vectorOf = (text: string) => {
  const values = Array.from(crypto.createHash('sha256').update(text).digest(), (byte) => byte / 255 - 0.5);
  const length = Math.hypot(...values);
  return Float32Array.from(values, (value) => value / length);
};
const failed = (error: unknown) => {
  throw error;
};

/** A process: what it measured, and what it knows. */
function start() {
  const measured: string[] = [];
  const meaning = createMeaning({
    embed: async (texts, { soon } = {}) => {
      if (!soon) measured.push(...texts);
      return texts.map(vectorOf);
    },
    kept: createMeaningStore(database),
    failed,
  });
  return { measured, meaning };
}

test('[LI5] what definitions mean is measured once, and known again after a start; what is of nobody any more goes', async () => {
  const [volumeId, other] = [crypto.randomUUID(), crypto.randomUUID()];
  const first = start();
  const all = ['tides', 'sales', 'robots'].map((name) => first.meaning.meantBy(definition(name), volumeId));
  await first.meaning.recall(volumeId, all);
  const question = { text: all[0]!.text, among: all, waitMs: 5000 };
  const { near } = await first.meaning.compare(question);
  expect(near.get(all[0]!.key)).toBe(1);
  expect(first.measured).toHaveLength(3);
  await first.meaning.compare({ ...question, among: [first.meaning.meantBy(definition('tides'), other)] });
  expect(first.measured).toHaveLength(3);

  const second = start();
  const changed = [...all.slice(0, 2), second.meaning.meantBy(definition('letters'), volumeId)];
  await second.meaning.recall(volumeId, changed);
  const { near: again } = await second.meaning.compare({ ...question, among: changed });
  expect(second.measured).toEqual([changed[2]!.text]);
  for (const { key } of all.slice(0, 2)) expect(again.get(key)).toBe(near.get(key));
  const kept = await createMeaningStore(database).ofVolume(volumeId);
  expect([...kept.keys()].sort()).toEqual(changed.map(({ key }) => key).sort());
});

test('[LI5] who searches does not wait for thousands of texts that were never measured', async () => {
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  const meaning = createMeaning({
    embed: async (texts, { soon } = {}) => {
      if (!soon) await held;
      return texts.map(vectorOf);
    },
    kept: createMeaningStore(database),
    failed,
  });
  const volumeId = crypto.randomUUID();
  const many = Array.from({ length: 200 }, (_, n) => meaning.meantBy(definition(`n${n}`), volumeId));
  const question = { text: many[7]!.text, among: many, waitMs: 3_600_000 };
  expect(await meaning.compare(question)).toEqual({ near: new Map(), late: true }); // it would wait for an hour
  release();
  await expect.poll(async () => (await meaning.compare(question)).late).toBe(false);
});

test('what is not computed in time is told, and found by the next who asks', async () => {
  const volumeId = crypto.randomUUID();
  const failures: unknown[] = [];
  let slow = 80;
  const meaning = createMeaning({
    embed: async (texts, options) => {
      if (!options?.soon) await new Promise((done) => setTimeout(done, slow));
      return texts.map((text) => Float32Array.from(text.includes('water') ? [1, 0] : [0, 1]));
    },
    kept: createMeaningStore(database),
    failed: (error) => void failures.push(error),
  });
  const among = ['water the plants', 'write a letter'].map((text) => ({ key: text, text, volumeId }));
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
  const meaning = createMeaning({ embed: null, kept: createMeaningStore(database), failed });
  expect(await meaning.compare({ text: 'water', among: [{ key: 'a', text: 'a', volumeId: 'v' }], waitMs: 10 })).toEqual(
    {
      near: new Map(),
      late: false,
    },
  );
});
