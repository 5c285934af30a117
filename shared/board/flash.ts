// The board's files: a folder of MicroPython's memory file system, told to whoever keeps it over a reset. What changed is found by
// comparing, after something was written.

export type FlashFiles = Map<string, Uint8Array>;
/** `null`: it is gone. Folders end in a slash and have no bytes. */
export type FlashChange = { path: string; data: Uint8Array<ArrayBuffer> | null };

/** As a small ESP32 has it. */
export const flashBytes = 2 * 2 ** 20;
export const flashMostFiles = 1000;

/** Of Emscripten's file system, what is used here. */
export type FileSystem = {
  readdir(path: string): string[];
  stat(path: string): { mode: number; size: number; mtime: Date };
  isDir(mode: number): boolean;
  readFile(path: string): Uint8Array;
  writeFile(path: string, data: Uint8Array | string): void;
  mkdirTree(path: string): void;
  analyzePath(path: string): { exists: boolean };
};

export const flashRoot = '/flash';

export type Flash = {
  /** Bytes of all files. */
  used: () => number;
  /** Since the last time. */
  changes: () => FlashChange[];
};

/** Lays `files` out and watches them. */
export function openFlash(fs: FileSystem, files: FlashFiles): Flash {
  fs.mkdirTree(flashRoot);
  for (const [path, data] of files) {
    if (path.endsWith('/')) fs.mkdirTree(flashRoot + path.slice(0, -1));
    else {
      fs.mkdirTree(flashRoot + path.slice(0, path.lastIndexOf('/')));
      fs.writeFile(flashRoot + path, data);
    }
  }
  type Known = { size: number; written: number };
  let known = new Map<string, Known>();
  let used = 0;
  const look = () => {
    const now = new Map<string, Known>();
    used = 0;
    const walk = (folder: string) => {
      for (const name of fs.readdir(flashRoot + folder)) {
        if (name === '.' || name === '..') continue;
        const path = folder + name;
        const { mode, size, mtime } = fs.stat(flashRoot + path);
        if (fs.isDir(mode)) {
          now.set(`${path}/`, { size: 0, written: 0 });
          walk(`${path}/`);
        } else {
          now.set(path, { size, written: mtime.getTime() });
          used += size;
        }
      }
    };
    walk('/');
    return now;
  };
  known = look();
  return {
    used: () => used,
    changes() {
      const now = look();
      const changed: FlashChange[] = [];
      for (const path of known.keys()) if (!now.has(path)) changed.push({ path, data: null });
      for (const [path, { size, written }] of now) {
        const before = known.get(path);
        // two writes within a millisecond look alike: what was written just now is told once more
        if (before && before.size === size && before.written === written && Date.now() - written > 2000) continue;
        if (before && path.endsWith('/')) continue;
        changed.push({ path, data: path.endsWith('/') ? new Uint8Array() : fs.readFile(flashRoot + path).slice() });
      }
      known = now;
      return changed;
    },
  };
}

/** For whoever keeps the files; refuses what a board cannot have. It came from a worker in which anybody's program runs. */
export function applyChanges(files: FlashFiles, changes: unknown): boolean {
  if (!Array.isArray(changes)) return false;
  let changed = false;
  for (const change of changes as Partial<FlashChange>[]) {
    const { path, data } = change ?? {};
    if (typeof path !== 'string' || !path.startsWith('/') || path.length > 255 || path.includes('//')) continue;
    if (data === null) changed = files.delete(path) || changed;
    else if (data instanceof Uint8Array && fits(files, path, data)) {
      files.set(path, data);
      changed = true;
    }
  }
  return changed;
}

function fits(files: FlashFiles, path: string, data: Uint8Array): boolean {
  let sum = data.length;
  for (const [other, { length }] of files) if (other !== path) sum += length;
  return sum <= flashBytes && (files.has(path) || files.size < flashMostFiles);
}
