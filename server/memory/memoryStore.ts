// Rows of memory: what the index wrote, and which of them hold the words of a question.
import { and, count, desc, eq, getTableColumns, gt, inArray, isNotNull, isNull, lt, sql } from 'drizzle-orm';
import type { MemoryEntry, MemoryType } from '#shared/memoryEntry.ts';
import type { Queries } from '../platform/database.ts';
import { memoryEntries } from './tables.ts';

export type MemoryRecord = Omit<typeof memoryEntries.$inferSelect, 'words' | 'vector' | 'type'> & { type: MemoryType };
/** What decides whether an entry is asked for; kept in memory for all that is searched. */
export type Attributes = Pick<MemoryRecord, 'fileId' | 'type' | 'at' | 'state' | 'outcome' | 'project' | 'metadata'>;

/** What a search looks at; `vector` as it is stored; `stems` null where they were not asked for. */
export type StoredEntry = Attributes & { volumeId: string; vector: Uint8Array | null; stems: string[] | null };

export type NewEntry = {
  fileId: string;
  volumeId: string;
  path: string;
  blob: string;
  /** Null: no memory. */
  entry: MemoryEntry | null;
  body: string;
  at: Date;
};

const { words: _words, vector: _vector, ...columns } = getTableColumns(memoryEntries);
const { fileId, volumeId, type, at, state, outcome, project, metadata } = columns;
const searched = { fileId, volumeId, type, at, state, outcome, project, metadata, vector: memoryEntries.vector };
/** One text is much faster to read than an array; `asWords` left no such character in a word. */
const between = '\x1f';
const heldWords = sql<string>`array_to_string(tsvector_to_array(${memoryEntries.words}), ${between})`;

const stemsOf = (held: string) => (held === '' ? [] : held.split(between));

function storedEntry({
  held,
  ...row
}: Omit<StoredEntry, 'stems' | 'type'> & { type: MemoryType | null; held: string | null }) {
  return { ...row, type: row.type!, stems: held === null ? null : stemsOf(held) };
}

type Page = { volumeId: string; after: string | null; limit: number };
const behind = ({ volumeId, after }: Omit<Page, 'limit'>) =>
  and(
    eq(memoryEntries.volumeId, volumeId),
    isNotNull(memoryEntries.type),
    after === null ? undefined : gt(memoryEntries.fileId, after),
  );

export type WaitingTrace = { fileId: string; path: string; at: Date };
type Waiting = { volumeId: string; but: string };
const isWaiting = ({ volumeId, but }: Waiting) =>
  and(
    eq(memoryEntries.volumeId, volumeId),
    eq(memoryEntries.type, 'traces'),
    isNotNull(memoryEntries.traceId),
    eq(memoryEntries.state, 'active'),
    sql`coalesce(${memoryEntries.metadata}->>'agent_name', '') <> ${but}`,
  );

export function createMemoryStore(queries: Queries) {
  return {
    /** Which blob of each file was read. */
    async known(): Promise<Map<string, { blob: string; path: string }>> {
      const { fileId, blob, path } = memoryEntries;
      const rows = await queries.select({ fileId, blob, path }).from(memoryEntries);
      return new Map(rows.map((row) => [row.fileId, row]));
    },
    async put(entries: NewEntry[]): Promise<void> {
      for (const { entry, body, at, ...place } of entries) {
        const title = entry?.title ?? '';
        const words = entry
          ? sql`setweight(to_tsvector('english', ${asWords(`${title} ${place.path}`)}), 'A') || to_tsvector('english', ${asWords(`${entry.gist} ${body}`.slice(0, 100_000))})`
          : sql`''::tsvector`;
        const row = {
          ...place,
          type: entry?.type ?? null,
          title,
          gist: entry?.gist ?? '',
          excerpt: entry?.excerpt ?? '',
          at: entry?.at ? new Date(entry.at) : at,
          state: entry?.state ?? ('active' as const),
          outcome: entry?.outcome ?? ('unknown' as const),
          project: entry?.project ?? null,
          traceId: entry?.traceId ?? null,
          links: entry?.links ?? [],
          metadata: entry?.metadata ?? {},
          words,
          vector: null,
        };
        const { fileId: _fileId, ...set } = row;
        await queries.insert(memoryEntries).values(row).onConflictDoUpdate({ target: memoryEntries.fileId, set });
      }
    },
    /** Gives those of them that were remembered. */
    async remove(fileIds: string[]): Promise<{ volumeId: string }[]> {
      if (fileIds.length === 0) return [];
      const { type, volumeId } = memoryEntries;
      const rows = await queries
        .delete(memoryEntries)
        .where(inArray(memoryEntries.fileId, fileIds))
        .returning({ type, volumeId });
      return rows.filter((row) => row.type !== null);
    },
    /** Entries that have no vector yet. */
    async unmeasured(limit: number): Promise<{ fileId: string; volumeId: string; gist: string; blob: string }[]> {
      const { fileId, volumeId, gist, blob } = memoryEntries;
      return queries
        .select({ fileId, volumeId, gist, blob })
        .from(memoryEntries)
        .where(and(isNull(memoryEntries.vector), isNotNull(memoryEntries.type)))
        .orderBy(desc(memoryEntries.at))
        .limit(limit);
    },
    async countUnmeasured(volumeId: string): Promise<number> {
      const [row] = await queries
        .select({ n: count() })
        .from(memoryEntries)
        .where(and(eq(memoryEntries.volumeId, volumeId), isNull(memoryEntries.vector), isNotNull(memoryEntries.type)));
      return row!.n;
    },
    /** Nothing happens if the file changed meanwhile. */
    async measure({ fileId, blob, vector }: { fileId: string; blob: string; vector: Uint8Array }): Promise<boolean> {
      const rows = await queries
        .update(memoryEntries)
        .set({ vector })
        .where(and(eq(memoryEntries.fileId, fileId), eq(memoryEntries.blob, blob)))
        .returning({ fileId: memoryEntries.fileId });
      return rows.length > 0;
    },
    /** Entries of a volume in the order of their ids, without their words, from the one behind `after` on. */
    async page({ volumeId, after, limit }: Page): Promise<StoredEntry[]> {
      const query = queries.select(searched).from(memoryEntries).where(behind({ volumeId, after }));
      const rows = await query.orderBy(memoryEntries.fileId).limit(limit);
      return rows.map((row) => storedEntry({ ...row, held: null }));
    },
    async pageOfWords({ volumeId, after, limit }: Page): Promise<{ fileId: string; stems: string[] }[]> {
      const query = queries.select({ fileId, held: heldWords }).from(memoryEntries).where(behind({ volumeId, after }));
      const rows = await query.orderBy(memoryEntries.fileId).limit(limit);
      return rows.map((row) => ({ fileId: row.fileId, stems: stemsOf(row.held) }));
    },
    /** Those of these files that are memory. */
    async byFile(fileIds: string[]): Promise<StoredEntry[]> {
      const rows = await queries
        .select({ ...searched, held: heldWords })
        .from(memoryEntries)
        .where(and(inArray(memoryEntries.fileId, fileIds), isNotNull(memoryEntries.type)));
      return rows.map(storedEntry);
    },
    async byIds(fileIds: string[]): Promise<Map<string, MemoryRecord>> {
      if (fileIds.length === 0) return new Map();
      const rows = await queries.select(columns).from(memoryEntries).where(inArray(memoryEntries.fileId, fileIds));
      return new Map((rows as MemoryRecord[]).map((row) => [row.fileId, row]));
    },
    /** Newest first. */
    async list({ volumeId, state, limit }: { volumeId: string; state: MemoryRecord['state'] | null; limit: number }) {
      const where = and(
        eq(memoryEntries.volumeId, volumeId),
        isNotNull(memoryEntries.type),
        state ? eq(memoryEntries.state, state) : undefined,
      );
      const [rows, [total]] = await Promise.all([
        queries.select(columns).from(memoryEntries).where(where).orderBy(desc(memoryEntries.at)).limit(limit),
        queries.select({ n: count() }).from(memoryEntries).where(where),
      ]);
      return { rows: rows as MemoryRecord[], total: total!.n };
    },
    /** Traces of runs that nobody drew a lesson from, oldest first; those of the agent `but` do not count. */
    async waitingTraces({ limit, paths, ...which }: Waiting & { paths?: string[]; limit: number }): Promise<WaitingTrace[]> {
      const { fileId, path, at } = memoryEntries;
      const where = and(isWaiting(which), paths && inArray(memoryEntries.path, paths));
      const rows = await queries.select({ fileId, path, at }).from(memoryEntries).where(where).orderBy(at).limit(limit);
      return rows;
    }, // prettier-ignore
    async countWaiting(which: Waiting): Promise<number> {
      const [row] = await queries.select({ n: count() }).from(memoryEntries).where(isWaiting(which));
      return row!.n;
    },
    async volumesWithTraces(): Promise<string[]> {
      const where = and(eq(memoryEntries.type, 'traces'), isNotNull(memoryEntries.traceId));
      const rows = await queries.selectDistinct({ id: memoryEntries.volumeId }).from(memoryEntries).where(where);
      return rows.map(({ id }) => id);
    },
    async olderThan({
      volumeId,
      state,
      before,
      limit,
    }: {
      volumeId: string;
      state: MemoryRecord['state'];
      before: Date;
      limit: number;
    }): Promise<string[]> {
      const traces = and(eq(memoryEntries.type, 'traces'), isNotNull(memoryEntries.traceId));
      const rows = await queries
        .select({ fileId: memoryEntries.fileId })
        .from(memoryEntries)
        .where(and(eq(memoryEntries.volumeId, volumeId), traces, eq(memoryEntries.state, state), lt(memoryEntries.at, before)))
        .limit(limit); // prettier-ignore
      return rows.map(({ fileId }) => fileId);
    },
    /** The stems of a text, without words like "the". */
    async stems(text: string): Promise<string[]> {
      const { rows } = await queries.execute<{ stems: string[] }>(
        sql`select tsvector_to_array(to_tsvector('english', ${asWords(text)})) as stems`,
      );
      return rows[0]!.stems;
    },
    /** Entries of a volume behind `after` that hold at least one of the stems, with the share of the stems that they hold. */
    async holding({ volumeId, stems, after }: Omit<Page, 'limit'> & { stems: string[] }): Promise<Map<string, number>> {
      if (stems.length === 0) return new Map();
      const terms = stems.map((stem) => sql`${`'${stem.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`}::tsquery`);
      const share = sql<number>`(${sql.join(
        terms.map((term) => sql`(${memoryEntries.words} @@ ${term})::int`),
        sql` + `,
      )})::float8 / ${terms.length}`;
      const any = sql.join(terms, sql` || `);
      const rows = await queries
        .select({ fileId: memoryEntries.fileId, share: share.as('share') })
        .from(memoryEntries)
        .where(and(behind({ volumeId, after }), sql`${memoryEntries.words} @@ (${any})`));
      return new Map(rows.map((row) => [row.fileId, row.share]));
    },
  };
}
export type MemoryStore = ReturnType<typeof createMemoryStore>;

/** `query_memory` and `SystemAgent` are two words each. */
const asWords = (text: string): string =>
  `${text} ${text.replace(/([a-z0-9])([A-Z])/g, '$1 $2')}`.replace(/[\0-\x1f_/.\-:]+/g, ' ');
