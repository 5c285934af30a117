// Follows the versions of all volumes: what a file is to memory is read when its version lands, its meaning is measured a little later.
// What was missed (a crash, an upgrade) is found at start by comparing blobs, so that no event has to be kept.
import { readMemoryEntry } from '#shared/memoryEntry.ts';
import type { Log } from '../platform/log.ts';
import { packVector } from './vectors.ts';
import type { MemoryStore, NewEntry } from './memoryStore.ts';

type MarkdownFile = { fileId: string; volumeId: string; path: string; blob: string; updatedAt: Date };
export type MemoryFiles = {
  /** Markdown that is in a version now; of these files, or of all. */
  markdown(fileIds?: string[]): Promise<MarkdownFile[]>;
  readBlob(blob: { volumeId: string; oid: string }): Promise<Uint8Array | null>;
};
/** Null: search by meaning is off. Vectors of length 1. */
export type EmbedTexts = ((texts: string[], options?: { soon?: boolean }) => Promise<Float32Array[]>) | null;

export type MemoryIndex = ReturnType<typeof openMemoryIndex>;

const [filesAtOnce, vectorsAtOnce, longestText] = [100, 32, 200_000];

export function openMemoryIndex({
  store,
  files,
  embed,
  changed,
  told,
  log,
}: {
  store: MemoryStore;
  files: MemoryFiles;
  embed: EmbedTexts;
  /** Entries are new, different or gone. */
  changed: (fileIds: string[]) => Promise<void> | void;
  /** What these volumes remember reads differently from now on. */
  told: (volumeIds: Set<string>) => void;
  log: Log;
}) {
  let closed = false;
  let reading: Promise<void> = Promise.resolve();
  let measuring: Promise<void> | null = null;
  const poked = new Set<string>();

  const failed = (err: unknown) => {
    if (!closed) log.error({ err }, 'memory.failed');
  };
  const inTurn = (work: () => Promise<void>) => {
    reading = reading.then(() => (closed ? undefined : work())).catch(failed);
  };

  const tell = (entries: { volumeId: string }[]) => {
    if (entries.length > 0) told(new Set(entries.map(({ volumeId }) => volumeId)));
  };

  async function read(file: MarkdownFile): Promise<NewEntry | null> {
    const bytes = await files.readBlob({ volumeId: file.volumeId, oid: file.blob });
    if (!bytes) return null;
    const body = Buffer.from(bytes.subarray(0, longestText)).toString('utf8');
    const { updatedAt: at, ...place } = file;
    return { ...place, at, body, entry: readMemoryEntry({ path: file.path, text: body }) };
  }

  async function take(found: MarkdownFile[], gone: string[]): Promise<void> {
    for (let from = 0; from < found.length && !closed; from += filesAtOnce) {
      const part = found.slice(from, from + filesAtOnce);
      const entries = (await Promise.all(part.map(read))).filter((entry) => entry !== null);
      await store.put(entries);
      await changed(entries.map(({ fileId }) => fileId));
      tell(entries); // also what is no memory: it may have been
    }
    const removed = await store.remove(gone);
    if (gone.length > 0) await changed(gone);
    tell(removed);
    if (found.length > 0) measure();
  }

  /** One at a time, newest first, until all have a vector. */
  function measure(): void {
    if (!embed || measuring || closed) return;
    measuring = measureAll(embed)
      .catch(failed)
      .finally(() => (measuring = null));
  }
  async function measureAll(embedTexts: NonNullable<EmbedTexts>): Promise<void> {
    for (;;) {
      const rows = closed ? [] : await store.unmeasured(vectorsAtOnce);
      if (rows.length === 0) return;
      const vectors = await embedTexts(rows.map(({ gist }) => gist));
      const measured: typeof rows = [];
      for (const [i, row] of rows.entries())
        if (await store.measure({ ...row, vector: packVector(vectors[i]!) })) measured.push(row);
      await changed(measured.map(({ fileId }) => fileId));
      tell(measured);
    }
  }

  /** Compares all files with what was read of them. */
  inTurn(async () => {
    const [all, known] = await Promise.all([files.markdown(), store.known()]);
    const present = new Set(all.map(({ fileId }) => fileId));
    const stale = all.filter(({ fileId, blob, path }) => {
      const before = known.get(fileId);
      return before?.blob !== blob || before.path !== path;
    });
    const gone = [...known.keys()].filter((fileId) => !present.has(fileId));
    await take(stale, gone);
    measure();
  });

  return {
    /** Versions of these files landed, or the files are gone. */
    committed({ fileIds }: { fileIds: string[] }): void {
      for (const fileId of fileIds) poked.add(fileId);
      inTurn(async () => {
        const ids = [...poked];
        poked.clear();
        if (ids.length === 0) return;
        const found = await files.markdown(ids);
        const present = new Set(found.map(({ fileId }) => fileId));
        await take(
          found,
          ids.filter((id) => !present.has(id)),
        );
      });
    },
    /** Everything that landed so far can be found, by meaning too. */
    async settled(): Promise<void> {
      await reading;
      await measuring;
    },
    async close(): Promise<void> {
      closed = true;
      await reading;
      await measuring;
    },
  };
}
