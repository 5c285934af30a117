import pg from 'pg';
import { expect, inject, onTestFinished, test } from 'vitest';
import { silentLog } from './log.ts';
import { openOwnership } from './ownership.ts';
import { openTestDatabase } from './testDatabase.ts';

async function freshDatabase() {
  const database = await openTestDatabase(inject('postgresUrl'));
  onTestFinished(() => database.close());
  const open = async (taken: (sentence: string) => void = () => undefined) => {
    const ownership = await openOwnership({ url: database.url, log: silentLog, taken, patience: 200 });
    onTestFinished(() => ownership.close());
    return ownership;
  };
  /** As if the database ended the connection that holds the lock. */
  const cut = async () => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const { rowCount } = await client.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'llmos %' and datname = current_database()`,
    );
    await client.end();
    return rowCount;
  };
  return { open, cut, url: database.url };
}

const until = async (done: () => boolean) => {
  for (let i = 0; i < 200 && !done(); i++) await new Promise((next) => setTimeout(next, 20));
  expect(done()).toBe(true);
};

test('a second server on one database is refused with a sentence that names the first', async () => {
  const { open } = await freshDatabase();
  const first = await open();
  await expect(open()).rejects.toThrow(
    new RegExp(`Another LLMos server \\(llmos ${process.pid} on .*\\) works with this database`),
  );
  await first.close();
  expect((await open()).held()).toBe(true);
});

test('a server that is just ending is waited for', async () => {
  const { open } = await freshDatabase();
  const first = await open();
  setTimeout(() => void first.close(), 100);
  expect((await open()).held()).toBe(true);
});

test('a lock that is lost with its connection is taken again; until then nothing may be written', async () => {
  const { open, cut } = await freshDatabase();
  const ownership = await open();
  expect(await cut()).toBe(1);
  await until(() => !ownership.held());
  await until(() => ownership.held());
});

test('when another server was faster, this one is told to stop', async () => {
  const { open, cut, url } = await freshDatabase();
  const told: string[] = [];
  const first = await open((sentence) => told.push(sentence));
  const waiting = new pg.Client({ connectionString: url, application_name: 'the other one' });
  await waiting.connect();
  onTestFinished(() => waiting.end());
  const taking = waiting.query('select pg_advisory_lock(5465707911)');
  await cut();
  await taking;
  await until(() => told.length > 0);
  expect(first.held()).toBe(false);
  expect(told[0]).toContain('the other one');
});
