// Who looked at what landed (RV3). A commit is reviewed when somebody other than its author approved it, or when it was reverted.
import { index, pgTable, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core';

export const reviews = pgTable(
  'reviews',
  {
    volumeId: uuid('volume_id').notNull(),
    oid: text().notNull(),
    personId: uuid('person_id').notNull(),
    verdict: text({ enum: ['approved', 'reverted'] }).notNull(),
    at: timestamp({ withTimezone: true, mode: 'date' }).notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.volumeId, t.oid, t.personId] }), index('reviews_commit').on(t.volumeId, t.oid)],
);
