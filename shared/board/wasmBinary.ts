// The parts of a WebAssembly binary that a rewrite needs: numbers, sections, imports, and where in a function its loops begin. Of the
// core specification (version 1 and what compilers write by default since: sign extension, saturating conversions, bulk memory).

const decoder = new TextDecoder();

export class Reader {
  readonly bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  byte(): number {
    const value = this.bytes[this.at++];
    if (value === undefined) throw new Error('The WebAssembly binary ends too early.');
    return value;
  }

  unsigned(): number {
    let value = 0;
    let factor = 1;
    for (;;) {
      const part = this.byte();
      value += (part & 127) * factor;
      if (part < 128) return value;
      factor *= 128;
    }
  }

  /** Past a number of any kind. */
  skipNumber(): void {
    while (this.byte() >= 128);
  }

  skip(count: number): void {
    this.at += count;
  }

  name(): string {
    const length = this.unsigned();
    this.skip(length);
    return decoder.decode(this.bytes.subarray(this.at - length, this.at));
  }
}

export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  do {
    const part = value % 128;
    value = Math.floor(value / 128);
    bytes.push(value > 0 ? part | 128 : part);
  } while (value > 0);
  return bytes;
}

export function signed(value: number): number[] {
  const bytes: number[] = [];
  for (;;) {
    const part = value & 127;
    value >>= 7;
    const last = (value === 0 && !(part & 64)) || (value === -1 && (part & 64) !== 0);
    bytes.push(last ? part : part | 128);
    if (last) return bytes;
  }
}

export function joined(parts: ArrayLike<number>[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export const sectionIds = { imports: 2, memory: 5, globals: 6, exports: 7, code: 10 } as const;
export type Section = { id: number; content: Uint8Array };

export function readSections(bytes: Uint8Array): Section[] {
  if (decoder.decode(bytes.subarray(0, 4)) !== '\0asm') throw new Error('This is not a WebAssembly binary.');
  const reader = new Reader(bytes, 8);
  const sections: Section[] = [];
  while (reader.at < bytes.length) {
    const id = reader.byte();
    const size = reader.unsigned();
    sections.push({ id, content: bytes.subarray(reader.at, reader.at + size) });
    reader.skip(size);
  }
  return sections;
}

export function writeSections(sections: Section[]): Uint8Array<ArrayBuffer> {
  const head = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  return joined([head, ...sections.flatMap(({ id, content }) => [[id, ...unsigned(content.length)], content])]);
}

/** `least` and `most` of a memory, in pages of 64 KiB. */
export type Limits = { least: number; most: number | null };
export type Imports = { functions: string[]; globals: number; memory: Limits | null };

/** Names as `module.name`, in their order. */
export function readImports(content: Uint8Array | undefined): Imports {
  const found: Imports = { functions: [], globals: 0, memory: null };
  if (!content) return found;
  const reader = new Reader(content);
  for (let left = reader.unsigned(); left > 0; left--) {
    const name = `${reader.name()}.${reader.name()}`;
    const kind = reader.byte();
    if (kind === 0) {
      reader.skipNumber();
      found.functions.push(name);
    } else if (kind === 3) {
      reader.skip(2);
      found.globals += 1;
    } else {
      if (kind === 1) reader.byte();
      const limits = readLimits(reader);
      if (kind === 2) found.memory = limits;
    }
  }
  return found;
}

export function readLimits(reader: Reader): Limits {
  const kind = reader.byte();
  if (kind > 1) throw new Error('Shared memory and memory of 64 bits are not known here.');
  const least = reader.unsigned();
  return { least, most: kind === 1 ? reader.unsigned() : null };
}

export type Code = {
  /** Of the whole function, from its locals to its end. */ from: number;
  to: number;
  /** Where its instructions begin. */ start: number;
  /** The first instruction in each loop. */ loops: number[];
  /** Cases of its largest jump table. */ widestTable: number;
};

/** The functions of a code section; places are in `content`. */
export function readCode(content: Uint8Array): Code[] {
  const reader = new Reader(content);
  return Array.from({ length: reader.unsigned() }, () => {
    const size = reader.unsigned();
    const from = reader.at;
    const to = from + size;
    for (let left = reader.unsigned(); left > 0; left--) {
      reader.skipNumber();
      reader.byte();
    }
    const code = { from, to, start: reader.at, ...readInstructions(reader, to) };
    reader.at = to;
    return code;
  });
}

function readInstructions(reader: Reader, to: number): { loops: number[]; widestTable: number } {
  const loops: number[] = [];
  let widestTable = 0;
  while (reader.at < to) {
    const op = reader.byte();
    if (op === 0x03) {
      reader.skipNumber();
      loops.push(reader.at);
    } else if (op === 0x0e) {
      const cases = reader.unsigned();
      for (let left = cases; left >= 0; left--) reader.skipNumber();
      widestTable = Math.max(widestTable, cases);
    } else skipOperands(op, reader);
  }
  return { loops, widestTable };
}

function skipOperands(op: number, reader: Reader): void {
  const numbers = (count: number) => {
    for (let left = count; left > 0; left--) reader.skipNumber();
  };
  if (op === 0x02 || op === 0x04)
    numbers(1); // block, if
  else if (op === 0x0c || op === 0x0d || op === 0x10 || op === 0x12)
    numbers(1); // branches, call
  else if (op === 0x11 || op === 0x13)
    numbers(2); // indirect calls
  else if (op === 0x1c)
    reader.skip(reader.unsigned()); // select with types
  else if (op >= 0x20 && op <= 0x26)
    numbers(1); // locals, globals, tables
  else if (op >= 0x28 && op <= 0x3e)
    numbers(2); // memory
  else if (op >= 0x3f && op <= 0x42)
    numbers(1); // size of memory, whole constants
  else if (op === 0x43) reader.skip(4);
  else if (op === 0x44) reader.skip(8);
  else if (op === 0xd0 || op === 0xd2)
    numbers(1); // references
  else if (op === 0xfc) skipLong(reader.unsigned(), numbers);
  else if (op > 0xc4 || (op >= 0x06 && op <= 0x0a) || (op >= 0x14 && op <= 0x19) || op === 0x1f)
    throw new Error(
      `The WebAssembly instruction ${op.toString(16)} (exceptions, vectors or threads) is not known here.`,
    );
}

function skipLong(op: number, numbers: (count: number) => void): void {
  if (op <= 7) return; // saturating conversions
  numbers(op === 8 || op === 10 || op === 12 || op === 14 ? 2 : 1);
}
