// What a search looks through, in memory: attributes, vectors and words of the volumes that were asked lately. 20,000 entries of 200 words
// take about 50 MB; past `most` bytes the volume that was asked longest ago is read from the database again when it is needed.
import { setImmediate as othersTurn } from 'node:timers/promises';
import { createStemNumbers } from './heldStems.ts';
import type { Attributes, MemoryStore, StoredEntry } from './memoryStore.ts';
import { unpackVector, type Vector } from './vectors.ts';

export type Entry = Attributes & { vector: Vector | null; stems: Int32Array };
export type CachedVolume = {
  entries: Map<string, Entry>;
  numbers: ReturnType<typeof createStemNumbers>;
  /** Whether all `stems` are there. Until then, and where there are too many to keep, the database is asked who holds which. */
  words: 'coming' | 'here' | 'too many';
  /** While they are coming: entries up to this id have their `stems`. */
  wordsUpTo: string | null;
  /** Of all `stems`. */
  heldBytes: number;
  /** How many different ones there were when they were read. */
  stemsAtFirst: number;
};
export type EntryCache = ReturnType<typeof createEntryCache>;

const [entriesAtOnce, wordsAtOnce] = [2000, 250];
const [bytesOfEntry, bytesOfStem] = [1500, 100];
const noStems = new Int32Array();

export function createEntryCache({
  store,
  most = 250_000_000,
  mostWords = 100_000_000,
}: {
  store: Pick<MemoryStore, 'page' | 'pageOfWords' | 'byFile'>;
  most?: number;
  /** Bytes of the words of one volume. */
  mostWords?: number;
}) {
  const volumes = new Map<string, Promise<CachedVolume>>();
  const sizes = new Map<string, number>();
  let changing: Promise<void> = Promise.resolve();
  let closed = false;

  function forget(volumeId: string): void {
    volumes.delete(volumeId);
    sizes.delete(volumeId);
  }

  function forgetOldest(): void {
    let sum = sizes.values().reduce((a, b) => a + b, 0);
    for (const volumeId of volumes.keys()) {
      if (sum <= most || volumes.size === 1) return;
      sum -= sizes.get(volumeId) ?? 0;
      forget(volumeId);
    }
  }

  /** One after the other: what was read first is not written over what was read later. */
  function inTurn(work: () => Promise<void>): Promise<void> {
    const done = changing.then(() => (closed ? undefined : work()));
    changing = done.catch(() => volumes.clear());
    return done;
  }

  /** What changes meanwhile is told to `changed`, which waits for this. */
  async function load(volumeId: string): Promise<CachedVolume> {
    const volume: CachedVolume = {
      entries: new Map(),
      numbers: createStemNumbers(),
      words: 'coming',
      wordsUpTo: null,
      heldBytes: 0,
      stemsAtFirst: 0,
    };
    for (let after: string | null = null; ;) {
      const rows: StoredEntry[] = await store.page({ volumeId, after, limit: entriesAtOnce });
      for (const row of rows) put(volume, row);
      if (rows.length < entriesAtOnce) return volume;
      after = rows.at(-1)!.fileId;
    }
  }

  /** A few entries each turn, while the first questions are answered already. */
  async function loadWords(volumeId: string, volume: CachedVolume): Promise<void> {
    let after: string | null = null;
    const isHere = async () => (await volumes.get(volumeId)) === volume;
    const step = async () => {
      const rows = await store.pageOfWords({ volumeId, after, limit: wordsAtOnce });
      for (const { fileId, stems } of rows) hold(volume, fileId, stems);
      after = rows.length < wordsAtOnce ? null : rows.at(-1)!.fileId;
      volume.wordsUpTo = after ?? volume.wordsUpTo;
    };
    do {
      await inTurn(step);
      await othersTurn();
    } while (after !== null && !closed && bytesOfWords(volume) <= mostWords && (await isHere()));
    if (bytesOfWords(volume) > mostWords) {
      volume.words = 'too many';
      volume.wordsUpTo = null;
      for (const entry of volume.entries.values()) entry.stems = noStems;
      volume.numbers = createStemNumbers();
      volume.heldBytes = 0;
    } else if (after === null) {
      volume.words = 'here';
      volume.stemsAtFirst = volume.numbers.size;
    }
    if (sizes.has(volumeId) && (await isHere())) sizes.set(volumeId, bytesOf(volume));
  }

  async function apply(fileIds: string[]): Promise<void> {
    const rows = await store.byFile(fileIds);
    for (const [volumeId, loading] of volumes) {
      const volume = await loading.catch(() => null);
      if (!volume) continue;
      const here = new Map(rows.filter((row) => row.volumeId === volumeId).map((row) => [row.fileId, row]));
      for (const fileId of fileIds) {
        const row = here.get(fileId);
        if (!row) drop(volume, fileId);
        else put(volume, row);
      }
      sizes.set(volumeId, bytesOf(volume));
      // most of its stems are of words that nobody holds any more, or there are too many now: it is read again
      const tooMany = volume.numbers.size > 50_000 + 2 * volume.stemsAtFirst || bytesOfWords(volume) > mostWords;
      if (volume.words === 'here' && tooMany) forget(volumeId);
    }
    forgetOldest();
  }

  return {
    async of(volumeId: string): Promise<CachedVolume> {
      let loading = volumes.get(volumeId);
      if (loading)
        volumes.delete(volumeId); // the end of the list is what was asked last
      else {
        const begun = (loading = load(volumeId));
        begun
          .then((volume) => loadWords(volumeId, volume))
          .catch(() => {
            if (volumes.get(volumeId) === begun) forget(volumeId);
          });
      }
      volumes.set(volumeId, loading);
      const volume = await loading;
      if (volumes.get(volumeId) === loading) sizes.set(volumeId, bytesOf(volume));
      forgetOldest();
      return volume;
    },
    /** Entries are new, different or gone. */
    changed(fileIds: string[]): Promise<void> {
      return volumes.size === 0 || fileIds.length === 0 ? changing : inTurn(() => apply(fileIds));
    },
    async close(): Promise<void> {
      closed = true;
      await changing;
    },
  };
}

function put(volume: CachedVolume, { stems, vector, ...row }: StoredEntry): void {
  // set and not added: nobody who goes through the entries meanwhile meets it twice
  const held = volume.entries.get(row.fileId)?.stems ?? noStems;
  volume.entries.set(row.fileId, { ...row, vector: vector && unpackVector(vector), stems: held });
  if (stems) hold(volume, row.fileId, stems);
}

function hold(volume: CachedVolume, fileId: string, stems: readonly string[]): void {
  const entry = volume.entries.get(fileId);
  if (!entry || volume.words === 'too many') return;
  volume.heldBytes -= entry.stems.byteLength;
  entry.stems = volume.numbers.of(stems);
  volume.heldBytes += entry.stems.byteLength;
}

function drop(volume: CachedVolume, fileId: string): void {
  volume.heldBytes -= volume.entries.get(fileId)?.stems.byteLength ?? 0;
  volume.entries.delete(fileId);
}

const bytesOfWords = ({ heldBytes, numbers }: CachedVolume) => heldBytes + numbers.size * bytesOfStem;
const bytesOf = (volume: CachedVolume) => bytesOfWords(volume) + volume.entries.size * bytesOfEntry;
