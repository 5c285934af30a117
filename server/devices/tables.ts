// What outlives a board's browser and the server: how far its numbers have come, who stopped it, who sent what, and what is kept on
// disk for it. A board's id is its file's. Bytes of artifacts and recordings are files in the data folder.
import { bigint, boolean, index, integer, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core';

const at = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });
const big = (name: string) => bigint(name, { mode: 'number' });

export const deviceBoards = pgTable('device_boards', {
  fileId: uuid('file_id').primaryKey(),
  /** Epochs and offsets below these may have been used: after a kill both go on from here, and never back. */
  epoch: big('epoch').notNull(),
  offset: big('offset').notNull(),
  /** Somebody pressed the emergency stop, and nobody cleared it. */
  stopBy: uuid('stop_by'),
  stopAt: at('stop_at'),
  stopDone: boolean('stop_done').notNull().default(false),
  /** Somebody drove, and it was not brought to rest since. */
  restless: boolean().notNull().default(false),
});

export const deviceEvents = pgTable(
  'device_events',
  {
    id: big('id').primaryKey().generatedAlwaysAsIdentity(),
    fileId: uuid('file_id').notNull(),
    at: at('at').notNull(),
    kind: text().notNull(),
    personId: uuid('person_id'),
    runId: uuid('run_id'),
    text: text().notNull(),
    /** Of `input`: how many. */
    bytes: integer(),
  },
  (t) => [index('device_events_file').on(t.fileId, t.id)],
);

export const deviceArtifacts = pgTable(
  'device_artifacts',
  {
    id: uuid().primaryKey(),
    fileId: uuid('file_id').notNull(),
    name: text().notNull(),
    bytes: integer().notNull(),
    sha256: text().notNull(),
    personId: uuid('person_id').notNull(),
    createdAt: at('created_at').notNull(),
  },
  (t) => [index('device_artifacts_file').on(t.fileId, t.createdAt)],
);

export const deviceRecordings = pgTable(
  'device_recordings',
  {
    id: uuid().primaryKey(),
    fileId: uuid('file_id').notNull(),
    personId: uuid('person_id').notNull(),
    startedAt: at('started_at').notNull(),
    endedAt: at('ended_at'),
    ended: text({ enum: ['stopped', 'full', 'interrupted'] }),
    outputBytes: big('output_bytes').notNull(),
    inputBytes: big('input_bytes').notNull(),
    ms: big('ms').notNull(),
  },
  (t) => [index('device_recordings_file').on(t.fileId, t.startedAt)],
);
