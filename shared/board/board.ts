// A virtual board: MicroPython on a serial line, with files, pins and a robot, inside a worker of a browser or of Node. It lives as long
// as its power: a hard reset is a new one, with the files and the world that the old one told (docs/DEVICES.md).
import { encodeWorld, worldStateEvery } from '../robot/worldState.ts';
import { readWorldCommand, obey } from '../robot/worldCommand.ts';
import { calm, stepWorld, tick, type World } from '../robot/world.ts';
import {
  applyChanges,
  flashBytes,
  flashRoot,
  openFlash,
  type Flash,
  type FlashChange,
  type FlashFiles,
} from './flash.ts';
import { createHardware, type Clock, type Hardware } from './hardware.ts';
import { shiftEvent, type Link } from './link.ts';
import { startMicroPython, type LoadMicroPython, type MicroPython } from './micropython.ts';
import { runProgram } from './program.ts';
import { createSerial, type Serial } from './serial.ts';
import { createTerminal, type Terminal } from './terminal.ts';

export type BoardEvent =
  | { t: 'world'; bytes: Uint8Array<ArrayBuffer> }
  | { t: 'files'; changes: FlashChange[] }
  /** The prompt is there. */
  | { t: 'ready' };

export type BoardParts = {
  link: Link;
  /** Bytes of the serial line. */
  say: (bytes: Uint8Array<ArrayBuffer>) => void;
  tell: (event: BoardEvent) => void;
  load: LoadMicroPython;
  url: string;
  module: WebAssembly.Module;
  /** Python of the board's read-only memory, by file name. */
  rom: Record<string, string>;
  files: FlashFiles;
  world: World;
  /** Of `machine.reset_cause()`. */
  cause: 'power' | 'hard';
};

/** Of the line: 2 Mbaud, the fastest of usual adapters. A program that says more waits, as on a wire. */
const bytesPerMs = 200;
/** Milliseconds that it may be ahead of the line: what an ESP32 keeps in its buffer. */
const ahead = 40;

const causes = { power: 1, hard: 2, soft: 5 } as const;
/** Milliseconds between two looks at the files while a program writes. */
const tellEvery = 250;

export class Board {
  readonly #parts: BoardParts;
  readonly #serial: Serial;
  #python!: MicroPython;
  #flash!: Flash;
  #hardware!: Hardware;
  #terminal!: Terminal;
  #cause: number;
  #running = false;
  #wanted: 'soft' | 'hard' | null = null;
  #steppedTo = performance.now();
  #wrote = false;
  #written = 0;
  #toldFiles = 0;
  #toldWorld = 0;
  #lastWorld: Uint8Array = new Uint8Array();
  #lineFree = 0;
  readonly #clock: Clock = { ahead: 0 };

  constructor(parts: BoardParts) {
    this.#parts = parts;
    this.#cause = causes[parts.cause];
    this.#serial = createSerial({ say: (bytes) => this.#send(bytes) });
    calm(parts.world);
  }

  /** Up to the prompt; boot.py and main.py run before it, for as long as they like. */
  async start(): Promise<void> {
    await this.#boot('friendly');
    this.#parts.tell({ t: 'ready' });
  }

  /** Where the thread may wait: for ever. */
  async run(): Promise<never> {
    for (;;) {
      await this.pump();
      const busy = this.#hardware.isArmed() || this.#isMoving();
      this.#parts.link.wait(this.#parts.link.rx.size() > 0 ? 0 : busy ? 5 : 50);
    }
  }

  /** All that is there to read, and what has come due. Without shared memory it is called for each message, and now and then. */
  async pump(): Promise<void> {
    const { rx } = this.#parts.link;
    for (let byte = rx.shift(); byte !== undefined; byte = rx.shift()) {
      const wish = this.#terminal.input(byte);
      if (this.#wanted ?? wish) await this.#reset(this.#wanted ?? 'soft');
    }
    this.#tickWithInterrupts();
    this.#tellFiles();
    this.#serial.flush();
  }

  // ---- life ------------------------------------------------------------------------------------------------------------------

  async #boot(mode: 'friendly' | 'raw'): Promise<void> {
    const { link, load, url, module, rom, files, world } = this.#parts;
    this.#wanted = null;
    this.#python = await startMicroPython({
      load,
      url,
      module,
      hooks: {
        read: () => this.#readInput(),
        hasInput: () => link.rx.size() > 0,
        sleep: (ms) => this.#sleep(ms),
        write: (byte) => this.#serial.put(byte),
        look: () => this.#look(),
        wrote: () => (this.#wrote = true),
        hasRoom: (bytes) => (this.#written += bytes) + this.#flash.used() <= flashBytes || this.#measure(bytes),
      },
    });
    const { fs } = this.#python;
    this.#flash = openFlash(fs, files);
    this.#written = 0;
    fs.mkdirTree('/rom/lib');
    for (const [name, text] of Object.entries(rom)) fs.writeFile(`/rom/lib/${name}`, text);
    this.#hardware = createHardware({
      world,
      advance: () => this.#advance(),
      sleep: (ms) => void this.#sleep(ms),
      reset: (kind) => (this.#wanted = kind),
      cause: () => this.#cause,
      waiting: () => link.rx.size(),
      runProgram: (path) => this.#runProgram(path),
      flashFree: () => this.#flashFree(),
      clock: this.#clock,
    });
    this.#python.register('_vhw', this.#hardware.module);
    this.#python.run(mounting);
    this.#terminal = createTerminal({
      python: this.#python,
      serial: this.#serial,
      run: (work) => this.#busy(work),
    });
    this.#wrote = false;
    this.#runFile('boot.py');
    if (mode === 'friendly' && !this.#wanted) this.#runFile('main.py');
    if (this.#wanted) return this.#reset(this.#wanted);
    this.#terminal.start(mode);
    this.#serial.flush();
  }

  async #reset(kind: 'soft' | 'hard'): Promise<void> {
    this.#tellFiles(true);
    const mode = kind === 'soft' ? this.#terminal.mode() : 'friendly';
    this.#cause = causes[kind];
    calm(this.#parts.world);
    this.#serial.text(kind === 'soft' ? 'MPY: soft reboot\r\n' : '\r\nrst:0x3 (RTC_SW_SYS_RST),boot:0x8 (virtual)\r\n');
    this.#serial.flush();
    await this.#boot(mode);
  }

  /** As on a real board: an error or Ctrl-C ends main.py and leads to the prompt. */
  #runFile(name: string): void {
    if (!this.#python.fs.analyzePath(`${flashRoot}/${name}`).exists) return;
    this.#busy(() => {
      try {
        this.#python.run(`${listening}\nexec(compile(open('${name}').read(),'${name}','exec'),globals())`);
      } catch (error) {
        const { type, message } = error as { type?: string; message: string };
        if (type !== 'SystemExit') this.#serial.text(message.replace(/\r?\n/g, '\r\n'));
      }
    });
  }

  #busy<T>(work: () => T): T {
    this.#running = true;
    this.#parts.link.setBusy(true);
    try {
      return work();
    } finally {
      this.#running = false;
      this.#parts.link.setBusy(false);
      this.#serial.flush();
    }
  }

  #send(bytes: Uint8Array<ArrayBuffer>): void {
    const now = performance.now();
    this.#lineFree = Math.max(this.#lineFree, now) + bytes.length / bytesPerMs;
    this.#parts.say(bytes);
    while (this.#lineFree - performance.now() > ahead) this.#parts.link.wait(5);
  }

  // ---- time ------------------------------------------------------------------------------------------------------------------

  /** From the middle of a program. What is thrown here would tear the interpreter apart. */
  #look(): void {
    if (!this.#running) return;
    try {
      this.#checkInterrupt();
      this.#tickWithInterrupts();
      if (this.#wrote && performance.now() - this.#toldFiles > tellEvery) this.#tellFiles();
      this.#serial.flushLater();
    } catch (error) {
      this.#serial.text(`\r\n${String(error)}\r\n`);
    }
  }

  #checkInterrupt(): boolean {
    const byte = this.#python.interruptByte();
    if (byte < 0 || !this.#parts.link.rx.dropThrough(byte)) return false;
    this.#python.interrupt();
    return true;
  }

  #tickWithInterrupts(): void {
    this.#advance();
    this.#hardware.fire(performance.now());
  }

  /** The world up to now, in whole ticks. After a long sleep of the computer it goes on from where it was. */
  #advance(): void {
    const { link, world, tell } = this.#parts;
    for (let event = shiftEvent(link); event !== undefined; event = shiftEvent(link)) {
      const command = readWorldCommand(event);
      if (command) obey(world, command);
    }
    const now = performance.now();
    const due = Math.floor((now - this.#steppedTo) / (tick * 1000));
    this.#steppedTo += due * tick * 1000;
    for (let left = Math.min(due, 1 / tick); left > 0; left--) stepWorld(world);
    if (now - this.#toldWorld < worldStateEvery) return;
    const bytes = encodeWorld(world);
    this.#toldWorld = now;
    if (sameWorld(bytes, this.#lastWorld)) return;
    this.#lastWorld = bytes;
    tell({ t: 'world', bytes });
  }

  #isMoving(): boolean {
    const { left, right, tone } = this.#parts.world;
    return left !== 0 || right !== 0 || tone !== 0;
  }

  /** false: Ctrl-C ended it. */
  #sleep(ms: number): boolean {
    const { link } = this.#parts;
    const end = performance.now() + ms;
    for (;;) {
      this.#serial.flush();
      if (this.#checkInterrupt()) return false;
      const left = end - performance.now();
      if (left <= 0) return true;
      this.#tickWithInterrupts();
      link.wait(Math.min(left, 5));
    }
  }

  #readInput(): number | null {
    const { link } = this.#parts;
    this.#serial.flush();
    while (link.rx.size() === 0) {
      if (!link.canWait) return null; // nothing can come while a program runs: the end of the file
      this.#tickWithInterrupts();
      this.#tellFiles();
      link.wait(5);
    }
    const byte = link.rx.shift()!;
    const interrupt = this.#python.interruptByte();
    // Enter is the end of a line, as on a board; who reads bytes turns Ctrl-C off
    if (byte === 13 && interrupt >= 0) return 10;
    if (byte !== interrupt) return byte;
    this.#python.interrupt();
    return 10;
  }

  // ---- files -----------------------------------------------------------------------------------------------------------------

  #tellFiles(always = false): void {
    if (!this.#wrote && !always) return;
    this.#wrote = false;
    this.#toldFiles = performance.now();
    const changes = this.#flash.changes();
    this.#written = 0;
    if (changes.length === 0) return;
    applyChanges(this.#parts.files, changes);
    this.#parts.tell({ t: 'files', changes });
  }

  /** The flash seems full: counted exactly, because a file may have been written over itself. */
  #measure(bytes: number): boolean {
    return bytes <= this.#flashFree();
  }
  #flashFree(): number {
    this.#tellFiles(true);
    return Math.max(0, flashBytes - this.#flash.used());
  }

  #runProgram(path: string): string {
    const full = flashRoot + (path.startsWith('/') ? path : `/${path}`);
    if (!this.#python.fs.analyzePath(full).exists) return `There is no file ${path}.`;
    return runProgram({
      bytes: this.#python.fs.readFile(full),
      world: this.#parts.world,
      print: (text) => this.#serial.text(`${text}\r\n`),
      sleep: (ms) => this.#sleep(ms),
    });
  }
}

/** All but the count of ticks. */
const sameWorld = (a: Uint8Array, b: Uint8Array) =>
  a.length === b.length && a.every((byte, i) => byte === b[i] || (i >= 4 && i < 8));

/** The REPL does so by itself. */
const listening = "__import__('micropython').kbd_intr(3)";

const mounting = `
import sys, vfs, os
vfs.umount('/')
vfs.mount(vfs.VfsPosix('${flashRoot}'), '/')
vfs.mount(vfs.VfsPosix('/rom'), '/rom')
os.chdir('/')
sys.path[:] = ['', '/rom/lib', '.frozen', '/lib']
import _boot
del sys, vfs, os, _boot
`;
