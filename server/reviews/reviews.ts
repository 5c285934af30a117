// Reviewing what has already landed (RV3): an inbox, approving, and what a revert means for the commit it undoes.
import type { Commit } from '#shared/api.ts';
import { notFound, Problem } from '#shared/errors.ts';
import type { Actor } from '#shared/permissions.ts';
import type { Database } from '../platform/database.ts';
import { openReviewStore, type Unseen } from './reviewStore.ts';

export type ReviewNeeds = {
  database: Database;
  /** Volumes that the person may review in: those of their teams, as editor or owner. */
  volumesToReview: (actor: Actor) => Promise<{ id: string; name: string }[]>;
  commits: (query: { volumeId: string; oids: string[]; viewer: string }) => Promise<Commit[]>;
  /** For /live and for who wrote it. */
  reviewed: (news: {
    volumeId: string;
    oids: string[];
    verdict: 'approved' | 'withdrawn' | 'reverted';
    by: string;
    authors: string[];
  }) => void;
};

export type Reviews = ReturnType<typeof openReviews>;

const pageSize = 50;

export function openReviews({ database, volumesToReview, commits, reviewed }: ReviewNeeds) {
  const store = openReviewStore({ database });
  const add = async (review: {
    volumeId: string;
    oids: string[];
    personId: string;
    verdict: 'approved' | 'reverted';
  }) => {
    const authors = await store.authors(review);
    const oids = review.oids.filter((oid) => authors.has(oid));
    await store.add({ ...review, oids });
    const others = [...new Set(oids.map((oid) => authors.get(oid)!))].filter(
      (author) => author && author !== review.personId,
    );
    if (oids.length > 0)
      reviewed({ volumeId: review.volumeId, oids, verdict: review.verdict, by: review.personId, authors: others });
    return { oids, authors };
  };

  return {
    /** For the list of versions: what was said about each commit. */
    states: store.states,
    /** How many wait for this person, by volume. */
    unreviewed: store.count,
    unreviewedImport: store.unreviewedImport,

    async approve({ volumeId, oids, personId }: { volumeId: string; oids: string[]; personId: string }): Promise<void> {
      const authors = await store.authors({ volumeId, oids });
      const unknown = oids.find((oid) => !authors.has(oid));
      if (unknown) throw notFound(`version ${unknown.slice(0, 7)} in this volume`);
      if (oids.some((oid) => authors.get(oid) === personId))
        throw new Problem('forbidden', 'Your own versions are reviewed by somebody else.');
      await add({ volumeId, oids, personId, verdict: 'approved' });
    },

    /** Whoever approved by mistake takes it back; what others said stays. */
    async withdraw({
      volumeId,
      oids,
      personId,
    }: {
      volumeId: string;
      oids: string[];
      personId: string;
    }): Promise<void> {
      const withdrawn = await store.withdraw({ volumeId, oids, personId });
      if (withdrawn.length > 0)
        reviewed({ volumeId, oids: withdrawn, verdict: 'withdrawn', by: personId, authors: [] });
    },

    /** A revert is the strongest review. */
    async reverted({ volumeId, oid, personId }: { volumeId: string; oid: string; personId: string }): Promise<void> {
      await add({ volumeId, oids: [oid], personId, verdict: 'reverted' });
    },

    /** Its revert was undone: nobody has looked at it since, so it waits again for who had not approved it. */
    async redone({ volumeId, oid, personId }: { volumeId: string; oid: string; personId: string }): Promise<void> {
      const again = await store.forgetRevert({ volumeId, oid });
      if (again) reviewed({ volumeId, oids: [oid], verdict: 'withdrawn', by: personId, authors: [] });
    },

    async inbox({ actor, unseen, cursor }: { actor: Actor; unseen: Unseen; cursor: string | null }) {
      const volumes = new Map((await volumesToReview(actor)).map((volume) => [volume.id, volume.name]));
      const { rows, totals } = await store.waiting({
        volumeIds: [...volumes.keys()],
        personId: actor.personId,
        unseen,
        before: cursor,
        limit: pageSize,
      });
      const items: { volume: string; commits: Commit[] }[] = [];
      for (const [volumeId, name] of volumes) {
        const oids = rows.filter((row) => row.volumeId === volumeId).map((row) => row.oid);
        if (oids.length > 0)
          items.push({ volume: name, commits: await commits({ volumeId, oids, viewer: actor.personId }) });
      }
      return { items, total: totals[unseen], totals, cursor: rows.length === pageSize ? rows.at(-1)!.at : null };
    },
  };
}
