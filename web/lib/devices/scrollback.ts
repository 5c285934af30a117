// What a board said, in order, as far back as this browser keeps it: pieces of bytes by their absolute offset, and the marks between
// them. A console and a plot read it again from the start whenever they are shown.
import type { Mark } from '#shared/devices.ts';

export type Piece = {
  offset: number;
  bytes: Uint8Array;
  /** When it came, by this browser's clock; null: it is older than this visit. */ at: number | null;
};
export type Entry = ({ kind: 'bytes' } & Piece) | { kind: 'mark'; mark: Mark };
export type Reader = {
  entry: (entry: Entry) => void;
  /** Everything before is gone or counted anew: begin with nothing. */
  restart: () => void;
};

/** Of those that are lines. */
const mostMarks = 500;
const isLine = ({ kind }: Mark) => kind !== 'typed';

export class Scrollback {
  /** The next byte. */
  end = 0;
  readonly #most: number;
  #entries: Entry[] = [];
  #held = 0;
  #marks = 0;
  /** Marks of bytes that have not come yet. */
  #early: Mark[] = [];
  readonly #readers = new Set<Reader>();

  constructor(most = 1024 * 1024) {
    this.#most = most;
  }

  /** Entries from the oldest on, then each as it comes. Gives a way to stop. */
  read(reader: Reader): () => void {
    for (const entry of this.#entries) reader.entry(entry);
    this.#readers.add(reader);
    return () => this.#readers.delete(reader);
  }

  /**
   * The server's first words: bytes follow from `from`, it has up to `end`, and its scrollback began at `begin`. Returns how many are
   * lost for this browser; 0 also where the server began a new scrollback, which it tells by a mark: offsets between the two are nothing.
   */
  begin({ from, begin = 0, end, marks }: { from: number; begin?: number; end: number; marks: Mark[] }): number {
    if (end < this.end) {
      // counted anew: the server was restarted without its scrollback
      this.#empty();
      this.end = from;
    }
    const known = this.#newestMark();
    for (const mark of marks) if (mark.offset > known.offset || mark.at > known.at) this.mark(mark);
    if (from <= this.end) return 0;
    const lost = this.#entries.length > 0 && begin <= this.end ? from - this.end : 0;
    if (lost > 0)
      this.mark({ offset: from, at: Date.now(), kind: 'skipped', text: `${lost.toLocaleString('en')} bytes skipped` });
    this.end = from;
    this.#release();
    return lost;
  }

  add(offset: number, bytes: Uint8Array, at: number | null): void {
    const seen = Math.max(0, this.end - offset);
    if (seen >= bytes.length) return;
    if (offset > this.end) this.#release(offset);
    // marks stand between the bytes that they are about
    let from = seen;
    while (this.#early[0] && this.#early[0].offset < offset + bytes.length) {
      const cut = Math.max(from, this.#early[0].offset - offset);
      if (cut > from) this.#push({ kind: 'bytes', offset: offset + from, bytes: bytes.subarray(from, cut), at });
      from = cut;
      this.end = offset + from;
      this.#pushMark(this.#early.shift()!);
    }
    if (from < bytes.length) this.#push({ kind: 'bytes', offset: offset + from, bytes: bytes.subarray(from), at });
    this.end = offset + bytes.length;
    this.#release();
  }

  mark(mark: Mark): void {
    if (mark.offset > this.end) {
      this.#early.push(mark);
      this.#early.sort((a, b) => a.offset - b.offset || a.at - b.at);
    } else this.#pushMark(mark);
  }

  #release(until = this.end): void {
    while (this.#early[0] && this.#early[0].offset <= until) this.#pushMark(this.#early.shift()!);
  }
  #newestMark(): { offset: number; at: number } {
    const newest = this.#entries.findLast((entry) => entry.kind === 'mark' && entry.mark.kind !== 'skipped');
    return newest?.kind === 'mark' ? newest.mark : { offset: -1, at: -1 };
  }
  #pushMark(mark: Mark): void {
    if (isLine(mark)) this.#marks += 1;
    this.#push({ kind: 'mark', mark });
  }
  #push(entry: Entry): void {
    this.#entries.push(entry);
    if (entry.kind === 'bytes') this.#held += entry.bytes.length;
    let gone = 0;
    // pieces of a few bytes must not cost more than what they hold
    while (this.#held > this.#most || this.#marks > mostMarks || this.#entries.length - gone > 40_000) {
      const oldest = this.#entries[gone++];
      if (!oldest) break;
      if (oldest.kind === 'bytes') this.#held -= oldest.bytes.length;
      else if (isLine(oldest.mark)) this.#marks -= 1;
    }
    if (gone > 0) this.#entries.splice(0, gone);
    for (const reader of this.#readers) reader.entry(entry);
  }
  /** Begins with nothing. */
  clear(): void {
    this.#empty();
    this.end = 0;
  }
  #empty(): void {
    this.#entries = [];
    this.#early = [];
    this.#held = 0;
    this.#marks = 0;
    for (const reader of this.#readers) reader.restart();
  }
}
