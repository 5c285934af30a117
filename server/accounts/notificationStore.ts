import { and, desc, eq, inArray, isNull, lt, or, lte, isNotNull } from 'drizzle-orm';
import type { Queries } from '../platform/database.ts';
import { notifications } from './tables.ts';

export type NotificationRow = typeof notifications.$inferSelect;

export async function addNotifications(
  queries: Queries,
  rows: (typeof notifications.$inferInsert)[],
): Promise<NotificationRow[]> {
  return queries.insert(notifications).values(rows).returning();
}

/** Newest first, those before the place `before`. */
export async function listNotifications(
  queries: Queries,
  { personId, before, limit }: { personId: string; before: { at: Date; id: string } | null; limit: number },
): Promise<NotificationRow[]> {
  const older =
    before &&
    or(lt(notifications.at, before.at), and(eq(notifications.at, before.at), lt(notifications.id, before.id)));
  return queries
    .select()
    .from(notifications)
    .where(and(eq(notifications.personId, personId), older ?? undefined))
    .orderBy(desc(notifications.at), desc(notifications.id))
    .limit(limit);
}

export const countUnread = (queries: Queries, personId: string): Promise<number> =>
  queries.$count(notifications, and(eq(notifications.personId, personId), isNull(notifications.readAt)));

/** `ids` null: all. */
export async function markRead(
  queries: Queries,
  { personId, ids, at }: { personId: string; ids: string[] | null; at: Date },
): Promise<void> {
  await queries
    .update(notifications)
    .set({ readAt: at })
    .where(
      and(
        eq(notifications.personId, personId),
        isNull(notifications.readAt),
        ids === null ? undefined : inArray(notifications.id, ids),
      ),
    );
}

export async function removeReadNotifications(queries: Queries, readBefore: Date): Promise<void> {
  await queries
    .delete(notifications)
    .where(and(isNotNull(notifications.readAt), lte(notifications.readAt, readBefore)));
}
