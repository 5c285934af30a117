import { and, desc, eq, gt, lte } from 'drizzle-orm';
import type { Queries } from '../platform/database.ts';
import { people, tokens } from './tables.ts';

export type TokenRow = typeof tokens.$inferSelect;

export async function addToken(queries: Queries, token: typeof tokens.$inferInsert): Promise<TokenRow> {
  return (await queries.insert(tokens).values(token).returning())[0]!;
}

export async function findToken(
  queries: Queries,
  by: { hash: string } | { id: string },
): Promise<{ token: TokenRow; login: string; isAdmin: boolean; disabledAt: Date | null } | null> {
  const rows = await queries
    .select({ token: tokens, login: people.login, isAdmin: people.isAdmin, disabledAt: people.disabledAt })
    .from(tokens)
    .innerJoin(people, eq(people.id, tokens.personId))
    .where('hash' in by ? eq(tokens.hash, by.hash) : eq(tokens.id, by.id));
  return rows[0] ?? null;
}

export const listTokens = (queries: Queries, { personId, now }: { personId: string; now: Date }): Promise<TokenRow[]> =>
  queries
    .select()
    .from(tokens)
    .where(and(eq(tokens.personId, personId), gt(tokens.expiresAt, now)))
    .orderBy(desc(tokens.createdAt), desc(tokens.id));

export async function markTokenUsed(queries: Queries, { id, at }: { id: string; at: Date }): Promise<void> {
  await queries.update(tokens).set({ lastUsedAt: at }).where(eq(tokens.id, id));
}

/** True if there was one. */
export async function removeToken(
  queries: Queries,
  { id, personId }: { id: string; personId: string },
): Promise<boolean> {
  return (
    (
      await queries
        .delete(tokens)
        .where(and(eq(tokens.id, id), eq(tokens.personId, personId)))
        .returning({ id: tokens.id })
    ).length > 0
  );
}

export async function removeOldTokens(queries: Queries, now: Date): Promise<void> {
  await queries.delete(tokens).where(lte(tokens.expiresAt, now));
}
