// Reading rooms out of PostgreSQL. `pg` decodes bytea from hex, which is slow for megabytes: what holds updates is read by
// COPY BINARY. Used by the server and by the worker that builds documents, each with connections of its own.
import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { isOutage } from '../platform/outage.ts';

/** A row of the log, or (seq 0) the blob that stands for all rows up to `upto`. */
export type StoredUpdate = { seq: number; upto: number; person: string | null; data: Buffer };
/** `upto`: the rows begin after it. */
export type RoomRows = { epoch: number; committed: number; upto: number; updates: StoredUpdate[] };

/** What to read: rows after `since`; the blob too unless `blob` is false, or only its delete set if it still is the blob up to `deletesOfBlob`. */
type Wanted = { since?: number; blob?: boolean; deletesOfBlob?: number };

export type ReadStore = {
  query<Row extends object>(text: string, values: unknown[]): Promise<Row[]>;
  /** Blob and rows of one moment, in order. */
  read(room: number, wanted?: Wanted): Promise<RoomRows>;
  /** On a connection of its own, in one transaction. */
  transaction<T>(work: (client: pg.ClientBase) => Promise<T>): Promise<T>;
  close(): Promise<void>;
};

/** `patience`: how long a read waits for a database that is away, in milliseconds; then it throws. */
export function openReadStore({
  databaseUrl,
  connections = 2,
  patience = 5000,
}: {
  databaseUrl: string;
  connections?: number;
  patience?: number;
}): ReadStore {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: connections,
    idleTimeoutMillis: 30_000,
    connectionTimeoutMillis: patience,
  });
  pool.on('error', () => undefined); // an idle connection was lost; the next read opens another

  /** Reads are repeated while the database restarts. */
  async function withClient<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const deadline = performance.now() + patience;
    for (;;) {
      let client: pg.PoolClient | null = null;
      const ignore = () => undefined; // the failing query reports it
      try {
        client = await pool.connect();
        client.on('error', ignore);
        const result = await work(client);
        client.off('error', ignore);
        client.release();
        return result;
      } catch (error) {
        client?.release(true);
        if (!isOutage(error) || performance.now() > deadline) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }

  return {
    query: <Row extends object>(text: string, values: unknown[]) =>
      withClient(async (client) => (await client.query<Row>(text, values)).rows),
    read: (room, wanted = {}) =>
      withClient(async (client) => readRows(await copyOut(client, selectRows(room, wanted)))),
    transaction: (work) =>
      withClient(async (client) => {
        await client.query('begin');
        const result = await work(client);
        await client.query('commit');
        return result;
      }),
    close: () => pool.end(),
  };
}

/** Numbers only ever come from our own memory; COPY takes no parameters. */
function selectRows(room: number, { since = 0, blob = true, deletesOfBlob }: Wanted): string {
  const [no, after] = [Math.trunc(room), Math.trunc(since)];
  const content = deletesOfBlob === undefined ? 'blob' : 'substring(blob from deletes_at + 1)';
  const which = deletesOfBlob === undefined ? `upto > ${after}` : `upto = ${Math.trunc(deletesOfBlob)}`;
  return (
    [
      `select -1::bigint as seq, committed, null::uuid, int8send(epoch) || int8send(upto) from rooms where no = ${no}`,
      ...(blob
        ? [`select 0, upto, null, ${content} from rooms where no = ${no} and blob is not null and ${which}`]
        : []),
      `select seq, seq, person, data from room_updates where room = ${no} and seq > ${after}`,
    ].join(' union all ') + ' order by 1'
  );
}

async function copyOut(client: pg.ClientBase, select: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of client.query(copyTo(`copy (${select}) to stdout (format binary)`)))
    chunks.push(chunk as Buffer);
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

/** PostgreSQL's binary COPY: a header of 19 bytes, then rows of fields, each with its length before it. */
function readRows(bytes: Buffer): RoomRows {
  const rows: RoomRows = { epoch: 0, committed: 0, upto: 0, updates: [] };
  let at = 19;
  const field = () => {
    const length = bytes.readInt32BE(at);
    at += 4 + Math.max(0, length);
    return length < 0 ? null : bytes.subarray(at - length, at);
  };
  while (bytes.readInt16BE(at) > 0) {
    at += 2;
    const seq = Number(field()!.readBigInt64BE());
    const upto = Number(field()!.readBigInt64BE());
    const person = field();
    const data = field()!;
    if (seq === -1)
      Object.assign(rows, {
        committed: upto,
        epoch: Number(data.readBigInt64BE()),
        upto: Number(data.readBigInt64BE(8)),
      });
    else rows.updates.push({ seq, upto, person: person && uuidOf(person), data });
  }
  return rows;
}

function uuidOf(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
