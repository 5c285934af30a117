// What a range of versions did to each file in sum: where it was and what it held before the first, and after the last of them.
// Undoing is the way back from `after` to `before`; a restore is the undoing of everything since the version wanted.
import type { Version } from '../versions/versions.ts';

export type Place = { path: string; blob: string } | null;
/** `before` null: made in the range. `after` null: deleted in it. */
export type NetChange = { fileId: string; binary: boolean; before: Place; after: Place };

/** `versions`: oldest first, without gaps. Files that end as they began are left out. */
export function netChanges(versions: Pick<Version, 'files'>[]): NetChange[] {
  const changes = new Map<string, NetChange>();
  for (const { files } of versions) {
    for (const file of files) {
      const after = file.blob === null ? null : { path: file.path, blob: file.blob };
      const known = changes.get(file.fileId);
      if (known) {
        known.after = after;
        known.binary ||= file.binary;
      } else {
        const before = file.blobBefore === null ? null : { path: file.pathBefore ?? file.path, blob: file.blobBefore };
        changes.set(file.fileId, { fileId: file.fileId, binary: file.binary, before, after });
      }
    }
  }
  return [...changes.values()].filter(
    ({ before, after }) => before?.path !== after?.path || before?.blob !== after?.blob,
  );
}
