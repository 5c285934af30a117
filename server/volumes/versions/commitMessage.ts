// What a commit says when nobody wrote a message: what changed.
import type { CommitKind } from './versions.ts';

export type Happened = {
  path: string;
  pathBefore: string | null;
  change: 'created' | 'edited' | 'renamed' | 'deleted';
};

const verbs = { created: 'Create', edited: 'Edit', renamed: 'Move', deleted: 'Delete' };
const verbsOfKinds: Partial<Record<CommitKind, string>> = {
  upload: 'Upload',
  import: 'Import',
  restore: 'Restore',
  revert: 'Undo',
  upgrade: 'Upgrade',
  sample: 'Add',
};

export function commitMessage({ kind, files }: { kind: CommitKind; files: Happened[] }): string {
  const [first] = files;
  if (!first) return verbsOfKinds[kind] ?? 'Edit';
  const same = files.every((file) => file.change === first.change);
  const verb = verbsOfKinds[kind] ?? (same ? verbs[first.change] : 'Change');
  if (files.length > 1) return `${verb} ${files.length} files${inFolder(files.map((file) => file.path))}`;
  if (first.change !== 'renamed' || first.pathBefore === null || verb !== verbs.renamed) return `${verb} ${first.path}`;
  const [from, to] = [split(first.pathBefore), split(first.path)];
  if (from.name === to.name) return `Move ${first.pathBefore} to ${to.folder ? `${to.folder}/` : 'the top folder'}`;
  return `Rename ${first.pathBefore} to ${from.folder === to.folder ? to.name : first.path}`;
}

function split(path: string): { folder: string; name: string } {
  const slash = path.lastIndexOf('/');
  return { folder: path.slice(0, Math.max(slash, 0)), name: path.slice(slash + 1) };
}

function inFolder(paths: string[]): string {
  const folders = paths.map((path) => path.split('/').slice(0, -1));
  const shared = folders.reduce((common, folder) => common.slice(0, differsAt(common, folder)));
  return shared.length > 0 ? ` in ${shared.join('/')}/` : '';
}

function differsAt(a: string[], b: string[]): number {
  const at = a.findIndex((part, i) => part !== b[i]);
  return at < 0 ? a.length : at;
}
