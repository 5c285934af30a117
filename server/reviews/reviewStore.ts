// Queries about who looked at what landed. The commits are the volumes slice's; here they are only asked for by name.
import { and, eq, inArray, sql } from 'drizzle-orm';
import type { Database } from '../platform/database.ts';
import { reviews } from './tables.ts';

export type ReviewState = { verdict: 'approved' | 'reverted'; by: string; at: Date; approvedBy: string[] };
/** Whose look is missing: anybody's at all, or that of the person who asks. */
export type Unseen = 'nobody' | 'me';

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
    /** Takes back that this person approved; gives the commits of which that is true. */
    async withdraw(approval: { volumeId: string; oids: string[]; personId: string }): Promise<string[]> {
      const { volumeId, oid, personId, verdict } = reviews;
      const rows = await database
        .delete(reviews)
        .where(
          and(
            eq(volumeId, approval.volumeId),
            inArray(oid, approval.oids),
            eq(personId, approval.personId),
            eq(verdict, 'approved'),
          ),
        )
        .returning({ oid });
      return rows.map((row) => row.oid);
    },
    /** True if it was marked as reverted. */
    async forgetRevert({ volumeId, oid }: { volumeId: string; oid: string }): Promise<boolean> {
      const rows = await database
        .delete(reviews)
        .where(and(eq(reviews.volumeId, volumeId), eq(reviews.oid, oid), eq(reviews.verdict, 'reverted')))
        .returning({ oid: reviews.oid });
      return rows.length > 0;
    },
    async removeOf(volumeId: string): Promise<void> {
      await database.delete(reviews).where(eq(reviews.volumeId, volumeId));
    },
    /** The word that counts for each commit: reverted before approved, then the first; and everybody who approved it. */
    async states({ volumeId, oids }: { volumeId: string; oids: string[] }): Promise<Map<string, ReviewState>> {
      if (oids.length === 0) return new Map();
      const rows = await database
        .select()
        .from(reviews)
        .where(and(eq(reviews.volumeId, volumeId), inArray(reviews.oid, oids)))
        .orderBy(reviews.at);
      const states = new Map<string, ReviewState>();
      for (const { oid, verdict, personId, at } of rows) {
        const known = states.get(oid);
        const approvedBy = [...(known?.approvedBy ?? []), ...(verdict === 'approved' ? [personId] : [])];
        if (!known || (verdict === 'reverted' && known.verdict !== 'reverted'))
          states.set(oid, { verdict, by: personId, at, approvedBy });
        else known.approvedBy = approvedBy;
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
        sql`select c.volume_id, count(*)::int as waiting ${waitingFor({ volumeIds, personId, unseen: 'nobody' })} group by c.volume_id`,
      );
      return new Map(rows.map((row) => [row.volume_id, row.waiting]));
    },
    /** Commits of others that nobody, or not this person, looked at, newest first. `before`: where the last page ended. */
    async waiting({
      volumeIds,
      personId,
      unseen,
      before,
      limit,
    }: {
      volumeIds: string[];
      personId: string;
      unseen: Unseen;
      before: string | null;
      limit: number;
    }): Promise<{ rows: { volumeId: string; oid: string; at: string }[]; totals: Record<Unseen, number> }> {
      if (volumeIds.length === 0) return { rows: [], totals: { nobody: 0, me: 0 } };
      const waiting = waitingFor({ volumeIds, personId, unseen });
      const page = before
        ? sql`and (to_char(c.at at time zone 'utc', 'YYYYMMDDHH24MISS') || lpad(c.position::text, 9, '0') || c.volume_id::text) < ${before}`
        : sql``;
      const { rows } = await database.execute<{ volume_id: string; oid: string; key: string }>(
        sql`select c.volume_id, c.oid, to_char(c.at at time zone 'utc', 'YYYYMMDDHH24MISS') || lpad(c.position::text, 9, '0') || c.volume_id::text as key ${waiting} ${page} order by key desc limit ${limit}`,
      );
      const { rows: counted } = await database.execute<Record<Unseen, number>>(
        sql`select (select count(*)::int ${waitingFor({ volumeIds, personId, unseen: 'nobody' })}) as nobody,
                   (select count(*)::int ${waitingFor({ volumeIds, personId, unseen: 'me' })}) as me`,
      );
      return {
        rows: rows.map((row) => ({ volumeId: row.volume_id, oid: row.oid, at: row.key })),
        totals: counted[0]!,
      };
    },
  };
}

type Waiting = { volumeIds: string[]; personId: string; unseen: Unseen };

/** What somebody could look at: not their own, not undone, reviewed by nobody or not by them. Samples and releases are not news. */
function waitingFor({ volumeIds, personId, unseen }: Waiting) {
  const mine = unseen === 'me' ? sql`and r.person_id = ${personId}` : sql``;
  return sql`from commits c
    where c.volume_id in ${volumeIds} and c.author is not null and c.author <> ${personId} and c.kind not in ('sample', 'upgrade')
    and not exists (select 1 from reviews r where r.volume_id = c.volume_id and r.oid = c.oid ${mine})
    and not exists (select 1 from commits u where u.volume_id = c.volume_id and u.undoes = c.oid)`;
}
