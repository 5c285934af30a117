// What the files of all volumes are to memory, at the last version of each. Made from the files and can be made again at will.
import { customType, index, jsonb, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core';
import type { LifecycleState, MemoryEntry, MemoryLink, MemoryOutcome, MemoryType } from '#shared/memoryEntry.ts';

const bytes = customType<{ data: Uint8Array; driverData: Buffer }>({ dataType: () => 'bytea' });
const words = customType<{ data: string }>({ dataType: () => 'tsvector' });

export const memoryEntries = pgTable(
  'memory_entries',
  {
    fileId: uuid('file_id').primaryKey(),
    volumeId: uuid('volume_id').notNull(),
    path: text().notNull(),
    /** The blob that was read. */
    blob: text().notNull(),
    /** Null: the file is no memory, and need not be read again until it changes. */
    type: text().$type<MemoryType>(),
    title: text().notNull(),
    gist: text().notNull(),
    excerpt: text().notNull(),
    at: timestamp({ withTimezone: true, mode: 'date' }).notNull(),
    state: text().$type<LifecycleState>().notNull(),
    outcome: text().$type<MemoryOutcome>().notNull(),
    project: text(),
    traceId: text('trace_id'),
    links: jsonb().$type<MemoryLink[]>().notNull(),
    metadata: jsonb().$type<MemoryEntry['metadata']>().notNull(),
    words: words().notNull(),
    /** See vectors.ts; null until somebody computed it. */
    vector: bytes(),
  },
  (t) => [index('memory_entries_volume').on(t.volumeId), index('memory_entries_words').using('gin', t.words)],
);
