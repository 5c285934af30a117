// What a run reads of the workspace: with the rights of its person and no more (RU4).
import { notFound, Problem } from '#shared/errors.ts';
import { safePath } from '#shared/path.ts';
import { decide, type Actor } from '#shared/permissions.ts';
import type { RunHead } from '#shared/run.ts';
import type { VolumeTarget } from '../../platform/http.ts';
import type { Rooms } from '../../sync/types.ts';
import type { Files } from '../../volumes/files/files.ts';
import type { FileRow, FileStore } from '../../volumes/files/fileStore.ts';
import type { Merges } from '../../volumes/files/merge.ts';
import type { Versions } from '../../volumes/versions/versions.ts';

/** What the volumes and rooms give; the same for all runs. */
export type FileParts = {
  findVolume: (name: string, actor: Actor) => Promise<VolumeTarget | null>;
  files: Pick<Files, 'createText' | 'createTexts' | 'upload'>;
  store: Pick<FileStore, 'byPath' | 'list' | 'folders'>;
  rooms: Pick<Rooms, 'read' | 'showAgent'>;
  merges: Pick<Merges, 'merge'>;
  versions: Pick<Versions, 'textOf' | 'textAt' | 'checkpointNow'>;
  search: (question: { volumeId: string; q: string; limit: number }) => Promise<{
    hits: { fileId: string; path: string; line: number; before: string; match: string; after: string }[];
    files: number;
  }>;
  /** Null: people of the workspace wrote or saw all of these. Else where one came from: an import that nobody looked at (RU8). */
  cameFrom?: (files: { volumeId: string; fileIds: string[] }) => Promise<string | null>;
};

export type Place = { volume?: string | undefined; path: string };
export type RunReading = ReturnType<typeof openReading>;

export function openReading({ parts, head, actor }: { parts: FileParts; head: RunHead; actor: Actor }) {
  const { store, rooms, versions } = parts;

  async function volumeOf(name: string | undefined, verb: 'volume.read' | 'volume.write'): Promise<VolumeTarget> {
    const wanted = name ?? head.volume;
    const found = await parts.findVolume(wanted, actor);
    const resource = found && ({ kind: 'volume', name: found.name, volumeKind: found.kind, role: found.role } as const);
    const verdict = resource ? decide({ actor, verb, resource }) : 'not-found';
    if (found && verdict === 'allow') return found;
    if (verdict === 'forbidden')
      throw new Problem('forbidden', `${head.by.name} may read ${wanted}, but not write there.`);
    throw notFound(`volume ${wanted}`);
  }

  const cameFrom = async (volume: VolumeTarget, fileIds: string[]): Promise<string | null> =>
    fileIds.length === 0 ? null : ((await parts.cameFrom?.({ volumeId: volume.id, fileIds })) ?? null);
  const livingText = async (row: FileRow) => (await rooms.read(row.id)) ?? (await versions.textOf(row.id)) ?? '';
  /** A branch follows definitions as they were, and reads files as they are: it is told where that is not the same any more. */
  async function changedSince(volume: VolumeTarget, path: string, living: string): Promise<string | null> {
    const at = head.branchOf && head.versions[volume.name];
    if (!at) return null;
    const then = await versions.textAt({ volumeId: volume.id, at, path });
    if (then === living) return null;
    const version = `version ${at.slice(0, 8)}, with which the run before this branch began`;
    return then === null
      ? `This file was not in ${version}. What follows is as it is now.`
      : `This file has changed since ${version}. What follows is as it is now.`;
  }
  async function find(volume: VolumeTarget, given: string): Promise<FileRow> {
    const row = await store.byPath(volume.id, pathFrom(given));
    if (!row) throw notFound(`file ${given} in ${volume.name}`);
    if (row.kind === 'binary') throw new Problem('invalid', `${row.path} is no text. Python can read its bytes.`);
    return row;
  }

  return {
    volumeOf,
    cameFrom,
    livingText,
    changedSince,
    find,

    async list({ volume: name, path, deep }: { volume?: string | undefined; path: string; deep: boolean }) {
      const volume = await volumeOf(name, 'volume.read');
      const folder = path.replace(/^[./]+|\/+$/g, '');
      const under = folder === '' ? '' : `${pathFrom(folder)}/`;
      const [rows, folders] = await Promise.all([store.list(volume.id), store.folders(volume.id)]);
      const inside = rows.filter((row) => row.path.startsWith(under));
      const empty = folders.filter((one) => one.startsWith(under));
      if (under !== '' && inside.length === 0 && !folders.includes(folder))
        throw notFound(`folder ${folder} in ${volume.name}`);
      const entries = new Map<string, number | null>(); // null: a folder
      for (const row of inside) {
        const rest = row.path.slice(under.length);
        const slash = rest.indexOf('/');
        if (deep || slash < 0) entries.set(rest, row.size);
        else entries.set(rest.slice(0, slash + 1), null);
      }
      for (const one of empty) {
        const rest = one.slice(under.length);
        if (rest !== '') entries.set(`${deep ? rest : rest.split('/', 1)[0]!}/`, null);
      }
      return { volume: volume.name, entries: [...entries].sort(([a], [b]) => a.localeCompare(b, 'en')) };
    },

    async search({ volume: name, query, limit }: { volume?: string | undefined; query: string; limit: number }) {
      const volume = await volumeOf(name, 'volume.read');
      const found = await parts.search({ volumeId: volume.id, q: query, limit });
      const from = (fileIds: string[]) => cameFrom(volume, fileIds);
      return { ...found, from };
    },

    /** Paths of the run's volume, as they are there, and where their words came from; throws for one that is not. */
    async check(paths: string[]): Promise<{ paths: string[]; untrusted: string | null }> {
      const volume = await volumeOf(undefined, 'volume.read');
      const rows = await Promise.all(
        paths.map(async (path) => [path, await store.byPath(volume.id, pathFrom(path))] as const),
      );
      const missing = rows.find(([, row]) => row === null);
      if (missing) throw notFound(`file ${missing[0]} in ${volume.name}`);
      const untrusted = await cameFrom(
        volume,
        rows.map(([, row]) => row!.id),
      );
      return { paths: rows.map(([, row]) => row!.path), untrusted };
    },
  };
}

export function pathFrom(given: string): string {
  const { path, problem } = safePath(given.trim().replace(/^(\.?\/)+/, ''));
  if (path === null) throw new Problem('invalid', problem);
  return path;
}
