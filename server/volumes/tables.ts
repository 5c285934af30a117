// Volumes, the files in them, and the index of their versions. Git holds the content and is the truth about versions; the tables
// commits, commitFiles, blames and searchTexts are filled with each commit and can be rebuilt from git at will (GI7).
import {
  boolean,
  customType,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import { sql } from 'drizzle-orm';

const at = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });
const bytes = customType<{ data: Uint8Array; driverData: Buffer }>({ dataType: () => 'bytea' });
const words = customType<{ data: string }>({ dataType: () => 'tsvector' });

export const volumes = pgTable('volumes', {
  id: uuid().primaryKey().defaultRandom(),
  /** `system`, `team/<slug>` or `user/<login>` */
  name: text().notNull().unique(),
  kind: text({ enum: ['system', 'team', 'user'] }).notNull(),
  teamId: uuid('team_id'),
  personId: uuid('person_id'),
  createdAt: at('created_at').notNull().defaultNow(),
});

export const files = pgTable(
  'files',
  {
    id: uuid().primaryKey().defaultRandom(),
    volumeId: uuid('volume_id')
      .notNull()
      .references(() => volumes.id, { onDelete: 'cascade' }),
    branch: text().notNull().default('main'),
    path: text().notNull(),
    /** The path folded by case and Unicode form: no two files may differ only in that (GI8). */
    pathKey: text('path_key').notNull(),
    kind: text({ enum: ['text', 'binary'] }).notNull(),
    size: integer().notNull().default(0),
    /** The blob of the last version; null before the first. */
    blob: text(),
    createdAt: at('created_at').notNull().defaultNow(),
    updatedAt: at('updated_at').notNull().defaultNow(),
    deletedAt: at('deleted_at'),
    deletedBy: uuid('deleted_by'),
    /** Held back from commits since then: it looks as if it holds a secret. */
    heldAt: at('held_at'),
    /** A person said that it is none; SHA-256 of the words that were judged. */
    notSecret: text('not_secret'),
  },
  (t) => [
    uniqueIndex('files_path')
      .on(t.volumeId, t.branch, t.pathKey)
      .where(sql`deleted_at is null`),
    index('files_volume').on(t.volumeId),
  ],
);

/** Folders that somebody made and that may hold nothing; git knows none of those. */
export const folders = pgTable(
  'folders',
  {
    volumeId: uuid('volume_id')
      .notNull()
      .references(() => volumes.id, { onDelete: 'cascade' }),
    path: text().notNull(),
  },
  (t) => [primaryKey({ columns: [t.volumeId, t.path] })],
);

export const commits = pgTable(
  'commits',
  {
    volumeId: uuid('volume_id')
      .notNull()
      .references(() => volumes.id, { onDelete: 'cascade' }),
    oid: text().notNull(),
    parent: text(),
    /** Position in the history of the volume's main branch, from 1. */
    position: integer().notNull(),
    author: uuid(),
    authorName: text('author_name').notNull(),
    authorEmail: text('author_email').notNull(),
    coAuthors: uuid('co_authors').array().notNull().default([]),
    message: text().notNull(),
    kind: text().notNull(),
    /** Commits of one act (one pause, one restore) share it. */
    groupId: uuid('group_id').notNull(),
    /** For a revert: the commit it undoes. */
    undoes: text(),
    at: at('at').notNull(),
    added: integer().notNull().default(0),
    removed: integer().notNull().default(0),
    fileCount: integer('file_count').notNull().default(0),
  },
  (t) => [primaryKey({ columns: [t.volumeId, t.oid] }), uniqueIndex('commits_position').on(t.volumeId, t.position)],
);

export const commitFiles = pgTable(
  'commit_files',
  {
    volumeId: uuid('volume_id')
      .notNull()
      .references(() => volumes.id, { onDelete: 'cascade' }),
    position: integer().notNull(),
    fileId: uuid('file_id').notNull(),
    path: text().notNull(),
    pathBefore: text('path_before'),
    blob: text(),
    blobBefore: text('blob_before'),
    added: integer().notNull().default(0),
    removed: integer().notNull().default(0),
    binary: boolean().notNull().default(false),
  },
  (t) => [
    primaryKey({ columns: [t.volumeId, t.position, t.fileId] }),
    index('commit_files_file').on(t.fileId, t.position),
    index('commit_files_path').on(t.volumeId, t.path, t.position),
  ],
);

/** Written before a ref moves, removed after the tables followed. At start, what git has is completed and the rest forgotten. */
export const checkpointIntents = pgTable('checkpoint_intents', {
  id: uuid().primaryKey().defaultRandom(),
  volumeId: uuid('volume_id').notNull(),
  headBefore: text('head_before'),
  headAfter: text('head_after').notNull(),
  /** what the tables must say once the ref has moved */
  plan: jsonb().notNull(),
  at: at('at').notNull().defaultNow(),
});

/** Words that clashed when two texts met; both are kept until a person chooses (GI5). */
export const conflicts = pgTable(
  'conflicts',
  {
    id: uuid().primaryKey().defaultRandom(),
    fileId: uuid('file_id').notNull(),
    /** Yjs relative positions, encoded */
    anchorFrom: bytes('anchor_from').notNull(),
    anchorTo: bytes('anchor_to').notNull(),
    base: text().notNull(),
    ours: text().notNull(),
    theirs: text().notNull(),
    oursBy: uuid('ours_by'),
    theirsBy: uuid('theirs_by'),
    source: text().notNull(),
    at: at('at').notNull().defaultNow(),
    settledAt: at('settled_at'),
    settledBy: uuid('settled_by'),
    choice: text(),
  },
  (t) => [index('conflicts_file').on(t.fileId)],
);

/** Blame of the last version, kept per file and brought forward with each commit: runs of lines by commit position. */
export const blames = pgTable('blames', {
  fileId: uuid('file_id').primaryKey(),
  /** the commit position that it is true for */
  position: integer().notNull(),
  /** [[lines, commit position], ...] */
  runs: jsonb().notNull(),
});

/**
 * The text of the last version of each file. `words` is null until somebody wrote it (see search/wordWriter.ts); in it `path` weighs more
 * than `body`, and past 150,000 characters the body is not in it.
 */
export const searchTexts = pgTable(
  'search_texts',
  {
    fileId: uuid('file_id').primaryKey(),
    volumeId: uuid('volume_id').notNull(),
    path: text().notNull(),
    body: text().notNull(),
    words: words('words'),
  },
  (t) => [
    index('search_texts_words').using('gin', t.words),
    index('search_texts_volume').on(t.volumeId),
    index('search_texts_wordless')
      .on(t.fileId)
      .where(sql`words is null`),
  ],
);

/** What `system/` held when it was last merged into the system volume: the base of the next upgrade. */
export const shippedFiles = pgTable('shipped_files', {
  path: text().primaryKey(),
  body: text().notNull(),
  release: text().notNull(),
});
