// What was dropped from the desktop or picked: single files, and whole folders with what is in them.
import type { Upload } from './upload.ts';

/** More than this at once is refused with a sentence: an archive import is the better way. */
export const mostFiles = 2000;
/** Leftovers of desktops that nobody means to bring along. */
const leftover = /^(\.DS_Store|Thumbs\.db|desktop\.ini)$/i;

export class TooMany extends Error {}

/** Must be called while the drop event is handled: the browser empties the list after it. */
export function readDrop(data: DataTransfer): Promise<Upload[]> {
  const entries = [...data.items]
    .filter((item) => item.kind === 'file')
    .map((item) => item.webkitGetAsEntry?.() ?? null);
  const files = [...data.files];
  return readEntries(entries.map((entry, at) => entry ?? files[at] ?? null).filter((entry) => entry !== null));
}

export const readPicked = (files: Iterable<File>): Upload[] =>
  [...files]
    .filter((file) => !leftover.test(file.name))
    .map((file) => ({ path: file.webkitRelativePath || file.name, bytes: file }));

type Entry = FileSystemEntry | File;

export async function readEntries(entries: Entry[]): Promise<Upload[]> {
  const uploads: Upload[] = [];
  const walk = async (entry: Entry, folder: string): Promise<void> => {
    if (uploads.length > mostFiles)
      throw new TooMany(`More than ${mostFiles} files at once. Import them as an archive instead.`);
    if (leftover.test(entry.name)) return;
    const path = folder + entry.name;
    if (entry instanceof Blob) uploads.push({ path, bytes: entry });
    else if (entry.isFile) {
      const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
      uploads.push({ path, bytes: file });
    } else if (entry.isDirectory && entry.name !== '.git') {
      const reader = (entry as FileSystemDirectoryEntry).createReader();
      const next = () => new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
      // A reader gives at most 100 entries a time.
      for (let some = await next(); some.length > 0; some = await next())
        for (const one of some) await walk(one, `${path}/`);
    }
  };
  for (const entry of entries) await walk(entry, '');
  return uploads;
}
