// One server owns a database (docs/decisions/0011): it holds an advisory lock on a connection of its own, for as long as it lives. Who
// appends to a file's log asks `held()` first, so that a server whose lock was lost stops writing before another one may begin.
import os from 'node:os';
import pg from 'pg';
import type { Log } from './log.ts';

export type Ownership = {
  /** This server may write now. False from the moment the lock's connection is lost until it is taken again. */
  held: () => boolean;
  /** Gives the lock back. */
  close: () => Promise<void>;
};

// Any number will do, as long as it is always the same one.
const lock = 5_465_707_911;

/**
 * Waits up to `patience` ms for a server that is just ending, then throws a sentence that names the one that holds the lock.
 * `taken` is called when the lock was lost (the database started again) and another server was faster: then this one must stop.
 */
export async function openOwnership({
  url,
  log,
  taken,
  patience = 3000,
}: {
  url: string;
  log: Log;
  taken: (sentence: string) => void;
  patience?: number;
}): Promise<Ownership> {
  let client: pg.Client | null = null;
  let closing = false;

  async function take(): Promise<'taken' | { holder: string }> {
    const name = `llmos ${process.pid} on ${os.hostname()}`.slice(0, 63);
    const next = new pg.Client({
      connectionString: url,
      application_name: name,
      keepAlive: true,
      connectionTimeoutMillis: 5000,
    });
    next.on('error', () => lost(next));
    next.on('end', () => lost(next));
    await next.connect().catch((error: Error) => {
      throw new Error(`The database cannot be used: ${error.message}.`, { cause: error });
    });
    const { rows } = await next.query<{ mine: boolean }>('select pg_try_advisory_lock($1) as mine', [lock]);
    if (rows[0]?.mine) {
      client = next;
      return 'taken';
    }
    const holder = await next.query<{ name: string }>(
      `select application_name as name from pg_locks join pg_stat_activity using (pid)
       where locktype = 'advisory' and granted and objsubid = 1 and ((classid::bigint << 32) | objid::bigint) = $1
         and database = (select oid from pg_database where datname = current_database())`,
      [lock],
    );
    await next.end();
    return { holder: holder.rows[0]?.name || 'another server' };
  }

  function lost(which: pg.Client) {
    if (which !== client || closing) return;
    client = null;
    log.warn('ownership.lost');
    void retake();
  }

  async function retake() {
    while (!closing && !client) {
      const result = await take().catch(() => null);
      if (result === 'taken') return log.info('ownership.retaken');
      if (result) return taken(sentence(result.holder));
      await pause(100);
    }
  }

  const deadline = Date.now() + patience;
  for (;;) {
    const result = await take();
    if (result === 'taken') break;
    if (Date.now() >= deadline) throw new Error(sentence(result.holder));
    await pause(100);
  }
  return {
    held: () => client !== null,
    async close() {
      closing = true;
      await client?.end();
    },
  };
}

const sentence = (holder: string) =>
  `Another LLMos server (${holder}) works with this database. Stop that one first, or give this one a database and a DATA_DIR of its own.`;

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));
