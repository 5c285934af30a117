// Rows of `conflicts`.
import { and, asc, eq, isNull } from 'drizzle-orm';
import type { Queries } from '../../platform/database.ts';
import { conflicts } from '../tables.ts';

export type ConflictRow = typeof conflicts.$inferSelect;

export function createConflictStore(queries: Queries) {
  return {
    async add(rows: (typeof conflicts.$inferInsert)[]): Promise<ConflictRow[]> {
      return rows.length ? queries.insert(conflicts).values(rows).returning() : [];
    },
    async open(fileId: string): Promise<ConflictRow[]> {
      return queries
        .select()
        .from(conflicts)
        .where(and(eq(conflicts.fileId, fileId), isNull(conflicts.settledAt)))
        .orderBy(asc(conflicts.at), asc(conflicts.id));
    },
    /** Only one person settles a conflict. Null: it is not there, or somebody was faster. */
    async settle({
      id,
      fileId,
      by,
      choice,
      at,
    }: {
      id: string;
      fileId: string;
      by: string;
      choice: string;
      at: Date;
    }): Promise<ConflictRow | null> {
      const [row] = await queries
        .update(conflicts)
        .set({ settledAt: at, settledBy: by, choice })
        .where(and(eq(conflicts.id, id), eq(conflicts.fileId, fileId), isNull(conflicts.settledAt)))
        .returning();
      return row ?? null;
    },
    async reopen(id: string): Promise<void> {
      await queries
        .update(conflicts)
        .set({ settledAt: null, settledBy: null, choice: null })
        .where(eq(conflicts.id, id));
    },
    async exists({ id, fileId }: { id: string; fileId: string }): Promise<boolean> {
      return (await queries.$count(conflicts, and(eq(conflicts.id, id), eq(conflicts.fileId, fileId)))) > 0;
    },
  };
}
export type ConflictStore = ReturnType<typeof createConflictStore>;
