// Which paths of a volume are taken (GI8): no two that some file system would take for the same, no file that is also a folder, and
// each folder in one spelling. Filled once for an act, then asked and told path by path.
import { Problem } from '#shared/errors.ts';
import { foldersOf, pathKey, safePath } from '#shared/path.ts';

export type Names = {
  /** Takes a path, or throws a `Problem` that says what is in its way. */
  add(path: string): void;
  addFolder(path: string): void;
  /** This path, or where something has its name already one beside it; in folders as they are spelled here. */
  free(wanted: string): string;
};

/** `files` and `folders`: what stays where it is. They are believed to be free of clashes. */
export function openNames({ files, folders }: { files: Iterable<string>; folders: Iterable<string> }): Names {
  const fileKeys = new Map<string, string>();
  const folderKeys = new Map<string, string>();
  const kept = new Set<string>();
  const keepFolder = (folder: string) => {
    if (kept.has(folder)) return;
    kept.add(folder);
    folderKeys.set(pathKey(folder), folder);
  };
  for (const path of files) {
    fileKeys.set(pathKey(path), path);
    foldersOf(path).forEach(keepFolder);
  }
  for (const folder of folders) [...foldersOf(folder), folder].forEach(keepFolder);

  function checkFolders(list: string[]) {
    for (const folder of list) {
      const key = pathKey(folder);
      const file = fileKeys.get(key);
      if (file !== undefined) throw taken(`“${file}” is a file and cannot hold others.`, file);
      const spelling = folderKeys.get(key);
      if (spelling !== undefined && spelling !== folder)
        throw taken(`There is already a folder spelled “${spelling}”.`, spelling);
    }
  }
  return {
    add(path) {
      const key = pathKey(path);
      const file = fileKeys.get(key);
      if (file !== undefined) throw taken(`There is already a file called “${file}”.`, file);
      const folder = folderKeys.get(key);
      if (folder !== undefined) throw taken(`There is already a folder called “${folder}”.`, folder);
      const above = foldersOf(path);
      checkFolders(above);
      above.forEach(keepFolder);
      fileKeys.set(key, path);
    },
    addFolder(path) {
      const all = [...foldersOf(path), path];
      checkFolders(all);
      all.forEach(keepFolder);
    },
    free(wanted) {
      const parts = wanted.split('/');
      const name = parts.pop()!;
      let folder = '';
      for (const part of parts) {
        const path = beside(folder + part, (key) => !fileKeys.has(key));
        folder = `${folderKeys.get(pathKey(path)) ?? path}/`;
      }
      return beside(folder + name, (key) => !fileKeys.has(key) && !folderKeys.has(key));
    },
  };
}

/** `notes.md`, `notes 2.md`, ... */
function beside(path: string, isFree: (key: string) => boolean): string {
  for (let n = 1; ; n++) {
    const next = n === 1 ? path : path.replace(/(?<=[^/])(\.[^./]*)?$/, ` ${n}$1`);
    if (isFree(pathKey(next))) return next;
  }
}

const taken = (message: string, path: string) => new Problem('conflict', message, { path });

/** A path as people send it: normalised, or a `Problem` with the reason. */
export function pathFrom(given: string): string {
  const { path, problem } = safePath(given);
  if (problem !== null) throw new Problem('invalid', problem, { path: given.slice(0, 300) }, 422);
  return path;
}
