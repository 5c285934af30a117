// People, how they prove who they are, and the teams they are in. Secrets are stored only as SHA-256 hashes (hex).
import { boolean, index, integer, pgTable, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core';

const at = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });

export const people = pgTable('people', {
  id: uuid().primaryKey().defaultRandom(),
  login: text().notNull().unique(),
  name: text().notNull(),
  /** 1 to 8, see the design tokens --person-n */
  colour: integer().notNull(),
  passwordHash: text('password_hash'),
  isAdmin: boolean('is_admin').notNull().default(false),
  createdAt: at('created_at').notNull().defaultNow(),
  disabledAt: at('disabled_at'),
  lastSeenAt: at('last_seen_at'),
});

export const sessions = pgTable(
  'sessions',
  {
    /** Random and public to its person; the cookie holds it together with the secret. */
    id: text().primaryKey(),
    secretHash: text('secret_hash').notNull(),
    personId: uuid('person_id')
      .notNull()
      .references(() => people.id, { onDelete: 'cascade' }),
    agent: text().notNull().default(''),
    createdAt: at('created_at').notNull().defaultNow(),
    /** It ends when nobody used it for 30 days. */
    lastSeenAt: at('last_seen_at').notNull().defaultNow(),
    /** The next request after this gets a new session in place of this one: a role changed. */
    renewAt: at('renew_at'),
    /** The session that this one replaces, until its cookie has come back for the first time. */
    replaces: text(),
    /** Replaced: it serves requests that were under way until then, and no longer. */
    endsAt: at('ends_at'),
  },
  (t) => [index('sessions_person').on(t.personId)],
);

export const githubAccounts = pgTable('github_accounts', {
  githubId: text('github_id').primaryKey(),
  personId: uuid('person_id')
    .notNull()
    .references(() => people.id, { onDelete: 'cascade' }),
  githubLogin: text('github_login').notNull(),
});

export const teams = pgTable('teams', {
  id: uuid().primaryKey().defaultRandom(),
  slug: text().notNull().unique(),
  name: text().notNull(),
  createdAt: at('created_at').notNull().defaultNow(),
  /** It is there for nobody since then; an administrator can put it back for a month. */
  deletedAt: at('deleted_at'),
  deletedBy: uuid('deleted_by').references(() => people.id),
});

export const members = pgTable(
  'members',
  {
    teamId: uuid('team_id')
      .notNull()
      .references(() => teams.id, { onDelete: 'cascade' }),
    personId: uuid('person_id')
      .notNull()
      .references(() => people.id, { onDelete: 'cascade' }),
    role: text({ enum: ['owner', 'editor', 'viewer'] }).notNull(),
    since: at('since').notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.teamId, t.personId] }), index('members_person').on(t.personId)],
);

export const invitations = pgTable('invitations', {
  id: uuid().primaryKey().defaultRandom(),
  tokenHash: text('token_hash').notNull().unique(),
  /** null: to the server only */
  teamId: uuid('team_id').references(() => teams.id, { onDelete: 'cascade' }),
  role: text({ enum: ['owner', 'editor', 'viewer'] }).notNull(),
  createdBy: uuid('created_by')
    .notNull()
    .references(() => people.id),
  createdAt: at('created_at').notNull().defaultNow(),
  expiresAt: at('expires_at').notNull(),
  usedBy: uuid('used_by').references(() => people.id),
  usedAt: at('used_at'),
});

export const tokens = pgTable(
  'tokens',
  {
    id: uuid().primaryKey().defaultRandom(),
    hash: text().notNull().unique(),
    personId: uuid('person_id')
      .notNull()
      .references(() => people.id, { onDelete: 'cascade' }),
    name: text().notNull(),
    scopes: text().array().notNull(),
    onlyVolume: text('only_volume'),
    createdAt: at('created_at').notNull().defaultNow(),
    expiresAt: at('expires_at').notNull(),
    lastUsedAt: at('last_used_at'),
  },
  (t) => [index('tokens_person').on(t.personId)],
);

export const notifications = pgTable(
  'notifications',
  {
    id: uuid().primaryKey().defaultRandom(),
    personId: uuid('person_id')
      .notNull()
      .references(() => people.id, { onDelete: 'cascade' }),
    kind: text().notNull(),
    text: text().notNull(),
    volume: text(),
    path: text(),
    oid: text(),
    /** Of a run: what opens when the notification is chosen. */
    run: uuid(),
    by: uuid().references(() => people.id),
    at: at('at').notNull().defaultNow(),
    readAt: at('read_at'),
  },
  (t) => [index('notifications_person').on(t.personId, t.at)],
);

/** One row a setting, JSON as text: `sign_up`, `setup_token_hash`. */
export const settings = pgTable('settings', {
  key: text().primaryKey(),
  value: text().notNull(),
});

/** One row for each time that somebody chose GitHub to sign in; used once, short-lived. */
export const githubStates = pgTable('github_states', {
  /** SHA-256 of the state; the browser that started holds it in a cookie */
  stateHash: text('state_hash').primaryKey(),
  codeVerifier: text('code_verifier').notNull(),
  invitation: text(),
  /** Somebody who is signed in and wants to connect the account; null: a sign-in. */
  personId: uuid('person_id').references(() => people.id, { onDelete: 'cascade' }),
  expiresAt: at('expires_at').notNull(),
});
