import { DrizzleQueryError, sql } from 'drizzle-orm';
import pg from 'pg';
import { afterAll, expect, inject, test } from 'vitest';
import { isOutage } from './outage.ts';
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

const fromDatabase = (code: string) => Object.assign(new pg.DatabaseError('no', 0, 'error'), { code });
const fromSystem = (code: string) => Object.assign(new Error(code), { code });

test('[SY2] a lost connection and a database that restarts are waited for; what it refuses, and our own faults, are not', () => {
  for (const code of ['EPIPE', 'ECONNRESET', 'ECONNREFUSED', 'ENOENT'])
    expect(isOutage(fromSystem(code)), code).toBe(true);
  for (const code of ['57P01', '57P03', '08006', '53300', '25006'])
    expect(isOutage(fromDatabase(code)), code).toBe(true);
  expect(isOutage(new Error('Connection terminated unexpectedly'))).toBe(true);
  for (const code of ['23505', '22021', '42P01']) expect(isOutage(fromDatabase(code)), code).toBe(false);
  expect(isOutage(new DrizzleQueryError('select', [], fromSystem('ECONNRESET')))).toBe(true);
  expect(isOutage(new DrizzleQueryError('select', [], fromDatabase('23505')))).toBe(false);
  expect(isOutage(new TypeError('x is not a function'))).toBe(false);
});
