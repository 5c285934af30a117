// Which files hold some words: PostgreSQL full text over the last version of each file (the table is kept by checkpoints).
import { and, eq, inArray, isNull, sql, type SQL } from 'drizzle-orm';
import type { Queries } from '../../platform/database.ts';
import { files, searchTexts } from '../tables.ts';

export type Found = { fileId: string; path: string; score: number };

/** ASCII punctuation parts words (`agents/SystemAgent.md`, `query_memory`), and so does a capital inside a word. */
const parted = (text: SQL): SQL =>
  sql`regexp_replace(${text} || ' ' || regexp_replace(${text}, '([a-z0-9])([A-Z])', '\\1 \\2', 'g'), '[\\x21-\\x2f\\x3a-\\x40\\x5b-\\x60\\x7b-\\x7e]+', ' ', 'g')`;

/** Of files whose words are not written yet. */
const rankByName = (words: string[]): SQL =>
  sql`case when ${sql.join(
    words.map((word) => sql`${searchTexts.path} ilike ${like(word)}`),
    sql` and `,
  )} then 0.6 else 0.06 end`;

/** Past this the body is only partly in the index, and is looked through as it is. */
const wholeInIndex = 150_000;

export function createSearchStore(queries: Queries) {
  return {
    /**
     * Files of a volume that hold every word (those whose words nobody wrote yet are looked through as they are), and how many there are. `lexical` is a tsquery; `substrings` are words of scripts that
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
      const isRead = sql`(${searchTexts.words} is null or octet_length(${searchTexts.body}) > ${wholeInIndex})`;
      if (words.length)
        matches.push(
          sql`(${searchTexts.words} @@ ${query} or (${isRead} and ${sql.join(words.map(holds), sql` and `)}))`,
        );
      const score = words.length
        ? sql<number>`coalesce(ts_rank('{0.1, 0.1, 0.1, 1}', ${searchTexts.words}, ${query}), ${rankByName(words)})`
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
    /** Writes the words of some files that have none yet, of so many characters each. How many they were; others may write them too. */
    async writeWords({ files: most, characters }: { files: number; characters: number }): Promise<number> {
      const body = sql`left(s.body, ${characters})`;
      return queries.transaction(async (inside) => {
        await inside.execute(sql`set local synchronous_commit = off`); // who dies now writes them again
        const { rowCount } = await inside.execute(sql`
          with few as (
            select file_id from ${searchTexts} where words is null order by file_id limit ${most} for update skip locked
          )
          update ${searchTexts} s
          set words = setweight(to_tsvector('simple', ${parted(sql`s.path`)}), 'A') || to_tsvector('simple', ${parted(body)})
          from few where s.file_id = few.file_id`);
        return rowCount ?? 0;
      });
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
