import crypto from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, expect, inject, test } from 'vitest';
import { openTestDatabase } from '../../platform/testDatabase.ts';
import { files, searchTexts, volumes } from '../tables.ts';
import type { Plan, RowChange } from './checkpointStore.ts';
import { writePlan } from './planStore.ts';

const database = await openTestDatabase(inject('postgresUrl'));
afterAll(() => database.close());

const names = ['one', 'two', 'three', 'four'] as const;

/** A volume with the files one, two, three, four. */
async function newVolume() {
  const [volume] = await database
    .insert(volumes)
    .values({ name: crypto.randomUUID(), kind: 'team' })
    .returning({ id: volumes.id });
  const volumeId = volume!.id;
  const ids = Object.fromEntries(names.map((name) => [name, crypto.randomUUID()])) as Record<
    (typeof names)[number],
    string
  >;
  const marked: Plan['marks'] = [];
  const write = (rows: RowChange[], more: Partial<Plan> = {}, isWhole = false) =>
    writePlan({
      database, intent: null, isWhole,
      plan: { volumeId, at: 1_700_000_000_000, versions: [], rows, marks: [], blames: [], searches: [], ...more },
      bodies: new Map(more.searches?.map(({ fileId, blob }) => [fileId, `body of ${blob}`])),
      markCommitted: (marks) => (marked.push(...marks), sql`select 1`),
    }); // prettier-ignore
  const puts = names.map((name) => putOf(ids[name], name));
  await write(puts, { searches: names.map((name) => ({ fileId: ids[name], path: name, blob: name })) });
  const rows = async () => {
    const found = await database
      .select()
      .from(files)
      .where(sql`volume_id = ${volumeId} and deleted_at is null`);
    return Object.fromEntries(
      found.map((row) => [names.find((name) => ids[name] === row.id) ?? '?', `${row.path} ${row.blob}`]),
    );
  };
  const searched = async () => {
    const found = await database
      .select()
      .from(searchTexts)
      .where(sql`volume_id = ${volumeId}`);
    return found.map(({ path, body }) => `${path}: ${body}`).sort();
  };
  return { ids, write, rows, searched, marked };
}

const putOf = (fileId: string, path: string, blob = path): RowChange => ({
  act: 'put', fileId, path, fileKind: 'text', blob, size: blob.length, held: false,
}); // prettier-ignore

test('files change places, go away and make room for new ones, all in one act', async () => {
  const { ids, write, rows, searched } = await newVolume();
  await write([
    { act: 'move', fileId: ids.one, path: 'two' },
    { act: 'move', fileId: ids.two, path: 'one' },
    { act: 'commit', fileId: ids.two, blob: 'new words', size: 9 },
    { act: 'delete', fileId: ids.three, by: null },
    putOf(crypto.randomUUID(), 'three', 'another'),
  ]);
  expect(await rows()).toEqual({ one: 'two one', two: 'one new words', four: 'four four', '?': 'three another' });
  expect(await searched()).toEqual(['four: body of four', 'one: body of two', 'two: body of one']);
  await write([putOf(ids.three, 'back')], {}, false);
  expect((await rows())['three']).toBe('back back');
});

test('[GI10] words are written again for the files whose path or text changed, and only for them', async () => {
  const { ids, write } = await newVolume();
  await database.execute(sql`update search_texts set words = 'there'::tsvector`);
  await write(
    [
      { act: 'move', fileId: ids.one, path: 'elsewhere' },
      { act: 'commit', fileId: ids.two, blob: 'new', size: 3 },
    ],
    { searches: [{ fileId: ids.two, path: 'two', blob: 'new' }] },
  );
  const rows = await database
    .select()
    .from(searchTexts)
    .where(sql`words is null`);
  expect(rows.map(({ fileId }) => fileId).sort()).toEqual([ids.one, ids.two].sort());
});

test('a file moves to the path of one that goes, and a new one comes to where it was', async () => {
  const { ids, write, rows } = await newVolume();
  await write([
    { act: 'delete', fileId: ids.one, by: null },
    { act: 'move', fileId: ids.two, path: 'one' },
  ]);
  await write([{ act: 'move', fileId: ids.three, path: 'five' }, putOf(crypto.randomUUID(), 'three', 'new')]);
  expect(await rows()).toEqual({ two: 'one two', three: 'five three', four: 'four four', '?': 'three new' });
});

test('what others wrote in a file that comes back counts over the bytes it comes with', async () => {
  const { ids, write, rows } = await newVolume();
  await write([putOf(ids.one, 'one', 'restored'), { act: 'commit', fileId: ids.one, blob: 'written above', size: 13 }]);
  expect((await rows())['one']).toBe('one written above');
});

test('a whole volume may have any path anywhere', async () => {
  const { ids, write, rows } = await newVolume();
  await write([putOf(ids.one, 'two'), putOf(ids.two, 'three'), putOf(ids.three, 'one')], {}, true);
  expect(await rows()).toEqual({ one: 'two two', two: 'three three', three: 'one one', four: 'four four' });
});

test('a plan of many rows takes several statements, and each row is there once', { timeout: 30_000 }, async () => {
  const { write, rows, searched, marked } = await newVolume();
  const ids = Array.from({ length: 4100 }, () => crypto.randomUUID());
  const marks = ids.map((fileId, upto) => ({ fileId, upto }));
  const searches = ids.map((fileId, i) => ({ fileId, path: `many/${i}`, blob: `${i} `.repeat(400) }));
  await write(ids.map((id, i) => putOf(id, `many/${i}`)), { marks, searches }); // prettier-ignore
  expect(Object.keys(await rows())).toHaveLength(5);
  expect(await database.$count(files, sql`path like 'many/%'`)).toBe(4100);
  expect(await searched()).toHaveLength(4104);
  expect(marked).toEqual(marks);
});
