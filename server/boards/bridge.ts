// `npm run admin -- board --pty`: a virtual board at a pseudo terminal, where the tools for real boards find it (mpremote, Thonny, esptool's
// monitor, a terminal program). Its files can live in a folder.
import fs from 'node:fs';
import path from 'node:path';
import { isMapName, mapNames } from '#shared/robot/maps.ts';
import { createWorld } from '#shared/robot/world.ts';
import { applyChanges, type FlashFiles } from '#shared/board/flash.ts';
import { openNodeBoard } from './nodeBoard.ts';
import { openPty } from './pty.ts';

export type Bridge = { path: string; closed: Promise<void>; close: () => Promise<void> };

/** `folder`: files of the board are read from there, and written there when the board changes them. */
export async function openBridge({ map = 'oval', folder }: { map?: string; folder?: string }): Promise<Bridge> {
  if (!isMapName(map)) throw new Error(`There is no map ${map}. There are: ${mapNames.join(', ')}.`);
  const files = folder ? readFolder(folder) : new Map();
  const end = Promise.withResolvers<void>();
  let line = Promise.resolve();
  const pty = await openPty({
    heard: (bytes) => (line = line.then(() => board.write(bytes))),
    ended: end.resolve,
  });
  const board = openNodeBoard({
    say: pty.write,
    failed: (error) => end.reject(error),
    changed: () => folder && writeFolder(folder, board.files()),
    files,
    world: createWorld(map),
  });
  return {
    path: pty.path,
    closed: end.promise,
    async close() {
      pty.close();
      await board.close();
      end.resolve();
    },
  };
}

/** Files of dots and links are left out: the folder may be a project. */
function readFolder(folder: string): FlashFiles {
  fs.mkdirSync(folder, { recursive: true });
  const files: FlashFiles = new Map();
  const walk = (from: string, at: string) => {
    for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
      if (entry.name.startsWith('.')) continue;
      const full = path.join(from, entry.name);
      if (entry.isDirectory()) {
        files.set(`${at}${entry.name}/`, new Uint8Array());
        walk(full, `${at}${entry.name}/`);
      } else if (entry.isFile()) {
        const change = { path: at + entry.name, data: fs.readFileSync(full) };
        if (!applyChanges(files, [change])) throw new Error(`${full} does not fit on the board: 2 MiB in all.`);
      }
    }
  };
  walk(folder, '/');
  return files;
}

function writeFolder(folder: string, files: FlashFiles): void {
  const placeOf = (name: string) => {
    const full = path.join(folder, name);
    // a program of the board chose the name
    if (path.relative(folder, full).startsWith('..')) throw new Error(`${name} leads out of the folder.`);
    return full;
  };
  for (const [name, data] of files) {
    const full = placeOf(name);
    if (name.endsWith('/')) fs.mkdirSync(full, { recursive: true });
    else {
      fs.mkdirSync(path.dirname(full), { recursive: true });
      if (!fs.existsSync(full) || !fs.readFileSync(full).equals(data)) fs.writeFileSync(full, data);
    }
  }
  for (const name of readFolder(folder).keys())
    if (!files.has(name)) fs.rmSync(placeOf(name), { recursive: true, force: true });
}
