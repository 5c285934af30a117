// What a version writes into the tables, in one transaction: the commits and their files, rows of `files`, blames, searched texts and
// how far each room is committed. The same plan is kept as an intent before the branch moves, so that a kill in between loses nothing.
import { and, desc, eq, inArray, isNull, sql } from 'drizzle-orm';
import { pathKey } from '#shared/path.ts';
import type { Database, Queries } from '../../platform/database.ts';
import type { Runs } from './lineBlame.ts';
import { blames, checkpointIntents, commitFiles, commits, files, searchTexts } from '../tables.ts';
import type { Head, Version } from './versions.ts';

export type FileRow = typeof files.$inferSelect;

/** What becomes of a row of `files`. */
export type RowChange =
  | {
      act: 'put';
      fileId: string;
      path: string;
      fileKind: 'text' | 'binary';
      blob: string | null;
      size: number;
      held: boolean;
    }
  | { act: 'move'; fileId: string; path: string }
  | { act: 'delete'; fileId: string; by: string | null }
  | { act: 'commit'; fileId: string; blob: string; size: number };

/** Everything that follows a move of the branch. It goes through JSON; texts are not in it, they are in git. */
export type Plan = {
  volumeId: string;
  /** Milliseconds since 1970. */
  at: number;
  versions: Version[];
  rows: RowChange[];
  marks: { fileId: string; upto: number }[];
  blames: { fileId: string; position: number; runs: Runs }[];
  searches: { fileId: string; path: string; blob: string }[];
};

export type Intent = { id: string; headBefore: string | null; headAfter: string; plan: Plan };
export type MarkCommitted = (queries: Queries, marks: { fileId: string; upto: number }[]) => Promise<void>;

export type CheckpointStore = ReturnType<typeof createCheckpointStore>;

/** PostgreSQL takes 65,535 parameters a statement. */
const atOnce = 1000;

export function createCheckpointStore({
  database,
  markCommitted,
}: {
  database: Database;
  markCommitted: MarkCommitted;
}) {
  return {
    async head(volumeId: string): Promise<Head | null> {
      const [row] = await database
        .select({ oid: commits.oid, position: commits.position })
        .from(commits)
        .where(eq(commits.volumeId, volumeId))
        .orderBy(desc(commits.position))
        .limit(1);
      return row ?? null;
    },
    async filesById(ids: string[]): Promise<Map<string, FileRow>> {
      const rows = await inParts(ids, (part) => database.select().from(files).where(inArray(files.id, part)));
      return new Map(rows.map((row) => [row.id, row]));
    },
    async filesOf(volumeId: string): Promise<FileRow[]> {
      return database
        .select()
        .from(files)
        .where(and(eq(files.volumeId, volumeId), eq(files.branch, 'main')));
    },
    /** Only those that are true for the last version of their file. */
    async blamesOf(ids: string[]): Promise<Map<string, { position: number; runs: Runs }>> {
      const last = sql`(select max(f.position) from commit_files f where f.file_id = ${blames.fileId})`;
      const rows = await inParts(ids, (part) =>
        database
          .select()
          .from(blames)
          .where(and(inArray(blames.fileId, part), eq(blames.position, last))),
      );
      return new Map(rows.map(({ fileId, position, runs }) => [fileId, { position, runs: runs as Runs }]));
    },
    /** Oldest first. */
    async versionsOfFile(fileId: string): Promise<{ position: number; blob: string | null }[]> {
      return database
        .select({ position: commitFiles.position, blob: commitFiles.blob })
        .from(commitFiles)
        .where(eq(commitFiles.fileId, fileId))
        .orderBy(commitFiles.position);
    },
    /** What the index knows that git does not. */
    async known(volumeId: string) {
      const known = await database.select().from(commits).where(eq(commits.volumeId, volumeId));
      const paths = await database
        .select({ oid: commits.oid, path: commitFiles.path, fileId: commitFiles.fileId })
        .from(commitFiles)
        .innerJoin(commits, and(eq(commits.volumeId, commitFiles.volumeId), eq(commits.position, commitFiles.position)))
        .where(eq(commitFiles.volumeId, volumeId));
      return {
        commits: new Map(known.map((row) => [row.oid, row])),
        fileIds: new Map(paths.map(({ oid, path, fileId }) => [`${oid}:${path}`, fileId])),
      };
    },
    async volumeOf(fileId: string): Promise<string | null> {
      const [row] = await database.select({ volumeId: files.volumeId }).from(files).where(eq(files.id, fileId));
      return row?.volumeId ?? null;
    },
    async hold(ids: string[], at: Date): Promise<void> {
      await database
        .update(files)
        .set({ heldAt: at })
        .where(and(inArray(files.id, ids), isNull(files.heldAt)));
    },
    async release(ids: string[]): Promise<void> {
      await database.update(files).set({ heldAt: null }).where(inArray(files.id, ids));
    },

    async addIntent({ headBefore, headAfter, plan }: { headBefore: string | null; headAfter: string; plan: Plan }) {
      const [row] = await database
        .insert(checkpointIntents)
        .values({ volumeId: plan.volumeId, headBefore, headAfter, plan })
        .returning({ id: checkpointIntents.id });
      return row!.id;
    },
    async intents(volumeId: string): Promise<Intent[]> {
      const rows = await database
        .select()
        .from(checkpointIntents)
        .where(eq(checkpointIntents.volumeId, volumeId))
        .orderBy(checkpointIntents.at);
      return rows.map(({ id, headBefore, headAfter, plan }) => ({
        id,
        headBefore,
        headAfter,
        plan: readPlan(plan as Plan),
      }));
    },
    async volumesWithIntents(): Promise<string[]> {
      const rows = await database.selectDistinct({ volumeId: checkpointIntents.volumeId }).from(checkpointIntents);
      return rows.map((row) => row.volumeId);
    },
    async dropIntent(id: string): Promise<void> {
      await database.delete(checkpointIntents).where(eq(checkpointIntents.id, id));
    },

    /** `textOf`: the text of a blob, for search. */
    async apply({
      plan,
      intent,
      textOf,
    }: {
      plan: Plan;
      intent: string | null;
      textOf: (blob: string) => Promise<string>;
    }): Promise<void> {
      const bodies = new Map<string, string>();
      for (const { fileId, blob } of plan.searches) bodies.set(fileId, (await textOf(blob)).replaceAll('\0', ''));
      await database.transaction(async (queries) => {
        if (intent) await queries.delete(checkpointIntents).where(eq(checkpointIntents.id, intent));
        await addVersions(queries, plan.volumeId, plan.versions);
        await changeRows(queries, plan);
        await keepBlames(queries, plan.blames);
        await keepSearched(queries, plan, bodies);
        if (plan.marks.length > 0) await markCommitted(queries, plan.marks);
      });
    },

    /** Puts a whole new index in place of what is there. */
    async replaceIndex(plan: Plan, textOf: (blob: string) => Promise<string>): Promise<void> {
      const bodies = new Map<string, string>();
      for (const { fileId, blob } of plan.searches) bodies.set(fileId, (await textOf(blob)).replaceAll('\0', ''));
      await database.transaction(async (queries) => {
        await queries.delete(checkpointIntents).where(eq(checkpointIntents.volumeId, plan.volumeId));
        await queries.delete(commits).where(eq(commits.volumeId, plan.volumeId));
        await queries.delete(commitFiles).where(eq(commitFiles.volumeId, plan.volumeId));
        await queries.delete(searchTexts).where(eq(searchTexts.volumeId, plan.volumeId));
        await addVersions(queries, plan.volumeId, plan.versions);
        await changeRows(queries, plan);
        await keepBlames(queries, plan.blames);
        await keepSearched(queries, plan, bodies);
      });
    },
  };
}

/** Dates were text in JSON. */
const readPlan = (plan: Plan): Plan => ({
  ...plan,
  versions: plan.versions.map((version) => ({ ...version, at: new Date(version.at) })),
});

async function inParts<T, R>(items: T[], query: (part: T[]) => Promise<R[]>, size = atOnce): Promise<R[]> {
  const found: R[] = [];
  for (let at = 0; at < items.length; at += size) found.push(...(await query(items.slice(at, at + size))));
  return found;
}

async function addVersions(queries: Queries, volumeId: string, versions: Version[]): Promise<void> {
  await inParts(versions, async (part) => {
    const rows = part.map(({ group, files, ...version }) => ({
      ...version,
      volumeId,
      groupId: group,
      fileCount: files.length,
    }));
    await queries.insert(commits).values(rows);
    return [];
  });
  const rows = versions.flatMap(({ position, files }) => files.map((file) => ({ ...file, volumeId, position })));
  await inParts(rows, async (part) => {
    await queries.insert(commitFiles).values(part);
    return [];
  });
}

async function changeRows(queries: Queries, { volumeId, at, rows }: Plan): Promise<void> {
  const updatedAt = new Date(at);
  // first what frees a path, then what takes one
  for (const row of rows) {
    if (row.act !== 'delete') continue;
    const gone = { deletedAt: updatedAt, deletedBy: row.by, updatedAt, heldAt: null };
    await queries.update(files).set(gone).where(eq(files.id, row.fileId));
  }
  const moves = rows.filter((row) => row.act === 'move');
  if (moves.length > 1) {
    // two files may change places
    const parked = inArray(files.id, moves.map((row) => row.fileId)); // prettier-ignore
    await queries
      .update(files)
      .set({ pathKey: sql`'/' || id` })
      .where(parked);
  }
  for (const { fileId, path } of moves)
    await queries
      .update(files)
      .set({ path, pathKey: pathKey(path), updatedAt })
      .where(eq(files.id, fileId));
  for (const row of rows) {
    if (row.act !== 'commit') continue;
    const { blob, size } = row;
    await queries.update(files).set({ blob, size, updatedAt, heldAt: null }).where(eq(files.id, row.fileId));
  }
  await inParts(
    rows.filter((row) => row.act === 'put'),
    async (part) => {
      const values = part.map(({ fileId, path, fileKind, blob, size, held }) => ({
        id: fileId,
        volumeId,
        path,
        pathKey: pathKey(path),
        kind: fileKind,
        blob,
        size,
        createdAt: updatedAt,
        updatedAt,
        heldAt: held ? updatedAt : null,
      }));
      const again = {
        path: sql`excluded.path`,
        pathKey: sql`excluded.path_key`,
        kind: sql`excluded.kind`,
        blob: sql`coalesce(excluded.blob, files.blob)`,
        size: sql`excluded.size`,
        updatedAt: sql`excluded.updated_at`,
        heldAt: sql`excluded.held_at`,
        deletedAt: null,
        deletedBy: null,
      };
      await queries.insert(files).values(values).onConflictDoUpdate({ target: files.id, set: again });
      return [];
    },
  );
}

async function keepBlames(queries: Queries, kept: Plan['blames']): Promise<void> {
  await inParts(kept, async (part) => {
    const set = { position: sql`excluded.position`, runs: sql`excluded.runs` };
    await queries.insert(blames).values(part).onConflictDoUpdate({ target: blames.fileId, set });
    return [];
  });
}

async function keepSearched(queries: Queries, plan: Plan, bodies: Map<string, string>): Promise<void> {
  const gone = plan.rows.filter((row) => row.act === 'delete').map((row) => row.fileId);
  if (gone.length > 0) await queries.delete(searchTexts).where(inArray(searchTexts.fileId, gone));
  const saved = async (part: Plan['searches']) => {
    const values = part.map(({ fileId, path }) => ({
      fileId,
      path,
      volumeId: plan.volumeId,
      body: bodies.get(fileId)!,
    }));
    const set = { path: sql`excluded.path`, body: sql`excluded.body` };
    await queries.insert(searchTexts).values(values).onConflictDoUpdate({ target: searchTexts.fileId, set });
    return [];
  };
  await inParts(plan.searches, saved, 50); // whole texts
  const searched = new Set(plan.searches.map((search) => search.fileId));
  for (const row of plan.rows)
    if (row.act === 'move' && !searched.has(row.fileId))
      await queries.update(searchTexts).set({ path: row.path }).where(eq(searchTexts.fileId, row.fileId));
}
