// The bench: boards of all volumes, who holds them, who drives them. A board is a file; what it says goes through its hub.
import path from 'node:path';
import type { DeviceState } from '#shared/devices.ts';
import type { Face } from '#shared/live.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database.ts';
import { createArtifacts } from './artifacts.ts';
import { deviceRoutes } from './deviceRoutes.ts';
import { createDeviceStore } from './deviceStore.ts';
import { createInventory, type BoardFiles, type BoardPlace } from './inventory.ts';

export type Devices = ReturnType<typeof openDevices>;

const tidyMs = 60 * 60 * 1000;

export function openDevices({
  database,
  directory,
  files,
  faces,
  clock,
  failed,
}: {
  database: Database;
  /** In the data folder. */
  directory: string;
  files: BoardFiles;
  faces: (ids: string[]) => Promise<Map<string, Face>>;
  clock: Clock;
  failed: (error: unknown) => void;
}) {
  const store = createDeviceStore(database);
  const artifacts = createArtifacts({ directory: path.join(directory, 'artifacts'), store, clock });

  /** Of a board that no browser holds and nobody watches. */
  async function asleep({ id, volume, path, file }: BoardPlace): Promise<DeviceState> {
    const row = (await store.boards([id])).get(id);
    const by = row?.stopBy && (await faces([row.stopBy])).get(row.stopBy);
    return {
      id,
      volume,
      path,
      label: file.label,
      kind: file.kind,
      chip: file.chip,
      connection: 'offline',
      why: null,
      host: null,
      baud: file.baud,
      lease: null,
      queue: [],
      stop: by && row?.stopAt ? { by, at: row.stopAt.getTime(), done: row.stopDone } : null,
      job: null,
      watchers: [],
      recording: null,
      now: clock.now(),
    };
  }
  const inventory = createInventory({ files, stateOf: asleep });

  const tidying = setInterval(() => void artifacts.tidy().catch(failed), tidyMs);
  tidying.unref();

  return {
    handlers: deviceRoutes({ inventory, artifacts, store, files, faces }),
    /** Files that go for good. */
    forget: (fileIds: string[]): Promise<void> => store.forget(fileIds),
    async close(): Promise<void> {
      clearInterval(tidying);
    },
  };
}
