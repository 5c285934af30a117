import { and, asc, count, desc, eq, isNotNull, isNull, lte, ne } from 'drizzle-orm';
import type { Role } from '#shared/permissions.ts';
import type { Queries } from '../platform/database.ts';
import { members, people, teams } from './tables.ts';

export type TeamRow = typeof teams.$inferSelect;

/** Null: the name is taken. */
export async function addTeam(
  queries: Queries,
  team: { slug: string; name: string; createdAt: Date },
): Promise<TeamRow | null> {
  return (await queries.insert(teams).values(team).onConflictDoNothing({ target: teams.slug }).returning())[0] ?? null;
}

export async function removeTeam(queries: Queries, id: string): Promise<void> {
  await queries.delete(teams).where(eq(teams.id, id));
}

export async function findTeam(queries: Queries, slug: string): Promise<TeamRow | null> {
  return (
    (
      await queries
        .select()
        .from(teams)
        .where(and(eq(teams.slug, slug), isNull(teams.deletedAt)))
    )[0] ?? null
  );
}

export async function findTeamById(queries: Queries, id: string): Promise<TeamRow | null> {
  return (
    (
      await queries
        .select()
        .from(teams)
        .where(and(eq(teams.id, id), isNull(teams.deletedAt)))
    )[0] ?? null
  );
}

/** `by`: who deleted it; null: it is there again. True if that changed anything. */
export async function markTeamDeleted(
  queries: Queries,
  { slug, at, by }: { slug: string; at: Date | null; by: string | null },
): Promise<TeamRow | null> {
  const isOther = at ? isNull(teams.deletedAt) : isNotNull(teams.deletedAt);
  const change = queries.update(teams).set({ deletedAt: at, deletedBy: by });
  return (await change.where(and(eq(teams.slug, slug), isOther)).returning())[0] ?? null;
}

/** Those that are deleted, the last one first. `until`: deleted by then. */
export async function listDeletedTeams(
  queries: Queries,
  { until, slug }: { until?: Date; slug?: string } = {},
): Promise<(TeamRow & { deletedAt: Date })[]> {
  const wanted = [until && lte(teams.deletedAt, until), slug === undefined ? undefined : eq(teams.slug, slug)];
  const rows = await queries
    .select()
    .from(teams)
    .where(and(isNotNull(teams.deletedAt), ...wanted))
    .orderBy(desc(teams.deletedAt), asc(teams.slug));
  return rows as (TeamRow & { deletedAt: Date })[];
}

export async function renameTeam(queries: Queries, id: string, name: string): Promise<void> {
  await queries.update(teams).set({ name }).where(eq(teams.id, id));
}

/** Who changes members of a team waits for others who do. */
export async function lockTeam(queries: Queries, id: string): Promise<void> {
  await queries.select({ id: teams.id }).from(teams).where(eq(teams.id, id)).for('update');
}

export async function teamsOf(
  queries: Queries,
  personId: string,
): Promise<{ id: string; slug: string; name: string; role: Role }[]> {
  return queries
    .select({ id: teams.id, slug: teams.slug, name: teams.name, role: members.role })
    .from(members)
    .innerJoin(teams, eq(teams.id, members.teamId))
    .where(and(eq(members.personId, personId), isNull(teams.deletedAt)))
    .orderBy(asc(teams.name), asc(teams.slug));
}

export async function countMembers(queries: Queries, teamId: string): Promise<number> {
  return queries.$count(members, eq(members.teamId, teamId));
}

export async function memberCounts(queries: Queries): Promise<Map<string, number>> {
  const rows = await queries.select({ teamId: members.teamId, n: count() }).from(members).groupBy(members.teamId);
  return new Map(rows.map((row) => [row.teamId, row.n]));
}

const memberFields = {
  id: people.id,
  login: people.login,
  name: people.name,
  colour: people.colour,
  role: members.role,
  since: members.since,
  disabledAt: people.disabledAt,
};
export type MemberRow = {
  id: string;
  login: string;
  name: string;
  colour: number;
  role: Role;
  since: Date;
  disabledAt: Date | null;
};

export async function listMembers(queries: Queries, teamId: string): Promise<MemberRow[]> {
  return queries
    .select(memberFields)
    .from(members)
    .innerJoin(people, eq(people.id, members.personId))
    .where(eq(members.teamId, teamId))
    .orderBy(asc(people.name), asc(people.login));
}

export async function findMember(
  queries: Queries,
  { teamId, login }: { teamId: string; login: string },
): Promise<MemberRow | null> {
  const rows = await queries
    .select(memberFields)
    .from(members)
    .innerJoin(people, eq(people.id, members.personId))
    .where(and(eq(members.teamId, teamId), eq(people.login, login)));
  return rows[0] ?? null;
}

/** Owners who can sign in, besides one. */
export async function countOwners(
  queries: Queries,
  { teamId, except }: { teamId: string; except: string },
): Promise<number> {
  const rows = await queries
    .select({ n: count() })
    .from(members)
    .innerJoin(people, eq(people.id, members.personId))
    .where(
      and(eq(members.teamId, teamId), eq(members.role, 'owner'), isNull(people.disabledAt), ne(people.id, except)),
    );
  return rows[0]?.n ?? 0;
}

export async function setMember(
  queries: Queries,
  { teamId, personId, role, since }: { teamId: string; personId: string; role: Role; since: Date },
): Promise<void> {
  await queries
    .insert(members)
    .values({ teamId, personId, role, since })
    .onConflictDoUpdate({ target: [members.teamId, members.personId], set: { role } });
}

export async function removeMember(
  queries: Queries,
  { teamId, personId }: { teamId: string; personId: string },
): Promise<void> {
  await queries.delete(members).where(and(eq(members.teamId, teamId), eq(members.personId, personId)));
}
