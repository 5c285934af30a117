// The files of a folder on this computer's disk: samples, the system volume as it ships, and `admin import --from DIR`.
import fs from 'node:fs/promises';
import path from 'node:path';
import { Problem } from '#shared/errors.ts';
import { archiveLimits } from './archive.ts';
import type { IncomingFile } from './importing.ts';

const ignored = new Set(['.git', '.DS_Store', '__MACOSX']);

/** Links are left out and told, whatever they point to. Paths are relative, with slashes. */
export async function readFolder({
  directory,
  limits = archiveLimits,
}: {
  directory: string;
  limits?: { entries: number; bytes: number };
}): Promise<{ files: IncomingFile[]; skipped: { path: string; why: string }[] }> {
  const files: IncomingFile[] = [];
  const skipped: { path: string; why: string }[] = [];
  let bytes = 0;
  async function walk(folder: string, prefix: string) {
    const entries = await fs.readdir(folder, { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (ignored.has(entry.name)) continue;
      const [file, relative] = [path.join(folder, entry.name), prefix + entry.name];
      if (entry.isDirectory()) await walk(file, `${relative}/`);
      else if (!entry.isFile()) skipped.push({ path: relative, why: 'a link or device' });
      else {
        const content = await fs.readFile(file);
        files.push({ path: relative, content });
        bytes += content.length;
        if (files.length > limits.entries)
          throw new Problem('too-large', `The folder holds more than ${limits.entries.toLocaleString('en')} files.`);
        if (bytes > limits.bytes)
          throw new Problem('too-large', `The folder holds more than ${limits.bytes / 2 ** 20} MiB.`);
      }
    }
  }
  await walk(directory, '');
  return { files, skipped };
}
