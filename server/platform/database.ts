// The one way to PostgreSQL: a pool with drizzle on top, and the migrations. Slices keep their tables and queries to themselves.
import path from 'node:path';
import { sql } from 'drizzle-orm';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import pg from 'pg';

export type Database = NodePgDatabase & { $client: pg.Pool };
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

export async function migrateDatabase(database: Database): Promise<void> {
  await migrate(database, { migrationsFolder: path.join(import.meta.dirname, 'migrations') });
}

/** Throws when the database does not answer. */
export async function pingDatabase(database: Database): Promise<void> {
  await database.execute(sql`select 1`);
}
