// Restoring a file, restoring a volume, undoing one commit: the same act, the way back over a range of versions (GI4). Texts that
// are alive are changed by word merges through their rooms, so what was typed since stays, with cursors and ids; trees by commits.
// Nothing is ever taken out of history. With `preview` the same way is walked without leaving a trace.
import type { ChangeResult } from '#shared/api.ts';
import { countChangedLines } from '#shared/diff.ts';
import { notFound, Problem } from '#shared/errors.ts';
import type { Face } from '#shared/live.ts';
import type { AnchoredOverlap, Rooms } from '../../sync/types.ts';
import type { FileRow, FileStore } from '../files/fileStore.ts';
import { openNames, type Names } from '../files/names.ts';
import { netChanges, type NetChange, type Place } from './netChange.ts';
import type { CheckpointNow, CommitTree, TreeChange, Version, Versions } from '../versions/versions.ts';

/** A file as it is now, also a deleted one. */
export type FileNow = { id: string; path: string; kind: 'text' | 'binary'; blob: string | null; deleted: boolean };

type Undone = { volumeId: string; oid: string; personId: string };

export type RollbackNeeds = {
  versions: Pick<
    Versions,
    'checkpointNow' | 'commitTree' | 'version' | 'between' | 'head' | 'readBlob' | 'describe' | 'textOf'
  >;
  rooms: Pick<Rooms, 'edit' | 'read' | 'here'>;
  files: {
    now: (fileIds: string[]) => Promise<Map<string, FileNow>>;
    at: (place: { volumeId: string; path: string }) => Promise<FileNow | null>;
    /** The newest file that was deleted at this path. */
    deletedAt: (place: { volumeId: string; path: string }) => Promise<FileNow | null>;
    /** Which names are taken, but for those of files that leave them. */
    names: (without: { volumeId: string; without: ReadonlySet<string> }) => Promise<Names>;
  };
  /** A commit was undone by this person. */
  undone: (undone: Undone) => Promise<void>;
  /** What undid this commit was undone itself: its words are there again. */
  redone: (redone: Undone) => Promise<void>;
  keepConflicts: (clash: {
    volumeId: string;
    fileId: string;
    overlaps: AnchoredOverlap[];
    theirsBy: string | null;
    source: 'restore' | 'revert';
  }) => Promise<void>;
};

export function rollbackFiles(
  store: Pick<FileStore, 'byIds' | 'byPath' | 'lastDeleted' | 'paths' | 'folders'>,
): RollbackNeeds['files'] {
  const asNow = (row: FileRow): FileNow => ({ ...row, deleted: row.deletedAt !== null });
  const asNowOrNull = (row: FileRow | null) => row && asNow(row);
  return {
    now: async (ids) => new Map((await store.byIds(ids)).map((row) => [row.id, asNow(row)])),
    at: async ({ volumeId, path }) => asNowOrNull(await store.byPath(volumeId, path)),
    deletedAt: async ({ volumeId, path }) => asNowOrNull(await store.lastDeleted(volumeId, path)),
    async names({ volumeId, without }) {
      const [files, folders] = await Promise.all([store.paths(volumeId), store.folders(volumeId)]);
      return openNames({ files: files.filter(({ id }) => !without.has(id)).map(({ path }) => path), folders });
    },
  };
}

export type Rollback = {
  /** Undoes one commit, also an old one; what came after it stays. */
  revert: (revert: { volumeId: string; oid: string; person: string; preview: boolean }) => Promise<ChangeResult>;
  /** Brings a file, or without `path` the whole volume, back to how it was at `to`. */
  restore: (restore: {
    volumeId: string;
    to: string;
    path?: string;
    person: string;
    preview: boolean;
  }) => Promise<ChangeResult>;
};

type Act = {
  volumeId: string;
  person: string;
  preview: boolean;
  source: 'restore' | 'revert';
  changes: NetChange[];
  message: string;
  undoes?: string;
  theirsBy: string | null;
  kept: number;
};
type Outcome = Pick<ChangeResult, 'files' | 'conflicts'> & {
  tree: TreeChange[];
  clashes: { fileId: string; overlaps: AnchoredOverlap[] }[];
};

export function createRollback({ versions, rooms, files, keepConflicts, undone, redone }: RollbackNeeds): Rollback {
  async function act({
    volumeId,
    person,
    preview,
    source,
    changes,
    message,
    undoes,
    theirsBy,
    kept,
  }: Act): Promise<ChangeResult> {
    const now = await files.now(changes.map((change) => change.fileId));
    const open = facesIn(changes.flatMap(({ fileId }) => rooms.here(fileId)));
    if (preview) {
      const { files: changed, conflicts } = await undoAll({ volumeId, person, preview, changes, now });
      return { commits: [], files: changed, conflicts, kept, open };
    }
    let outcome: Outcome | null = null;
    const edits = changes.filter((change) => needsRoom(change, now.get(change.fileId))).map((change) => change.fileId);
    const commit: CommitTree = {
      volumeId,
      author: person,
      kind: source,
      message,
      include: edits,
      ...(undoes ? { undoes } : {}),
      // read again: in the queue of the volume nothing moves any more
      plan: async () => {
        const settled = await files.now(changes.map((change) => change.fileId));
        outcome = await undoAll({ volumeId, person, preview: false, changes, now: settled });
        return outcome.tree;
      },
    };
    const made = await versions.commitTree(commit);
    const { files: changed, conflicts, clashes } = outcome as unknown as Outcome;
    for (const clash of clashes) await keepConflicts({ volumeId, theirsBy, source, ...clash });
    if (undoes && made.versions.length > 0) await tell({ volumeId, oid: undoes, personId: person });
    return { commits: await versions.describe(volumeId, made.versions, person), files: changed, conflicts, kept, open };
  }

  /** An undo of an undo is a redo of what that had undone, and so on down to what somebody typed. */
  async function tell({ volumeId, oid, personId }: Undone): Promise<void> {
    const seen = new Set<string>();
    let at: string | null = oid;
    for (let isUndone = true; at !== null && !seen.has(at); isUndone = !isUndone) {
      seen.add(at);
      await (isUndone ? undone : redone)({ volumeId, oid: at, personId });
      at = (await versions.version({ volumeId, oid: at }))?.undoes ?? null;
    }
  }

  type All = { volumeId: string; person: string; preview: boolean; changes: NetChange[]; now: Map<string, FileNow> };

  async function undoAll({ volumeId, person, preview, changes, now }: All): Promise<Outcome> {
    const outcome: Outcome = { files: [], conflicts: [], tree: [], clashes: [] };
    let names: Names | null = null;
    const leaving = new Set<string>();
    for (const { fileId, before, after } of changes)
      if (before && after && before.path !== after.path && now.get(fileId)?.path === after.path) leaving.add(fileId);
    // what goes makes room for what comes back
    for (const change of changes.toSorted((a, b) => Number(a.before !== null) - Number(b.before !== null))) {
      const file = now.get(change.fileId);
      if (!file) continue; // gone for good with its volume's row; nothing to bring back
      if (change.before === null) await takeOut(change, file);
      else if (file.deleted) await putBack(change, file, change.before);
      else await changeBack(change, file, change.before);
    }
    return outcome;

    /** It was made in the range: it goes, unless somebody wrote on in it; then only the words of the range go. */
    async function takeOut(change: NetChange, file: FileNow) {
      if (file.deleted || !change.after) return;
      if (file.kind === 'binary') {
        if (file.blob !== change.after.blob)
          return report({
            path: file.path,
            change: 'edited',
            binary: true,
            overlaps: [{ base: '', ours: '', theirs: '' }],
          });
        leaving.add(file.id);
        outcome.tree.push({ kind: 'delete', fileId: file.id });
        return report({ path: file.path, change: 'deleted', binary: true });
      }
      const [living, made] = [await livingText(file), await textOf(change.after.blob)];
      if (living !== made) return merge({ file, path: file.path, base: made, theirs: '', change: 'edited' });
      leaving.add(file.id);
      outcome.tree.push({ kind: 'delete', fileId: file.id });
      report({ path: file.path, change: 'deleted', before: living });
    }

    async function putBack(change: NetChange, file: FileNow, want: NonNullable<Place>) {
      if (change.after !== null) return; // deleted later, by somebody else's act: that stays
      const path = await freePath(want.path);
      const content = await bytesOf(file.blob ?? want.blob);
      outcome.tree.push({
        kind: 'put',
        fileId: file.id,
        path,
        fileKind: file.kind,
        content: file.kind === 'text' ? decode(content) : content,
      });
      if (file.kind === 'text' && file.blob && file.blob !== want.blob)
        await merge({ file, path, base: decode(content), theirs: await textOf(want.blob), change: 'created' });
      else if (file.kind === 'text') report({ path, change: 'created', after: decode(content) });
      else report({ path, change: 'created', binary: true });
    }

    async function changeBack({ after }: NetChange, file: FileNow, want: NonNullable<Place>) {
      if (!after) return; // deleted in the range and put back since: that stays
      let path = file.path;
      if (want.path !== after.path && file.path === after.path) {
        path = await freePath(want.path);
        outcome.tree.push({ kind: 'move', fileId: file.id, path });
      }
      if (want.blob === after.blob) {
        if (path !== file.path) report({ path, change: 'renamed', binary: file.kind === 'binary' });
      } else if (file.kind === 'text') {
        await merge({ file, path, base: await textOf(after.blob), theirs: await textOf(want.blob), change: 'edited' });
      } else if (file.blob === after.blob) {
        outcome.tree.push({
          kind: 'put',
          fileId: file.id,
          path,
          fileKind: 'binary',
          content: await bytesOf(want.blob),
        });
        report({ path, change: 'edited', binary: true });
      } else report({ path, change: 'edited', binary: true, overlaps: [{ base: '', ours: '', theirs: '' }] });
    }

    async function merge({
      file,
      path,
      base,
      theirs,
      change,
    }: {
      file: FileNow;
      path: string;
      base: string;
      theirs: string;
      change: 'edited' | 'created';
    }) {
      const result = await rooms.edit({ fileId: file.id, person, preview, change: { kind: 'merge', base, theirs } });
      if (!result.changed && result.overlaps.length === 0 && change === 'edited') return;
      if (result.overlaps.length > 0) outcome.clashes.push({ fileId: file.id, overlaps: result.overlaps });
      const before = change === 'created' ? null : result.before;
      report({ path, change, before, after: result.after, overlaps: result.overlaps });
    }

    /** The wanted path, if nobody has it, or who has it leaves it in this same act; else one beside it. */
    async function freePath(wanted: string): Promise<string> {
      names ??= await files.names({ volumeId, without: leaving });
      const path = names.free(wanted);
      names.add(path);
      return path;
    }

    /** `before`, `after`: its text; null where there is none. */
    function report({
      path,
      change,
      before = null,
      after = null,
      binary = false,
      overlaps = [],
    }: {
      path: string;
      change: 'created' | 'edited' | 'renamed' | 'deleted';
      before?: string | null;
      after?: string | null;
      binary?: boolean;
      overlaps?: { base: string; ours: string; theirs: string }[];
    }) {
      outcome.files.push({ path, change, before, after, binary, ...countChangedLines(before ?? '', after ?? '') });
      for (const { base, ours, theirs } of overlaps) outcome.conflicts.push({ path, base, ours, theirs });
    }

    async function textOf(blob: string): Promise<string> {
      return decode(await bytesOf(blob));
    }

    /** What cannot be read is no empty text: that would be written over what is there. */
    async function bytesOf(blob: string): Promise<Uint8Array> {
      const bytes = await versions.readBlob({ volumeId, oid: blob });
      if (!bytes)
        throw new Problem('unavailable', 'A text of that version cannot be read: it is missing in the repository.');
      return bytes;
    }
  }

  const livingText = async (file: FileNow) => (await rooms.read(file.id)) ?? (await versions.textOf(file.id)) ?? '';

  async function versionOf(volumeId: string, oid: string): Promise<Version> {
    const version = await versions.version({ volumeId, oid });
    if (!version) throw notFound('version with this id in the volume');
    return version;
  }

  return {
    async revert({ volumeId, oid, person, preview }) {
      const version = await versionOf(volumeId, oid);
      const fileIds = new Set(version.files.map((file) => file.fileId));
      if (!preview) await versions.checkpointNow({ volumeId, fileIds: [...fileIds] });
      const head = await versions.head(volumeId);
      const later = await versions.between({
        volumeId,
        from: version.position + 1,
        to: head?.position ?? version.position,
      });
      if (later.some((other) => other.undoes === oid && !later.some((undone) => undone.undoes === other.oid)))
        throw new Problem('conflict', 'This version is already undone.');
      return act({
        volumeId,
        person,
        preview,
        source: 'revert',
        undoes: oid,
        theirsBy: person,
        changes: netChanges([version]),
        message: revertMessage(version.message),
        kept: later.filter((other) => other.files.some((file) => fileIds.has(file.fileId))).length,
      });
    },

    async restore({ volumeId, to, path, person, preview }) {
      const version = await versionOf(volumeId, to);
      let only: FileNow | null = null;
      if (path !== undefined) {
        only = (await files.at({ volumeId, path })) ?? (await files.deletedAt({ volumeId, path }));
        if (!only) throw notFound('file at this path');
      }
      // versions are taken back, not what is being typed: that becomes a version of its own first, and stays
      const head = await versions.head(volumeId);
      const about: CheckpointNow = { volumeId, ...(only ? { fileIds: [only.id] } : {}) };
      if (!preview) await versions.checkpointNow(about);
      const since = await versions.between({
        volumeId,
        from: version.position + 1,
        to: head?.position ?? version.position,
        ...(only ? { fileId: only.id } : {}),
      });
      const changes = netChanges(since).filter((change) => !only || change.fileId === only.id);
      if (only && changes.some((change) => change.before === null)) throw notFound(`“${only.path}” in that version`);
      const day = version.at.toISOString().slice(0, 16).replace('T', ' ');
      return act({
        volumeId,
        person,
        preview,
        source: 'restore',
        theirsBy: person,
        kept: 0,
        changes: only
          ? changes.map((change) => ({
              ...change,
              before: change.before && { ...change.before, path: change.after?.path ?? change.before.path },
            }))
          : changes,
        message: only
          ? `Restore ${only.path} to ${to.slice(0, 7)} of ${day}`
          : `Restore the volume to ${to.slice(0, 7)} of ${day}`,
      });
    },
  };
}

/** Only texts that are merged; a file that goes or comes back whole has no words of its own in the commit. */
function needsRoom(change: NetChange, file: FileNow | undefined): boolean {
  return file?.kind === 'text' && change.before?.blob !== change.after?.blob;
}

/** The first line of a revert's message; undoing an undo does not pile up. */
export function revertMessage(message: string): string {
  const first = message.split('\n', 1)[0]!;
  const undone = /^Undo “(.*)”$/.exec(first);
  return undone ? `Redo “${undone[1]}”` : `Undo “${first.replace(/^Redo “(.*)”$/, '$1')}”`;
}

function facesIn(faces: Face[]): Face[] {
  return [...new Map(faces.map((face) => [face.id, face])).values()];
}

/** With its byte order mark, if it has one: that is a part of the living text too. */
const decode = (bytes: Uint8Array) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
