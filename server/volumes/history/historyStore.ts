// Reading versions from the tables: no walk through git, whatever the length of the history (GI7).
import { and, asc, count, desc, eq, exists, gte, inArray, isNull, like, lt, lte, sql, type SQL } from 'drizzle-orm';
import type { Database } from '../../platform/database.ts';
import { blames, commitFiles, commits, files } from '../tables.ts';
import type { Runs } from '../versions/lineBlame.ts';
import type { CommitKind, Version, VersionFile } from '../versions/versions.ts';

type CommitRow = typeof commits.$inferSelect;
/** A file before the first and after the last of some versions. */
export type NetFile = Pick<
  VersionFile,
  'fileId' | 'path' | 'pathBefore' | 'blob' | 'blobBefore' | 'added' | 'removed' | 'binary'
> & {
  versions: number;
};

export type HistoryStore = ReturnType<typeof createHistoryStore>;

export function createHistoryStore({ database }: { database: Database }) {
  async function withFiles(rows: CommitRow[]): Promise<Version[]> {
    if (rows.length === 0) return [];
    const positions = rows.map((row) => row.position);
    const found = await database
      .select()
      .from(commitFiles)
      .where(and(eq(commitFiles.volumeId, rows[0]!.volumeId), inArray(commitFiles.position, positions)))
      .orderBy(asc(commitFiles.path));
    const byPosition = Map.groupBy(found, (file) => file.position);
    return rows.map(({ volumeId: _volume, groupId, fileCount: _count, kind, ...row }) => ({
      ...row,
      kind: kind as CommitKind,
      group: groupId,
      files: (byPosition.get(row.position) ?? []).map(({ volumeId: _volume, position: _position, ...file }) => file),
    }));
  }

  /** Of others, nobody looked at it, and nothing undid it. Samples and releases are not news. */
  const isUnreviewed = (
    viewer: string | null,
  ): SQL => sql`${commits.kind} not in ('sample', 'upgrade') and ${commits.author} is not null
    and ${commits.author} is distinct from ${viewer}::uuid
    and not exists (select 1 from reviews r where r.volume_id = ${commits.volumeId} and r.oid = ${commits.oid})
    and not exists (select 1 from commits undo where undo.volume_id = ${commits.volumeId} and undo.undoes = ${commits.oid})`;

  const touches = (fileId: string): SQL =>
    exists(
      database
        .select({ one: sql`1` })
        .from(commitFiles)
        .where(
          and(
            eq(commitFiles.fileId, fileId),
            eq(commitFiles.volumeId, commits.volumeId),
            eq(commitFiles.position, commits.position),
          ),
        ),
    );

  return {
    /** Newest first, below `before`. */
    async page({
      volumeId,
      fileId,
      before,
      limit,
      unreviewedBy,
    }: {
      volumeId: string;
      fileId?: string;
      before?: number;
      limit: number;
      unreviewedBy?: string | null;
    }) {
      const which = and(
        eq(commits.volumeId, volumeId),
        fileId ? touches(fileId) : undefined,
        unreviewedBy === undefined ? undefined : isUnreviewed(unreviewedBy),
      );
      const older = before === undefined ? undefined : lt(commits.position, before);
      const [rows, [total]] = await Promise.all([
        database.select().from(commits).where(and(which, older)).orderBy(desc(commits.position)).limit(limit),
        database.select({ total: count() }).from(commits).where(which),
      ]);
      return { versions: await withFiles(rows), total: total!.total };
    },
    async byOids(volumeId: string, oids: string[]): Promise<Version[]> {
      if (oids.length === 0) return [];
      return withFiles(
        await database
          .select()
          .from(commits)
          .where(and(eq(commits.volumeId, volumeId), inArray(commits.oid, oids)))
          .orderBy(desc(commits.position)),
      );
    },
    async byPositions(volumeId: string, positions: number[]): Promise<CommitRow[]> {
      if (positions.length === 0) return [];
      return database
        .select()
        .from(commits)
        .where(and(eq(commits.volumeId, volumeId), inArray(commits.position, positions)));
    },
    /** Both inclusive, oldest first. */
    async between({
      volumeId,
      from,
      to,
      fileId,
    }: {
      volumeId: string;
      from: number;
      to: number;
      fileId?: string;
    }): Promise<Version[]> {
      const range = and(eq(commits.volumeId, volumeId), gte(commits.position, from), lte(commits.position, to));
      const rows = await database
        .select()
        .from(commits)
        .where(and(range, fileId ? touches(fileId) : undefined))
        .orderBy(asc(commits.position));
      const versions: Version[] = [];
      for (let at = 0; at < rows.length; at += 5000) versions.push(...(await withFiles(rows.slice(at, at + 5000))));
      return versions;
    },
    /** `oid`: whole, or its first letters as people and headers write them. */
    async position(volumeId: string, oid: string): Promise<number | null> {
      const [row] = await database
        .select({ position: commits.position })
        .from(commits)
        .where(
          and(
            eq(commits.volumeId, volumeId),
            /^[0-9a-f]{7,39}$/.test(oid) ? like(commits.oid, `${oid}%`) : eq(commits.oid, oid),
          ),
        )
        .limit(1);
      return row?.position ?? null;
    },
    /** What the versions after `from` up to `to` did in sum. */
    async net({
      volumeId,
      from,
      to,
      path,
    }: {
      volumeId: string;
      from: number;
      to: number;
      path?: string;
    }): Promise<NetFile[]> {
      const range = sql`f.volume_id = ${volumeId} and f.position > ${from} and f.position <= ${to}`;
      // a path may have had another name in the range: all of the files that ever were at it
      const only =
        path === undefined
          ? sql``
          : sql` and f.file_id in (select g.file_id from commit_files g where g.volume_id = ${volumeId} and g.path = ${path})`;
      const { rows } = await database.execute<Record<string, never>>(sql`
        select file_id as "fileId", count(*)::int as versions, bool_or(f.binary) as binary, sum(added)::int as added, sum(removed)::int as removed,
          (array_agg(coalesce(path_before, path) order by position))[1] as "pathBefore", (array_agg(blob_before order by position))[1] as "blobBefore",
          (array_agg(path order by position desc))[1] as path, (array_agg(blob order by position desc))[1] as blob
        from commit_files f where ${range}${only} group by file_id`);
      const found = rows as unknown as NetFile[];
      return found.filter(
        (file) => file.blob !== file.blobBefore || (file.blob !== null && file.path !== file.pathBefore),
      );
    },
    /** The files of a volume as they are now. */
    async filesNow(volumeId: string) {
      return database
        .select()
        .from(files)
        .where(and(eq(files.volumeId, volumeId), eq(files.branch, 'main'), isNull(files.deletedAt)));
    },
    async fileById(fileId: string) {
      const [row] = await database.select().from(files).where(eq(files.id, fileId));
      return row ?? null;
    },
    /** The file that is at a path: now, else the last one that was. */
    async fileAtPath(volumeId: string, path: string) {
      const [row] = await database
        .select()
        .from(files)
        .where(and(eq(files.volumeId, volumeId), eq(files.branch, 'main'), eq(files.path, path)))
        .orderBy(sql`${files.deletedAt} desc nulls first`)
        .limit(1);
      if (row) return row;
      const [old] = await database
        .select({ fileId: commitFiles.fileId })
        .from(commitFiles)
        .where(and(eq(commitFiles.volumeId, volumeId), eq(commitFiles.path, path)))
        .orderBy(desc(commitFiles.position))
        .limit(1);
      return old ? this.fileById(old.fileId) : null;
    },
    /** Where a file was at a version, and which blob it had. */
    async fileAt({ fileId, position }: { fileId: string; position: number }) {
      const [row] = await database
        .select({ path: commitFiles.path, blob: commitFiles.blob, position: commitFiles.position })
        .from(commitFiles)
        .where(and(eq(commitFiles.fileId, fileId), lte(commitFiles.position, position)))
        .orderBy(desc(commitFiles.position))
        .limit(1);
      return row ?? null;
    },
    /** Which file was at a path at a version. */
    async fileIdAt({
      volumeId,
      path,
      position,
    }: {
      volumeId: string;
      path: string;
      position: number;
    }): Promise<string | null> {
      const [row] = await database
        .select({ fileId: commitFiles.fileId })
        .from(commitFiles)
        .where(and(eq(commitFiles.volumeId, volumeId), eq(commitFiles.path, path), lte(commitFiles.position, position)))
        .orderBy(desc(commitFiles.position))
        .limit(1);
      return row?.fileId ?? null;
    },
    async versionsOfFile(fileId: string, upto: number): Promise<{ position: number; blob: string | null }[]> {
      return database
        .select({ position: commitFiles.position, blob: commitFiles.blob })
        .from(commitFiles)
        .where(and(eq(commitFiles.fileId, fileId), lte(commitFiles.position, upto)))
        .orderBy(asc(commitFiles.position));
    },
    async blame(fileId: string): Promise<{ position: number; runs: Runs } | null> {
      const [row] = await database.select().from(blames).where(eq(blames.fileId, fileId));
      return row ? { position: row.position, runs: row.runs as Runs } : null;
    },
  };
}
