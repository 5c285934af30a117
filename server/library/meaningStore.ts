// Vectors of definitions, kept so that a start does not measure thousands of texts again.
import { and, eq, inArray } from 'drizzle-orm';
import type { Queries } from '../platform/database.ts';
import { definitionVectors } from './tables.ts';

export type KeptVector = { volumeId: string; key: string; vector: Float32Array };

export function createMeaningStore(queries: Queries) {
  const { volumeId: volume, key, vector } = definitionVectors;
  return {
    async ofVolume(volumeId: string): Promise<Map<string, Float32Array>> {
      const rows = await queries.select({ key, vector }).from(definitionVectors).where(eq(volume, volumeId));
      return new Map(rows.map((row) => [row.key, floatsOf(row.vector)]));
    },
    async put(kept: KeptVector[]): Promise<void> {
      if (kept.length === 0) return;
      const rows = kept.map((one) => ({ ...one, vector: bytesOf(one.vector) }));
      await queries.insert(definitionVectors).values(rows).onConflictDoNothing();
    },
    async drop(volumeId: string, keys: string[]): Promise<void> {
      for (let at = 0; at < keys.length; at += 1000)
        await queries
          .delete(definitionVectors)
          .where(and(eq(volume, volumeId), inArray(key, keys.slice(at, at + 1000))));
    },
    async forget(volumeId: string): Promise<void> {
      await queries.delete(definitionVectors).where(eq(volume, volumeId));
    },
  };
}
export type MeaningStore = ReturnType<typeof createMeaningStore>;

const bytesOf = (vector: Float32Array): Uint8Array =>
  new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
/** Copied: floats begin at a multiple of four. */
const floatsOf = (bytes: Uint8Array): Float32Array => new Float32Array(Uint8Array.from(bytes).buffer);
