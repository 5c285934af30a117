import { and, asc, eq, inArray, notInArray, sql } from 'drizzle-orm';
import type { Queries } from '../platform/database.ts';
import { modelNames, ownerKeys, probes, providers } from './tables.ts';

export type ProviderRow = typeof providers.$inferSelect;
export type ProbeRow = typeof probes.$inferSelect;
export type Names = { standard: string | null; aliases: Record<string, string> };
export type ProviderStore = ReturnType<typeof createProviderStore>;

export function createProviderStore(database: Queries) {
  return {
    /** In the order in which they are asked. */
    list: (owner: string): Promise<ProviderRow[]> =>
      database.select().from(providers).where(eq(providers.owner, owner)).orderBy(asc(providers.position)),

    async names(owner: string): Promise<Names> {
      const [row] = await database.select().from(modelNames).where(eq(modelNames.owner, owner));
      return { standard: row?.standard ?? null, aliases: row?.aliases ?? {} };
    },

    /** Of a team that goes for good, its keys first. */
    async forget(owner: string): Promise<void> {
      await database.delete(ownerKeys).where(eq(ownerKeys.owner, owner));
      await database.delete(providers).where(eq(providers.owner, owner));
      await database.delete(modelNames).where(eq(modelNames.owner, owner));
    },

    /** All of an owner at once. `rows` may hold no row of another owner: their ids were read from this one's list or are new. */
    async replace({ owner, rows, names }: { owner: string; rows: ProviderRow[]; names: Names }): Promise<void> {
      await database.transaction(async (queries) => {
        const kept = rows.map(({ id }) => id);
        await queries
          .delete(providers)
          .where(and(eq(providers.owner, owner), kept.length > 0 ? notInArray(providers.id, kept) : sql`true`));
        for (const row of rows)
          await queries
            .insert(providers)
            .values(row)
            .onConflictDoUpdate({ target: providers.id, set: row, setWhere: eq(providers.owner, owner) });
        await queries
          .insert(modelNames)
          .values({ owner, ...names })
          .onConflictDoUpdate({ target: modelNames.owner, set: names });
      });
    },

    probesOf: async (endpoints: string[]): Promise<ProbeRow[]> =>
      endpoints.length === 0 ? [] : database.select().from(probes).where(inArray(probes.baseUrl, endpoints)),

    async keepProbe(row: ProbeRow): Promise<void> {
      const { result, at } = row;
      await database
        .insert(probes)
        .values(row)
        .onConflictDoUpdate({ target: [probes.baseUrl, probes.model], set: { result, at } });
    },

    async wrappedKey(owner: string): Promise<string | null> {
      const [row] = await database.select().from(ownerKeys).where(eq(ownerKeys.owner, owner));
      return row?.wrapped ?? null;
    },
    /** The first one wins; answers the one that is kept. */
    async keepWrappedKey({ owner, wrapped }: { owner: string; wrapped: string }): Promise<string> {
      await database.insert(ownerKeys).values({ owner, wrapped }).onConflictDoNothing();
      const [row] = await database.select().from(ownerKeys).where(eq(ownerKeys.owner, owner));
      return row!.wrapped;
    },
  };
}
