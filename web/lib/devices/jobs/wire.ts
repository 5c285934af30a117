// The bytes of a board while one job talks with it: read with patience that ends, never more kept than `mostWaiting`, and every wait ends
// when the board is lost or somebody cancels. The console of the page listens to the same port beside it and sees every byte.
import type { BoardPort } from '../port.ts';
import { after } from '../steadyTimer.ts';
import { JobFailure } from './jobFailure.ts';

const mostWaiting = 1 << 20;
const writePatienceMs = 10_000;

export class Wire {
  /** False while we tidy up after a cancel: reads and writes go on although the signal is set. */
  heedsCancel = true;

  /** Bytes that came since the beginning. */
  heard = 0;

  readonly #port: BoardPort;
  readonly #signal: AbortSignal;
  readonly #stops: (() => void)[];
  #pieces: Uint8Array[] = [];
  #waiting = 0;
  #flooded = false;
  #lost: string | null = null;
  #wake: () => void = () => {};

  constructor({ port, signal }: { port: BoardPort; signal: AbortSignal }) {
    this.#port = port;
    this.#signal = signal;
    const onAbort = () => this.#wake();
    signal.addEventListener('abort', onAbort);
    this.#stops = [
      port.onBytes((bytes) => this.#arrive(bytes)),
      port.onLost((lost) => {
        this.#lost = lost.words;
        this.#wake();
      }),
      () => signal.removeEventListener('abort', onAbort),
    ];
  }

  close(): void {
    for (const stop of this.#stops) stop();
    this.#pieces = [];
  }

  /** Bytes that arrived and were not read. */
  get waiting(): number {
    return this.#waiting;
  }

  get lost(): boolean {
    return this.#lost !== null;
  }

  /** Text is sent as Latin-1: each character one byte. */
  async write(bytes: Uint8Array | string): Promise<void> {
    this.#check();
    const sent = typeof bytes === 'string' ? Uint8Array.from(bytes, (letter) => letter.charCodeAt(0)) : bytes;
    let taken = false;
    let failed: unknown = null;
    void this.#port.write(sent).then(
      () => {
        taken = true;
        this.#wake();
      },
      (error: unknown) => {
        failed = error;
        this.#wake();
      },
    );
    const until = performance.now() + writePatienceMs;
    while (!taken) {
      if (failed !== null) throw this.#lossOf(failed);
      await this.#sleep(until - performance.now());
      this.#check();
      if (!taken && failed === null && performance.now() >= until)
        throw new JobFailure('timeout', 'The board takes no bytes any more. A hard reset brings it back.');
    }
  }

  /** All that waits, or what comes next: empty when nothing came in time. */
  async read(timeoutMs: number): Promise<Uint8Array> {
    const until = performance.now() + timeoutMs;
    for (;;) {
      this.#check();
      if (this.#flooded) {
        this.forget();
        throw new JobFailure('failed', 'The board sends faster than this browser can read.');
      }
      const piece = this.#pieces.shift();
      if (piece) {
        this.#waiting -= piece.length;
        return piece;
      }
      const left = until - performance.now();
      if (left <= 0) return new Uint8Array(0);
      await this.#sleep(left);
    }
  }

  /** Puts back what was read too far. */
  unread(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#pieces.unshift(bytes);
    this.#waiting += bytes.length;
  }

  /** The next byte, or -1. */
  async byte(timeoutMs: number): Promise<number> {
    const piece = await this.read(timeoutMs);
    this.unread(piece.subarray(1));
    return piece[0] ?? -1;
  }

  forget(): void {
    this.#pieces = [];
    this.#waiting = 0;
    this.#flooded = false;
  }

  /** Throws away what comes until it is quiet for `quietMs`; a board that never is, is left alone after `mostMs`. */
  async settle(quietMs: number, mostMs: number): Promise<void> {
    const until = performance.now() + mostMs;
    this.forget();
    while (performance.now() < until) if ((await this.read(Math.min(quietMs, mostMs))).length === 0) return;
    this.forget();
  }

  /** Reads up to and with `mark` and keeps nothing of it; false: it did not come in time. */
  async until(mark: string, timeoutMs: number): Promise<boolean> {
    const until = performance.now() + timeoutMs;
    let tail = '';
    for (;;) {
      const left = until - performance.now();
      const piece = left > 0 ? await this.read(left) : new Uint8Array(0);
      if (piece.length === 0) return false;
      const text = tail + latin1(piece);
      const at = text.indexOf(mark);
      if (at >= 0) {
        this.unread(piece.subarray(piece.length - (text.length - at - mark.length)));
        return true;
      }
      tail = text.slice(-(mark.length - 1) || text.length);
    }
  }

  #arrive(bytes: Uint8Array): void {
    this.heard += bytes.length;
    if (this.#flooded) return;
    this.#pieces.push(bytes);
    this.#waiting += bytes.length;
    if (this.#waiting > mostWaiting) {
      this.forget();
      this.#flooded = true;
    }
    this.#wake();
  }

  #check(): void {
    if (this.#lost !== null) throw new JobFailure('lost', this.#lost);
    if (this.heedsCancel && this.#signal.aborted) throw new JobFailure('cancelled', 'Cancelled.');
  }

  #lossOf(error: unknown): JobFailure {
    const words = error instanceof Error ? error.message : String(error);
    return new JobFailure('lost', this.#lost ?? (words || 'The board is gone.'));
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const callOff = after(Math.max(0, ms), resolve);
      this.#wake = () => {
        callOff();
        resolve();
      };
    });
  }
}

/** In pieces: a call with a hundred thousand arguments does not work. */
export function latin1(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return text;
}
