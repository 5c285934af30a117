import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { openEmbeddedPostgres } from './embeddedPostgres.ts';

function folder() {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'llmos-pg-'));
  onTestFinished(() => fs.rmSync(made, { recursive: true }));
  return path.join(made, 'postgres');
}

async function query(url: string, text: string) {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query(text)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}

const gone = async (pid: number) => {
  for (let i = 0; i < 500; i++) {
    try {
      process.kill(pid, 0);
    } catch {
      return true;
    }
    await new Promise((done) => setTimeout(done, 20));
  }
  return false;
};

test('what was committed survives kill -9 of PostgreSQL, which is started again by itself', async () => {
  const directory = folder();
  // what a kill during the very first start leaves behind is not mistaken for a database
  fs.mkdirSync(path.join(directory, 'cluster.new'), { recursive: true });
  fs.writeFileSync(path.join(directory, 'cluster.new', 'PG_VERSION'), '18\n');
  const postgres = await openEmbeddedPostgres({ directory });
  await query(postgres.url, 'create table words (word text)');
  await query(postgres.url, `insert into words values ('kept')`);
  const first = postgres.pid();
  process.kill(first, 'SIGKILL');
  let rows: unknown;
  for (let i = 0; i < 200 && !rows; i++) {
    rows = await query(postgres.url, 'select word from words').catch(() => null);
    if (!rows) await new Promise((done) => setTimeout(done, 50));
  }
  expect(rows).toEqual([{ word: 'kept' }]);
  await expect.poll(() => postgres.pid()).not.toBe(first);
  await postgres.stop();
  expect(await gone(postgres.pid())).toBe(true);
});

test('one that a killed server left behind is adopted, and stopped by who adopted it', async () => {
  const directory = folder();
  const left = await openEmbeddedPostgres({ directory });
  const adopting = await openEmbeddedPostgres({ directory });
  expect([adopting.adopted, adopting.pid(), adopting.url]).toEqual([true, left.pid(), left.url]);
  await adopting.stop();
  expect(await gone(left.pid())).toBe(true);
  await left.stop();
});
