// Queries about who looked at what landed. The commits are the volumes slice's; here they are only asked for by name.
import { and, eq, inArray, sql } from 'drizzle-orm';
import type { Database } from '../platform/database.ts';
import { reviews } from './tables.ts';

export type ReviewState = { verdict: 'approved' | 'reverted'; by: string; at: Date };

export function openReviewStore({ database }: { database: Database }) {
  return {
    /** Keeps the first word of each person; approving twice is once. */
    async add(review: {
      volumeId: string;
      oids: string[];
      personId: string;
      verdict: 'approved' | 'reverted';
    }): Promise<void> {
      const { volumeId, personId, verdict } = review;
      if (review.oids.length === 0) return;
      await database
        .insert(reviews)
        .values(review.oids.map((oid) => ({ volumeId, oid, personId, verdict })))
        .onConflictDoNothing();
    },
    async removeOf(volumeId: string): Promise<void> {
      await database.delete(reviews).where(eq(reviews.volumeId, volumeId));
    },
    /** The word that counts for each commit: reverted before approved, then the first. */
    async states({ volumeId, oids }: { volumeId: string; oids: string[] }): Promise<Map<string, ReviewState>> {
      if (oids.length === 0) return new Map();
      const rows = await database
        .select()
        .from(reviews)
        .where(and(eq(reviews.volumeId, volumeId), inArray(reviews.oid, oids)))
        .orderBy(reviews.at);
      const states = new Map<string, ReviewState>();
      for (const { oid, verdict, personId, at } of rows) {
        if (!states.has(oid) || (verdict === 'reverted' && states.get(oid)!.verdict !== 'reverted'))
          states.set(oid, { verdict, by: personId, at });
      }
      return states;
    },
    /** Which of these ids are commits of the volume, and by whom. */
    async authors({ volumeId, oids }: { volumeId: string; oids: string[] }): Promise<Map<string, string | null>> {
      const { rows } = await database.execute<{ oid: string; author: string | null }>(
        sql`select oid, author from commits where volume_id = ${volumeId} and oid in ${oids}`,
      );
      return new Map(rows.map(({ oid, author }) => [oid, author]));
    },
    /** When one of these files holds what was imported and nobody has looked at it: what its newest such version says. */
    async unreviewedImport({ volumeId, fileIds }: { volumeId: string; fileIds: string[] }): Promise<string | null> {
      if (fileIds.length === 0) return null;
      const { rows } = await database.execute<{ message: string }>(
        sql`select c.message from commit_files f join commits c on c.volume_id = f.volume_id and c.position = f.position
            where f.volume_id = ${volumeId} and f.file_id in ${fileIds} and c.kind = 'import'
              and not exists (select 1 from reviews r where r.volume_id = c.volume_id and r.oid = c.oid)
            order by c.position desc limit 1`,
      );
      return rows[0]?.message ?? null;
    },
    /** How many of those there are, by volume. */
    async count({ volumeIds, personId }: { volumeIds: string[]; personId: string }): Promise<Map<string, number>> {
      if (volumeIds.length === 0) return new Map();
      const { rows } = await database.execute<{ volume_id: string; waiting: number }>(
        sql`select c.volume_id, count(*)::int as waiting ${waitingFor({ volumeIds, personId })} group by c.volume_id`,
      );
      return new Map(rows.map((row) => [row.volume_id, row.waiting]));
    },
    /** Commits of others that nobody reviewed, newest first. `before`: where the last page ended. */
    async waiting({
      volumeIds,
      personId,
      before,
      limit,
    }: {
      volumeIds: string[];
      personId: string;
      before: string | null;
      limit: number;
    }): Promise<{ rows: { volumeId: string; oid: string; at: string }[]; total: number }> {
      if (volumeIds.length === 0) return { rows: [], total: 0 };
      const waiting = waitingFor({ volumeIds, personId });
      const page = before
        ? sql`and (to_char(c.at at time zone 'utc', 'YYYYMMDDHH24MISS') || lpad(c.position::text, 9, '0') || c.volume_id::text) < ${before}`
        : sql``;
      const { rows } = await database.execute<{ volume_id: string; oid: string; key: string }>(
        sql`select c.volume_id, c.oid, to_char(c.at at time zone 'utc', 'YYYYMMDDHH24MISS') || lpad(c.position::text, 9, '0') || c.volume_id::text as key ${waiting} ${page} order by key desc limit ${limit}`,
      );
      const counted = await database.execute<{ total: string }>(sql`select count(*) as total ${waiting}`);
      return {
        rows: rows.map((row) => ({ volumeId: row.volume_id, oid: row.oid, at: row.key })),
        total: Number(counted.rows[0]?.total ?? 0),
      };
    },
  };
}

/** What somebody could look at: not their own, not undone, reviewed by nobody. Samples and releases are not news. */
function waitingFor({ volumeIds, personId }: { volumeIds: string[]; personId: string }) {
  return sql`from commits c
    where c.volume_id in ${volumeIds} and c.author is not null and c.author <> ${personId} and c.kind not in ('sample', 'upgrade')
    and not exists (select 1 from reviews r where r.volume_id = c.volume_id and r.oid = c.oid)
    and not exists (select 1 from commits u where u.volume_id = c.volume_id and u.undoes = c.oid)`;
}
