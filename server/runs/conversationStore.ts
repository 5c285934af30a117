// Rows of conversations.
import { and, desc, eq, inArray, isNull, lt, or, sql } from 'drizzle-orm';
import type { Queries } from '../platform/database.ts';
import { conversations, runs } from './tables.ts';

export type ConversationRow = typeof conversations.$inferSelect;
export type ConversationStore = ReturnType<typeof createConversationStore>;

export function createConversationStore(queries: Queries) {
  const seenBy = (personId: string) => or(eq(conversations.private, false), eq(conversations.personId, personId));
  return {
    async add(row: typeof conversations.$inferInsert): Promise<ConversationRow> {
      return (await queries.insert(conversations).values(row).returning())[0]!;
    },
    /** Of a volume that goes for good. */
    async forget(volumeId: string): Promise<void> {
      await queries.delete(conversations).where(eq(conversations.volumeId, volumeId));
    },
    /** Also a deleted one. */
    async byId(id: string): Promise<ConversationRow | null> {
      const [row] = await queries.select().from(conversations).where(eq(conversations.id, id));
      return row ?? null;
    },
    /** Newest first, one more than `limit` if there are more. */
    async list({
      volumeId,
      personId,
      before,
      limit,
    }: {
      volumeId: string;
      personId: string;
      before: { at: Date; id: string } | null;
      limit: number;
    }): Promise<ConversationRow[]> {
      return queries
        .select()
        .from(conversations)
        .where(
          and(
            eq(conversations.volumeId, volumeId),
            isNull(conversations.deletedAt),
            seenBy(personId),
            before === null
              ? undefined
              : or(
                  lt(conversations.updatedAt, before.at),
                  and(eq(conversations.updatedAt, before.at), lt(conversations.id, before.id)),
                ),
          ),
        )
        .orderBy(desc(conversations.updatedAt), desc(conversations.id))
        .limit(limit + 1);
    },
    async change(id: string, change: Partial<typeof conversations.$inferInsert>): Promise<ConversationRow> {
      return (await queries.update(conversations).set(change).where(eq(conversations.id, id)).returning())[0]!;
    },
    /** Its runs are seen by whom it is shared with. */
    async shareRuns({ id, isPrivate }: { id: string; isPrivate: boolean }): Promise<void> {
      await queries.update(runs).set({ private: isPrivate }).where(eq(runs.conversationId, id));
    },
    /** Runs of each that are not over, and the calls of these and of their sub-agents that wait for a person. */
    async countOpen(ids: string[]): Promise<Map<string, { running: number; waiting: number }>> {
      if (ids.length === 0) return new Map();
      const rows = await queries
        .select({
          id: runs.conversationId,
          running: sql<number>`(count(*) filter (where ${runs.parentId} is null))::int`,
          waiting: sql<number>`coalesce(sum(${runs.waiting}), 0)::int`,
        })
        .from(runs)
        .where(and(inArray(runs.conversationId, ids), isNull(runs.endedAt)))
        .groupBy(runs.conversationId);
      return new Map(rows.map(({ id, ...open }) => [id!, open]));
    },
  };
}
