// Personal access tokens: `llmos_` and 160 bits, shown once, stored as SHA-256. A token never does more than its person may, now.
import type { TokenEntry } from '#shared/api.ts';
import { Problem, notFound } from '#shared/errors.ts';
import type { Actor, Scope } from '#shared/permissions.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Queries } from '../platform/database.ts';
import type { Access } from './access.ts';
import { createSecret, hashSecret, isUuid } from './secrets.ts';
import * as store from './tokenStore.ts';

const prefix = 'llmos_';
const dayMs = 24 * 60 * 60 * 1000;
const usedEveryMs = 60 * 1000;
const tokensAtMost = 100;

export async function readToken({
  queries,
  clock,
  token,
}: {
  queries: Queries;
  clock: Clock;
  token: string;
}): Promise<Actor | null> {
  if (!/^llmos_[a-z2-7]{32}$/.test(token)) return null;
  const found = await store.findToken(queries, { hash: hashSecret(token) });
  if (!found || !isAlive(found, clock.now())) return null;
  const { id, personId, lastUsedAt, scopes, onlyVolume } = found.token;
  if (!lastUsedAt || clock.now() - lastUsedAt.getTime() >= usedEveryMs)
    await store.markTokenUsed(queries, { id, at: new Date(clock.now()) });
  return {
    personId,
    login: found.login,
    isAdmin: found.isAdmin,
    scopes: knownScopes(scopes),
    onlyVolume,
    sessionId: null,
    tokenId: id,
  };
}

export async function isTokenAlive({
  queries,
  clock,
  id,
}: {
  queries: Queries;
  clock: Clock;
  id: string;
}): Promise<boolean> {
  const found = await store.findToken(queries, { id });
  return found !== null && isAlive(found, clock.now());
}

const isAlive = ({ token, disabledAt }: { token: store.TokenRow; disabledAt: Date | null }, now: number) =>
  !disabledAt && token.expiresAt.getTime() > now;

export type Tokens = ReturnType<typeof createTokens>;

export function createTokens({ database, clock, access }: { database: Database; clock: Clock; access: Access }) {
  return {
    /** `onlyVolume`: a volume that the person can read now. */
    async create({
      personId,
      login,
      name,
      scopes,
      days,
      onlyVolume,
    }: {
      personId: string;
      login: string;
      name: string;
      scopes: readonly Scope[];
      days: number;
      onlyVolume: string | null;
    }): Promise<{ token: string; entry: TokenEntry }> {
      if (onlyVolume !== null && !(await mayRead({ access, personId, login, volume: onlyVolume })))
        throw new Problem('invalid', `There is no volume ${JSON.stringify(onlyVolume)} that you can read.`, {
          field: 'onlyVolume',
        });
      const now = new Date(clock.now());
      if ((await store.listTokens(database, { personId, now })).length >= tokensAtMost)
        throw new Problem('conflict', `You have ${tokensAtMost} tokens. Take one back first.`);
      const token = `${prefix}${createSecret()}`;
      const row = await store.addToken(database, {
        personId,
        name,
        hash: hashSecret(token),
        scopes: [...new Set(scopes)],
        onlyVolume,
        createdAt: now,
        expiresAt: new Date(now.getTime() + days * dayMs),
      });
      return { token, entry: describe(row) };
    },

    async list(personId: string): Promise<TokenEntry[]> {
      return (await store.listTokens(database, { personId, now: new Date(clock.now()) })).map(describe);
    },

    async takeBack({ id, personId }: { id: string; personId: string }): Promise<void> {
      if (!isUuid(id) || !(await store.removeToken(database, { id, personId }))) throw notFound('token with this id');
      access.changed({ personId });
    },
  };
}

async function mayRead({
  access,
  personId,
  login,
  volume,
}: {
  access: Access;
  personId: string;
  login: string;
  volume: string;
}): Promise<boolean> {
  if (volume === 'system' || volume === `user/${login}`) return true;
  return (await access.teamsOf(personId)).some((team) => `team/${team.slug}` === volume);
}

/** Scopes are kept as text; only known ones count. */
const knownScopes = (scopes: readonly string[]): Scope[] =>
  scopes.filter((scope): scope is Scope => ['read', 'write', 'run', 'git', 'admin'].includes(scope));

const describe = (row: store.TokenRow): TokenEntry => ({
  id: row.id,
  name: row.name,
  scopes: knownScopes(row.scopes),
  onlyVolume: row.onlyVolume,
  createdAt: row.createdAt.toISOString(),
  expiresAt: row.expiresAt.toISOString(),
  lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
});
