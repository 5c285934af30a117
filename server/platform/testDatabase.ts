// For tests only: one real PostgreSQL a test run (vitest's globalSetup), one database a test file.
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { migrateDatabase, openDatabase } from './database.ts';
import { openEmbeddedPostgres } from './embeddedPostgres.ts';

declare module 'vitest' {
  interface ProvidedContext {
    postgresUrl: string;
  }
}

export async function setup(project: TestProject) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'llmos-test-'));
  const postgres = await openEmbeddedPostgres({
    directory,
    settings: { max_connections: '200', fsync: 'off', synchronous_commit: 'off' },
  });
  const template = await openDatabase({ url: databaseUrl(postgres.url, 'template1') });
  await migrateDatabase(template);
  await template.close();
  project.provide('postgresUrl', postgres.url);
  return async () => {
    await postgres.stop();
    fs.rmSync(directory, { recursive: true, force: true });
  };
}

const databaseUrl = (url: string, name: string) => url.replace('///postgres?', `///${name}?`);

/** A fresh, migrated database of the run's PostgreSQL. `postgresUrl`: `inject('postgresUrl')` of vitest. */
export async function openTestDatabase(postgresUrl: string) {
  const name = `test_${crypto.randomBytes(6).toString('hex')}`;
  const admin = new pg.Client({ connectionString: postgresUrl });
  await admin.connect();
  // two files at once may both want the template: one waits
  await admin.query('select pg_advisory_lock(1)');
  await admin.query(`create database ${name}`);
  await admin.end();
  const url = databaseUrl(postgresUrl, name);
  const database = await openDatabase({ url });
  return Object.assign(database, { url });
}
