// From "these paths change" to the new trees of git: only folders on the way to a change are read and written.
import { Problem } from '#shared/errors.ts';
import type { Tree } from './gitObjects.ts';

/** An object that is in the repository already goes by its oid. */
export type TreePut = string | Uint8Array | { oid: string; mode?: string };
/** Null where the path is not there before, or not any more. */
export type ChangedPath = { path: string; blob: string | null; blobBefore: string | null; mode: string };

/** What happens at one name: to the file, and to what is inside the folder of that name. */
type Node = { put?: TreePut | null; inside?: Nested };
type Nested = Map<string, Node>;

type Store = {
  readTree: (oid: string) => Promise<Tree>;
  writeTree: (tree: Tree) => string;
  writeBlob: (bytes: Uint8Array) => string;
};

export function nestChanges(changes: { path: string; content: TreePut | null }[]): Nested {
  const root: Nested = new Map();
  for (const { path, content } of changes) {
    const parts = path.split('/');
    // the rules for paths are elsewhere; here is what must never reach a tree
    if (parts.some((part) => !part || part === '.' || part === '..' || /^\.git$/i.test(part) || part.includes('\0')))
      throw new Problem('invalid', `“${path}” cannot be a path.`);
    let folder = root;
    for (const part of parts.slice(0, -1)) folder = nodeOf(folder, part).inside ??= new Map();
    const node = nodeOf(folder, parts.at(-1)!);
    // a file that moves away and another that comes to its place: the one that comes counts
    if (node.put === undefined || content !== null) node.put = content;
  }
  return root;
}

function nodeOf(folder: Nested, name: string): Node {
  let node = folder.get(name);
  if (!node) folder.set(name, (node = {}));
  return node;
}

/** The oid of the changed tree, null when it is empty. What really changed is added to `changed`. */
export async function writeChangedTree({
  store,
  root,
  changes,
  changed,
  prefix = '',
}: {
  store: Store;
  root: string | null;
  changes: Nested;
  changed: ChangedPath[];
  prefix?: string;
}): Promise<string | null> {
  const tree: Tree = new Map(root ? await store.readTree(root) : []);
  const count = changed.length;
  for (const [name, { put, inside }] of changes) {
    const path = prefix + name;
    const old = tree.get(name);
    const [oldFolder, oldFile] = [old?.type === 'tree' ? old.oid : null, old && old.type !== 'tree' ? old : null];
    const folder = inside
      ? await writeChangedTree({ store, root: oldFolder, changes: inside, changed, prefix: `${path}/` })
      : oldFolder;
    const file = put === undefined ? oldFile : put === null ? null : entryOf(store, name, put, oldFile?.mode);
    if (folder && file) throw new Problem('conflict', `“${path}” cannot be a file and a folder.`);
    if (file) tree.set(name, file);
    else if (folder) tree.set(name, { mode: '040000', path: name, oid: folder, type: 'tree' });
    else tree.delete(name);
    if (file?.oid === oldFile?.oid && file?.mode === oldFile?.mode) continue;
    changed.push({ path, blob: file?.oid ?? null, blobBefore: oldFile?.oid ?? null, mode: (file ?? oldFile)!.mode });
  }
  if (changed.length === count) return root;
  return tree.size > 0 ? store.writeTree(tree) : null;
}

/** A file keeps its mode (executable or not) when its bytes change. */
function entryOf(store: Store, name: string, put: TreePut, oldMode: string | undefined) {
  const kept = oldMode === '100755' ? '100755' : '100644';
  if (typeof put === 'object' && 'oid' in put)
    return { mode: put.mode ?? kept, path: name, oid: put.oid, type: 'blob' as const };
  const oid = store.writeBlob(typeof put === 'string' ? Buffer.from(put) : put);
  return { mode: kept, path: name, oid, type: 'blob' as const };
}
