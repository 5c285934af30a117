// Rows of `files` and `folders`. New files, moves and deletions are written with their commit (versions.ts); here they are read, and
// what is no part of a version is kept: folders that hold nothing, and what a person said about a held file.
import { and, desc, eq, inArray, isNotNull, isNull, or, sql } from 'drizzle-orm';
import type { Queries } from '../../platform/database.ts';
import { files, folders } from '../tables.ts';

export type FileRow = typeof files.$inferSelect;

export function createFileStore(queries: Queries) {
  const alive = (volumeId: string) =>
    and(eq(files.volumeId, volumeId), eq(files.branch, 'main'), isNull(files.deletedAt));
  return {
    async byId(id: string): Promise<FileRow | null> {
      const [row] = await queries.select().from(files).where(eq(files.id, id));
      return row ?? null;
    },
    async byIds(ids: string[]): Promise<FileRow[]> {
      return ids.length ? queries.select().from(files).where(inArray(files.id, ids)) : [];
    },
    /** A file that is there now, by its exact path. */
    async byPath(volumeId: string, path: string): Promise<FileRow | null> {
      const [row] = await queries
        .select()
        .from(files)
        .where(and(alive(volumeId), eq(files.path, path)));
      return row ?? null;
    },
    async list(volumeId: string): Promise<FileRow[]> {
      return queries.select().from(files).where(alive(volumeId)).orderBy(files.path);
    },
    async paths(volumeId: string): Promise<{ id: string; path: string; kind: 'text' | 'binary' }[]> {
      return queries.select({ id: files.id, path: files.path, kind: files.kind }).from(files).where(alive(volumeId));
    },
    /** Markdown that is in a version, of all volumes or only these files: where each is, and the blob of its last version. */
    async markdown(
      ids?: string[],
    ): Promise<{ fileId: string; volumeId: string; path: string; blob: string; updatedAt: Date }[]> {
      const { id, volumeId, path, blob, updatedAt } = files;
      const rows = await queries
        .select({ fileId: id, volumeId, path, blob, updatedAt })
        .from(files)
        .where(
          and(
            isNull(files.deletedAt),
            eq(files.branch, 'main'),
            eq(files.kind, 'text'),
            isNotNull(files.blob),
            sql`lower(${files.path}) like '%.md'`,
            ids ? inArray(files.id, ids) : undefined,
          ),
        );
      return rows.map((row) => ({ ...row, blob: row.blob! }));
    },
    /** Files under a folder, without a slash at its end. */
    async under(volumeId: string, folder: string): Promise<FileRow[]> {
      return queries
        .select()
        .from(files)
        .where(and(alive(volumeId), sql`starts_with(${files.path}, ${`${folder}/`})`))
        .orderBy(files.path);
    },
    async lastDeleted(volumeId: string, path: string): Promise<FileRow | null> {
      const [row] = await queries
        .select()
        .from(files)
        .where(and(eq(files.volumeId, volumeId), eq(files.path, path), isNotNull(files.deletedAt)))
        .orderBy(desc(files.deletedAt))
        .limit(1);
      return row ?? null;
    },
    async notSecret({ fileId, hash }: { fileId: string; hash: string }): Promise<void> {
      await queries.update(files).set({ notSecret: hash, heldAt: null }).where(eq(files.id, fileId));
    },

    async folders(volumeId: string): Promise<string[]> {
      const rows = await queries
        .select({ path: folders.path })
        .from(folders)
        .where(eq(folders.volumeId, volumeId))
        .orderBy(folders.path);
      return rows.map((row) => row.path);
    },
    async addFolders(volumeId: string, paths: string[]): Promise<void> {
      if (paths.length === 0) return;
      await queries
        .insert(folders)
        .values(paths.map((path) => ({ volumeId, path })))
        .onConflictDoNothing();
    },
    /** Of a folder and all below it. */
    async moveFolders({ volumeId, from, to }: { volumeId: string; from: string; to: string }): Promise<void> {
      await queries.transaction(async (transaction) => {
        const inside = and(
          eq(folders.volumeId, volumeId),
          or(eq(folders.path, from), sql`starts_with(${folders.path}, ${`${from}/`})`),
        );
        const rows = await transaction.delete(folders).where(inside).returning({ path: folders.path });
        if (rows.length === 0) return;
        await transaction
          .insert(folders)
          .values(rows.map(({ path }) => ({ volumeId, path: to + path.slice(from.length) })))
          .onConflictDoNothing();
      });
    },
    async removeFolders({ volumeId, path }: { volumeId: string; path: string }): Promise<number> {
      const rows = await queries
        .delete(folders)
        .where(
          and(
            eq(folders.volumeId, volumeId),
            or(eq(folders.path, path), sql`starts_with(${folders.path}, ${`${path}/`})`),
          ),
        )
        .returning({ path: folders.path });
      return rows.length;
    },
  };
}
export type FileStore = ReturnType<typeof createFileStore>;
