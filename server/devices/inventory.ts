// Which boards there are: markdown files in `bench/` of a volume, as they are typed now. Who is connected is known by the hub.
import type { Device } from '#shared/api/devices.ts';
import { isBoardPath, readBoardFile, writeBoardFile, type BoardFile, type UsbId } from '#shared/boardFile.ts';
import { notFound, Problem } from '#shared/errors.ts';
import type { DeviceState } from '#shared/devices.ts';
import type { Actor } from '#shared/permissions.ts';
import { slugOf } from '#shared/typedDefinition.ts';
import type { FileTarget, VolumeTarget } from '../platform/http.ts';
import { mayOf, need } from './access.ts';

/** What boards ask of volumes and files. */
export type BoardFiles = {
  findVolume: (name: string, actor: Actor) => Promise<VolumeTarget | null>;
  findFile: (id: string, actor: Actor) => Promise<FileTarget | null>;
  /** Names of the volumes that somebody may read. */
  readable: (actor: Actor) => Promise<{ name: string }[]>;
  under: (volumeId: string, folder: string) => Promise<{ id: string; path: string; kind: 'text' | 'binary' }[]>;
  /** Also of a deleted file. */
  byId: (id: string) => Promise<{ path: string; volumeId: string; deletedAt: Date | null } | null>;
  volumeName: (volumeId: string) => Promise<string | null>;
  /** With what is typed and in no version yet. */
  text: (fileId: string) => Promise<string | null>;
  /** Null: there is no such file. */
  bytesAt: (file: { volumeId: string; path: string }) => Promise<Uint8Array | null>;
  create: (creation: { volumeId: string; person: string; path: string; text: string }) => Promise<{ id: string }>;
};

/** A board's place and what its file says, without anybody's rights. */
export type BoardPlace = { id: string; volumeId: string; volume: string; path: string; file: BoardFile };

export type Inventory = ReturnType<typeof createInventory>;

export function createInventory({
  files,
  stateOf,
}: {
  files: BoardFiles;
  stateOf: (place: BoardPlace) => Promise<DeviceState>;
}) {
  const bodyOf = async (path: string, fileId: string): Promise<BoardFile> => {
    const { diagnostics: _, ...file } = readBoardFile({ path, text: (await files.text(fileId)) ?? '' });
    return file;
  };
  async function describe({
    actor,
    volume,
    id,
    path,
  }: {
    actor: Actor;
    volume: VolumeTarget;
    id: string;
    path: string;
  }): Promise<Device> {
    // prettier-ignore
    const may = mayOf({ actor, volume });
    if (!may) throw notFound('such board');
    const file = await bodyOf(path, id);
    const place = { id, volumeId: volume.id, volume: volume.name, path, file };
    return { id, volume: volume.name, path, file, state: await stateOf(place), may };
  }
  async function ofVolume(actor: Actor, volume: VolumeTarget): Promise<Device[]> {
    const rows = (await files.under(volume.id, 'bench')).filter(
      ({ path, kind }) => kind === 'text' && isBoardPath(path),
    );
    return Promise.all(rows.map(({ id, path }) => describe({ actor, volume, id, path })));
  }

  return {
    describe,
    async list({ actor, volume: name }: { actor: Actor; volume: string | undefined }): Promise<Device[]> {
      if (name !== undefined) {
        const volume = await files.findVolume(name, actor);
        need({ actor, verb: 'device.watch', volume });
        return ofVolume(actor, volume!);
      }
      const found: Device[] = [];
      for (const { name: readable } of await files.readable(actor)) {
        const volume = await files.findVolume(readable, actor);
        if (volume && mayOf({ actor, volume })) found.push(...(await ofVolume(actor, volume)));
      }
      return found;
    },
    async deviceOf({ actor, id }: { actor: Actor; id: string }): Promise<Device> {
      const file = await files.findFile(id, actor);
      if (!file || file.deletedAt || !isBoardPath(file.path)) throw notFound('such board');
      return describe({ actor, volume: file.volume, id, path: file.path });
    },
    /** Null: there is no such board any more. */
    async place(id: string): Promise<BoardPlace | null> {
      const row = await files.byId(id);
      const volume = row && !row.deletedAt && isBoardPath(row.path) ? await files.volumeName(row.volumeId) : null;
      if (!row || volume === null) return null;
      return { id, volumeId: row.volumeId, volume, path: row.path, file: await bodyOf(row.path, id) };
    },
    async create({
      actor,
      volume: volumeName,
      name,
      label = name,
      kind,
      chip = null,
      usb = [],
    }: {
      actor: Actor;
      volume: string;
      name: string;
      label?: string | undefined;
      kind: 'serial' | 'virtual';
      chip?: string | null | undefined;
      usb?: UsbId[] | undefined;
    }): Promise<Device> {
      const volume = await files.findVolume(volumeName, actor);
      need({ actor, verb: 'device.drive', volume });
      const path = `bench/${slugOf(name) || 'board'}.md`;
      if (!isBoardPath(path)) throw new Problem('invalid', 'Give the board another name.');
      const text = writeBoardFile({ label, kind, chip, usb, owner: actor.login });
      const { id } = await files.create({ volumeId: volume!.id, person: actor.personId, path, text });
      return describe({ actor, volume: volume!, id, path });
    },
  };
}
