// A virtual board of this tab, as a port: MicroPython and a robot in a worker of a frame with an opaque origin. The page is its power
// supply and keeps its files and its world, so that a hard reset (a new worker) and a reload of the page find both again.
import { applyChanges } from '#shared/board/flash.ts';
import { boardLimits, readFromBoard, type BoardAssets, type FromBoard, type ToBoard } from '#shared/board/frame.ts';
import type { WorldCommand } from '#shared/devices.ts';
import { decodeWorld, encodeWorld } from '#shared/robot/worldState.ts';
import type { World } from '#shared/robot/world.ts';
import { createMeter, hiddenPlace, openFrame, type Frame } from '#lib/sandbox.ts';
import type { BoardPort, BoardSignals, Lost } from '../port.ts';
import { keep, readKept, type KeptBoard } from './keptBoards.ts';

const keepAfter = 500;
/** Ctrl-C twice, out of the raw REPL, Ctrl-D. */
const softReset = Uint8Array.of(3, 3, 2, 4);

type Compiled = { wasm: Uint8Array<ArrayBuffer> | null; text: string };

let assets: Promise<BoardAssets> | undefined;

async function readFile(address: string): Promise<ArrayBuffer> {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address} answered ${answer.status}`);
  return answer.arrayBuffer();
}

function loadAssets(): Promise<BoardAssets> {
  assets ??= Promise.all(
    ['board-worker.js', 'micropython.mjs', 'micropython.wasm'].map((file) => readFile(`/sandbox/${file}`)),
  )
    .then(([worker, micropython, wasm]) => ({ worker: worker!, micropython: micropython!, wasm: wasm! }))
    .catch((error: unknown) => {
      assets = undefined; // the next try asks again
      throw error;
    });
  return assets;
}

export class VirtualBoard implements BoardPort {
  readonly kind = 'virtual';
  readonly label = 'Virtual board';
  readonly noInterrupt = globalThis.crossOriginIsolated
    ? null
    : 'This page has no shared memory, so nothing reaches a program while it runs: only a hard reset stops it.';
  /** Milliseconds from power to the prompt, the last time; null before. */
  bootedIn: number | null = null;
  readonly #key: string;
  #frame: Frame | null = null;
  #kept: KeptBoard | null = null;
  #keeping: ReturnType<typeof setTimeout> | undefined;
  #world: World | null = null;
  #signals = { dtr: false, rts: false };
  #writes = new Map<number, () => void>();
  readonly #compiles = new Map<number, (made: Compiled) => void>();
  #hasCompiler = false;
  #count = 0;
  #opened: ((error?: Error) => void) | null = null;
  readonly #hearers = {
    bytes: new Set<(bytes: Uint8Array) => void>(),
    lost: new Set<(lost: Lost) => void>(),
    world: new Set<(world: World, bytes: Uint8Array<ArrayBuffer>) => void>(),
  };

  /** `key`: under which its files are kept, such as the id of the device. */
  constructor({ key }: { key: string }) {
    this.#key = key;
  }

  async open(_options: { baud: number }): Promise<void> {
    if (this.#frame) throw new Error('The board is open already.');
    this.#kept = await readKept(this.#key);
    const frame = await openFrame({
      page: '/sandbox/board.html',
      kind: 'board',
      title: 'Virtual board',
      into: hiddenPlace(),
      shared: true,
      first: loadAssets().then((files) => ({ assets: files })),
      lost: () => this.#lose({ reason: 'crashed', words: 'The virtual board fell silent and was ended.' }),
    });
    this.#frame = frame;
    const meter = createMeter({ usual: Infinity, most: boardLimits.flood * 2 });
    frame.port.onmessage = ({ data }) => {
      if (this.#frame !== frame) return;
      if (meter() === 'flood')
        return this.#lose({ reason: 'crashed', words: 'The virtual board sent too much at once and was ended.' });
      const message = readFromBoard(data);
      if (message) this.#hear(message, frame);
    };
    addEventListener('pagehide', this.#keepNow);
    await new Promise<void>((done, fail) => {
      this.#opened = (error) => (error ? fail(error) : done());
      this.#turnOn('power');
    });
  }

  write(bytes: Uint8Array): Promise<void> {
    if (!this.#frame) return Promise.reject(new Error('The virtual board is not open.'));
    const id = ++this.#count;
    return new Promise((done, fail) => {
      this.#writes.set(id, () => (this.#frame ? done() : fail(new Error('The virtual board is gone.'))));
      this.#tell({ t: 'write', id, bytes: bytes.slice() });
    });
  }

  onBytes(listener: (bytes: Uint8Array) => void): () => void {
    this.#hearers.bytes.add(listener);
    return () => this.#hearers.bytes.delete(listener);
  }

  onLost(listener: (lost: Lost) => void): () => void {
    this.#hearers.lost.add(listener);
    return () => this.#hearers.lost.delete(listener);
  }

  async setBaud(_baud: number): Promise<void> {
    // its line has no rate of its own
  }

  async setSignals(signals: BoardSignals): Promise<void> {
    const held = this.#isHeld();
    this.#signals = { ...this.#signals, ...signals };
    if (this.#isHeld() && !held) this.#tell({ t: 'off' });
    if (!this.#isHeld() && held) this.#turnOn('hard');
  }

  async reset(kind: 'soft' | 'hard'): Promise<void> {
    if (kind === 'soft') return this.write(softReset);
    this.#turnOn('hard');
  }

  async close(): Promise<void> {
    this.#lose({ reason: 'closed', words: 'The virtual board was switched off.' });
  }

  // ---- its world -----------------------------------------------------------------------------------------------------------

  /** The newest; null before it was first told. */
  get world(): World | null {
    return this.#world;
  }

  /** The newest at once, then at most 20 times a second. `bytes`: the same, as every viewer gets it. */
  onWorld(listener: (world: World, bytes: Uint8Array<ArrayBuffer>) => void): () => void {
    this.#hearers.world.add(listener);
    if (this.#world) listener(this.#world, encodeWorld(this.#world));
    return () => this.#hearers.world.delete(listener);
  }

  /** What a hand does to the world; the board decides. */
  command(command: WorldCommand): void {
    this.#tell({ t: 'world', command });
  }

  /** AssemblyScript to a program for `robot4.run`; loads its compiler the first time (2 MB). Rejects with what is wrong, and where. */
  async compile({ source, name }: { source: string; name: string }): Promise<Uint8Array<ArrayBuffer>> {
    const first = !this.#hasCompiler;
    const compiler = first ? await readFile('/sandbox/board-compiler.mjs') : null;
    this.#hasCompiler = true;
    const id = ++this.#count;
    const { wasm, text } = await new Promise<Compiled>((done) => {
      this.#compiles.set(id, done);
      if (this.#frame) this.#tell({ t: 'compile', id, source, name, compiler });
      else done({ wasm: null, text: 'The virtual board is not open.' });
    });
    this.#compiles.delete(id);
    if (!wasm) throw new Error(text);
    return wasm;
  }

  // ---- inside --------------------------------------------------------------------------------------------------------------

  #isHeld(): boolean {
    return this.#signals.rts && !this.#signals.dtr;
  }

  #turnOn(cause: 'power' | 'hard'): void {
    if (!this.#kept) return;
    this.#tell({ t: 'on', files: this.#kept.files, world: this.#kept.world, cause });
  }

  #tell(message: ToBoard): void {
    this.#frame?.port.postMessage(message);
  }

  #hear(message: FromBoard, frame: Frame): void {
    switch (message.t) {
      case 'pong':
        return frame.alive();
      case 'on':
        this.#opened?.();
        this.#opened = null;
        return;
      case 'ready':
        this.bootedIn = message.ms;
        performance.mark('board-ready', { detail: { ms: message.ms } });
        return;
      case 'bytes':
        for (const listener of this.#hearers.bytes) listener(message.bytes.slice());
        return;
      case 'took':
        this.#writes.get(message.id)?.();
        this.#writes.delete(message.id);
        return;
      case 'compiled':
        return this.#compiles.get(message.id)?.(message);
      case 'world': {
        const world = decodeWorld(message.bytes);
        if (!world) return;
        this.#world = world;
        this.#kept!.world = message.bytes;
        this.#keepSoon();
        for (const listener of this.#hearers.world) listener(world, message.bytes);
        return;
      }
      case 'files':
        if (applyChanges(this.#kept!.files, message.changes)) this.#keepSoon();
        return;
      case 'failed':
        return this.#lose({ reason: 'crashed', words: `The virtual board broke: ${message.text.split('\n')[0]}` });
    }
  }

  #lose(lost: Lost): void {
    const frame = this.#frame;
    if (!frame) return;
    this.#keepNow();
    removeEventListener('pagehide', this.#keepNow);
    this.#frame = null;
    frame.remove();
    this.#opened?.(new Error(lost.words));
    this.#opened = null;
    for (const settle of this.#writes.values()) settle();
    this.#writes.clear();
    for (const done of this.#compiles.values()) done({ wasm: null, text: lost.words });
    this.#hasCompiler = false;
    for (const listener of this.#hearers.lost) listener(lost);
  }

  #keepSoon(): void {
    this.#keeping ??= setTimeout(this.#keepNow, keepAfter);
  }

  readonly #keepNow = (): void => {
    clearTimeout(this.#keeping);
    if (this.#keeping !== undefined && this.#kept) void keep(this.#key, this.#kept);
    this.#keeping = undefined;
  };
}
