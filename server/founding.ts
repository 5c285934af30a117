// What the product, a person and a team start with, and what goes with a team that goes: for server/workspace.ts.
import type { Documents } from './documents.ts';
import { forgetTeam } from './forgetting.ts';
import type { Database } from './platform/database.ts';
import type { Log } from './platform/log.ts';
import { readSample, readSystemFiles, type Sample } from './volumes/exchange/shippedFiles.ts';
import { createShippedStore } from './volumes/exchange/shippedStore.ts';
import { upgradeSystem } from './volumes/exchange/upgrading.ts';

export function createFounding({
  database,
  documents: { store, volumes, versions, rooms, merges, importing },
  release,
  log,
}: {
  database: Database;
  documents: Pick<Documents, 'store' | 'volumes' | 'versions' | 'rooms' | 'merges' | 'importing'>;
  release: string;
  log: Log;
}) {
  return {
    /** The volume that ships with us, as this release has it; what people changed in theirs stays. */
    async openSystem(): Promise<void> {
      const { id } = await volumes.ensureSystem();
      const changed = await upgradeSystem({
        volumeId: id,
        files: await readSystemFiles(),
        release,
        store,
        shipped: createShippedStore(database),
        versions,
        rooms,
        merges,
      });
      if (changed > 0) log.info({ release, files: changed }, 'system.upgraded');
    },
    async personJoined({ id, login }: { id: string; login: string }): Promise<void> {
      await volumes.ensureForPerson({ id, login });
    },
    async teamGone({ teamId }: { teamId: string }): Promise<void> {
      await forgetTeam({ database, teamId });
      await volumes.removeOfTeam(teamId);
    },
    async teamFounded({
      team,
      sample,
      personId,
    }: {
      team: { id: string; slug: string };
      sample: Sample | null;
      personId: string;
    }): Promise<void> {
      const { id } = await volumes.ensureForTeam(team);
      if (sample === null || (await versions.head(id))) return;
      await importing.importFiles({
        volumeId: id,
        person: personId,
        files: await readSample(sample),
        kind: 'sample',
        message: `Start from the sample ${sample}`,
      });
    },
  };
}
