// The sending half of the board's serial line: bytes are gathered for some milliseconds, lines end as a terminal expects.

export type Serial = {
  /** A byte of a program: a line feed gets its carriage return. */
  put: (byte: number) => void;
  /** Exactly so. */
  text: (text: string) => void;
  bytes: (...bytes: number[]) => void;
  flush: () => void;
  /** If the last time is a while ago. */
  flushLater: () => void;
  /** The next so many bytes are not sent. */
  swallow: (count: number) => void;
  /** What `work` makes Python say is not sent, but returned. */
  silently: (work: () => void) => string;
  /** Hears all that is sent until it is called. */
  listen: () => () => string;
};

const mostBytes = 4096;
const patience = 8;
const encoder = new TextEncoder();

export function createSerial({ say }: { say: (bytes: Uint8Array<ArrayBuffer>) => void }): Serial {
  let waiting: number[] = [];
  let last = 0;
  let toSwallow = 0;
  let flushedAt = 0;
  let heard: number[] | null = null;

  const send = (byte: number) => {
    last = byte;
    if (toSwallow > 0) {
      toSwallow -= 1;
      return;
    }
    heard?.push(byte);
    waiting.push(byte);
    if (waiting.length >= mostBytes) flush();
  };
  const flush = () => {
    flushedAt = performance.now();
    if (waiting.length === 0) return;
    const bytes = Uint8Array.from(waiting);
    waiting = [];
    say(bytes);
  };
  return {
    put(byte) {
      if (byte === 10 && last !== 13) send(13);
      send(byte);
    },
    text(text) {
      for (const byte of encoder.encode(text)) send(byte);
    },
    bytes(...bytes) {
      for (const byte of bytes) send(byte);
    },
    flush,
    flushLater() {
      if (waiting.length > 0 && performance.now() - flushedAt > patience) flush();
    },
    swallow(count) {
      toSwallow = count;
    },
    silently(work) {
      const kept = waiting;
      waiting = [];
      work();
      const said = String.fromCharCode(...waiting);
      waiting = kept;
      return said;
    },
    listen() {
      const mine: number[] = [];
      heard = mine;
      return () => {
        heard = null;
        return String.fromCharCode(...mine);
      };
    },
  };
}
