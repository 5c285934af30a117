// MicroPython's raw REPL: programs talk to the board, not people. https://docs.micropython.org/en/latest/reference/repl.html
// Entered from any state, left to the friendly one always. Programs go in by raw-paste mode (the board says how much it can take), or, on
// firmware before 1.14, in small pieces with pauses.
import { pause } from '../steadyTimer.ts';
import { JobFailure } from './jobFailure.ts';
import { latin1, type Wire } from './wire.ts';

const banner = 'raw REPL; CTRL-B to exit\r\n>';
const endOfPart = 4;
const patienceMs = { enter: [300, 600, 1200, 2400], answer: 5000, interrupt: [1000, 1500, 2500] };

export type Ran = {
  /** Bytes of stdout as the board sent them; the newest, if there were more than `most`. */
  out: Uint8Array;
  /** A traceback, or empty. */
  error: string;
  /** How many bytes of stdout came before `out`. */
  skipped: number;
};
export type Run = {
  code: string;
  /** 0: for ever. */
  timeoutMs: number;
  /** The longest silence. */
  idleMs?: number;
  /** The board runs it: what is written now is for the program. */
  onBegin?: () => void;
  /** Nothing may be written any more, because it ended or is being stopped. */
  onEnd?: () => void;
  /** stdout as it comes. */
  onOutput?: (bytes: Uint8Array) => void;
  /** The most bytes of stdout to keep. */
  most?: number;
};

export class RawRepl {
  readonly #wire: Wire;
  #paste = true;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  /** From a running program, the friendly REPL, its paste mode, the raw REPL or the middle of raw-paste. */
  async enter(): Promise<void> {
    const before = this.#wire.heard;
    for (const patience of patienceMs.enter) {
      // Ctrl-C ends a program, a half-typed line (which Enter would run) and both paste modes; twice, because one may fall into an `except`.
      await this.#wire.write('\x03\x03');
      await this.#wire.settle(30, 150);
      await this.#wire.write('\r\x01');
      if (!(await this.#wire.until(banner, patience))) continue;
      // A board that was starting up answers all the tries at once.
      if (patience !== patienceMs.enter[0]) await this.#wire.settle(100, 500);
      return;
    }
    throw new JobFailure(
      'timeout',
      this.#wire.heard > before
        ? 'The board speaks, but not as MicroPython: another firmware, another baud rate, or a program that ignores Ctrl-C. A hard reset ends a program.'
        : 'The board does not answer Ctrl-C. Is MicroPython on it, and is the baud rate right? A hard reset ends a program that hangs.',
    );
  }

  /** The interpreter anew, without main.py (boot.py runs). */
  async softReset(): Promise<void> {
    await this.#wire.write('\x04');
    if (!(await this.#wire.until(banner, patienceMs.answer)))
      throw new JobFailure('timeout', 'The board did not come back from a soft reset: boot.py may not end.');
  }

  async run({ code, timeoutMs, idleMs = 0, onBegin, onEnd, onOutput, most = 64 * 1024 }: Run): Promise<Ran> {
    const bytes = new TextEncoder().encode(code);
    if (bytes.some((byte) => byte <= 5))
      throw new JobFailure(
        'failed',
        'The program holds a control character (below 0x06) that a board would obey. Write it as \\x03.',
      );
    await this.#send(bytes);
    const until = timeoutMs === 0 ? Infinity : performance.now() + timeoutMs;
    const kept = keepNewest(most);
    const take = (piece: Uint8Array) => {
      kept.add(piece);
      onOutput?.(piece);
    };
    onBegin?.();
    try {
      await this.#part({ take, until, idleMs, said: kept, onStop: onEnd });
    } finally {
      onEnd?.();
    }
    const trouble = keepNewest(16 * 1024);
    await this.#part({
      take: (piece) => trouble.add(piece),
      until: performance.now() + patienceMs.answer,
      idleMs: 0,
      said: kept,
    });
    if (!(await this.#wire.until('>', patienceMs.answer)))
      throw new JobFailure('timeout', 'The board did not come back to its prompt.');
    return { out: kept.bytes(), skipped: kept.skipped(), error: new TextDecoder().decode(trouble.bytes()).trim() };
  }

  /** Back to the friendly REPL, whatever happened. What cannot be done is left undone: a job must end. */
  async leave(): Promise<void> {
    this.#wire.heedsCancel = false;
    try {
      for (const patience of [500, 1000]) {
        await this.#wire.write('\x03\x03');
        await this.#wire.settle(20, 100);
        await this.#wire.write('\r\x02');
        if (await this.#wire.until('>>> ', patience)) return;
      }
    } catch {
      // Lost: there is nothing to leave.
    } finally {
      this.#wire.heedsCancel = true;
    }
  }

  /** Something small after a failure, cancelled or not; false: it could not be done. */
  async tidy(work: () => Promise<unknown>): Promise<boolean> {
    if (this.#wire.lost) return false;
    this.#wire.heedsCancel = false;
    try {
      await this.enter();
      this.#wire.heedsCancel = false;
      await work();
      return true;
    } catch {
      return false;
    } finally {
      this.#wire.heedsCancel = true;
    }
  }

  async #send(bytes: Uint8Array): Promise<void> {
    if (this.#paste) {
      await this.#wire.write('\x05A\x01');
      const [first, second] = [await this.#wire.byte(2000), await this.#wire.byte(500)];
      if (first === 0x52 && second === 1) return this.#sendPaste(bytes);
      this.#paste = false;
      // 'R\0>': not this kind of paste. Firmware that never heard of it takes Ctrl-A for itself and says its banner.
      if (first !== 0x52 && !(await this.#wire.until('\r\n>', 1000))) throw noAnswer();
      await this.#wire.settle(20, 100);
    }
    for (let at = 0; at < bytes.length; at += 256) {
      await this.#wire.write(bytes.subarray(at, at + 256));
      await pause(10);
    }
    await this.#wire.write('\x04');
    if (!(await this.#wire.until('OK', patienceMs.answer))) throw noAnswer();
  }

  /** Flow control: the board grants `step` bytes at the start and whenever it says 1; a 4 of its own ends the program early. */
  async #sendPaste(bytes: Uint8Array): Promise<void> {
    const step = (await this.#wire.byte(1000)) | ((await this.#wire.byte(1000)) << 8);
    if (step <= 0) throw noAnswer();
    let [room, sent] = [step, 0];
    while (sent < bytes.length) {
      while (room === 0 || this.#wire.waiting > 0) {
        const said = await this.#wire.byte(patienceMs.answer);
        if (said === 1) room += step;
        else if (said === endOfPart) {
          await this.#wire.write('\x04'); // it has read an error in the program already: it will tell in a moment
          return;
        } else throw noAnswer();
      }
      const piece = bytes.subarray(sent, sent + room);
      await this.#wire.write(piece);
      sent += piece.length;
      room -= piece.length;
    }
    await this.#wire.write('\x04');
    for (;;) {
      const said = await this.#wire.byte(patienceMs.answer);
      if (said === endOfPart) return;
      if (said !== 1) throw noAnswer();
    }
  }

  /** One part of the answer, up to its end mark. Cancel and timeout stop the program first and take what it said until then. */
  async #part({
    take,
    until,
    idleMs,
    said,
    onStop,
  }: {
    take: (piece: Uint8Array) => void;
    until: number;
    idleMs: number;
    said: Kept;
    onStop?: (() => void) | undefined;
  }) {
    let stopping: JobFailure | null = null;
    const idleUntil = () => (idleMs ? performance.now() + idleMs : Infinity);
    let deadline = Math.min(until, idleUntil());
    let presses = 0;
    let quiet = false;
    const heeded = this.#wire.heedsCancel;
    try {
      for (;;) {
        let piece: Uint8Array;
        try {
          piece = await this.#wire.read(Math.max(0, Math.min(deadline - performance.now(), 300)));
        } catch (error) {
          if (stopping || !(error instanceof JobFailure) || error.code !== 'cancelled') throw error;
          stopping = error;
          deadline = 0;
          this.#wire.heedsCancel = false;
          continue;
        }
        if (piece.length > 0) {
          quiet = false;
          if (!stopping) deadline = Math.min(until, idleUntil());
          const end = piece.indexOf(endOfPart);
          take(end < 0 ? piece : piece.subarray(0, end));
          if (end >= 0) {
            this.#wire.unread(piece.subarray(end + 1));
            if (stopping) throw withOutput(stopping, said);
            return;
          }
        } else if (!quiet) {
          quiet = true;
          if (restarted(said.bytes()))
            throw withOutput(new JobFailure('failed', 'The board restarted in the middle of the program.'), said);
        }
        if (performance.now() < deadline) continue;
        stopping ??= new JobFailure('timeout', 'The program took too long and was stopped.');
        this.#wire.heedsCancel = false;
        const patience = patienceMs.interrupt[presses++];
        if (patience === undefined)
          throw new JobFailure(
            stopping.code,
            `${stopping.message} It does not listen to Ctrl-C: a hard reset ends it.`,
          );
        onStop?.();
        await this.#wire.write('\x03');
        deadline = performance.now() + patience;
      }
    } finally {
      this.#wire.heedsCancel = heeded;
    }
  }
}

const noAnswer = () =>
  new JobFailure(
    'failed',
    'The board answered something else than its raw REPL does. Was it reset, or does another program write to it?',
  );

/** A soft reset ends at the raw banner, a hard one at the friendly prompt; neither has the mark that ends a program's output. */
function restarted(out: Uint8Array): boolean {
  const tail = latin1(out.subarray(-200));
  return tail.endsWith(banner) || /Type "help\(\)" for more information\.\r\n>>> $/.test(tail);
}

function withOutput(failure: JobFailure, said: Kept): JobFailure {
  const text = new TextDecoder().decode(said.bytes());
  return new JobFailure(failure.code, text ? `${failure.message}\n${text}` : failure.message);
}

type Kept = { add(piece: Uint8Array): void; bytes(): Uint8Array; skipped(): number };

/** The newest `most` bytes of a stream of any length. */
function keepNewest(most: number): Kept {
  let pieces: Uint8Array[] = [];
  let [held, all] = [0, 0];
  const join = () => {
    const joined = new Uint8Array(held);
    let at = 0;
    for (const piece of pieces) {
      joined.set(piece, at);
      at += piece.length;
    }
    const newest = joined.subarray(Math.max(0, held - most));
    [pieces, held] = [[newest], newest.length];
    return newest;
  };
  return {
    add(piece) {
      if (piece.length === 0) return;
      pieces.push(piece);
      held += piece.length;
      all += piece.length;
      if (held > 2 * most || pieces.length > 4096) join();
    },
    bytes: join,
    skipped: () => all - join().length,
  };
}
