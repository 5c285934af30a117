// The table of rooms: what must be known before a file can be opened, and the few changes that are not appends. Without
// drizzle, which would take most of the time in which the thread that builds documents starts.
import type { ReadStore } from './readStore.ts';

export type BlobInfo = { upto: number; size: number; vector: Buffer };
export type RoomHead = {
  no: number;
  fileId: string;
  epoch: number;
  committed: number;
  /** the log begins after it */ upto: number;
  blob: BlobInfo | null;
  rows: number;
  owners: Map<number, string | null>;
  /** Client ids of earlier epochs. */
  retired: Set<number>;
};

/** The first row of a room: one update, by one client id that stays the server's own. */
export type FirstRow = { client: number; data: Buffer; person: string | null };

export async function readHeads({
  store,
  fileIds,
}: {
  store: ReadStore;
  fileIds: string[];
}): Promise<Map<string, RoomHead>> {
  const heads = await store.query<{
    no: number;
    file_id: string;
    epoch: number;
    committed: string;
    upto: string;
    state_vector: Buffer | null;
    size: number;
    rows: number;
  }>(
    `select no, file_id, epoch, committed, upto, state_vector, coalesce(octet_length(blob), 0) as size,
      (select count(*)::int from room_updates where room = no and seq > upto) as rows from rooms where file_id = any($1)`,
    [fileIds],
  );
  const owners = await store.query<{ room: number; client: string; person: string | null }>(
    'select room, client, person from room_clients where room = any($1)',
    [heads.flatMap(({ no }) => [no, -no])],
  );
  const found = new Map<string, RoomHead>();
  const byNo = new Map<number, RoomHead>();
  for (const { no, file_id: fileId, epoch, committed, upto, state_vector: vector, size, rows } of heads) {
    const head: RoomHead = {
      no,
      fileId,
      epoch,
      committed: Number(committed),
      upto: Number(upto),
      blob: vector && { upto: Number(upto), size, vector },
      rows,
      owners: new Map(),
      retired: new Set(),
    };
    found.set(fileId, head);
    byNo.set(no, head);
  }
  for (const { room, client, person } of owners) {
    if (room < 0) byNo.get(-room)!.retired.add(Number(client));
    else byNo.get(room)!.owners.set(Number(client), person);
  }
  return found;
}

/** Null: the file has no room yet. */
export async function readNumber({ store, fileId }: { store: ReadStore; fileId: string }): Promise<number | null> {
  const rows = await store.query<{ no: number }>('select no from rooms where file_id = $1', [fileId]);
  return rows[0]?.no ?? null;
}

/**
 * Makes the room of a file, once: of several that try at the same moment one wins, the others change nothing (SY4).
 * `committed`: the text is that of the last version.
 */
export function createRoom({
  store,
  fileId,
  first,
  committed,
}: {
  store: ReadStore;
  fileId: string;
  first: FirstRow | null;
  committed: boolean;
}): Promise<boolean> {
  return store.transaction(async (client) => {
    const made = await client.query<{ no: number }>(
      'insert into rooms (file_id, committed) values ($1, $2) on conflict do nothing returning no',
      [fileId, first && committed ? 1 : 0],
    );
    const no = made.rows[0]?.no;
    if (no === undefined) return false;
    if (first) {
      await client.query('insert into room_updates (room, seq, person, data) values ($1, 1, $2, $3)', [
        no,
        first.person,
        first.data,
      ]);
      await client.query('insert into room_clients (room, client, person) values ($1, $2, null)', [no, first.client]);
    }
    return true;
  });
}

/**
 * Forgets the room's history and begins again, under the next epoch. Seqs go on, so that no old mark means anything new; who wrote is
 * remembered under the room's negative number, so that a document of the history that is gone can be told from a new one.
 */
export function renewRoom({
  store,
  fileId,
  rows,
}: {
  store: ReadStore;
  fileId: string;
  rows: (FirstRow & { committed: boolean })[];
}): Promise<void> {
  return store.transaction(async (client) => {
    const found = await client.query<{ no: number; head: string }>(
      'select no, greatest(upto, committed, (select max(seq) from room_updates where room = no)) as head from rooms where file_id = $1 for update',
      [fileId],
    );
    const { no, head } = found.rows[0]!;
    let seq = Number(head);
    await client.query('delete from room_updates where room = $1', [no]);
    await client.query(
      'insert into room_clients (room, client, person) select -room, client, person from room_clients where room = $1 on conflict do nothing',
      [no],
    );
    await client.query('delete from room_clients where room = $1', [no]);
    await client.query(
      'update rooms set epoch = epoch + 1, upto = $2, committed = $3, blob = null, state_vector = null, deletes_at = 0 where no = $1',
      [no, seq, seq + rows.filter((row) => row.committed).length],
    );
    for (const row of rows) {
      await client.query('insert into room_updates (room, seq, person, data) values ($1, $2, $3, $4)', [
        no,
        ++seq,
        row.person,
        row.data,
      ]);
      await client.query(
        'insert into room_clients (room, client, person) values ($1, $2, null) on conflict do nothing',
        [no, row.client],
      );
    }
  });
}

/** Replaces the log up to `upto` by a blob, if nobody did so in between. */
export function replaceByBlob({
  store,
  no,
  epoch,
  before,
  upto,
  vector,
  deletesAt,
  blob,
}: {
  store: ReadStore;
  no: number;
  epoch: number;
  before: number;
  upto: number;
  vector: Buffer;
  deletesAt: number;
  blob: Buffer;
}): Promise<boolean> {
  return store.transaction(async (client) => {
    const done = await client.query(
      'update rooms set upto = $4, state_vector = $5, deletes_at = $6, blob = $7 where no = $1 and epoch = $2 and upto = $3 and committed >= $4',
      [no, epoch, before, upto, vector, deletesAt, blob],
    );
    if (done.rowCount === 1) await client.query('delete from room_updates where room = $1 and seq <= $2', [no, upto]);
    return done.rowCount === 1;
  });
}

/** A file without a room gets the column's default when it is opened; a restore raises it. */
export async function readEpoch({ store, fileId }: { store: ReadStore; fileId: string }): Promise<number> {
  const rows = await store.query<{ epoch: number }>(
    `select coalesce((select epoch from rooms where file_id = $1), (select column_default::int from information_schema.columns
     where table_schema = 'public' and table_name = 'rooms' and column_name = 'epoch')) as epoch`,
    [fileId],
  );
  return rows[0]!.epoch;
}

export async function readPending({ store }: { store: ReadStore }): Promise<{ fileId: string; people: string[] }[]> {
  return store.query(
    `select file_id as "fileId", array_remove(array_agg(distinct person), null)::text[] as people
      from rooms join room_updates on room = no and seq > committed group by file_id`,
    [],
  );
}

export function removeRooms({ store, fileIds }: { store: ReadStore; fileIds: string[] }): Promise<void> {
  return store.transaction(async (client) => {
    const { rows } = await client.query<{ no: number }>('delete from rooms where file_id = any($1) returning no', [
      fileIds,
    ]);
    await client.query('delete from room_updates where room = any($1)', [rows.map(({ no }) => no)]);
    await client.query('delete from room_clients where room = any($1)', [rows.flatMap(({ no }) => [no, -no])]);
  });
}

/** Rooms whose log has grown by so much that is in a version. */
export async function readFoldable({
  store,
  fileIds,
  rows,
  bytes,
}: {
  store: ReadStore;
  fileIds: string[];
  rows: number;
  bytes: number;
}): Promise<{ no: number; fileId: string }[]> {
  return store.query(
    `select no, file_id as "fileId" from rooms join room_updates on room = no and seq <= committed where file_id = any($1)
      group by no, file_id having count(*) > $2 or sum(octet_length(data)) > $3`,
    [fileIds, rows, bytes],
  );
}
