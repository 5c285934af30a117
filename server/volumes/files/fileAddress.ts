// How files and folders look from outside: entries of the tree, addresses, details.
import type { FileAddress, FileDetail, FileEntry } from '#shared/api.ts';
import type { Face } from '#shared/live.ts';
import type { FileTarget } from '../../platform/http.ts';
import type { Rooms } from '../../sync/types.ts';
import type { FileRow } from './fileStore.ts';
import type { Head } from '../versions/versions.ts';

/** `pending`: ids of files with words that no version holds. */
export const entryOf = (row: FileRow, pending: ReadonlySet<string>): FileEntry => ({
  id: row.id,
  path: row.path,
  kind: row.kind,
  size: row.size,
  branch: row.branch,
  pending: pending.has(row.id),
  held: row.heldAt !== null,
  updatedAt: row.updatedAt.toISOString(),
});

type Addressing = { rooms: Pick<Rooms, 'epoch'>; row: FileRow; head: Head | null };

export async function addressOf({ rooms, row, head }: Addressing): Promise<FileAddress> {
  return {
    id: row.id,
    path: row.path,
    epoch: row.kind === 'text' ? await rooms.epoch(row.id) : 1,
    oid: head?.oid ?? null,
  };
}

/** `origin`: where this server is, e.g. `https://llmos.example`. */
export async function detailOf({
  target,
  deletedBy,
  held,
  origin,
  ...addressing
}: Addressing & {
  target: FileTarget;
  deletedBy: Face | null;
  held: FileDetail['held'];
  origin: string;
}): Promise<FileDetail> {
  const { row } = addressing;
  return {
    ...(await addressOf(addressing)),
    volume: target.volume.name,
    kind: row.kind,
    role: target.volume.role ?? 'viewer',
    branch: row.branch,
    size: row.size,
    deleted: row.deletedAt && { by: deletedBy, at: row.deletedAt.toISOString() },
    held,
    sync: row.kind === 'text' ? { url: `${origin.replace(/^http/, 'ws')}/sync`, room: row.id } : null,
  };
}
