// Files of a volume that may define something, with the text of their last version: by their place, or because they start with a header.
// What they define is for the library to read. Memory and traces are many and are not asked for.
import { and, eq, inArray, isNull, sql } from 'drizzle-orm';
import type { Queries } from '../../platform/database.ts';
import { files, searchTexts } from '../tables.ts';

export type DefinitionText = { fileId: string; path: string; text: string; updatedAt: Date };

const places =
  '(^|/)(agents|skills|tools|workflows)/[^/]+\\.md$|(^|/)skill\\.md$|\\.workflow\\.md$|^kernel/[^/]+\\.md$|(^|/)applets/[^/]+\\.[jt]sx$|\\.app$';
/** A definition is not longer than this; of a longer file the start is read. */
const longest = 500_000;

export function createDefinitionStore(queries: Queries) {
  const text = sql<string>`left(${searchTexts.body}, ${longest})`;
  const columns = { fileId: files.id, path: files.path, text, updatedAt: files.updatedAt };
  return {
    async inVolume(volumeId: string): Promise<DefinitionText[]> {
      return queries
        .select(columns)
        .from(files)
        .innerJoin(searchTexts, eq(searchTexts.fileId, files.id))
        .where(
          and(
            eq(files.volumeId, volumeId),
            eq(files.branch, 'main'),
            isNull(files.deletedAt),
            sql`(${files.path} ~* ${places} or (${files.path} ~* '\\.md$' and ${files.path} !~* '(^|/)memory/' and starts_with(${searchTexts.body}, '---')))`,
          ),
        );
    },
    /** Where they are now, and their text in the last version (empty before the first). Those that are gone are left out. */
    async byIds(fileIds: string[]): Promise<(DefinitionText & { volumeId: string })[]> {
      if (fileIds.length === 0) return [];
      const found: (DefinitionText & { volumeId: string })[] = [];
      for (let at = 0; at < fileIds.length; at += 500) {
        const alive = and(eq(files.branch, 'main'), eq(files.kind, 'text'), isNull(files.deletedAt));
        const ofInterest = sql<string>`case when ${files.path} ~* '\\.(md|app|[jt]sx)$' then ${text} else '' end`;
        const rows = await queries
          .select({ ...columns, text: ofInterest, volumeId: files.volumeId })
          .from(files)
          .leftJoin(searchTexts, eq(searchTexts.fileId, files.id))
          .where(and(inArray(files.id, fileIds.slice(at, at + 500)), alive));
        found.push(...rows.map((row) => ({ ...row, text: row.text ?? '' })));
      }
      return found;
    },
  };
}
export type DefinitionStore = ReturnType<typeof createDefinitionStore>;
