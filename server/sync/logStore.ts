// The writing end of the update log: one connection, one statement for all that came in since the last. The connection holds the
// database's advisory lock of the log, so that nothing can be appended any more once another server has taken over.
import pg from 'pg';
import { isOutage } from '../platform/outage.ts';

export type LogRow = { room: number; seq: number; person: string | null; data: Buffer };
/** The owner of a client id that was not used in the room before (SY11). */
export type LogClient = { room: number; client: number; person: string | null };
export type Batch = { rows: LogRow[]; clients: LogClient[] };

export type LogStore = {
  /** One statement, one commit. Throws what the database said. */
  append(batch: Batch): Promise<void>;
  /** After a lost connection: whether the rows are in all the same. */
  has(batch: Batch): Promise<boolean>;
  /** The highest seq of each room, blob included. */
  heads(rooms: number[]): Promise<Map<number, number>>;
  /** Waits for the database and for the lock, `patience` ms at most; `false` when `close` came first. */
  connect(patience?: number): Promise<boolean>;
  close(): Promise<void>;
};

/** 'llmo' in ASCII: the key of the advisory lock. */
const lockKey = 0x6c6c6d6f;

export function createLogStore({ databaseUrl }: { databaseUrl: string }): LogStore {
  let client: pg.Client | null = null;
  let closed = false;

  /** The connection with its lock, or why there is none. */
  async function tryToConnect(): Promise<pg.Client | Error> {
    const next = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5000, keepAlive: true });
    next.on('error', () => undefined); // the query that needs it fails and says so
    try {
      await next.connect();
      const { rows } = await next.query<{ locked: boolean }>('select pg_try_advisory_lock($1) as locked', [lockKey]);
      if (rows[0]!.locked) return next;
      next.end().catch(() => undefined);
      return new Error('Another server writes to this database. Stop it first, or give this one another database.');
    } catch (error) {
      next.end().catch(() => undefined);
      if (!isOutage(error)) throw error;
      return error as Error;
    }
  }

  const connected = () => client ?? fail();
  const fail = (): never => {
    throw new Error('the log is not connected');
  };

  return {
    async append({ rows, clients }) {
      if (rows.length === 1 && clients.length === 0) {
        const { room, seq, person, data } = rows[0]!;
        await connected().query({
          name: 'append-one',
          text: 'insert into room_updates (room, seq, person, data) values ($1, $2, $3, $4)',
          values: [room, seq, person, data],
        });
      } else if (clients.length === 0) {
        await connected().query({ name: 'append-rows', text: insertRows, values: rowArrays(rows) });
      } else {
        await connected().query({
          name: 'append-rows-and-clients',
          text: insertRowsAndClients,
          values: [...rowArrays(rows), ...clientArrays(clients)],
        });
      }
    },
    async has({ rows }) {
      const text =
        'select count(*)::int as n from room_updates join unnest($1::int[], $2::bigint[], $4::bytea[]) as t (room, seq, data) using (room, seq) where room_updates.data = t.data and $3::uuid[] is not null';
      const result = await connected().query<{ n: number }>(text, rowArrays(rows));
      return result.rows[0]!.n === rows.length;
    },
    async heads(rooms) {
      const text =
        'select no, greatest(upto, (select max(seq) from room_updates where room = no))::float8 as head from rooms where no = any($1)';
      const result = await connected().query<{ no: number; head: number }>(text, [rooms]);
      return new Map(result.rows.map(({ no, head }) => [no, head]));
    },
    async connect(patience = Infinity) {
      client?.end().catch(() => undefined);
      client = null;
      const deadline = performance.now() + patience;
      for (let pause = 20; !closed; pause = Math.min(500, pause * 1.5)) {
        const outcome = await tryToConnect();
        if (outcome instanceof pg.Client) {
          client = outcome;
          return true;
        }
        if (performance.now() > deadline) throw outcome;
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
      return false;
    },
    async close() {
      closed = true;
      await client?.end().catch(() => undefined);
    },
  };
}

const insertRows =
  'insert into room_updates (room, seq, person, data) select * from unnest($1::int[], $2::bigint[], $3::uuid[], $4::bytea[])';
const insertRowsAndClients = `with owners as (insert into room_clients (room, client, person) select * from unnest($5::int[], $6::bigint[], $7::uuid[]) on conflict do nothing) ${insertRows}`;

const rowArrays = (rows: LogRow[]) => [
  int4s(rows.map(({ room }) => room)),
  int8s(rows.map(({ seq }) => seq)),
  values(
    2950,
    rows.map(({ person }) => uuid(person)),
  ),
  values(
    17,
    rows.map(({ data }) => data),
  ),
];

const clientArrays = (clients: LogClient[]) => [
  int4s(clients.map(({ room }) => room)),
  int8s(clients.map(({ client }) => client)),
  values(
    2950,
    clients.map(({ person }) => uuid(person)),
  ),
];

/**
 * PostgreSQL's binary form of a one-dimensional array; `pg` sends a Buffer as it is, while arrays of bytea would travel as hex text.
 * `bytes`: of all its values with their lengths. They come after the head.
 */
function arrayOf({ type, count, bytes }: { type: number; count: number; bytes: number }): Buffer {
  const target = Buffer.allocUnsafe(head + bytes);
  target.writeInt32BE(1, 0); // dimensions
  target.writeInt32BE(1, 4); // may hold null
  target.writeInt32BE(type, 8);
  target.writeInt32BE(count, 12);
  target.writeInt32BE(1, 16); // first index
  return target;
}
const head = 20;

function values(type: number, all: (Buffer | null)[]): Buffer {
  let bytes = 0;
  for (const value of all) bytes += 4 + (value?.length ?? 0);
  const target = arrayOf({ type, count: all.length, bytes });
  let at = head;
  for (const value of all) {
    at = target.writeInt32BE(value ? value.length : -1, at);
    if (value) at += value.copy(target, at);
  }
  return target;
}

function int4s(numbers: number[]): Buffer {
  const target = arrayOf({ type: 23, count: numbers.length, bytes: numbers.length * 8 });
  let at = head;
  for (const number of numbers) at = target.writeInt32BE(number, target.writeInt32BE(4, at));
  return target;
}

function int8s(numbers: number[]): Buffer {
  const target = arrayOf({ type: 20, count: numbers.length, bytes: numbers.length * 12 });
  let at = head;
  for (const number of numbers) {
    at = target.writeInt32BE(8, at);
    at = target.writeInt32BE(Math.floor(number / 0x100000000), at);
    at = target.writeUInt32BE(number % 0x100000000, at);
  }
  return target;
}

const uuids = new Map<string, Buffer>();

/** People are few and type often: their ids are converted once. */
function uuid(id: string | null): Buffer | null {
  if (id === null) return null;
  let bytes = uuids.get(id);
  if (!bytes) {
    if (uuids.size > 10_000) uuids.clear();
    uuids.set(id, (bytes = Buffer.from(id.replaceAll('-', ''), 'hex')));
  }
  return bytes;
}
