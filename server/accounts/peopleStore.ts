import { asc, count, eq, inArray, isNull, sql } from 'drizzle-orm';
import type { Queries } from '../platform/database.ts';
import { githubAccounts, people } from './tables.ts';

export type PersonRow = typeof people.$inferSelect;

/** Two who sign up at once come one after the other: there is one first person. Until the end of the transaction. */
export async function lockSignUp(queries: Queries): Promise<void> {
  await queries.execute(sql`select pg_advisory_xact_lock(hashtext('llmos sign-up'))`);
}

export const countPeople = (queries: Queries): Promise<number> => queries.$count(people);

export const countAdministrators = (queries: Queries): Promise<number> =>
  queries.$count(people, sql`is_admin and disabled_at is null`);

/** Null: the sign-in name is taken. */
export async function addPerson(queries: Queries, person: typeof people.$inferInsert): Promise<PersonRow | null> {
  const [row] = await queries.insert(people).values(person).onConflictDoNothing({ target: people.login }).returning();
  return row ?? null;
}

/** The colour that the fewest have, 1 to 8; of several the first. */
export async function leastUsedColour(queries: Queries): Promise<number> {
  const used = new Map(
    (
      await queries
        .select({ colour: people.colour, n: count() })
        .from(people)
        .where(isNull(people.disabledAt))
        .groupBy(people.colour)
    ).map((row) => [row.colour, row.n]),
  );
  let best = 1;
  for (let colour = 2; colour <= 8; colour++) if ((used.get(colour) ?? 0) < (used.get(best) ?? 0)) best = colour;
  return best;
}

export async function findPersonByLogin(queries: Queries, login: string): Promise<PersonRow | null> {
  return (await queries.select().from(people).where(eq(people.login, login)))[0] ?? null;
}

export async function findPerson(queries: Queries, id: string): Promise<PersonRow | null> {
  return (await queries.select().from(people).where(eq(people.id, id)))[0] ?? null;
}

export async function findFaces(queries: Queries, ids: string[]) {
  return queries
    .select({ id: people.id, login: people.login, name: people.name, colour: people.colour })
    .from(people)
    .where(inArray(people.id, ids));
}

export async function findFacesByLogin(queries: Queries, logins: string[]) {
  return queries
    .select({ id: people.id, login: people.login, name: people.name, colour: people.colour })
    .from(people)
    .where(inArray(people.login, logins));
}

export const listPeople = (queries: Queries): Promise<PersonRow[]> =>
  queries.select().from(people).orderBy(asc(people.login));

export async function changePerson(
  queries: Queries,
  id: string,
  change: Partial<Omit<PersonRow, 'id' | 'login' | 'createdAt'>>,
): Promise<PersonRow> {
  return (await queries.update(people).set(change).where(eq(people.id, id)).returning())[0]!;
}

export async function findGithubPerson(queries: Queries, githubId: string): Promise<PersonRow | null> {
  const rows = await queries
    .select({ person: people })
    .from(githubAccounts)
    .innerJoin(people, eq(people.id, githubAccounts.personId))
    .where(eq(githubAccounts.githubId, githubId));
  return rows[0]?.person ?? null;
}

/** By their names there. */
export async function githubLoginsOf(queries: Queries, personId: string): Promise<string[]> {
  const rows = await queries
    .select({ login: githubAccounts.githubLogin })
    .from(githubAccounts)
    .where(eq(githubAccounts.personId, personId))
    .orderBy(asc(githubAccounts.githubLogin));
  return rows.map(({ login }) => login);
}

export async function removeGithubAccounts(queries: Queries, personId: string): Promise<void> {
  await queries.delete(githubAccounts).where(eq(githubAccounts.personId, personId));
}

/** False: this GitHub account belongs to somebody already. */
export async function addGithubAccount(
  queries: Queries,
  account: typeof githubAccounts.$inferInsert,
): Promise<boolean> {
  return (await queries.insert(githubAccounts).values(account).onConflictDoNothing().returning()).length > 0;
}
