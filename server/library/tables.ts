// What definitions are about, as vectors: made from their texts and can be made again, at some milliseconds each.
import { customType, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core';

const bytes = customType<{ data: Uint8Array; driverData: Buffer }>({ dataType: () => 'bytea' });

export const definitionVectors = pgTable(
  'definition_vectors',
  {
    volumeId: uuid('volume_id').notNull(),
    /** Of the words that were measured, and of the model. */
    key: text().notNull(),
    /** float32, little-endian. */
    vector: bytes().notNull(),
  },
  (t) => [primaryKey({ columns: [t.volumeId, t.key] })],
);
