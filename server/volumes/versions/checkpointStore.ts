// What the making of versions asks of the tables, and what it leaves there. The plan of a version is kept as an intent before the branch
// moves, so that a kill in between loses nothing; it is written (planStore.ts) when the branch has moved.
import { and, desc, eq, inArray, isNull, sql } from 'drizzle-orm';
import type { Database, Statement } from '../../platform/database.ts';
import type { Runs } from './lineBlame.ts';
import { writePlan } from './planStore.ts';
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
/** Says how far each room is in a version, as a part of the statement that writes the version. */
export type MarkCommitted = (marks: { fileId: string; upto: number }[]) => Statement;

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
    /** Files that have one of these names now, but for `except`. */
    async namesTaken({
      volumeId,
      keys,
      except,
    }: {
      volumeId: string;
      keys: string[];
      except: string[];
    }): Promise<string[]> {
      const rows = await inParts(keys, (part) =>
        database
          .select({ id: files.id, path: files.path })
          .from(files)
          .where(
            and(
              eq(files.volumeId, volumeId),
              eq(files.branch, 'main'),
              isNull(files.deletedAt),
              inArray(files.pathKey, part),
            ),
          ),
      );
      const ours = new Set(except);
      return rows.filter(({ id }) => !ours.has(id)).map(({ path }) => path);
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
    async apply(apply: { plan: Plan; intent: string | null; textOf: TextOf }): Promise<void> {
      const bodies = await readBodies(apply.plan, apply.textOf);
      await writePlan({ database, ...apply, bodies, markCommitted });
    },

    /** Puts a whole new index in place of what is there. */
    async replaceIndex(plan: Plan, textOf: TextOf): Promise<void> {
      const bodies = await readBodies(plan, textOf);
      await database.transaction(async (queries) => {
        await queries.delete(checkpointIntents).where(eq(checkpointIntents.volumeId, plan.volumeId));
        await queries.delete(commits).where(eq(commits.volumeId, plan.volumeId));
        await queries.delete(commitFiles).where(eq(commitFiles.volumeId, plan.volumeId));
        await queries.delete(searchTexts).where(eq(searchTexts.volumeId, plan.volumeId));
        await writePlan({ database: queries, plan, intent: null, bodies, markCommitted, isWhole: true });
      });
    },
  };
}

type TextOf = (blob: string) => Promise<string>;

/** What is searched in each file. PostgreSQL keeps no NUL. */
async function readBodies({ searches }: Plan, textOf: TextOf): Promise<Map<string, string>> {
  const bodies = new Map<string, string>();
  for (const { fileId, blob } of searches) bodies.set(fileId, (await textOf(blob)).replaceAll('\0', ''));
  return bodies;
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
