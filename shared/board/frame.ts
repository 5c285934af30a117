// What the page and the frame of a virtual board (`/sandbox/board.html`) say to each other. The frame has an opaque origin and runs code
// of anybody; the page believes nothing that it cannot check.
import type { WorldCommand } from '../devices.ts';
import type { FlashChange, FlashFiles } from './flash.ts';

/** What the frame needs to start: the text of the worker, and MicroPython of the npm package. */
export type BoardAssets = { worker: ArrayBuffer; micropython: ArrayBuffer; wasm: ArrayBuffer };

export type ToBoard =
  /** A new one, also where there is one. */
  | { t: 'on'; files: FlashFiles; world: Uint8Array<ArrayBuffer> | null; cause: 'power' | 'hard' }
  | { t: 'off' }
  | { t: 'write'; id: number; bytes: Uint8Array<ArrayBuffer> }
  | { t: 'world'; command: WorldCommand }
  /** AssemblyScript to WebAssembly; `compiler` comes with the first. */
  | { t: 'compile'; id: number; source: string; name: string; compiler: ArrayBuffer | null }
  | { t: 'ping'; id: number };

export type FromBoard =
  /** It has power, and hears. */
  | { t: 'on'; shared: boolean }
  | { t: 'ready'; ms: number }
  | { t: 'bytes'; bytes: Uint8Array<ArrayBuffer> }
  | { t: 'took'; id: number }
  | { t: 'world'; bytes: Uint8Array<ArrayBuffer> }
  | { t: 'files'; changes: FlashChange[] }
  | { t: 'compiled'; id: number; wasm: Uint8Array<ArrayBuffer> | null; text: string }
  | { t: 'failed'; text: string }
  | { t: 'violation'; directive: string; uri: string }
  | { t: 'pong'; id: number };

export const boardLimits = {
  /** Of one message. */
  bytes: 64 * 1024,
  /** Of what a compiler made. */
  program: 2 ** 20,
  /** Of files in one message: all that a board can hold, gone and new. */
  changes: 4000,
  /** Messages of one board in a second before it is ended. The line itself allows far fewer. */
  flood: 2000,
} as const;

const wordsOf = (text: unknown, most: number): string => (typeof text === 'string' ? text.slice(0, most) : '');

/** null: not one of them. */
export function readFromBoard(message: unknown): FromBoard | null {
  if (typeof message !== 'object' || message === null) return null;
  const { t, bytes, changes, id, ms, shared, text, directive, uri, wasm } = message as Record<string, unknown>;
  const isBytes = bytes instanceof Uint8Array && bytes.length <= boardLimits.bytes;
  if (t === 'bytes' || t === 'world') return isBytes ? { t, bytes: bytes as Uint8Array<ArrayBuffer> } : null;
  if (t === 'took' || t === 'pong') return Number.isInteger(id) ? { t, id: id as number } : null;
  if (t === 'on') return { t, shared: shared === true };
  if (t === 'ready') return { t, ms: typeof ms === 'number' ? ms : 0 };
  if (t === 'files')
    return Array.isArray(changes) && changes.length <= boardLimits.changes
      ? { t, changes: changes as FlashChange[] }
      : null;
  if (t === 'compiled') {
    const fits = wasm instanceof Uint8Array && wasm.length <= boardLimits.program;
    if (!Number.isInteger(id)) return null;
    return {
      t,
      id: id as number,
      wasm: fits ? (wasm as Uint8Array<ArrayBuffer>) : null,
      text: wordsOf(text, 8000),
    };
  }
  if (t === 'failed') return { t, text: wordsOf(text, 4000) };
  if (t === 'violation') return { t, directive: wordsOf(directive, 100), uri: wordsOf(uri, 200) };
  return null;
}
