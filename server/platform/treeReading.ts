// What is in a tree of git, and what differs between two.
import type { Tree } from './gitObjects.ts';
import type { ChangedPath } from './treeChanges.ts';

export type ListedFile = { path: string; oid: string; mode: string; size: number };
type ReadTree = (oid: string) => Promise<Tree>;

/** Paths that differ; folders that are equal are not opened. Null: an empty tree. */
export async function compareTrees({
  readTree,
  before,
  after,
  prefix = '',
}: {
  readTree: ReadTree;
  before: string | null;
  after: string | null;
  prefix?: string;
}): Promise<ChangedPath[]> {
  if (before === after) return [];
  const empty: Tree = new Map();
  const [a, b] = [before ? await readTree(before) : empty, after ? await readTree(after) : empty];
  const changed: ChangedPath[] = [];
  for (const name of new Set([...a.keys(), ...b.keys()])) {
    const [x, y] = [a.get(name), b.get(name)];
    if (x?.oid === y?.oid && x?.mode === y?.mode) continue;
    const [folderX, folderY] = [x?.type === 'tree' ? x.oid : null, y?.type === 'tree' ? y.oid : null];
    changed.push(...(await compareTrees({ readTree, before: folderX, after: folderY, prefix: `${prefix}${name}/` })));
    const [fileX, fileY] = [x?.type === 'blob' ? x : null, y?.type === 'blob' ? y : null];
    if (!fileX && !fileY) continue;
    changed.push({
      path: prefix + name,
      blob: fileY?.oid ?? null,
      blobBefore: fileX?.oid ?? null,
      mode: (fileY ?? fileX)!.mode,
    });
  }
  return changed;
}

/** Every file in it, folders opened. */
export async function listTree({
  readTree,
  sizeOf,
  tree,
  prefix = '',
}: {
  readTree: ReadTree;
  sizeOf: (oid: string) => Promise<number>;
  tree: string;
  prefix?: string;
}): Promise<ListedFile[]> {
  const found: ListedFile[] = [];
  for (const { type, oid, mode, path } of (await readTree(tree)).values()) {
    if (type === 'tree') found.push(...(await listTree({ readTree, sizeOf, tree: oid, prefix: `${prefix}${path}/` })));
    else if (type === 'blob') found.push({ path: prefix + path, oid, mode, size: await sizeOf(oid) });
  }
  return found;
}

/** What `git ls-tree -r -l -z` prints: `<mode> <type> <oid> <size>\t<path>\0`. */
export function readListing(output: Buffer): ListedFile[] {
  const found: ListedFile[] = [];
  for (const line of output.toString('utf8').split('\0')) {
    const tab = line.indexOf('\t');
    const [mode, type, oid, size] = line.slice(0, tab).split(/ +/);
    if (type === 'blob') found.push({ path: line.slice(tab + 1), oid: oid!, mode: mode!, size: Number(size) });
  }
  return found;
}
