// Which files hold some words: PostgreSQL full text over the last version of each file (the table is kept by checkpoints).
import { and, eq, inArray, isNull, sql, type SQL } from 'drizzle-orm';
import type { Queries } from '../../platform/database.ts';
import { files, searchTexts } from '../tables.ts';

export type Found = { fileId: string; path: string; score: number };

/** Past this the body is only partly in the index, and is looked through as it is. */
const wholeInIndex = 150_000;

export function createSearchStore(queries: Queries) {
  return {
    /**
     * Files of a volume that hold every word, and how many there are. `lexical` is a tsquery; `substrings` are words of scripts that
     * do not part them by spaces. Names count more than what is inside.
     */
    async find({
      volumeId,
      lexical,
      words,
      substrings,
      limit,
    }: {
      volumeId: string;
      lexical: string;
      words: string[];
      substrings: string[];
      limit: number;
    }): Promise<{ found: Found[]; total: number }> {
      const query = sql`to_tsquery('simple', ${lexical})`;
      const holds = (word: string) =>
        sql`(${searchTexts.body} ilike ${like(word)} or ${searchTexts.path} ilike ${like(word)})`;
      const matches: SQL[] = substrings.map(holds);
      if (words.length)
        matches.push(
          sql`(${searchTexts.words} @@ ${query} or (octet_length(${searchTexts.body}) > ${wholeInIndex} and ${sql.join(words.map(holds), sql` and `)}))`,
        );
      const score = words.length
        ? sql<number>`ts_rank('{0.1, 0.1, 0.1, 1}', ${searchTexts.words}, ${query})`
        : sql<number>`0.1`;
      const rows = await queries
        .select({
          fileId: searchTexts.fileId,
          path: searchTexts.path,
          score,
          total: sql<number>`(count(*) over ())::int`,
        })
        .from(searchTexts)
        .innerJoin(files, and(eq(files.id, searchTexts.fileId), isNull(files.deletedAt)))
        .where(and(eq(searchTexts.volumeId, volumeId), ...matches))
        .orderBy(sql`3 desc`, searchTexts.path)
        .limit(limit);
      return { found: rows.map(({ fileId, path, score }) => ({ fileId, path, score })), total: rows[0]?.total ?? 0 };
    },
    async bodies(fileIds: string[]): Promise<Map<string, string>> {
      const rows = await queries
        .select({ fileId: searchTexts.fileId, body: searchTexts.body })
        .from(searchTexts)
        .where(inArray(searchTexts.fileId, fileIds));
      return new Map(rows.map(({ fileId, body }) => [fileId, body]));
    },
  };
}
export type SearchStore = ReturnType<typeof createSearchStore>;

const like = (word: string) => `%${word.replace(/[\\%_]/g, '\\$&')}%`;
