// What comes with the software: samples to start a team with, and the system volume. Folders beside server/, read when they are needed.
import path from 'node:path';
import { readFolder } from './folderReading.ts';
import type { IncomingFile } from './importing.ts';

export type Sample = 'lab' | 'llmos-original';

const root = path.join(import.meta.dirname, '..', '..', '..');

export async function readSample(sample: Sample): Promise<IncomingFile[]> {
  return (await readFolder({ directory: path.join(root, 'samples', sample) })).files;
}

/** Path to text. */
export async function readSystemFiles(): Promise<Map<string, string>> {
  const { files } = await readFolder({ directory: path.join(root, 'system') });
  return new Map(files.map(({ path: name, content }) => [name, Buffer.from(content).toString('utf8')]));
}
