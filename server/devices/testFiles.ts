// For tests only: the volumes of testVolumes, as boards ask of them.
import crypto from 'node:crypto';
import type { FileStore } from '../volumes/files/fileStore.ts';
import type { Versions } from '../volumes/versions/versions.ts';
import type { Volumes } from '../volumes/volumes.ts';
import type { Rooms } from '../sync/types.ts';
import type { BoardFiles } from './inventory.ts';

export function filesOf({
  store,
  volumes,
  versions,
  rooms,
}: {
  store: FileStore;
  volumes: Volumes;
  versions: Versions;
  rooms: Pick<Rooms, 'read'>;
}): BoardFiles {
  const text = async (fileId: string) => (await rooms.read(fileId)) ?? versions.textOf(fileId);
  return {
    findVolume: (name, actor) => volumes.find(name, actor),
    findFile: (id, actor) => volumes.findFile(id, actor),
    readable: volumes.readable,
    under: store.under,
    byId: store.byId,
    volumeName: async () => 'team/lab',
    text,
    async bytesAt({ volumeId, path }) {
      const row = await store.byPath(volumeId, path);
      return row && Buffer.from((await text(row.id)) ?? '');
    },
    async create({ volumeId, person, path, text: content }) {
      const id = crypto.randomUUID();
      const change = { kind: 'put', fileId: id, path, fileKind: 'text', content } as const;
      await versions.commitTree({ volumeId, author: person, kind: 'create', plan: async () => [change] });
      return { id };
    },
  };
}
