// Rows of `volumes`.
import { count, eq, inArray, isNull, and, sql } from 'drizzle-orm';
import type { VolumeKind } from '#shared/permissions.ts';
import type { Queries } from '../platform/database.ts';
import { blames, checkpointIntents, conflicts, files, searchTexts, volumes } from './tables.ts';

export type VolumeRow = { id: string; name: string; kind: VolumeKind; teamId: string | null; personId: string | null };

const columns = {
  id: volumes.id,
  name: volumes.name,
  kind: volumes.kind,
  teamId: volumes.teamId,
  personId: volumes.personId,
};

export function createVolumeStore(queries: Queries) {
  return {
    async byName(name: string): Promise<VolumeRow | null> {
      const [row] = await queries.select(columns).from(volumes).where(eq(volumes.name, name));
      return row ?? null;
    },
    async byId(id: string): Promise<VolumeRow | null> {
      const [row] = await queries.select(columns).from(volumes).where(eq(volumes.id, id));
      return row ?? null;
    },
    async byNames(names: string[]): Promise<VolumeRow[]> {
      return names.length ? queries.select(columns).from(volumes).where(inArray(volumes.name, names)) : [];
    },
    async ofTeam(teamId: string): Promise<VolumeRow | null> {
      const [row] = await queries.select(columns).from(volumes).where(eq(volumes.teamId, teamId));
      return row ?? null;
    },
    /** Also of those that are deleted. */
    async fileIds(volumeId: string): Promise<string[]> {
      const rows = await queries.select({ id: files.id }).from(files).where(eq(files.volumeId, volumeId));
      return rows.map(({ id }) => id);
    },
    /** With all rows about its files and versions. */
    async remove(volumeId: string): Promise<void> {
      const itsFiles = sql`(select id from ${files} where volume_id = ${volumeId})`;
      await queries.transaction(async (inside) => {
        await inside.delete(blames).where(sql`file_id in ${itsFiles}`);
        await inside.delete(conflicts).where(sql`file_id in ${itsFiles}`);
        await inside.delete(searchTexts).where(eq(searchTexts.volumeId, volumeId));
        await inside.delete(checkpointIntents).where(eq(checkpointIntents.volumeId, volumeId));
        await inside.delete(volumes).where(eq(volumes.id, volumeId));
      });
    },
    async all(): Promise<VolumeRow[]> {
      return queries.select(columns).from(volumes).orderBy(volumes.name);
    },
    /** The one there is, if two make it at once. */
    async ensure(volume: Omit<VolumeRow, 'id'>): Promise<VolumeRow> {
      await queries.insert(volumes).values(volume).onConflictDoNothing();
      return (await this.byName(volume.name))!;
    },
    async countFiles(volumeIds: string[]): Promise<Map<string, number>> {
      if (volumeIds.length === 0) return new Map();
      const rows = await queries
        .select({ volumeId: files.volumeId, files: count() })
        .from(files)
        .where(and(inArray(files.volumeId, volumeIds), isNull(files.deletedAt)))
        .groupBy(files.volumeId);
      return new Map(rows.map((row) => [row.volumeId, row.files]));
    },
  };
}
export type VolumeStore = ReturnType<typeof createVolumeStore>;
