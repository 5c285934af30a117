// The files of a volume as rows of a tree. Pure: the state decides what is open, the view draws what comes out.
import type { FileEntry } from '#shared/api.ts';

export type FileRow = { kind: 'file'; key: string; path: string; name: string; depth: number; file: FileEntry };
export type FolderRow = {
  kind: 'folder';
  key: string;
  path: string;
  name: string;
  depth: number;
  open: boolean;
  /** Files in it, at any depth. */ files: number;
};
export type Row = FileRow | FolderRow;

export const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
export const folderOf = (path: string): string => (path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '');
export const joinPath = (folder: string, name: string): string => (folder ? `${folder}/${name}` : name);
export const isInside = (path: string, folder: string): boolean =>
  folder === '' || path === folder || path.startsWith(`${folder}/`);
/** The folders above a path, outermost first. */
export function foldersAbove(path: string): string[] {
  const above: string[] = [];
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) above.push(path.slice(0, at));
  return above;
}

const order = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

type Folder = { path: string; folders: Map<string, Folder>; files: FileEntry[]; count: number };

function build(files: Iterable<FileEntry>, folders: Iterable<string>): Folder {
  const root: Folder = { path: '', folders: new Map(), files: [], count: 0 };
  const enter = (path: string, counting: boolean): Folder => {
    let at = root;
    if (counting) at.count += 1;
    if (path === '') return at;
    for (const name of path.split('/')) {
      let next = at.folders.get(name);
      if (!next) {
        next = { path: joinPath(at.path, name), folders: new Map(), files: [], count: 0 };
        at.folders.set(name, next);
      }
      at = next;
      if (counting) at.count += 1;
    }
    return at;
  };
  for (const folder of folders) enter(folder, false);
  for (const file of files) enter(folderOf(file.path), true).files.push(file);
  return root;
}

type Input = {
  files: Iterable<FileEntry>;
  folders: Iterable<string>;
  isOpen: (folder: string) => boolean;
  /** Only what has these letters, with the folders above. */ filter?: string;
};

/** Folders first, each sorted as people count: `a2` before `a10`. While a filter is on, every folder that leads to a hit is open. */
export function readRows({ files, folders, isOpen, filter = '' }: Input): Row[] {
  const wanted = filter.trim().toLowerCase();
  const kept = wanted ? [...files].filter((file) => file.path.toLowerCase().includes(wanted)) : files;
  const rows: Row[] = [];
  const walk = (folder: Folder, depth: number) => {
    for (const [name, inner] of [...folder.folders].sort((a, b) => order.compare(a[0], b[0]))) {
      const open = wanted !== '' || isOpen(inner.path);
      rows.push({ kind: 'folder', key: `/${inner.path}`, path: inner.path, name, depth, open, files: inner.count });
      if (open) walk(inner, depth + 1);
    }
    for (const file of folder.files.sort((a, b) => order.compare(nameOf(a.path), nameOf(b.path)))) {
      rows.push({ kind: 'file', key: file.id, path: file.path, name: nameOf(file.path), depth, file });
    }
  };
  walk(build(kept, wanted ? [] : folders), 0);
  return rows;
}

/** The name in the tree: definitions are known by their name, so `.md` is left out where every file is one. */
export const shownName = (path: string): string =>
  /(^|\/)(agents|skills|tools)\/[^/]+\.md$/.test(path) ? nameOf(path).slice(0, -3) : nameOf(path);

/** A name that is free in a folder: `notes.md`, `notes 2.md`, ... */
export function freeName(wanted: string, taken: (path: string) => boolean): string {
  if (!taken(wanted)) return wanted;
  const folder = folderOf(wanted);
  const name = nameOf(wanted);
  const dot = name.lastIndexOf('.');
  const [stem, end] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ''];
  for (let n = 2; ; n++) {
    const next = joinPath(folder, `${stem} ${n}${end}`);
    if (!taken(next)) return next;
  }
}
