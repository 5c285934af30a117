// Where the traces of runs lie, for server/agents.ts: they are files like others, written by the same door.
import { readDefinition } from '#shared/definition.ts';
import type { Rooms } from './sync/types.ts';
import type { TraceFiles, TraceVolume } from './runs/traces.ts';
import type { Files } from './volumes/files/files.ts';
import type { FileStore } from './volumes/files/fileStore.ts';
import type { Merges } from './volumes/files/merge.ts';
import type { Versions } from './volumes/versions/versions.ts';
import type { VolumeStore } from './volumes/volumeStore.ts';

export function traceFiles({
  files,
  fileStore,
  merges,
  versions,
  rooms,
  volumeStore,
  mayWrite,
}: {
  files: Pick<Files, 'createText'>;
  fileStore: Pick<FileStore, 'byPath'>;
  merges: Pick<Merges, 'merge'>;
  versions: Pick<Versions, 'checkpointNow' | 'log' | 'textOf'>;
  rooms: Pick<Rooms, 'read'>;
  volumeStore: Pick<VolumeStore, 'byName'>;
  mayWrite: (volumeId: string, personId: string) => Promise<boolean>;
}): TraceFiles {
  return {
    async volumeFor({ volumeId, personId, head, private: isPrivate }): Promise<TraceVolume | null> {
      if (!isPrivate && (await mayWrite(volumeId, personId))) return { id: volumeId, name: head.volume };
      const own = await volumeStore.byName(`user/${head.by.login}`);
      return own && { id: own.id, name: own.name };
    },
    async create({ volume, path, text, person, message, trailers }) {
      await files.createText({ volumeId: volume.id, person, path, text, message, trailers });
    },
    async change({ volume, path, text, person, message, trailers }) {
      const row = await fileStore.byPath(volume.id, path);
      if (!row) return false;
      const base = (await rooms.read(row.id)) ?? (await versions.textOf(row.id)) ?? '';
      await merges.merge({ volumeId: volume.id, fileId: row.id, person, base, theirs: text, source: 'run' });
      await versions.checkpointNow({ volumeId: volume.id, fileIds: [row.id], of: person, message, trailers });
      return true;
    },
    async sourcesOf({ volume, path }) {
      const found = await volumeStore.byName(volume);
      const row = found && (await fileStore.byPath(found.id, path));
      const text = row && (await versions.textOf(row.id));
      const { header } = readDefinition(text ?? '');
      return [header?.['source_traces'] ?? []].flat().filter((one) => typeof one === 'string');
    },
    async lastVersion({ volume, path }) {
      const found = await volumeStore.byName(volume);
      if (!found) return null;
      const { commits } = await versions.log({ volumeId: found.id, path, limit: 1 });
      return commits[0] ? { volumeId: found.id, oid: commits[0].oid } : null;
    },
  };
}
