// The colours of a console, put between the bytes where they are drawn and nowhere else: what was typed at a prompt, and errors. A board
// that colours by itself is left alone. It works on what the filter lets through, and keeps its place between pieces.

import { joined } from './joined.ts';

const LF = 0x0a;
const CR = 0x0d;
const ESC = 0x1b;
const space = 0x20;

const bytesOf = (text: string) => new TextEncoder().encode(text);
type Ink = 'typed' | 'error';
const codes: Record<Ink, string> = { typed: '\x1b[94m', error: '\x1b[91m' };
const on: Record<Ink, Uint8Array> = { typed: bytesOf(codes.typed), error: bytesOf(codes.error) };
const off = bytesOf('\x1b[39m');
const toStart = Uint8Array.of(CR);

/** How a line begins that is drawn in a colour. */
const beginnings = (
  [
    ['typed', '>>> '],
    ['typed', '... '],
    ['typed', '{"action"'],
    ['error', 'Traceback ('],
    ['error', '{"status": "error"'],
    ['error', '{"status":"error"'],
    // what the firmware of an ESP32 says: its log, and its last words
    ['error', 'E ('],
    ['error', 'Guru Meditation Error'],
  ] as const
).map(([ink, text]) => ({ ink, text, bytes: bytesOf(text) }));
const longest = Math.max(...beginnings.map(({ bytes }) => bytes.length));
/** Asked for by whoever pressed Ctrl-C: not an error. */
const askedFor = 'KeyboardInterrupt';

export function createConsoleInk() {
  /** Of this line, while its colour is not known; null: it is, or nothing is to be known. */
  let begun: number[] | null = [];
  let ink: Ink | null = null;
  /** The line before was typed: "... " goes on with it. */
  let typedBefore = false;
  /** Below the first line of a traceback: those that are indented, and one more. */
  let traceback: 'no' | 'error' | 'asked' = 'no';
  /** The board has a colour of its own now. */
  let own = false;
  let sequence: number[] | null = null;

  function lineEnds(): void {
    typedBefore = ink === 'typed' || (typedBefore && begun?.length === 0);
    ink = null;
    begun = [];
  }

  function pass(bytes: Uint8Array): Uint8Array {
    const parts: Uint8Array[] = [];
    let from = 0;
    /** All up to `to` as it is, then something of ours. */
    const put = (to: number, ...ours: Uint8Array[]) => {
      parts.push(bytes.subarray(from, to), ...ours);
      from = to;
    };
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i]!;
      if (sequence) {
        sequence.push(byte);
        const isOver = sequence.length === 1 ? byte !== 0x5b : byte >= 0x40 && byte <= 0x7e;
        if (!isOver) continue;
        if (byte === 0x6d && sequence[0] === 0x5b) {
          own = !/^\[(0|39)?m$/.test(String.fromCharCode(...sequence));
          ink = null;
        }
        sequence = null;
      } else if (byte === ESC) {
        sequence = [];
        begun = null;
      } else if (byte === LF || byte === CR) {
        if (ink) put(i, off);
        lineEnds();
      } else if (begun && !own) {
        if (traceback !== 'no' && begun.length === 0) {
          if (traceback === 'error') put(i, on.error);
          ink = traceback === 'error' ? 'error' : null;
          if (byte !== space) traceback = 'no';
          begun = null;
          continue;
        }
        begun.push(byte);
        const known = beginOf(begun);
        if (known === 'none') begun = null;
        else if (known !== 'perhaps') {
          const { text } = known;
          const isError = text === 'Traceback (';
          if (isError) traceback = isAskedFor(bytes.subarray(i)) ? 'asked' : 'error';
          if (!isError || traceback === 'error') {
            ink = known.ink;
            put(i + 1, toStart, on[ink], known.bytes); // again from the start of the line, in its colour
          }
          begun = null;
        }
      } else if (begun) begun = null;
    }
    if (parts.length === 0) return bytes;
    put(bytes.length);
    return joined(parts);
  }
  function beginOf(line: number[]): (typeof beginnings)[number] | 'perhaps' | 'none' {
    const text = String.fromCharCode(...line);
    for (const one of beginnings) {
      if (one.text === '... ' && !typedBefore) continue;
      if (one.text === text) return one;
    }
    return line.length < longest && beginnings.some((one) => one.text.startsWith(text)) ? 'perhaps' : 'none';
  }

  return {
    pass,
    /** A line of ours stood in between, and took the colour away. What goes on below it has it again. */
    again: (): string => (ink ? codes[ink] : ''),
    reset(): void {
      begun = [];
      ink = null;
      typedBefore = false;
      traceback = 'no';
      own = false;
      sequence = null;
    },
  };
}

/** As far as it has come: a traceback mostly comes whole. */
function isAskedFor(rest: Uint8Array): boolean {
  const [, last] = /\r?\n(?! )([^\r\n]*)/.exec(String.fromCharCode(...rest.subarray(0, 4000))) ?? [];
  return last?.startsWith(askedFor) ?? false;
}
