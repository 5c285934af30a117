import crypto from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { silentLog } from '../../platform/log.ts';
import { openTestDatabase } from '../../platform/testDatabase.ts';
import { files, searchTexts, volumes } from '../tables.ts';
import { searchVolume } from './search.ts';
import { createSearchStore } from './searchStore.ts';
import { openWordWriter } from './wordWriter.ts';

let database: Awaited<ReturnType<typeof openTestDatabase>>;
let volumeId: string;
beforeAll(async () => {
  database = await openTestDatabase(inject('postgresUrl'));
});
afterAll(() => database.close());

const store = () => createSearchStore(database);
async function newVolume(texts: Record<string, string>) {
  const [volume] = await database.insert(volumes).values({ name: crypto.randomUUID(), kind: 'team' }).returning();
  volumeId = volume!.id;
  await add(texts);
}
async function add(texts: Record<string, string>) {
  const rows = Object.entries(texts).map(([path, body]) => ({ fileId: crypto.randomUUID(), volumeId, path, body }));
  await database
    .insert(files)
    .values(rows.map(({ fileId, path }) => ({ id: fileId, volumeId, path, pathKey: path, kind: 'text' as const })));
  await database.insert(searchTexts).values(rows);
}
const wordless = async () => {
  const { rows } = await database.execute<{ n: number }>(
    sql`select count(*)::int as n from search_texts where words is null and volume_id = ${volumeId}::uuid`,
  );
  return rows[0]!.n;
};
const found = async (q: string) =>
  [...new Set((await searchVolume({ store: store(), volumeId, q, limit: 200 })).hits.map(({ path }) => path))].sort();

const many = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`notes/n${n}.md`, `# Note ${n}\nzebra number${n}\n`]));

test('[GI10] who writes the words is killed in between: all is found meanwhile, and the next start writes the rest', async () => {
  await newVolume(many(90));
  let left = 2;
  const dying = openWordWriter({
    store: {
      writeWords: (of) => (left-- > 0 ? store().writeWords(of) : new Promise(() => undefined)), // it is never heard of again
    },
    log: silentLog,
  });
  await expect.poll(() => left).toBeLessThan(0);
  expect(await wordless()).toBe(50);
  expect(await found('zebra')).toHaveLength(90);
  expect(await found('number7')).toEqual(expect.arrayContaining(['notes/n7.md', 'notes/n70.md', 'notes/n79.md']));

  const next = openWordWriter({ store: store(), log: silentLog });
  await next.settled();
  expect(await wordless()).toBe(0);
  expect(await found('zebra')).toHaveLength(90);
  expect(await found('number70')).toEqual(['notes/n70.md']);
  await next.close();
  void dying;
});

test('[GI10] a transaction that is cut off writes nothing, and nothing is skipped for it', async () => {
  await newVolume(many(30));
  const cut = database.transaction(async (inside) => {
    await createSearchStore(inside).writeWords({ files: 20, characters: 1000 });
    const other = openWordWriter({ store: store(), log: silentLog });
    await other.settled(); // those that somebody works on are left out, not waited for
    await other.close();
    throw new Error('cut off');
  });
  await expect(cut).rejects.toThrow('cut off');
  expect(await wordless()).toBe(20);
  const next = openWordWriter({ store: store(), log: silentLog });
  await next.settled();
  expect(await wordless()).toBe(0);
  await next.close();
});

test('[GI10] what comes while words are written has its words too, and a text with too many words stops nobody', async () => {
  // what PostgreSQL refuses: more than a megabyte of different words
  const longWord = () => `${crypto.randomBytes(4).toString('hex')}${'𠀀'.repeat(490)}aB`;
  const monster = `${Array.from({ length: 300 }, longWord).join(' ')} narwhal`;
  await newVolume({ 'a/monster.md': monster });
  await expect(store().writeWords({ files: 1, characters: 150_000 })).rejects.toThrow();
  await add(many(40));
  const writer = openWordWriter({ store: store(), log: silentLog });
  await add({ 'late.md': 'a late quagga' });
  writer.written();
  await writer.settled();
  expect(await wordless()).toBe(0);
  expect(await found('quagga')).toEqual(['late.md']);
  expect(await found('narwhal')).toEqual(['a/monster.md']);
  await writer.close();
});

test('[GI10] after a failure it goes on by itself', async () => {
  await newVolume(many(5));
  let failures = 4;
  const writer = openWordWriter({
    store: { writeWords: (of) => (failures-- > 0 ? Promise.reject(new Error('gone')) : store().writeWords(of)) },
    log: silentLog,
    pause: 10,
  });
  await expect.poll(wordless).toBe(0);
  expect(failures).toBeLessThan(0);
  await writer.close();
});
