// What reviews ask of volumes, versions and news, for server/documents.ts.
import type { Accounts } from './accounts/accounts.ts';
import type { Live } from './live/live.ts';
import type { Database } from './platform/database.ts';
import { openReviews } from './reviews/reviews.ts';
import type { Versions } from './volumes/versions/versions.ts';
import type { Volumes } from './volumes/volumes.ts';
import type { VolumeStore } from './volumes/volumeStore.ts';

export function openReviewing({
  database,
  accounts,
  volumes,
  volumeStore,
  commits,
  live,
  failed,
}: {
  database: Database;
  accounts: Pick<Accounts, 'face' | 'notify'>;
  volumes: { list: Volumes['list'] };
  volumeStore: Pick<VolumeStore, 'byId' | 'byNames'>;
  commits: Versions['commits'];
  live: Pick<Live, 'reviewed'>;
  failed: (error: unknown) => void;
}) {
  type Reverted = { volumeId: string; oid: string; by: string; authors: string[] };
  async function tellReverted({ volumeId, oid, by, authors }: Reverted): Promise<void> {
    const [[commit], who, volume] = await Promise.all([
      commits({ volumeId, oids: [oid] }),
      accounts.face(by),
      volumeStore.byId(volumeId),
    ]);
    await accounts.notify({
      to: authors,
      kind: 'review.reverted',
      text: `${who?.name ?? 'Somebody'} undid your version “${commit?.message.split('\n', 1)[0] ?? oid.slice(0, 7)}”.`,
      volume: volume?.name ?? null,
      oid,
      by,
      path: commit?.files[0]?.path ?? null,
    });
  }

  return openReviews({
    database,
    async volumesToReview(actor) {
      const mine = (await volumes.list(actor)).filter(({ kind, role }) => kind === 'team' && role !== 'viewer');
      return volumeStore.byNames(mine.map(({ name }) => name));
    },
    commits,
    reviewed({ volumeId, oids, verdict, by, authors }) {
      live.reviewed({ volumeId, oids });
      if (verdict === 'reverted') tellReverted({ volumeId, oid: oids[0]!, by, authors }).catch(failed);
    },
  });
}
