// What versions say of one file, as it is told to others.
import type { CommitFile } from '#shared/api.ts';
import type { NetFile } from './historyStore.ts';
import type { VersionFile } from '../versions/versions.ts';

export type ChangedFile = Pick<NetFile, 'fileId' | 'path' | 'pathBefore' | 'blob' | 'blobBefore' | 'binary'> & {
  /** The text as it is typed now. */
  live?: string;
  counts?: { added: number; removed: number } | undefined;
};

/** The sums of one version are exact; of several, lines may have come and gone. */
export const withCounts = (file: NetFile): ChangedFile => ({
  ...file,
  counts: file.versions === 1 ? { added: file.added, removed: file.removed } : undefined,
});

export const backwards = (file: NetFile): NetFile => ({
  ...file,
  path: file.pathBefore ?? file.path,
  pathBefore: file.path,
  blob: file.blobBefore,
  blobBefore: file.blob,
  added: file.removed,
  removed: file.added,
});

export function changeOf({
  path,
  pathBefore,
  blob,
  blobBefore,
  live,
}: Pick<ChangedFile, 'path' | 'pathBefore' | 'blob' | 'blobBefore' | 'live'>): CommitFile['change'] {
  if (blobBefore === null) return 'created';
  if (blob === null && live === undefined) return 'deleted';
  return pathBefore !== null && pathBefore !== path ? 'renamed' : 'edited';
}

export function describeFile(file: VersionFile): CommitFile {
  const { path, pathBefore, fileId, added, removed, binary } = file;
  return { path, pathBefore, fileId, change: changeOf(file), added, removed, binary };
}
