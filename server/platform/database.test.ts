import { sql } from 'drizzle-orm';
import { afterAll, expect, inject, test } from 'vitest';
import { openTestDatabase } from './testDatabase.ts';

const database = await openTestDatabase(inject('postgresUrl'));
afterAll(() => database.close());

test('blobs and log rows are stored uncompressed, so that a part can be read without the rest', async () => {
  const { rows } = await database.execute(
    sql`select attname, attstorage from pg_attribute where attrelid in ('rooms'::regclass, 'room_updates'::regclass) and attname in ('blob', 'data') order by 1`,
  );
  expect(rows).toEqual([
    { attname: 'blob', attstorage: 'e' },
    { attname: 'data', attstorage: 'e' },
  ]);
});
