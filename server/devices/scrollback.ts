// The last of what a board said, by absolute offset: byte n is byte n for everybody and for ever (DE1). Offsets below `begin` were used by
// an earlier server.

export class Scrollback {
  readonly begin: number;
  private readonly ring: Buffer;
  private to: number;

  constructor({ size, begin }: { size: number; begin: number }) {
    this.ring = Buffer.alloc(size);
    this.begin = begin;
    this.to = begin;
  }

  /** The first byte that is still here. */
  get start(): number {
    return Math.max(this.begin, this.to - this.ring.length);
  }
  /** The next byte's offset. */
  get end(): number {
    return this.to;
  }

  append(bytes: Uint8Array): void {
    const size = this.ring.length;
    const kept = bytes.length > size ? bytes.subarray(bytes.length - size) : bytes;
    let at = (this.to - this.begin + bytes.length - kept.length) % size;
    for (let from = 0; from < kept.length;) {
      const part = kept.subarray(from, from + size - at);
      this.ring.set(part, at);
      from += part.length;
      at = (at + part.length) % size;
    }
    this.to += bytes.length;
  }

  /** A copy of at most `most` bytes from `from`, which must be here. */
  read(from: number, most: number): Buffer {
    const size = this.ring.length;
    const length = Math.min(most, this.to - from);
    const at = (from - this.begin) % size;
    const first = this.ring.subarray(at, Math.min(size, at + length));
    return first.length === length ? Buffer.from(first) : Buffer.concat([first, this.ring.subarray(0, length - first.length)]); // prettier-ignore
  }

  /** Where somebody who has everything up to `asked` goes on. Null: they have nothing. */
  resume(asked: number | null): { from: number; missed: 'nothing' | 'bytes' | 'earlier'; bytes: number } {
    const { start, end, begin } = this;
    if (asked === null) return { from: start, missed: 'nothing', bytes: 0 };
    if (asked < begin || asked > end) return { from: start, missed: 'earlier', bytes: 0 };
    if (asked < start) return { from: start, missed: 'bytes', bytes: start - asked };
    return { from: asked, missed: 'nothing', bytes: 0 };
  }
}
