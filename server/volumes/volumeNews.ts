// What happened in a volume, told to whoever has it open: commits with the entries of the tree that they changed, words that wait for a
// version, folders, conflicts, files that are held back. In the order in which it happened.
import type { Commit } from '#shared/api.ts';
import type { Face } from '#shared/live.ts';
import type { Live } from '../live/live.ts';
import { entryOf } from './files/fileAddress.ts';
import type { FileStore } from './files/fileStore.ts';
import type { FolderNews } from './files/files.ts';
import type { ConflictNews } from './files/merge.ts';
import type { Version, VersionNews } from './versions/versions.ts';

export type Notify = (news: {
  to: string[];
  kind: string;
  text: string;
  volume: string;
  path: string;
}) => Promise<void>;

export function createVolumeNews({
  store,
  describe,
  nameOf,
  people,
  live,
  notify,
  failed,
}: {
  store: FileStore;
  describe: (volumeId: string, versions: Version[]) => Promise<Commit[]>;
  nameOf: (volumeId: string) => Promise<string | null>;
  people: { faces(ids: string[]): Promise<Map<string, Face>> };
  live: Pick<Live, 'isWatched' | 'tree' | 'pending' | 'committed' | 'conflicts'>;
  notify: Notify;
  /** News are lost, nothing else. */
  failed: (error: unknown) => void;
}): VersionNews & FolderNews & ConflictNews {
  const waiting = new Set<string>();
  const last = new Map<string, Promise<void>>();

  function inTurn(volumeId: string, work: () => Promise<void>): void {
    const next = (last.get(volumeId) ?? Promise.resolve()).then(work).catch(failed);
    last.set(volumeId, next);
    void next.then(() => last.get(volumeId) === next && last.delete(volumeId));
  }

  async function tellTree(volumeId: string, fileIds: string[]): Promise<void> {
    const [rows, folders] = await Promise.all([store.byIds(fileIds), store.folders(volumeId)]);
    const faces = await people.faces(rows.flatMap((row) => row.deletedBy ?? []));
    live.tree({
      volumeId,
      changed: rows.filter((row) => row.deletedAt === null).map((row) => entryOf(row, waiting)),
      gone: rows.flatMap((row) =>
        row.deletedAt
          ? {
              id: row.id,
              path: row.path,
              by: (row.deletedBy && faces.get(row.deletedBy)) || null,
              at: row.deletedAt.toISOString(),
            }
          : [],
      ),
      folders,
    });
  }

  return {
    committed({ volumeId, versions, fileIds }) {
      for (const id of fileIds) waiting.delete(id);
      if (!live.isWatched(volumeId)) return;
      inTurn(volumeId, async () => {
        if (versions.length > 0) live.committed({ volumeId, commits: await describe(volumeId, versions), fileIds });
        await tellTree(volumeId, fileIds);
      });
    },
    pending({ volumeId, fileId, people: typists, due, held }) {
      waiting.add(fileId);
      if (!live.isWatched(volumeId)) return;
      inTurn(volumeId, async () => {
        const faces = await people.faces(typists);
        live.pending({ volumeId, fileId, due, held, authors: typists.flatMap((id) => faces.get(id) ?? []) });
      });
    },
    held({ volumeId, fileId, path, people: typists }) {
      inTurn(volumeId, async () => {
        await tellTree(volumeId, [fileId]);
        const volume = await nameOf(volumeId);
        if (volume === null) return;
        const text = `“${path}” seems to hold a key. It stays out of versions until you take it out, or say that it is none.`;
        await notify({ to: typists, kind: 'file.held', text, volume, path });
      });
    },
    folders: ({ volumeId }) => inTurn(volumeId, () => tellTree(volumeId, [])),
    conflicts: (news) => live.conflicts(news),
  };
}
