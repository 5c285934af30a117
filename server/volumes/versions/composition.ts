// From what was typed and what happens to the tree to the commits of one act: who, what, and what each says.
import crypto from 'node:crypto';
import type { PathChange } from '../../platform/repository.ts';
import type { Window } from '../../sync/types.ts';
import type { FileRow } from './checkpointStore.ts';
import { commitMessage, type Happened } from './commitMessage.ts';
import { stackShares } from './stack.ts';
import type { CommitKind, TreeChange } from './versions.ts';

export type TypedFile = Window;
/** In git's tree. `movedFrom`: as it is there in the version before. */
export type Put = PathChange | { path: string; movedFrom: string };
/** What one commit does to one file. */
export type Entry = {
  fileId: string;
  path: string;
  pathBefore: string | null;
  fileKind: 'text' | 'binary';
  change: Happened['change'];
  /** New bytes; null: deleted, or moved as it is. */
  content: string | Uint8Array | null;
  puts: Put[];
};
export type Draft = {
  person: string | null;
  coAuthors: string[];
  kind: CommitKind;
  message: string;
  group: string;
  undoes: string | null;
  trailers: [string, string][];
  entries: Entry[];
};

type Act = {
  tree: TreeChange[];
  author?: string | null;
  kind?: CommitKind;
  message?: string;
  of?: string;
  group?: string;
  undoes?: string;
  trailers?: [string, string][];
};

/**
 * The changes of the tree are the author's, in one commit with their words; what others typed is stacked in commits of their own. Kind,
 * message and the rest are for the commit of the author (or of `of`), or for all when nobody is named.
 */
export function composeCommits({
  rows,
  typed,
  pathOf,
  tree,
  ...act
}: Act & { rows: Map<string, FileRow>; typed: TypedFile[]; pathOf: (fileId: string) => string }): Draft[] {
  const group = act.group ?? crypto.randomUUID();
  const drafts = stackShares(typed).map(({ person, coAuthors, files }) => {
    const entries = files.map(({ fileId, text }) => editEntry({ fileId, path: pathOf(fileId), text }));
    return { person, coAuthors, entries };
  });
  if (tree.length > 0) {
    const author = act.author ?? null;
    // with `order: [author]` their share comes first if there is one
    if (drafts[0]?.person !== author) drafts.unshift({ person: author, coAuthors: [], entries: [] });
    drafts[0]!.entries = joinEntries(tree.map((change) => treeEntry(change, rows)), drafts[0]!.entries); // prettier-ignore
  }
  return drafts.map(({ person, coAuthors, entries }) => {
    const named = tree.length > 0 ? person === (act.author ?? null) : act.of === undefined || act.of === person;
    const kind = (named && act.kind) || 'pause';
    return {
      person,
      coAuthors,
      entries,
      group,
      kind,
      message: (named && act.message?.trim()) || commitMessage({ kind, files: entries }),
      undoes: (named && act.undoes) || null,
      trailers: (named && act.trailers) || [],
    };
  });
}

function editEntry({ fileId, path, text }: { fileId: string; path: string; text: string }): Entry {
  return {
    fileId,
    path,
    pathBefore: null,
    fileKind: 'text',
    change: 'edited',
    content: text,
    puts: [{ path, content: text }],
  };
}

function treeEntry(change: TreeChange, rows: Map<string, FileRow>): Entry {
  const row = rows.get(change.fileId);
  if (change.kind === 'put') {
    const { fileId, path, fileKind, content } = change;
    const isNew = !row || row.deletedAt !== null;
    const puts = [{ path, content }];
    return { fileId, path, pathBefore: null, fileKind, content, puts, change: isNew ? 'created' : 'edited' };
  }
  const { path: from, blob, kind: fileKind } = row!;
  const gone = blob === null ? [] : [{ path: from, content: null }];
  if (change.kind === 'delete')
    return {
      fileId: change.fileId,
      path: from,
      pathBefore: null,
      fileKind,
      content: null,
      puts: gone,
      change: 'deleted',
    };
  const puts: Put[] = blob === null ? [] : [...gone, { path: change.path, movedFrom: from }];
  return {
    fileId: change.fileId,
    path: change.path,
    pathBefore: from,
    fileKind,
    content: null,
    puts,
    change: 'renamed',
  };
}

/** A file that moves or comes back, and was written in: one entry with the new words. */
function joinEntries(tree: Entry[], edits: Entry[]): Entry[] {
  const words = new Map(edits.map((edit) => [edit.fileId, edit]));
  const joined = tree.map((entry): Entry => {
    const edit = words.get(entry.fileId);
    words.delete(entry.fileId);
    if (!edit) return entry;
    return {
      ...entry,
      content: edit.content,
      puts: [...entry.puts.filter((put) => 'content' in put && put.content === null), ...edit.puts],
    };
  });
  return [...joined, ...words.values()];
}
