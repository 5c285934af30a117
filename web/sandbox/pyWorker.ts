// Python itself, in a classic blob: worker of the opaque frame (a module worker does not start there): no network, no storage, no
// page. What Pyodide fetches is answered from the files that came with the first message; packages are asked of the page.
import type { PyodideInterface } from 'pyodide';
import { sandboxLimits as limits, type Plot, type SandboxFile, type Table, type ToPython } from '#shared/sandbox.ts';
import display from './python/llmos/display.py?raw';
import init from './python/llmos/__init__.py?raw';
import plot from './python/llmos/plot.py?raw';
import run from './python/llmos/_run.py?raw';
import table from './python/llmos/table.py?raw';

type Boot = {
  module: WebAssembly.Module;
  stdlib: ArrayBuffer;
  lock: string;
  pyodide: string;
  asm: string;
  interrupt: Uint8Array | null;
  input: SharedArrayBuffer | null;
  snapshot: Uint8Array | null;
  making: boolean;
  noPackages: string | null;
};
type Said = Extract<ToPython, { t: 'run' }>;

const base = 'https://pyodide.invalid/';
const home = '/volume';
const modules = { '__init__.py': init, 'display.py': display, 'plot.py': plot, 'table.py': table, '_run.py': run };
const post = (message: unknown, transfer: Transferable[] = []) =>
  (self.postMessage as (message: unknown, transfer: Transferable[]) => void)(message, transfer);

// Pyodide refuses a worker in which this works
(self as any).importScripts = () => {
  throw new Error('importScripts is not available');
};
self.addEventListener('securitypolicyviolation', (event) =>
  post({ t: 'violation', directive: event.effectiveDirective, uri: event.blockedURI.slice(0, 200) }),
);

let python: PyodideInterface;
let boot: Boot;
let running = 0;
let counted = { plots: 0, tables: 0 };
let packageOf: Map<string, string>;
let asked = 0;
const answers = new Map<number, (answer: any) => void>();
let refusals: string[] = [];

/** At most one message in 40 ms for each stream, and so much text in a run. */
function stream(kind: 'out' | 'err') {
  let waiting = '';
  let left: number = limits.output;
  let last = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let decoder = new TextDecoder();
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    if (waiting) post({ t: kind, id: running, text: waiting });
    waiting = '';
    last = performance.now();
  };
  return {
    flush,
    reset() {
      left = limits.output;
      decoder = new TextDecoder();
    },
    write(bytes: Uint8Array): number {
      if (left > 0) {
        waiting += decoder.decode(bytes.subarray(0, left), { stream: true });
        left -= bytes.length;
        if (left <= 0) waiting += '\n[There was more output than is shown.]\n';
      }
      if (waiting.length > limits.text / 2 || performance.now() - last > 40) flush();
      else timer ??= setTimeout(flush, 40);
      return bytes.length;
    },
  };
}
const out = stream('out');
const err = stream('err');

function answerFetches(): void {
  const real = self.fetch.bind(self);
  const own: Record<string, BodyInit> = { 'python_stdlib.zip': boot.stdlib, 'pyodide.asm.wasm': new Uint8Array(0) };
  self.fetch = async (input, options) => {
    const address = String(input instanceof Request ? input.url : input);
    if (!address.startsWith(base)) return real(input, options); // refused by the policy of the frame
    const name = address.slice(base.length);
    if (name in own) return new Response(own[name]!, { headers: { 'content-type': 'application/octet-stream' } });
    const id = ++asked;
    const answer = await new Promise<Extract<ToPython, { t: 'package' }>>((done) => {
      answers.set(id, done);
      post({ t: 'need', id, name });
    });
    if (answer.data) return new Response(answer.data);
    refusals.push(answer.error ?? `${name} could not be had.`);
    return new Response(null, { status: 403, statusText: 'refused' });
  };
}

function writeModules(): void {
  const folder = `/lib/python3.${python.runPython('import sys; sys.version_info.minor')}/site-packages/llmos`;
  python.FS.mkdirTree(folder);
  for (const [name, text] of Object.entries(modules)) python.FS.writeFile(`${folder}/${name}`, text);
  python.FS.mkdirTree(home);
}

async function start(message: Boot): Promise<void> {
  boot = message;
  const { loadPyodide } = (await import(/* @vite-ignore */ boot.pyodide)) as typeof import('pyodide');
  const createPyodideModule = (await import(/* @vite-ignore */ boot.asm)).default;
  answerFetches();
  const streaming = WebAssembly.instantiateStreaming;
  // the frame compiled it once for all workers
  WebAssembly.instantiateStreaming = async (_response, imports) => ({
    module: boot.module,
    instance: await WebAssembly.instantiate(boot.module, imports),
  });
  python = await loadPyodide({
    indexURL: base,
    packageBaseUrl: base,
    lockFileContents: boot.lock,
    createPyodideModule,
    ...(boot.making ? { _makeSnapshot: true } : {}),
    ...(boot.snapshot ? { _loadSnapshot: boot.snapshot } : {}),
  } as Parameters<typeof loadPyodide>[0]);
  WebAssembly.instantiateStreaming = streaming;
  writeModules();
  if (boot.making) {
    // what most runs import is in the memory already when Python starts from it
    python.runPython('import csv, datetime, io, json, math, random, re, statistics, collections, llmos, llmos._run');
    const memory = (python as unknown as { makeMemorySnapshot: () => Uint8Array }).makeMemorySnapshot();
    return post({ t: 'snapshot', data: memory }, [memory.buffer as ArrayBuffer]);
  }
  packageOf = new Map(
    Object.entries((JSON.parse(boot.lock) as { packages: Record<string, { imports?: string[] }> }).packages).flatMap(
      ([name, { imports = [] }]) => imports.map((one) => [one.split('.')[0]!, name] as const),
    ),
  );
  python.setStdout({ write: out.write, isatty: false });
  python.setStderr({ write: err.write, isatty: false });
  python.registerJsModule('_llmos_host', host);
  if (boot.interrupt) python.setInterruptBuffer(boot.interrupt);
  if (boot.input) python.setStdin({ stdin: () => readLine(''), isatty: false });
  python.runPython(`
def _install(shared):
    import builtins, os, sys
    import _llmos_host as host
    from pyodide.ffi import JsException, can_run_sync, run_sync
    def input(prompt="", /):
        sys.stdout.flush(); sys.stderr.flush()
        if shared:
            line = host.readLine(str(prompt))
        elif can_run_sync():
            line = run_sync(host.readLater(str(prompt)))
        else:
            raise RuntimeError("input() cannot wait in this browser.")
        if line is None:
            raise EOFError("There is nobody to answer input().")
        return line.rstrip("\\n")
    builtins.input = input
    os.chdir("${home}")
    if "${home}" not in sys.path:
        sys.path.insert(0, "${home}")
_install(${boot.input ? 'True' : 'False'})
del _install
import os as _os
_os.environ["MPLBACKEND"] = "agg"
del _os`);
  post({ t: 'ready' });
}

/** Waits in shared memory; undefined: nobody answers. */
function readLine(prompt: string): string | undefined {
  out.flush();
  const state = new Int32Array(boot.input!, 0, 2);
  Atomics.store(state, 0, 0);
  post({ t: 'input', prompt: prompt.slice(0, 1000) });
  while (Atomics.wait(state, 0, 0, 100) === 'timed-out') python.checkInterrupt();
  return state[1]! < 0 ? undefined : new TextDecoder().decode(new Uint8Array(boot.input!, 8).slice(0, state[1]));
}

const bytesOf = (value: any): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(value?.toJs ? value.toJs() : value);
  value?.destroy?.();
  return bytes;
};

/** What the Python side may call. */
const host = {
  plot(mime: Plot['mime'], title: string, value: unknown) {
    const data = bytesOf(value);
    if (++counted.plots > limits.plots || data.byteLength > limits.file) return;
    out.flush();
    post({ t: 'plot', id: running, plot: { mime, title: title || null, data } satisfies Plot }, [data.buffer]);
  },
  table(text: string) {
    if (++counted.tables > limits.tables) return;
    out.flush();
    post({ t: 'table', id: running, table: JSON.parse(text) as Table });
  },
  readLine: (prompt: string) => readLine(prompt),
  async readLater(prompt: string): Promise<string | undefined> {
    out.flush();
    const text = await new Promise<string | null>((done) => {
      answers.set(0, (answer: { text: string | null }) => done(answer.text));
      post({ t: 'input', prompt: prompt.slice(0, 1000) });
    });
    return text ?? undefined;
  },
};

// ---- files ------------------------------------------------------------------------------------------------------------------

const known = new Set<string>();

/** Each file gets the time 0: whatever has another one after the run was written in it. */
function putFiles(files: SandboxFile[]): void {
  for (const { path, data } of files) {
    const full = `${home}/${path}`;
    python.FS.mkdirTree(full.slice(0, full.lastIndexOf('/')));
    python.FS.writeFile(full, data);
    known.add(path);
  }
  for (const path of walk(home)) python.FS.utime(`${home}/${path}`, 0, 0);
}

function* walk(folder: string): Generator<string> {
  for (const name of python.FS.readdir(folder) as string[]) {
    if (name === '.' || name === '..' || name === '__pycache__') continue;
    const full = `${folder}/${name}`;
    const { mode } = python.FS.lstat(full) as { mode: number };
    if (python.FS.isDir(mode)) yield* walk(full);
    else if (python.FS.isFile(mode)) yield full.slice(home.length + 1);
  }
}

function takeFiles(): { files: SandboxFile[]; gone: string[]; notes: string[] } {
  const files: SandboxFile[] = [];
  const notes: string[] = [];
  const present = new Set<string>();
  let bytes = 0;
  for (const path of walk(home)) {
    present.add(path);
    const { mtime, size } = python.FS.stat(`${home}/${path}`) as { mtime: Date | number; size: number };
    if (Number(mtime) === 0) continue;
    if (size > limits.file || bytes + size > limits.files || files.length >= limits.fileCount) {
      notes.push(`${path} is too large to take out of Python.`);
      continue;
    }
    bytes += size;
    files.push({ path, data: new Uint8Array(python.FS.readFile(`${home}/${path}`) as Uint8Array) });
  }
  const gone = [...known].filter((path) => !present.has(path));
  for (const path of gone) known.delete(path);
  for (const path of present) known.add(path);
  return { files, gone, notes };
}

// ---- a run ------------------------------------------------------------------------------------------------------------------

async function loadImports(code: string): Promise<void> {
  if (boot.noPackages !== null) return;
  let missing: string[];
  try {
    const runner = python.pyimport('llmos._run');
    missing = JSON.parse(runner.imports(code) as string) as string[];
    runner.destroy();
  } catch {
    return; // a text with a fault in its form: running it tells
  }
  const wanted = missing.flatMap((name) => packageOf.get(name) ?? []);
  if (wanted.length === 0) return;
  const say = (text: string) => post({ t: 'err', id: running, text: `${text}\n` });
  say(`Loading ${wanted.join(', ')} ...`);
  try {
    await python.loadPackage(wanted, { messageCallback: () => {}, errorCallback: () => {}, checkIntegrity: true });
  } catch (error) {
    refusals.push(String((error as Error).message ?? error).slice(0, 300));
  }
}

function explainMissing(trouble: any): void {
  const { missing } = trouble;
  delete trouble.missing;
  if (!missing) return;
  const sentence = refusals[0]
    ? `${missing} could not be loaded: ${refusals[0]}`
    : packageOf.has(missing)
      ? `${missing} is not part of the core. ${boot.noPackages ?? 'It could not be loaded.'}`
      : `There is no module called ${missing} here.`;
  trouble.traceback = trouble.traceback.replace(/ModuleNotFoundError: [\s\S]*$/, `ModuleNotFoundError: ${sentence}\n`);
  trouble.message = sentence;
}

async function execute({ id, code, name, fresh, files }: Said): Promise<void> {
  running = id;
  counted = { plots: 0, tables: 0 };
  refusals = [];
  out.reset();
  err.reset();
  const scope = python.toPy({ code, name, fresh });
  try {
    putFiles(files);
    await loadImports(code);
    const text = (await python.runPythonAsync('import llmos._run\nawait llmos._run.run(code, name, fresh)', {
      globals: scope,
      filename: '<llmos>',
    })) as string;
    const result = JSON.parse(text);
    if (result.trouble) explainMissing(result.trouble);
    out.flush();
    err.flush();
    const taken = takeFiles();
    post(
      { t: 'done', id, ...result, ...taken },
      taken.files.map((file) => file.data.buffer as ArrayBuffer),
    );
  } catch (error) {
    // an interrupt between our own lines is a stop as well; anything else means that Python itself is broken
    out.flush();
    err.flush();
    const words = String((error as Error)?.message ?? error);
    if (!/KeyboardInterrupt/.test(words)) return post({ t: 'failed', text: words.slice(-2000) });
    const trouble = { type: 'KeyboardInterrupt', message: '', traceback: 'KeyboardInterrupt\n', line: null };
    post({ t: 'done', id, ok: false, value: null, trouble, files: [], gone: [], notes: [] });
  } finally {
    try {
      scope.destroy();
    } catch {
      // Python is gone
    }
  }
}

const ready = new Promise<void>((done) => {
  self.onmessage = ({ data }) => {
    self.onmessage = ({ data: message }: MessageEvent<ToPython>) => void ready.then(() => hear(message));
    start(data as Boot).then(done, (error: unknown) =>
      post({ t: 'failed', text: String((error as Error)?.stack ?? error) }),
    );
  };
});

function hear(message: ToPython): void {
  if (message.t === 'run') void execute(message);
  else if (message.t === 'package' || message.t === 'input') {
    const id = message.t === 'package' ? message.id : 0;
    answers.get(id)?.(message);
    answers.delete(id);
  }
}
