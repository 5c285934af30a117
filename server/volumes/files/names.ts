// Which paths of a volume are taken (GI8): no two that some file system would take for the same, no file that is also a folder, and
// each folder in one spelling. Filled once for an act, then asked and told path by path.
import { Problem } from '#shared/errors.ts';
import { foldersOf, pathKey, safePath } from '#shared/path.ts';

export type Names = {
  /** Takes a path, or throws a `Problem` that says what is in its way. */
  add(path: string): void;
  addFolder(path: string): void;
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
  };
}

const taken = (message: string, path: string) => new Problem('conflict', message, { path });

/** A path as people send it: normalised, or a `Problem` with the reason. */
export function pathFrom(given: string): string {
  const { path, problem } = safePath(given);
  if (problem !== null) throw new Problem('invalid', problem, { path: given.slice(0, 300) }, 422);
  return path;
}
