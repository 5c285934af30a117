// Rows about boards.
import { and, asc, desc, eq, inArray, isNull, lt, sql } from 'drizzle-orm';
import type { Queries } from '../platform/database.ts';
import { deviceArtifacts, deviceBoards, deviceEvents, deviceRecordings } from './tables.ts';

export type BoardRow = typeof deviceBoards.$inferSelect;
export type EventRow = typeof deviceEvents.$inferSelect;
export type NewEvent = Omit<EventRow, 'id'>;
export type ArtifactRow = typeof deviceArtifacts.$inferSelect;
export type RecordingRow = typeof deviceRecordings.$inferSelect;

/** So many epochs, and bytes, are set aside at a time. */
export const reserved = { epochs: 4096, bytes: 2 ** 30 };

export type DeviceStore = ReturnType<typeof createDeviceStore>;

export function createDeviceStore(queries: Queries) {
  return {
    /** Sets numbers aside for a board that comes into memory, or has nearly used up those that it has. They begin at `from`. */
    async reserve(fileId: string): Promise<BoardRow & { from: { epoch: number; offset: number } }> {
      const [row] = await queries
        .insert(deviceBoards)
        .values({ fileId, epoch: reserved.epochs, offset: reserved.bytes })
        .onConflictDoUpdate({
          target: deviceBoards.fileId,
          set: {
            epoch: sql`${deviceBoards.epoch} + ${reserved.epochs}`,
            offset: sql`${deviceBoards.offset} + ${reserved.bytes}`,
          },
        })
        .returning();
      return { ...row!, from: { epoch: row!.epoch - reserved.epochs, offset: row!.offset - reserved.bytes } };
    },
    async boards(fileIds: string[]): Promise<Map<string, BoardRow>> {
      if (fileIds.length === 0) return new Map();
      const rows = await queries.select().from(deviceBoards).where(inArray(deviceBoards.fileId, fileIds));
      return new Map(rows.map((row) => [row.fileId, row]));
    },
    async keep(
      fileId: string,
      { stop, restless }: { stop: { by: { id: string }; at: number; done: boolean } | null; restless: boolean },
    ): Promise<void> {
      const set = { stopBy: stop?.by.id ?? null, stopAt: stop && new Date(stop.at), stopDone: stop?.done ?? false, restless }; // prettier-ignore
      await queries.update(deviceBoards).set(set).where(eq(deviceBoards.fileId, fileId));
    },

    async addEvents(events: NewEvent[]): Promise<void> {
      if (events.length > 0) await queries.insert(deviceEvents).values(events);
    },
    /** Newest first, those before `before`. */
    async events({
      fileId,
      before,
      limit,
    }: {
      fileId: string;
      before: number | null;
      limit: number;
    }): Promise<EventRow[]> {
      return queries
        .select()
        .from(deviceEvents)
        .where(and(eq(deviceEvents.fileId, fileId), before === null ? undefined : lt(deviceEvents.id, before)))
        .orderBy(desc(deviceEvents.id))
        .limit(limit);
    },
    /** Keeps the newest `most` of a board, and of these those after `since`. */
    async pruneEvents({ fileId, most, since }: { fileId: string; most: number; since: Date }): Promise<void> {
      await queries.execute(sql`
        delete from ${deviceEvents} where ${deviceEvents.fileId} = ${fileId} and (${deviceEvents.at} < ${since} or ${deviceEvents.id} <
          (select ${deviceEvents.id} from ${deviceEvents} where ${deviceEvents.fileId} = ${fileId}
            order by ${deviceEvents.id} desc offset ${most - 1} limit 1))`);
    },

    async addArtifact(row: ArtifactRow): Promise<void> {
      await queries.insert(deviceArtifacts).values(row);
    },
    async artifact({ id, fileId }: { id: string; fileId: string }): Promise<ArtifactRow | null> {
      const where = and(eq(deviceArtifacts.id, id), eq(deviceArtifacts.fileId, fileId));
      return (await queries.select().from(deviceArtifacts).where(where))[0] ?? null;
    },
    /** Oldest first. */
    async artifacts(fileId: string): Promise<ArtifactRow[]> {
      const { createdAt } = deviceArtifacts;
      return queries.select().from(deviceArtifacts).where(eq(deviceArtifacts.fileId, fileId)).orderBy(asc(createdAt));
    },
    async artifactIds(): Promise<Map<string, Date>> {
      const { id, createdAt } = deviceArtifacts;
      const rows = await queries.select({ id, createdAt }).from(deviceArtifacts);
      return new Map(rows.map((row) => [row.id, row.createdAt]));
    },
    async removeArtifacts(ids: string[]): Promise<void> {
      if (ids.length > 0) await queries.delete(deviceArtifacts).where(inArray(deviceArtifacts.id, ids));
    },

    async addRecording(row: RecordingRow): Promise<void> {
      await queries.insert(deviceRecordings).values(row);
    },
    async endRecording({ id, ...end }: Partial<RecordingRow> & { id: string }): Promise<void> {
      await queries.update(deviceRecordings).set(end).where(eq(deviceRecordings.id, id));
    },
    async recording({ id, fileId }: { id: string; fileId: string }): Promise<RecordingRow | null> {
      const where = and(eq(deviceRecordings.id, id), eq(deviceRecordings.fileId, fileId));
      return (await queries.select().from(deviceRecordings).where(where))[0] ?? null;
    },
    /** Newest first. */
    async recordings(fileId: string): Promise<RecordingRow[]> {
      const { startedAt } = deviceRecordings;
      return queries.select().from(deviceRecordings).where(eq(deviceRecordings.fileId, fileId)).orderBy(desc(startedAt)); // prettier-ignore
    },
    /** That a killed server did not end. */
    async openRecordings(): Promise<RecordingRow[]> {
      return queries.select().from(deviceRecordings).where(isNull(deviceRecordings.endedAt));
    },
    async recordingIds(): Promise<Set<string>> {
      const rows = await queries.select({ id: deviceRecordings.id }).from(deviceRecordings);
      return new Set(rows.map(({ id }) => id));
    },
    async removeRecordings(ids: string[]): Promise<void> {
      if (ids.length > 0) await queries.delete(deviceRecordings).where(inArray(deviceRecordings.id, ids));
    },

    /** Boards whose files go for good. What is on disk for them goes with the next tidying. */
    async forget(fileIds: string[]): Promise<void> {
      if (fileIds.length === 0) return;
      for (const table of [deviceBoards, deviceEvents, deviceArtifacts, deviceRecordings])
        await queries.delete(table).where(inArray(table.fileId, fileIds));
    },
  };
}
