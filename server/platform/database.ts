// The one way to PostgreSQL: a pool with drizzle on top, and the migrations. Slices keep their tables and queries to themselves.
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { sql, type SQL } from 'drizzle-orm';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import pg from 'pg';

export type Database = NodePgDatabase & { $client: pg.Pool };
/** One statement, or a part of one, with its values. */
export type Statement = SQL;
/** What queries take: the database, or a transaction of it. */
export type Queries = Pick<
  Database,
  'select' | 'selectDistinct' | 'insert' | 'update' | 'delete' | 'execute' | 'transaction' | 'with' | '$count'
>;

/** `url`: a PostgreSQL connection string. `connections`: the most that are open at once. */
export async function openDatabase({
  url,
  connections = 10,
}: {
  url: string;
  connections?: number;
}): Promise<Database & { close: () => Promise<void> }> {
  const pool = new pg.Pool({ connectionString: url, max: connections });
  pool.on('error', () => undefined); // an idle connection was lost; the next query opens another
  const database = drizzle(pool) as Database;
  return Object.assign(database, { close: () => pool.end() });
}

const migrations = path.join(import.meta.dirname, 'migrations');

/** `only`: hashes of the migrations to run, when not all; they must be the first ones. */
export async function migrateDatabase(database: Database, { only }: { only?: string[] } = {}): Promise<void> {
  if (!only) return migrate(database, { migrationsFolder: migrations });
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'llmos-migrations-'));
  try {
    fs.cpSync(migrations, folder, { recursive: true });
    const journal = JSON.parse(fs.readFileSync(path.join(folder, 'meta/_journal.json'), 'utf8')) as Journal;
    checkMigrations(only);
    journal.entries.length = only.length;
    fs.writeFileSync(path.join(folder, 'meta/_journal.json'), JSON.stringify(journal));
    await migrate(database, { migrationsFolder: folder });
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

/** Throws a sentence for people when these are not the first of our migrations. */
export function checkMigrations(hashes: string[]): void {
  const journal = JSON.parse(fs.readFileSync(path.join(migrations, 'meta/_journal.json'), 'utf8')) as Journal;
  const known = journal.entries.map(({ tag }) => hashOf(path.join(migrations, `${tag}.sql`)));
  if (hashes.some((hash, i) => hash !== known[i]))
    throw new Error(
      'The database of this backup was made by another release. Restore it with that release, then upgrade.',
    );
}

type Journal = { entries: { tag: string }[] };
const hashOf = (file: string) => crypto.createHash('sha256').update(fs.readFileSync(file)).digest('hex');

/** What has been run in this database, in order. */
export async function migrationHashes(client: Pick<pg.ClientBase, 'query'>): Promise<string[]> {
  const { rows } = await client.query<{ hash: string }>('select hash from drizzle.__drizzle_migrations order by id');
  return rows.map(({ hash }) => hash);
}

/** Throws when the database does not answer. */
export async function pingDatabase(database: Database): Promise<void> {
  await database.execute(sql`select 1`);
}
