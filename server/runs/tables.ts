// Runs and their events. `run_events` is only ever appended to; what a list shows of a run is kept in its row, written in the
// transaction that appends the event it follows from.
import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  real,
  text,
  timestamp,
  uuid,
} from 'drizzle-orm/pg-core';
import type { RunAct, RunHead, RunStatus, Said } from '#shared/run.ts';
import type { Used } from './figures.ts';
import type { Dependency, RunActor, RunRequest } from './walk.ts';

const at = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });

export const conversations = pgTable(
  'conversations',
  {
    id: uuid().primaryKey().defaultRandom(),
    volumeId: uuid('volume_id').notNull(),
    personId: uuid('person_id').notNull(),
    title: text().notNull(),
    private: boolean().notNull(),
    createdAt: at('created_at').notNull(),
    updatedAt: at('updated_at').notNull(),
    deletedAt: at('deleted_at'),
  },
  (t) => [index('conversations_volume').on(t.volumeId, t.updatedAt)],
);

export const runs = pgTable(
  'runs',
  {
    id: uuid().primaryKey(),
    volumeId: uuid('volume_id').notNull(),
    personId: uuid('person_id').notNull(),
    /** With what rights it acts: never more than its person has now. */
    actor: jsonb().$type<RunActor>().notNull(),
    /** What was asked for, so that it can be asked again. */
    request: jsonb().$type<RunRequest>().notNull(),
    head: jsonb().$type<RunHead>().notNull(),
    private: boolean().notNull(),
    conversationId: uuid('conversation_id'),
    parentId: uuid('parent_id'),
    parentCall: text('parent_call'),
    /** The run at the top of its sub-agents; its own id for that one. */
    rootId: uuid('root_id').notNull(),
    /** The run whose goal is tried again, or from whose step this one goes on. */
    previousId: uuid('previous_id'),
    /** Who lends it a browser. */
    browserOf: uuid('browser_of').notNull(),
    status: text().$type<RunStatus>().notNull(),
    reason: text(),
    answer: text(),
    steps: integer().notNull().default(0),
    calls: integer().notNull().default(0),
    tokens: bigint({ mode: 'number' }).notNull().default(0),
    money: real(),
    waiting: integer().notNull().default(0),
    /** What people said and no turn has heard yet. */
    said: jsonb().$type<Said[]>().notNull().default([]),
    tainted: boolean().notNull().default(false),
    tracePath: text('trace_path'),
    /** Skills and tools, once it has ended: what the library counts. */
    used: jsonb().$type<Used>(),
    /** Runs that it built on: whose files it read, whose trace the memory gave it, from whose trace a skill of it was made. */
    dependsOn: jsonb('depends_on').$type<Dependency[]>().notNull().default([]),
    createdAt: at('created_at').notNull(),
    endedAt: at('ended_at'),
  },
  (t) => [
    index('runs_volume').on(t.volumeId, t.createdAt),
    index('runs_conversation').on(t.conversationId, t.createdAt),
    index('runs_parent').on(t.parentId),
    index('runs_person').on(t.personId, t.createdAt),
    index('runs_going')
      .on(t.status)
      .where(sql`ended_at is null`),
  ],
);

export const runEvents = pgTable(
  'run_events',
  {
    runId: uuid('run_id')
      .notNull()
      .references(() => runs.id, { onDelete: 'cascade' }),
    seq: integer().notNull(),
    at: at('at').notNull(),
    act: jsonb().$type<RunAct>().notNull(),
  },
  (t) => [primaryKey({ columns: [t.runId, t.seq] })],
);

/** The versions that a run made: the trailer `Run: <id>` of each says the same in git. */
export const runCommits = pgTable(
  'run_commits',
  {
    runId: uuid('run_id')
      .notNull()
      .references(() => runs.id, { onDelete: 'cascade' }),
    volumeId: uuid('volume_id').notNull(),
    oid: text().notNull(),
    at: at('at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.runId, t.volumeId, t.oid] }), index('run_commits_oid').on(t.volumeId, t.oid)],
);
