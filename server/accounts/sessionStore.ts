import { and, desc, eq, gt, isNotNull, isNull, lte, ne, or, sql } from 'drizzle-orm';
import type { Queries } from '../platform/database.ts';
import { people, sessions } from './tables.ts';

export type SessionRow = typeof sessions.$inferSelect;
export type SessionWithPerson = { session: SessionRow; login: string; isAdmin: boolean; disabledAt: Date | null };

export async function addSession(queries: Queries, session: typeof sessions.$inferInsert): Promise<void> {
  await queries.insert(sessions).values(session);
}

export async function findSession(queries: Queries, id: string): Promise<SessionWithPerson | null> {
  const rows = await queries
    .select({ session: sessions, login: people.login, isAdmin: people.isAdmin, disabledAt: people.disabledAt })
    .from(sessions)
    .innerJoin(people, eq(people.id, sessions.personId))
    .where(eq(sessions.id, id));
  return rows[0] ?? null;
}

export async function markSeen(
  queries: Queries,
  { id, personId, at }: { id: string; personId: string; at: Date },
): Promise<void> {
  await queries.update(sessions).set({ lastSeenAt: at }).where(eq(sessions.id, id));
  await queries.update(people).set({ lastSeenAt: at }).where(eq(people.id, personId));
}

export async function listSessions(
  queries: Queries,
  { personId, usedSince, now }: { personId: string; usedSince: Date; now: Date },
): Promise<SessionRow[]> {
  return queries
    .select()
    .from(sessions)
    .where(
      and(
        eq(sessions.personId, personId),
        gt(sessions.lastSeenAt, usedSince),
        isNull(sessions.replaces),
        or(isNull(sessions.endsAt), gt(sessions.endsAt, now)),
      ),
    )
    .orderBy(desc(sessions.lastSeenAt))
    .limit(200);
}

/** Also what it replaced or was about to be replaced by. True if there was one. */
export async function removeSession(
  queries: Queries,
  { id, personId }: { id: string; personId: string },
): Promise<boolean> {
  const [row] = await queries
    .select({ replaces: sessions.replaces })
    .from(sessions)
    .where(and(eq(sessions.id, id), eq(sessions.personId, personId)));
  if (!row) return false;
  const root = row.replaces ?? id;
  await queries
    .delete(sessions)
    .where(
      and(
        eq(sessions.personId, personId),
        or(eq(sessions.id, id), eq(sessions.id, root), eq(sessions.replaces, root), isNotNull(sessions.endsAt)),
      ),
    );
  return true;
}

export async function removeSessionsOf(
  queries: Queries,
  { personId, except = null }: { personId: string; except?: string | null },
): Promise<void> {
  await queries
    .delete(sessions)
    .where(and(eq(sessions.personId, personId), except === null ? undefined : ne(sessions.id, except)));
}

export async function askForRenewal(queries: Queries, { personId, at }: { personId: string; at: Date }): Promise<void> {
  await queries
    .update(sessions)
    .set({ renewAt: at })
    .where(and(eq(sessions.personId, personId), isNull(sessions.endsAt)));
}

/** True for one of several requests that come at once: that one makes the new session. `again`: when another may, if its answer got lost. */
export async function claimRenewal(
  queries: Queries,
  { id, now, again }: { id: string; now: Date; again: Date },
): Promise<boolean> {
  const rows = await queries
    .update(sessions)
    .set({ renewAt: again })
    .where(and(eq(sessions.id, id), lte(sessions.renewAt, now)))
    .returning({ id: sessions.id });
  return rows.length > 0;
}

/** The new cookie came back: the session it replaces, and others that were made for the same purpose, end soon. */
export async function confirmRenewal(
  queries: Queries,
  { id, replaces, endsAt }: { id: string; replaces: string; endsAt: Date },
): Promise<void> {
  await queries.update(sessions).set({ replaces: null, endsAt: null }).where(eq(sessions.id, id));
  await queries
    .update(sessions)
    .set({ endsAt, renewAt: null })
    .where(
      and(or(eq(sessions.id, replaces), eq(sessions.replaces, replaces)), ne(sessions.id, id), isNull(sessions.endsAt)),
    );
}

export async function removeEndedSessions(
  queries: Queries,
  { unusedSince, now }: { unusedSince: Date; now: Date },
): Promise<void> {
  await queries.delete(sessions).where(or(lte(sessions.lastSeenAt, unusedSince), sql`${sessions.endsAt} <= ${now}`));
}
