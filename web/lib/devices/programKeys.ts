// What a driver types while a program of a job runs: it waits until the program runs, reaches it in order, and is dropped when it ended.
// Behind the program's end lies the raw REPL, which would obey some keys and run others, so those never go in (docs/PROTOCOL.md).

/** Ctrl-A, B, D, E: another mode, or "run what was sent". */
const obeyed = new Set([1, 2, 4, 5]);
const interrupt = 3;
/** What may wait for a program that reads slowly. */
const mostBytes = 64 * 1024;

type Write = (bytes: Uint8Array) => Promise<void>;

export class ProgramKeys {
  #write: Write | null = null;
  #ended = false;
  #waiting: Uint8Array[] = [];
  #bytes = 0;
  #busy = false;

  type(typed: Uint8Array): void {
    const bytes = typed.filter((byte) => !obeyed.has(byte));
    if (this.#ended || bytes.length === 0 || this.#bytes + bytes.length > mostBytes) return;
    // as on a board: what was typed before Ctrl-C and not read is gone
    if (bytes.includes(interrupt)) this.#drop();
    this.#waiting.push(bytes);
    this.#bytes += bytes.length;
    void this.#send();
  }

  /** The program runs. */
  begin(write: Write): void {
    this.#write = write;
    void this.#send();
  }

  /** It runs no more, or is being stopped. */
  end(): void {
    this.#ended = true;
    this.#drop();
  }

  #drop(): void {
    this.#waiting = [];
    this.#bytes = 0;
  }

  async #send(): Promise<void> {
    if (this.#busy || !this.#write) return;
    this.#busy = true;
    try {
      for (let next = this.#waiting.shift(); next && !this.#ended; next = this.#waiting.shift()) {
        this.#bytes -= next.length;
        await this.#write(next);
      }
    } catch {
      this.end(); // the port tells its loss itself
    } finally {
      this.#busy = false;
    }
  }
}
