// Memory is not storage, it is finding again: the files of volumes are the truth, this is what finds them.
import type { MemoryRow } from '#shared/api/memory.ts';
import type { Database } from '../platform/database.ts';
import type { HandlersOf } from '../platform/http.ts';
import type { Log } from '../platform/log.ts';
import { createEntryCache } from './entryCache.ts';
import { openMemoryIndex, type EmbedTexts, type MemoryFiles } from './memoryIndex.ts';
import { createMemoryStore, type MemoryRecord } from './memoryStore.ts';
import { createQuery, type Readable } from './query.ts';

export type Memory = ReturnType<typeof openMemory>;

export function openMemory({
  database,
  files,
  embed,
  readable,
  told,
  log,
}: {
  database: Database;
  files: MemoryFiles;
  embed: EmbedTexts;
  /** The volumes that somebody may read, now. */
  readable: Readable;
  /** What these volumes remember reads differently from now on. */
  told: (volumeIds: Set<string>) => void;
  log: Log;
}) {
  const store = createMemoryStore(database);
  const cache = createEntryCache({ store });
  const index = openMemoryIndex({ store, files, embed, changed: cache.changed, told, log });
  const query = createQuery({ store, cache, embed, readable });

  const routes: HandlersOf<'POST /memory/query' | 'GET /volumes/:volume/memory'> = {
    'POST /memory/query': ({ body, actor }) => query({ question: body, actor }),
    'GET /volumes/:volume/memory': async ({ volume, query: { state, limit } }) => {
      const [{ rows, total }, indexing] = await Promise.all([
        store.list({ volumeId: volume.id, state: state ?? null, limit }),
        embed ? store.countUnmeasured(volume.id) : 0,
      ]);
      return { entries: withLinks(rows), total, indexing };
    },
  };

  return {
    query,
    routes,
    committed: index.committed,
    settled: index.settled,
    async close(): Promise<void> {
      await index.close();
      await cache.close();
    },
  };
}

/** Links name a trace or a path; here they find the file that is meant, if it is among these. */
function withLinks(rows: MemoryRecord[]): MemoryRow[] {
  const byName = new Map<string, string>();
  for (const { path, traceId, fileId } of rows) {
    byName.set(path, fileId);
    byName.set(path.replace(/\.md$/i, ''), fileId);
    if (traceId) byName.set(traceId, fileId);
  }
  const fileOf = (to: string) => byName.get(to) ?? byName.get(to.replace(/^\//, '')) ?? null;
  return rows.map(({ fileId, path, type, title, excerpt, at, state, outcome, project, traceId, links }) => ({
    fileId, path, type, title, excerpt, at: at.toISOString(), state, outcome, project, traceId,
    links: links.map((link) => ({ ...link, file: fileOf(link.to) })),
  })); // prettier-ignore
}
