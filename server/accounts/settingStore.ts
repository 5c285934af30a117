import { eq, lte } from 'drizzle-orm';
import type { Queries } from '../platform/database.ts';
import { githubStates, settings } from './tables.ts';

export type Setting = 'sign_up' | 'setup_token_hash';

export async function readSetting(queries: Queries, key: Setting): Promise<string | null> {
  return (await queries.select().from(settings).where(eq(settings.key, key)))[0]?.value ?? null;
}

export async function writeSetting(queries: Queries, key: Setting, value: string): Promise<void> {
  await queries.insert(settings).values({ key, value }).onConflictDoUpdate({ target: settings.key, set: { value } });
}

export async function removeSetting(queries: Queries, key: Setting): Promise<void> {
  await queries.delete(settings).where(eq(settings.key, key));
}

export async function addGithubState(queries: Queries, state: typeof githubStates.$inferInsert): Promise<void> {
  await queries.insert(githubStates).values(state);
}

/** Each state is good for one return. */
export async function takeGithubState(
  queries: Queries,
  stateHash: string,
): Promise<typeof githubStates.$inferSelect | null> {
  return (await queries.delete(githubStates).where(eq(githubStates.stateHash, stateHash)).returning())[0] ?? null;
}

export async function removeOldGithubStates(queries: Queries, now: Date): Promise<void> {
  await queries.delete(githubStates).where(lte(githubStates.expiresAt, now));
}
