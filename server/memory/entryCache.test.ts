import crypto from 'node:crypto';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { MemoryQuestion } from '#shared/api/memory.ts';
import { readMemoryEntry } from '#shared/memoryEntry.ts';
import type { Actor } from '#shared/permissions.ts';
import { openTestDatabase } from '../platform/testDatabase.ts';
import { createEntryCache } from './entryCache.ts';
import { countHeld, createStemNumbers } from './heldStems.ts';
import { createMemoryStore, type NewEntry } from './memoryStore.ts';
import { createQuery } from './query.ts';
import { packVector } from './vectors.ts';

let database: Awaited<ReturnType<typeof openTestDatabase>>;
beforeAll(async () => {
  database = await openTestDatabase(inject('postgresUrl'));
});
afterAll(() => database.close());

const words =
  `analyse analysing forecasts forecast robot's naïve straße x.y/z SystemAgent query_memory e-mail ada@example.org https://a.example/b?c=d 3.14 -7 2026-05-01
  the of a weather greenhouse über quick-brown \\ ' " & | ! :* <-> (seed) budget 東京 плата ice-cream isn't`.split(
    /\s+/,
  );
const pick = <T>(from: readonly T[]) => from[Math.floor(Math.random() * from.length)]!;
const phrase = (most: number) =>
  Array.from({ length: 1 + Math.floor(Math.random() * most) }, () => pick(words)).join(' ');
const vector = () => {
  const values = Array.from({ length: 16 }, () => Math.random() - 0.5);
  const length = Math.hypot(...values);
  return Float32Array.from(values, (value) => value / length);
};

function entryOf(volumeId: string, fileId: string = crypto.randomUUID()): NewEntry {
  const path = `memory/traces/${fileId.slice(0, 8)}.md`;
  const body = `---\ntrace_id: ${fileId}\ngoal: ${JSON.stringify(phrase(5))}\n---\n# ${phrase(4)}\n${phrase(30)}\n`;
  const at = new Date(Date.now() - Math.random() * 1e10);
  return { fileId, volumeId, path, blob: '1', body, at, entry: readMemoryEntry({ path, text: body }) };
}

async function corpus(size: number) {
  const store = createMemoryStore(database);
  const volume = { id: crypto.randomUUID(), name: 'team/lab' };
  const entries = Array.from({ length: size }, () => entryOf(volume.id));
  await store.put(entries);
  for (const { fileId } of entries.filter(() => Math.random() < 0.7))
    await store.measure({ fileId, blob: '1', vector: packVector(vector()) });
  return { store, volume, entries };
}

/** Asks with these limits of memory. */
function asking(
  { store, volume }: Awaited<ReturnType<typeof corpus>>,
  limits: { most?: number; mostWords?: number } = {},
) {
  const cache = createEntryCache({ store, ...limits });
  const meant = vector();
  const query = createQuery({
    store,
    cache,
    embed: async (texts) => texts.map(() => meant),
    readable: async () => [volume],
  });
  return {
    cache,
    meant,
    async ask(text: string, more: object = {}) {
      const question = MemoryQuestion.parse({ query: text, scope: 'global', limit: 50, min_relevance: 0, ...more });
      const { matches, total_searched } = await query({ question, actor: { personId: 'ada' } as Actor });
      return { found: matches.map(({ fileId, relevance }) => ({ fileId, relevance })), total_searched };
    },
  };
}

test('[ME1] words are compared in memory as the database compares them', async () => {
  const here = await corpus(300);
  const { cache } = asking(here);
  const volume = await cache.of(here.volume.id);
  await expect.poll(() => volume.words).toBe('here');
  const { entries, numbers } = volume;
  expect(entries.size).toBe(300);
  for (let round = 0; round < 40; round++) {
    const stems = await here.store.stems(phrase(8));
    const told = await here.store.holding({ volumeId: here.volume.id, stems, after: null });
    const known = numbers.known(stems);
    for (const { fileId } of here.entries)
      expect(countHeld(entries.get(fileId)!.stems, known) / (stems.length || 1)).toBeCloseTo(told.get(fileId) ?? 0, 12);
  }
});

test('[ME1] the same entries in the same order, whether words are compared in memory or, where there are too many, by the database', async () => {
  const here = await corpus(400);
  const inMemory = asking(here);
  const byDatabase = asking(here, { mostWords: 0 });
  byDatabase.meant.set(inMemory.meant);
  const [kept, asked] = [await inMemory.cache.of(here.volume.id), await byDatabase.cache.of(here.volume.id)];
  await expect.poll(() => kept.words).toBe('here');
  for (let round = 0; round < 25; round++) {
    const text = phrase(8);
    const answer = await inMemory.ask(text);
    expect(await byDatabase.ask(text)).toEqual(answer);
    // a few are the beginning of many, and what is asked to be better than something is nothing else
    expect((await inMemory.ask(text, { limit: 3 })).found).toEqual(answer.found.slice(0, 3));
    const least = 0.4;
    expect((await inMemory.ask(text, { min_relevance: least })).found.length).toBeGreaterThanOrEqual(
      answer.found.filter(({ relevance }) => relevance > least).length,
    );
  }
  expect(asked).toMatchObject({ words: 'too many', heldBytes: 0 });
  expect(asked.numbers.size).toBe(0);
});

test('[ME1] the same entries while words are still being read, some of them in memory and the others in the database', async () => {
  const here = await corpus(700);
  const [whole, partly] = [asking(here), asking(here)];
  partly.meant.set(whole.meant);
  await expect.poll(async () => (await whole.cache.of(here.volume.id)).words).toBe('here');
  const read = here.store.pageOfWords;
  let goOn = () => {};
  here.store.pageOfWords = async (page) => {
    if (page.after !== null) await new Promise<void>((done) => (goOn = done));
    return read(page);
  };
  const { words, wordsUpTo } = await partly.cache.of(here.volume.id).then(async (volume) => {
    await expect.poll(() => volume.wordsUpTo).not.toBe(null);
    return volume;
  });
  expect([words, here.entries.filter(({ fileId }) => fileId > wordsUpTo!).length > 100]).toEqual(['coming', true]);
  for (let round = 0; round < 15; round++) {
    const text = phrase(8);
    expect(await partly.ask(text)).toEqual(await whole.ask(text));
  }
  here.store.pageOfWords = read;
  goOn();
});

test('[ME1] what was cached follows what changes, also while it is read and when changes overtake each other', async () => {
  const here = await corpus(120);
  const { cache, ask, meant } = asking(here);
  const loading = cache.of(here.volume.id);
  const changes: Promise<void>[] = [];
  for (let round = 0; round < 30; round++) {
    const { fileId } = pick(here.entries);
    await here.store.put([entryOf(here.volume.id, fileId)]);
    changes.push(cache.changed([fileId]));
    if (round % 3 === 0) await here.store.measure({ fileId, blob: '1', vector: packVector(vector()) });
    if (round % 3 === 0) changes.push(cache.changed([fileId]));
    if (round % 10 === 9) {
      const gone = here.entries.pop()!.fileId;
      await here.store.remove([gone]);
      changes.push(cache.changed([gone]));
    }
  }
  await Promise.all(changes);
  const volume = await loading;
  await expect.poll(() => volume.words).toBe('here');
  const fresh = asking(here);
  fresh.meant.set(meant);
  for (let round = 0; round < 10; round++) {
    const text = phrase(6);
    const { found, total_searched } = await ask(text);
    expect(total_searched).toBe(here.entries.length);
    const byId = (list: typeof found) => list.toSorted((a, b) => a.fileId.localeCompare(b.fileId));
    expect(byId(found)).toEqual(byId((await fresh.ask(text)).found));
  }
});

test('[ME1] only so much is kept in memory: the volume that was asked longest ago is read again', async () => {
  const [first, second] = [await corpus(20), await corpus(20)];
  const read: string[] = [];
  const store = {
    ...first.store,
    page: (of: Parameters<typeof first.store.page>[0]) => (read.push(of.volumeId), first.store.page(of)),
  };
  const cache = createEntryCache({ store, most: 40_000 }); // one of them
  for (const { volume } of [first, first, second, first]) await cache.of(volume.id);
  expect(read).toEqual([first.volume.id, second.volume.id, first.volume.id]);
});

test('numbers of stems: the same for the same stem, ascending, each once', () => {
  const numbers = createStemNumbers();
  const [one, two] = [numbers.of(['b', 'a', 'c']), numbers.of(['d', 'a'])];
  expect([...one]).toEqual([0, 1, 2]);
  expect([...two]).toEqual([1, 3]);
  expect(numbers.known(['a', 'a', 'nobody', 'd'])).toEqual([1, 3]);
  expect(countHeld(one, numbers.known(['a', 'd', 'c']))).toBe(2);
});
