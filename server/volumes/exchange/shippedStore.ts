// Rows of `shipped_files`.
import type { Database } from '../../platform/database.ts';
import { shippedFiles } from '../tables.ts';

export function createShippedStore(database: Database) {
  return {
    async read(): Promise<Map<string, string>> {
      return new Map((await database.select().from(shippedFiles)).map(({ path, body }) => [path, body]));
    },
    async replace({ files, release }: { files: Map<string, string>; release: string }): Promise<void> {
      await database.transaction(async (transaction) => {
        await transaction.delete(shippedFiles);
        const rows = [...files].map(([path, body]) => ({ path, body, release }));
        if (rows.length) await transaction.insert(shippedFiles).values(rows);
      });
    },
  };
}
export type ShippedStore = ReturnType<typeof createShippedStore>;
