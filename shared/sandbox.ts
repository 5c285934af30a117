// What the page and its sandboxed frames say to each other: Python (`/sandbox/py.html`) and applets (`/sandbox/applet.html`). A frame
// has an opaque origin and runs code of anybody; each side checks what the other says before it believes a word of it.

/** Of the npm package; its files are served under `/pyodide/<version>/`, cached for ever. */
export const pyodideVersion = '314.0.7';

export const sandboxLimits = {
  /** Of one message of an applet, and how many a second; a flood ends it. */
  appletBytes: 256 * 1024,
  appletPerSecond: 50,
  appletFlood: 2000,
  /** Of Python: a piece of output, all output of a run, a plot or file, all files of a run, and how many. */
  text: 64 * 1024,
  output: 2 ** 20,
  file: 16 * 2 ** 20,
  files: 64 * 2 ** 20,
  fileCount: 200,
  plots: 40,
  tables: 40,
  /** Messages of one Python in a second before it is ended. */
  pythonFlood: 4000,
} as const;

export type Cell = string | number | boolean | null;
/** `total`: how many rows there are; `rows` holds the first of them. */
export type Table = { columns: string[]; rows: Cell[][]; total: number; title: string | null };
export type Plot = { mime: 'image/svg+xml' | 'image/png'; data: Uint8Array<ArrayBuffer>; title: string | null };
export type SandboxFile = { path: string; data: Uint8Array<ArrayBuffer> };

/** Where Python stopped: `line` is from 1, in the person's own text. */
export type Trouble = { type: string; message: string; traceback: string; line: number | null };

/**
 * A lane is one interpreter. The person's cells have one, and the calls of runs another, which starts anew for each run: what an agent
 * wrote never shares an interpreter with what a person works on.
 */
export type Lane = 'cells' | 'runs';

export type ToPython =
  | { t: 'files'; files: PythonFiles }
  | { t: 'open'; lane: Lane }
  /** Make a snapshot, by an interpreter of its own that never runs anybody's code. */
  | { t: 'make' }
  | { t: 'close'; lane: Lane }
  | { t: 'run'; lane: Lane; id: number; code: string; name: string; fresh: boolean; files: SandboxFile[] }
  | { t: 'interrupt'; lane: Lane }
  | { t: 'input'; lane: Lane; text: string | null }
  | { t: 'package'; lane: Lane; id: number; data: Uint8Array<ArrayBuffer> | null; error: string | null }
  | { t: 'ping'; id: number };

/** What the frame needs to start: the text of the worker and the files of Pyodide. */
export type PythonFiles = {
  worker: ArrayBuffer;
  pyodide: ArrayBuffer;
  asm: ArrayBuffer;
  wasm: ArrayBuffer;
  stdlib: ArrayBuffer;
  lock: string;
  snapshot: Uint8Array<ArrayBuffer> | null;
  /** Whether packages can be had; if not, the sentence that says so. */
  noPackages: string | null;
};

export type FromPython =
  | { t: 'ready'; lane: Lane; ms: number; snapshot: boolean }
  /** Null: it could not be made. */
  | { t: 'snapshot'; data: Uint8Array<ArrayBuffer> | null }
  | { t: 'out' | 'err'; lane: Lane; id: number; text: string }
  | { t: 'plot'; lane: Lane; id: number; plot: Plot }
  | { t: 'table'; lane: Lane; id: number; table: Table }
  | {
      t: 'done';
      lane: Lane;
      id: number;
      ok: boolean;
      value: string | null;
      trouble: Trouble | null;
      files: SandboxFile[];
      gone: string[];
      /** What was left out, for people. */
      notes: string[];
    }
  | { t: 'input'; lane: Lane; prompt: string }
  | { t: 'need'; lane: Lane; id: number; name: string }
  | { t: 'failed'; lane: Lane; text: string }
  | { t: 'violation'; directive: string; uri: string }
  | { t: 'pong'; id: number };

export type ToApplet =
  | { t: 'run'; turn: number; code: string; css: string; dark: boolean }
  | { t: 'look'; dark: boolean }
  | { t: 'answer'; id: number; value?: unknown; error?: string }
  | { t: 'ping'; id: number };

export const appletErrorKinds = ['module', 'render', 'uncaught', 'rejection', 'load', 'blocked'] as const;
export type AppletErrorKind = (typeof appletErrorKinds)[number];

export type FromApplet =
  | { t: 'ready' }
  | { t: 'painted'; turn: number; ms: number; height: number }
  | { t: 'size'; height: number }
  | {
      t: 'error';
      turn: number;
      kind: AppletErrorKind;
      message: string;
      stack: string;
      line: number | null;
      painted: boolean;
    }
  | { t: 'call'; id: number; method: string; value: unknown }
  | { t: 'submit'; value: unknown }
  | { t: 'log'; level: 'log' | 'warn' | 'error'; text: string }
  | { t: 'pong'; id: number };
