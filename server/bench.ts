// What the boards ask of files, people and living documents, for server/workspace.ts.
import path from 'node:path';
import type { Accounts } from './accounts/accounts.ts';
import { openDevices, type Devices } from './devices/devices.ts';
import type { Live } from './live/live.ts';
import type { Clock } from './platform/clock.ts';
import type { Database } from './platform/database.ts';
import type { Rooms } from './sync/types.ts';
import type { Files } from './volumes/files/files.ts';
import type { FileStore } from './volumes/files/fileStore.ts';
import type { Versions } from './volumes/versions/versions.ts';
import type { Volumes } from './volumes/volumes.ts';

export function openBench({
  database,
  dataDir,
  accounts,
  volumes,
  volumeName,
  files,
  fileStore,
  versions,
  rooms,
  live,
  clock,
  failed,
}: {
  database: Database;
  dataDir: string;
  accounts: Accounts;
  volumes: Volumes;
  volumeName: (volumeId: string) => Promise<string | null>;
  files: Pick<Files, 'createText'>;
  fileStore: FileStore;
  versions: Pick<Versions, 'readBlob' | 'textOf'>;
  rooms: Pick<Rooms, 'read'>;
  live: Pick<Live, 'board'>;
  clock: Clock;
  failed: (error: unknown) => void;
}): Promise<Devices> {
  const textNow = async (fileId: string) => (await rooms.read(fileId)) ?? versions.textOf(fileId);
  return openDevices({
    database,
    directory: path.join(dataDir, 'devices'),
    files: {
      findVolume: (name, actor) => volumes.find(name, actor),
      findFile: (id, actor) => volumes.findFile(id, actor),
      readable: volumes.readable,
      under: fileStore.under,
      byId: fileStore.byId,
      volumeName,
      text: textNow,
      async bytesAt({ volumeId, path: at }) {
        const row = await fileStore.byPath(volumeId, at);
        if (row?.kind === 'binary') return row.blob === null ? null : versions.readBlob({ volumeId, oid: row.blob });
        const text = row && (await textNow(row.id));
        return text === null ? null : Buffer.from(text);
      },
      create: files.createText,
    },
    people: accounts,
    news: live.board,
    clock,
    failed,
  });
}
