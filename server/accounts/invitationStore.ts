import { and, desc, eq, gt, isNull, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import type { Queries } from '../platform/database.ts';
import { invitations, people, teams } from './tables.ts';

export type InvitationRow = typeof invitations.$inferSelect;

export async function addInvitation(
  queries: Queries,
  invitation: typeof invitations.$inferInsert,
): Promise<InvitationRow> {
  return (await queries.insert(invitations).values(invitation).returning())[0]!;
}

export const countInvitationsSince = (
  queries: Queries,
  { personId, since }: { personId: string; since: Date },
): Promise<number> =>
  queries.$count(invitations, and(eq(invitations.createdBy, personId), gt(invitations.createdAt, since)));

/** `forUse` locks it, so that it is used once. */
export async function findInvitation(
  queries: Queries,
  { tokenHash, forUse }: { tokenHash: string; forUse: boolean },
): Promise<InvitationRow | null> {
  const query = queries.select().from(invitations).where(eq(invitations.tokenHash, tokenHash));
  return (await (forUse ? query.for('update') : query))[0] ?? null;
}

/** Those that still work. `teamId` null: to the server only. */
export async function listInvitations(queries: Queries, { teamId, now }: { teamId: string | null; now: Date }) {
  const inviter = alias(people, 'inviter');
  return queries
    .select({
      invitation: invitations,
      team: teams.slug,
      by: { id: inviter.id, login: inviter.login, name: inviter.name, colour: inviter.colour },
    })
    .from(invitations)
    .innerJoin(inviter, eq(inviter.id, invitations.createdBy))
    .leftJoin(teams, eq(teams.id, invitations.teamId))
    .where(
      and(
        teamId === null ? isNull(invitations.teamId) : eq(invitations.teamId, teamId),
        isNull(invitations.usedAt),
        gt(invitations.expiresAt, now),
      ),
    )
    .orderBy(desc(invitations.createdAt), desc(invitations.id));
}

export async function useInvitation(
  queries: Queries,
  { id, personId, at }: { id: string; personId: string; at: Date },
): Promise<void> {
  await queries.update(invitations).set({ usedBy: personId, usedAt: at }).where(eq(invitations.id, id));
}

/** It stays counted among those of its day. True if it was open. */
export async function endInvitation(
  queries: Queries,
  { id, teamId, now }: { id: string; teamId: string | null; now: Date },
): Promise<boolean> {
  const rows = await queries
    .update(invitations)
    .set({ expiresAt: now })
    .where(
      and(
        eq(invitations.id, id),
        teamId === null ? isNull(invitations.teamId) : eq(invitations.teamId, teamId),
        isNull(invitations.usedAt),
        gt(invitations.expiresAt, now),
      ),
    )
    .returning({ id: invitations.id });
  return rows.length > 0;
}

export async function lockInvitationsOf(queries: Queries, personId: string): Promise<void> {
  await queries.execute(sql`select pg_advisory_xact_lock(hashtext(${`llmos invitations ${personId}`}))`);
}
