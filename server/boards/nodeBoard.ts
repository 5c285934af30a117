// A virtual board in a thread of Node: the same core as in a browser's frame (shared/board), for tests, benchmarks and the bridge that
// lets stock tools reach one through a pty.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { WorldCommand } from '#shared/devices.ts';
import type { BoardEvent } from '#shared/board/board.ts';
import { applyChanges, type FlashFiles } from '#shared/board/flash.ts';
import { instrumentInterpreter } from '#shared/board/instrument.ts';
import { createLinkMemory, openLink, pushEvent, type LinkMemory } from '#shared/board/link.ts';
import { createWorld, type World } from '#shared/robot/world.ts';
import { decodeWorld } from '#shared/robot/worldState.ts';
import { readMicroPython } from './collecting.ts';

export type BoardWorkerData = {
  memory: LinkMemory;
  module: WebAssembly.Module;
  /** Of the package, and its binary. */
  micropython: string;
  url: string;
  rom: Record<string, string>;
  files: FlashFiles;
  world: World;
  cause: 'power' | 'hard';
};
export type BoardWorkerMessage = { t: 'bytes'; bytes: Uint8Array } | BoardEvent;

export type NodeBoard = {
  /** Resolves when the board took all of it. */
  write: (bytes: Uint8Array) => Promise<void>;
  /** A program runs now. */
  isBusy: () => boolean;
  world: () => World;
  files: () => FlashFiles;
  command: (command: WorldCommand) => void;
  /** The EN pin: always works. Files and world stay. */
  hardReset: () => Promise<void>;
  close: () => Promise<void>;
};

const parts = await readParts();

async function readParts(): Promise<Pick<BoardWorkerData, 'module' | 'micropython' | 'url' | 'rom'>> {
  const micropython = createRequire(import.meta.url).resolve('@micropython/micropython-webassembly-pyscript');
  const url = path.join(path.dirname(micropython), 'micropython.wasm');
  const folder = path.join(import.meta.dirname, '../../shared/board/rom');
  const rom = Object.fromEntries(
    fs.readdirSync(folder).map((name) => [name, fs.readFileSync(path.join(folder, name), 'utf8')]),
  );
  const program = instrumentInterpreter(await readMicroPython(path.dirname(micropython)));
  return { module: new WebAssembly.Module(program), micropython, url, rom };
}

export function openNodeBoard({
  say,
  changed = () => undefined,
  failed,
  files = new Map(),
  world = createWorld(),
}: {
  say: (bytes: Uint8Array) => void;
  /** A file of the board changed. */
  changed?: () => void;
  /** The board died, not its program. */
  failed: (error: Error) => void;
  files?: FlashFiles;
  world?: World;
}): NodeBoard {
  const powerOn = (cause: 'power' | 'hard') => {
    const memory = createLinkMemory(true);
    const workerData: BoardWorkerData = { memory, ...parts, files, world, cause };
    const worker = new Worker(new URL('./boardWorker.ts', import.meta.url), { workerData });
    worker.on('error', failed);
    worker.on('message', (message: BoardWorkerMessage) => {
      if (worker !== power.worker) return; // words of before a reset
      if (message.t === 'bytes') say(message.bytes);
      if (message.t === 'world') world = decodeWorld(message.bytes) ?? world;
      if (message.t === 'files' && applyChanges(files, message.changes)) changed();
    });
    return { worker, link: openLink(memory) };
  };
  let power = powerOn('power');

  return {
    async write(bytes) {
      const { link } = power;
      for (let at = 0; at < bytes.length;) {
        if (link !== power.link) return; // a reset: what was on its way is lost, as on a wire
        at += link.rx.push(bytes.subarray(at));
        link.ring();
        if (at < bytes.length) await new Promise((done) => setTimeout(done, 2));
      }
    },
    isBusy: () => power.link.isBusy(),
    world: () => world,
    files: () => files,
    command: (command) => void pushEvent(power.link, command),
    async hardReset() {
      const { worker } = power;
      power = powerOn('hard');
      await worker.terminate();
    },
    async close() {
      await power.worker.terminate();
    },
  };
}
