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

type Whose = { personId: string; /** Null: about whatever. */ onlyVolume: string | null };

const belongsTo = ({ personId, onlyVolume }: Whose) =>
  and(eq(notifications.personId, personId), onlyVolume === null ? undefined : eq(notifications.volume, onlyVolume));

/** Newest first, those before the place `before`. */
export async function listNotifications(
  queries: Queries,
  { before, limit, ...whose }: Whose & { before: { at: Date; id: string } | null; limit: number },
): Promise<NotificationRow[]> {
  const older =
    before &&
    or(lt(notifications.at, before.at), and(eq(notifications.at, before.at), lt(notifications.id, before.id)));
  return queries
    .select()
    .from(notifications)
    .where(and(belongsTo(whose), older ?? undefined))
    .orderBy(desc(notifications.at), desc(notifications.id))
    .limit(limit);
}

export const countUnread = (queries: Queries, whose: Whose): Promise<number> =>
  queries.$count(notifications, and(belongsTo(whose), isNull(notifications.readAt)));

/** `ids` null: all. */
export async function markRead(
  queries: Queries,
  { ids, at, ...whose }: Whose & { ids: string[] | null; at: Date },
): Promise<void> {
  await queries
    .update(notifications)
    .set({ readAt: at })
    .where(
      and(belongsTo(whose), isNull(notifications.readAt), ids === null ? undefined : inArray(notifications.id, ids)),
    );
}

export async function removeReadNotifications(queries: Queries, readBefore: Date): Promise<void> {
  await queries
    .delete(notifications)
    .where(and(isNotNull(notifications.readAt), lte(notifications.readAt, readBefore)));
}
