// The update log: what was typed, before anyone else saw it (SY1). `data` columns hold Yjs V1 updates, stored uncompressed
// (STORAGE EXTERNAL, set in the migration) so that a part of a blob can be read without the rest.
import { bigint, customType, integer, pgTable, primaryKey, uuid } from 'drizzle-orm/pg-core';

const bytes = customType<{ data: Uint8Array; driverData: Buffer }>({ dataType: () => 'bytea' });
const big = (name: string) => bigint(name, { mode: 'number' });

export const rooms = pgTable('rooms', {
  /** Short name of the room in the log. */
  no: integer().primaryKey().generatedAlwaysAsIdentity(),
  fileId: uuid('file_id').notNull().unique(),
  /** Goes up when the state must not be merged with older clients (SY5). Starts at 1. */
  epoch: integer().notNull().default(1),
  /** The blob holds all rows up to this seq; the log holds the rest. */
  upto: big('upto').notNull().default(0),
  /** State vector of the blob, and the byte at which its delete set starts. */
  stateVector: bytes('state_vector'),
  deletesAt: integer('deletes_at').notNull().default(0),
  blob: bytes('blob'),
  /** All rows up to this seq are in a commit. Compaction never goes past it: it is the base of attribution (GI3). */
  committed: big('committed').notNull().default(0),
});

export const roomUpdates = pgTable(
  'room_updates',
  {
    room: integer().notNull(),
    seq: big('seq').notNull(),
    /** Who typed it; null: a program without a person. One row holds the words of one person. */
    person: uuid(),
    data: bytes('data').notNull(),
  },
  (t) => [primaryKey({ columns: [t.room, t.seq] })],
);

/** A client id belongs to the person who first wrote under it (SY11). Those of a room's earlier epochs are under its negative number (SY5). */
export const roomClients = pgTable(
  'room_clients',
  {
    room: integer().notNull(),
    client: big('client').notNull(),
    person: uuid(),
  },
  (t) => [primaryKey({ columns: [t.room, t.client] })],
);
