// The virtual board itself, in a classic blob: worker of the opaque frame: no network, no storage, no page. Where memory is shared it
// sleeps on its line; else it answers each message, and nothing reaches it while a program runs.
import { Board, type BoardEvent } from '#shared/board/board.ts';
import type { FlashFiles } from '#shared/board/flash.ts';
import { createLinkMemory, openLink, pushEvent, type LinkMemory } from '#shared/board/link.ts';
import type { LoadMicroPython } from '#shared/board/micropython.ts';
import { createWorld } from '#shared/robot/world.ts';
import { decodeWorld } from '#shared/robot/worldState.ts';

type Boot = {
  memory: LinkMemory | null;
  module: WebAssembly.Module;
  micropython: string;
  files: FlashFiles;
  world: Uint8Array | null;
  cause: 'power' | 'hard';
};

const texts = import.meta.glob<string>('../../shared/board/rom/*.py', {
  query: '?raw',
  import: 'default',
  eager: true,
});
const rom = Object.fromEntries(
  Object.entries(texts).map(([name, text]) => [name.slice(name.lastIndexOf('/') + 1), text]),
);
/** Milliseconds between two looks at the world and the timers, without shared memory. */
const every = 20;

const post = (message: BoardEvent | { t: 'bytes'; bytes: Uint8Array<ArrayBuffer> } | { t: 'failed'; text: string }) =>
  (self.postMessage as (message: unknown) => void)(message);

async function start({ memory, module, micropython, files, world, cause }: Boot): Promise<void> {
  const { loadMicroPython } = (await import(/* @vite-ignore */ micropython)) as { loadMicroPython: LoadMicroPython };
  const link = openLink(memory ?? createLinkMemory(false));
  const board = new Board({
    link,
    say: (bytes) => post({ t: 'bytes', bytes }),
    tell: post,
    load: loadMicroPython,
    url: 'micropython.wasm',
    module,
    rom,
    files,
    world: (world && decodeWorld(world)) ?? createWorld(),
    cause,
  });
  if (memory) {
    await board.start();
    return board.run();
  }
  let turn = board.start();
  const next = (work: () => void = () => undefined) => {
    turn = turn.then(() => (work(), board.pump())).catch(fail);
  };
  self.onmessage = ({ data }) => {
    if (data.t === 'write') next(() => link.rx.push(data.bytes));
    if (data.t === 'world') next(() => pushEvent(link, data.command));
  };
  setInterval(next, every);
}

const fail = (error: unknown) =>
  post({ t: 'failed', text: error instanceof Error ? (error.stack ?? error.message) : String(error) });

self.onmessage = ({ data }: MessageEvent<Boot>) => {
  self.onmessage = null;
  void start(data).catch(fail);
};
