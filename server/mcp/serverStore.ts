import { and, asc, eq, notInArray, sql } from 'drizzle-orm';
import type { Queries } from '../platform/database.ts';
import { mcpServers } from './tables.ts';

export type ServerRow = typeof mcpServers.$inferSelect;
export type ServerStore = ReturnType<typeof createServerStore>;

export function createServerStore(database: Queries) {
  return {
    list: (owner: string): Promise<ServerRow[]> =>
      database.select().from(mcpServers).where(eq(mcpServers.owner, owner)).orderBy(asc(mcpServers.position)),

    /** All of an owner at once. Ids are of this owner, or new. */
    async replace({ owner, rows }: { owner: string; rows: ServerRow[] }): Promise<void> {
      await database.transaction(async (queries) => {
        const kept = rows.map(({ id }) => id);
        await queries
          .delete(mcpServers)
          .where(and(eq(mcpServers.owner, owner), kept.length > 0 ? notInArray(mcpServers.id, kept) : sql`true`));
        for (const row of rows)
          await queries
            .insert(mcpServers)
            .values(row)
            .onConflictDoUpdate({ target: mcpServers.id, set: row, setWhere: eq(mcpServers.owner, owner) });
      });
    },

    async change(
      { id, owner }: { id: string; owner: string },
      change: Partial<Pick<ServerRow, 'pinned' | 'seen' | 'checkedAt' | 'problem'>>,
    ): Promise<void> {
      await database
        .update(mcpServers)
        .set(change)
        .where(and(eq(mcpServers.id, id), eq(mcpServers.owner, owner)));
    },
  };
}
