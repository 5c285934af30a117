// Who provides models to whom, and what those models can do. Keys are sealed (keys.ts); no column holds one that can be read.
import { index, integer, jsonb, pgTable, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core';
import type { ProbeResult } from '#shared/api/models.ts';

const at = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });

/** One row a team (`team:<id>`) or person (`user:<id>`): the key that its secrets are sealed with, itself sealed with the server's. */
export const ownerKeys = pgTable('owner_keys', {
  owner: text().primaryKey(),
  wrapped: text().notNull(),
});

export const providers = pgTable(
  'providers',
  {
    id: uuid().primaryKey(),
    owner: text().notNull(),
    position: integer().notNull(),
    name: text().notNull(),
    preset: text().notNull(),
    baseUrl: text('base_url').notNull(),
    sealedKey: text('sealed_key'),
    keyEnds: text('key_ends'),
    models: text().array().notNull(),
  },
  (t) => [index('providers_owner').on(t.owner)],
);

export const modelNames = pgTable('model_names', {
  owner: text().primaryKey(),
  /** `provider/model` where nothing else is asked for */
  standard: text(),
  aliases: jsonb().$type<Record<string, string>>().notNull(),
});

/** What a model at an endpoint did when it was tried; the same for everybody who uses it. */
export const probes = pgTable(
  'probes',
  {
    baseUrl: text('base_url').notNull(),
    model: text().notNull(),
    result: jsonb().$type<Omit<ProbeResult, 'at'>>().notNull(),
    at: at('at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.baseUrl, t.model] })],
);
