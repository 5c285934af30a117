// The system volume follows the files that ship with the software. Between what shipped before and what ships now lies a change; it is
// merged into the volume like any other text from outside, so that what an administrator changed there stays. Safe to repeat.
import crypto from 'node:crypto';
import type { Rooms } from '../../sync/types.ts';
import type { FileStore } from '../files/fileStore.ts';
import { commonText, type Merges } from '../files/merge.ts';
import { openNames, pathFrom } from '../files/names.ts';
import type { ShippedStore } from './shippedStore.ts';
import type { TreeChange, Versions } from '../versions/versions.ts';

/** `files`: path to text, all that ships. Answers how many files changed. */
export async function upgradeSystem({
  volumeId,
  files,
  release,
  store,
  shipped,
  versions,
  rooms,
  merges,
}: {
  volumeId: string;
  files: Map<string, string>;
  release: string;
  store: FileStore;
  shipped: ShippedStore;
  versions: Versions;
  rooms: Pick<Rooms, 'read'>;
  merges: Merges;
}): Promise<number> {
  const before = await shipped.read();
  const changed = [...files].filter(([path, text]) => before.get(path) !== text);
  const removed = [...before].filter(([path]) => !files.has(path));
  if (changed.length === 0 && removed.length === 0) return 0;
  const livingText = async (id: string) => (await rooms.read(id)) ?? (await versions.textOf(id)) ?? '';
  const meeting = new Map((await store.paths(volumeId)).map(({ id, path }) => [path, id]));

  await versions.commitTree({
    volumeId,
    author: null,
    kind: 'upgrade',
    message: `Upgrade to ${release}`,
    include: changed.flatMap(([path]) => meeting.get(path) ?? []),
    plan: async () => {
      const [rows, folders] = await Promise.all([store.paths(volumeId), store.folders(volumeId)]);
      const there = new Map(rows.map((row) => [row.path, row]));
      const tree: TreeChange[] = [];
      const going = new Set<string>();
      for (const [path, base] of removed) {
        const row = there.get(path);
        if (!row || row.kind === 'binary' || (await livingText(row.id)) !== base) continue; // changed here: it stays
        tree.push({ kind: 'delete', fileId: row.id });
        going.add(row.id);
      }
      const names = openNames({ files: rows.filter(({ id }) => !going.has(id)).map(({ path }) => path), folders });
      for (const [path, text] of changed) {
        const row = there.get(path);
        if (!row) {
          names.add(pathFrom(path));
          tree.push({ kind: 'put', fileId: crypto.randomUUID(), path, fileKind: 'text', content: text });
          continue;
        }
        const ours = await livingText(row.id);
        if (ours === text) continue;
        const base = before.get(path) ?? commonText(ours, text);
        await merges.merge({ volumeId, fileId: row.id, person: null, base, theirs: text, source: 'upgrade' });
      }
      return tree;
    },
  });
  await shipped.replace({ files, release });
  return changed.length + removed.length;
}
