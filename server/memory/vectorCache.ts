// What a search looks through, in memory: the attributes and vectors of the volumes that were asked lately. 20,000 entries take about
// 15 MB; past `most` entries the volume that was asked longest ago is read from the database again when it is needed.
import type { Attributes, MemoryStore } from './memoryStore.ts';

export type Measured = Attributes & { vector: Uint8Array | null };
export type VectorCache = ReturnType<typeof createVectorCache>;

export function createVectorCache({
  store,
  most = 200_000,
}: {
  store: Pick<MemoryStore, 'ofVolume' | 'attributes'>;
  most?: number;
}) {
  const volumes = new Map<string, Promise<Map<string, Measured>>>();
  const sizes = new Map<string, number>();

  function forgetOldest(): void {
    let sum = [...sizes.values()].reduce((a, b) => a + b, 0);
    for (const [volumeId] of volumes) {
      if (sum <= most || volumes.size === 1) return;
      sum -= sizes.get(volumeId) ?? 0;
      volumes.delete(volumeId);
      sizes.delete(volumeId);
    }
  }

  return {
    async of(volumeId: string): Promise<Map<string, Measured>> {
      let entries = volumes.get(volumeId);
      if (entries)
        volumes.delete(volumeId); // the end of the list is what was asked last
      else {
        entries = store.ofVolume(volumeId).then((rows) => new Map(rows.map((row) => [row.fileId, row])));
        entries.catch(() => volumes.delete(volumeId));
      }
      volumes.set(volumeId, entries);
      const known = await entries;
      sizes.set(volumeId, known.size);
      forgetOldest();
      return known;
    },
    /** Entries are new, different or gone. */
    async changed(fileIds: string[]): Promise<void> {
      if (volumes.size === 0 || fileIds.length === 0) return;
      const rows = await store.attributes(fileIds);
      for (const [volumeId, loading] of volumes) {
        const entries = await loading.catch(() => null);
        if (!entries) continue;
        for (const fileId of fileIds) entries.delete(fileId);
        for (const row of rows) if (row.volumeId === volumeId) entries.set(row.fileId, row);
        sizes.set(volumeId, entries.size);
      }
    },
  };
}
