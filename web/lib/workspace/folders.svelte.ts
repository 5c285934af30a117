// Which folders of the open volume are open in the tree. Remembered in this browser, for each person and volume.
import { readKept, writeKept, type Storage } from './layout.svelte.ts';
import { foldersAbove, isInside } from './tree.ts';

/** A volume with more files than this starts folded. */
const smallVolume = 100;

export class OpenFolders {
  #open = $state.raw<ReadonlySet<string>>(new Set());
  #kept: { storage: Storage; key: string } | null = null;

  restore(place: { storage: Storage; key: string; files: ReadonlyMap<string, { path: string }> }): void {
    this.#kept = place;
    this.#open = new Set(readKept<string[]>(place.storage, place.key) ?? firstFloor(place.files));
  }

  has(path: string): boolean {
    return this.#open.has(path);
  }

  get all(): string[] {
    return [...this.#open];
  }

  /** Opens the folders above a path. */
  reveal(path: string): void {
    const closed = foldersAbove(path).filter((folder) => !this.#open.has(folder));
    if (closed.length > 0) this.#set([...this.#open, ...closed]);
  }

  toggle(path: string, open = !this.#open.has(path)): void {
    this.#set([...this.all.filter((folder) => folder !== path), ...(open ? [path] : [])]);
  }

  closeAll(): void {
    this.#set([]);
  }

  renamed(from: string, to: string): void {
    if (this.#open.has(from))
      this.#set(this.all.map((folder) => (isInside(folder, from) ? to + folder.slice(from.length) : folder)));
  }

  #set(folders: string[]): void {
    this.#open = new Set(folders);
    if (this.#kept) writeKept(this.#kept.storage, this.#kept.key, folders);
  }
}

function firstFloor(files: ReadonlyMap<string, { path: string }>): string[] {
  if (files.size > smallVolume) return [];
  return [...new Set([...files.values()].flatMap((file) => foldersAbove(file.path).slice(0, 1)))];
}
