// MicroPython itself, started anew for each reset: the stock WebAssembly build, in which the board looks up now and then (instrument.ts),
// files answer with the error numbers that MicroPython's tools expect, and memory is bounded.
import type { FileSystem } from './flash.ts';

/** As `loadMicroPython` of the npm package; its own types do not exist. */
export type LoadMicroPython = (options: {
  heapsize: number;
  pystack: number;
  url: string;
  linebuffer: boolean;
  stdin: () => number | null;
  stdout: (byte: Uint8Array) => void;
  stderr: (byte: Uint8Array) => void;
}) => Promise<Loaded>;

type Loaded = {
  FS: FileSystem;
  _module: {
    _mp_js_repl_process_char(byte: number): number;
    _mp_hal_get_interrupt_char(): number;
    _mp_sched_keyboard_interrupt(): void;
    ccall(name: string, returns: string, types: string[], values: unknown[]): unknown;
  };
  registerJsModule(name: string, module: object): void;
  runPython(text: string): unknown;
  replInit(): void;
};

export type MicroPython = {
  fs: FileSystem;
  /** Runs text at the top level. Throws `PythonError`, whose message is the traceback. */
  run: (text: string) => void;
  /** Into its REPL; not 0: it ended, by Ctrl-D or SystemExit. */
  feed: (byte: number) => number;
  startRepl: () => void;
  /** Of Ctrl-C, or -1: `micropython.kbd_intr(-1)`. */
  interruptByte: () => number;
  /** KeyboardInterrupt at the next instruction. */
  interrupt: () => void;
  register: (name: string, module: object) => void;
};

export type Hooks = {
  read: () => number | null;
  /** Something was typed and not read. */
  hasInput: () => boolean;
  /** false: Ctrl-C ended it. */
  sleep: (ms: number) => boolean;
  write: (byte: number) => void;
  /** From the loop of the interpreter. */
  look: () => void;
  /** A file or folder was or may have been changed. */
  wrote: () => void;
  /** Whether so many bytes more find room on the flash. */
  hasRoom: (bytes: number) => boolean;
};

/** Errors of WASI, in which Emscripten speaks, and the usual numbers (ENOENT is 2, not 44). */
const usualErrors: Record<number, number> = {
  44: 2,
  20: 17,
  54: 20,
  31: 21,
  55: 39,
  28: 22,
  2: 13,
  63: 1,
  8: 9,
  51: 28,
  6: 11,
  10: 16,
  33: 24,
  69: 30,
  75: 18,
  70: 29,
};
const noSpace = 28;
const openToChange = 0o101 | 0o1000; // O_WRONLY, O_CREAT, O_TRUNC
const canRead = 1; // POLLIN
const changingCalls = /^__syscall_(unlinkat|rmdir|mkdirat|renameat|ftruncate64|truncate64)$/;

/** Of Python: that of an ESP32-S3 with 8 MiB of PSRAM. It is cleaned when it is full, as on one (server/boards/collecting.ts). */
const heapBytes = 8 * 2 ** 20;
/** Words that hold what Python functions are working on: 85 calls deep and more, then RuntimeError. */
const pyStackWords = 4096;
/** Of the whole instance: the heap, and texts on their way between Python and the board. */
const mostMemory = 64 * 2 ** 20;

type Import = (...values: number[]) => number;

export async function startMicroPython({
  load,
  url,
  module,
  hooks,
}: {
  load: LoadMicroPython;
  /** Of the stock binary: Node reads it although it is not used. A browser does not ask for it. */
  url: string;
  /** Compiled from what `instrumentInterpreter` made. */
  module: WebAssembly.Module;
  hooks: Hooks;
}): Promise<MicroPython> {
  const { instantiate, instantiateStreaming } = WebAssembly;
  const { fetch } = globalThis;
  const ours = async (_source: unknown, imports: WebAssembly.Imports) => {
    let memory: WebAssembly.Memory | null = null;
    wrap(imports as unknown as Record<string, Record<string, Import>>, hooks, () => new DataView(memory!.buffer));
    const instance = await instantiate(module, imports);
    memory = instance.exports['memory'] as WebAssembly.Memory;
    return { module, instance };
  };
  // the package instantiates by itself and takes no module
  WebAssembly.instantiate = ours as unknown as typeof instantiate;
  WebAssembly.instantiateStreaming = ours as typeof instantiateStreaming;
  globalThis.fetch = async () => new Response();
  let loaded: Loaded;
  try {
    loaded = await load({
      heapsize: heapBytes,
      pystack: pyStackWords,
      linebuffer: false,
      url,
      stdin: hooks.read,
      stdout: ([byte]) => hooks.write(byte!),
      stderr: ([byte]) => hooks.write(byte!),
    });
  } finally {
    WebAssembly.instantiate = instantiate;
    WebAssembly.instantiateStreaming = instantiateStreaming;
    globalThis.fetch = fetch;
  }
  forgetOnlyOwn(loaded);
  const { _module: own } = loaded;
  return {
    fs: loaded.FS,
    run: (text) => void loaded.runPython(text),
    feed: (byte) => own._mp_js_repl_process_char(byte),
    startRepl: () => loaded.replInit(),
    interruptByte: () => own._mp_hal_get_interrupt_char(),
    interrupt: () => own._mp_sched_keyboard_interrupt(),
    register: (name, functions) => loaded.registerJsModule(name, functions),
  };
}

function wrap(imports: Record<string, Record<string, Import>>, hooks: Hooks, memory: () => DataView): void {
  const env = imports['env']!;
  const ticks = env['mp_js_ticks_ms']!;
  env['mp_js_ticks_ms'] = () => {
    hooks.look();
    return ticks();
  };
  const grow = env['emscripten_resize_heap']!;
  env['emscripten_resize_heap'] = (size) => (size! >>> 0 > mostMemory ? 0 : grow(size!));
  for (const namespace of new Set(Object.values(imports)))
    for (const [name, call] of Object.entries(namespace)) {
      if (name.startsWith('__syscall_')) namespace[name] = withUsualErrors(watched(name, call, hooks), -1);
      else if (name.startsWith('fd_')) namespace[name] = withUsualErrors(call, 1);
    }
  const poll = env['__syscall_poll']!;
  env['__syscall_poll'] = (files, count, ms) => {
    for (const until = performance.now() + (ms! < 0 ? Infinity : ms!); ;) {
      const ready = poll(files!, count!, 0);
      const asleep = onlyKeysOf(memory(), files!, count!, hooks.hasInput());
      if (asleep === 0 || ready < 0) return ready;
      if (ready > asleep || performance.now() >= until || !hooks.sleep(5)) return Math.max(0, ready - asleep);
    }
  };
  const { wasi_snapshot_preview1: wasi } = imports;
  const write = wasi!['fd_write']!;
  wasi!['fd_write'] = (file, pieces, count, written) => {
    if (file! <= 2) return write(file!, pieces!, count!, written!);
    // address and length of each piece
    let bytes = 0;
    for (let i = 0; i < count!; i++) bytes += memory().getUint32(pieces! + i * 8 + 4, true);
    if (!hooks.hasRoom(bytes)) return noSpace;
    hooks.wrote();
    return write(file!, pieces!, count!, written!);
  };
}

/** Emscripten says of the keys that they are always ready. Takes that back where nothing was typed; returns for how many files. */
function onlyKeysOf(view: DataView, files: number, count: number, hasInput: boolean): number {
  let none = 0;
  for (let i = 0; i < count; i++) {
    const at = files + i * 8; // i32 file, i16 asked, i16 ready
    const ready = view.getInt16(at + 6, true);
    if (hasInput || view.getInt32(at, true) !== 0 || !(ready & canRead)) continue;
    view.setInt16(at + 6, ready & ~canRead, true);
    if ((ready & ~canRead) === 0) none += 1;
  }
  return none;
}

function watched(name: string, call: Import, hooks: Hooks): Import {
  const changes = (values: number[]) =>
    changingCalls.test(name) || (name === '__syscall_openat' && (values[2]! & openToChange) !== 0);
  return (...values) => {
    if (changes(values)) hooks.wrote();
    return call(...values);
  };
}

/** `sign`: a system call answers with the error below zero, WASI above. */
const withUsualErrors =
  (call: Import, sign: 1 | -1): Import =>
  (...values) => {
    const result = call(...values);
    return result * sign > 0 ? (usualErrors[Math.abs(result)] ?? Math.abs(result)) * sign : result;
  };

/**
 * The package tells "the" MicroPython of this worker when a JavaScript object of a Python one is gone. After a reset that is another
 * one, in which the same number is something else.
 */
function forgetOnlyOwn({ _module: own }: Loaded): void {
  const shared = globalThis as unknown as {
    pyProxyFinalizationRegistry: FinalizationRegistry<number>;
    proxy_js_map: Map<number, unknown>;
  };
  const { proxy_js_map: known } = shared;
  shared.pyProxyFinalizationRegistry = new FinalizationRegistry((reference) => {
    if (shared.proxy_js_map !== known) return;
    known.delete(reference);
    own.ccall('proxy_c_free_obj', 'null', ['number'], [reference]);
  });
}
