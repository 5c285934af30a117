// The wire between a board and whoever holds it: two rings of bytes, one for its serial line, one for events of its world, and a bell.
// In shared memory the board reads it also while Python runs, and sleeps on the bell. Without shared memory it is an ordinary buffer on
// the board's own side, filled between two runs.

const rxBytes = 1 << 16;
const eventBytes = 1 << 14;
const words = 8;
const at = { rxHead: 0, rxTail: 1, eventHead: 2, eventTail: 3, bell: 4, busy: 5 } as const;

export type LinkMemory = ArrayBuffer | SharedArrayBuffer;

export const createLinkMemory = (shared: boolean): LinkMemory => {
  const size = words * 4 + rxBytes + eventBytes;
  return shared ? new SharedArrayBuffer(size) : new ArrayBuffer(size);
};

export type Ring = {
  /** How many of them found room. */
  push: (bytes: Uint8Array) => number;
  /** undefined: it is empty. */
  shift: () => number | undefined;
  size: () => number;
  room: () => number;
  /** Drops all up to and with the last `byte`; false: there was none. */
  dropThrough: (byte: number) => boolean;
};

export type Link = {
  rx: Ring;
  events: Ring;
  /** A program runs now. */
  setBusy: (busy: boolean) => void;
  isBusy: () => boolean;
  ring: () => void;
  /** Until the bell rings, or so many milliseconds. Only where memory is shared and the thread may wait. */
  wait: (ms: number) => void;
  canWait: boolean;
};

export function openLink(memory: LinkMemory): Link {
  const control = new Int32Array(memory, 0, words);
  const canWait = typeof SharedArrayBuffer !== 'undefined' && memory instanceof SharedArrayBuffer;
  let heard = Atomics.load(control, at.bell);
  const ring = () => {
    Atomics.add(control, at.bell, 1);
    if (canWait) Atomics.notify(control, at.bell);
  };
  const rx = openRing(control, at.rxHead, at.rxTail, new Uint8Array(memory, words * 4, rxBytes));
  const events = openRing(control, at.eventHead, at.eventTail, new Uint8Array(memory, words * 4 + rxBytes, eventBytes));
  return {
    rx,
    events,
    setBusy: (busy) => Atomics.store(control, at.busy, busy ? 1 : 0),
    isBusy: () => Atomics.load(control, at.busy) === 1,
    ring,
    canWait,
    wait(ms) {
      if (canWait && ms > 0) Atomics.wait(control, at.bell, heard, ms);
      heard = Atomics.load(control, at.bell);
    },
  };
}

/** One side pushes, the other takes. Sizes are powers of two, and places are masked: the other side may be anybody's program. */
function openRing(control: Int32Array, head: number, tail: number, bytes: Uint8Array): Ring {
  const mask = bytes.length - 1;
  const read = (place: number) => Atomics.load(control, place) & mask;
  const size = () => (read(head) - read(tail)) & mask;
  return {
    size,
    room: () => mask - size(),
    push(from) {
      const count = Math.min(from.length, mask - size());
      let to = read(head);
      for (let i = 0; i < count; i++) {
        bytes[to] = from[i]!;
        to = (to + 1) & mask;
      }
      Atomics.store(control, head, to);
      return count;
    },
    shift() {
      const from = read(tail);
      if (from === read(head)) return undefined;
      const byte = bytes[from]!;
      Atomics.store(control, tail, (from + 1) & mask);
      return byte;
    },
    dropThrough(byte) {
      const end = read(head);
      let found = false;
      for (let i = read(tail); i !== end; i = (i + 1) & mask) {
        if (bytes[i] !== byte) continue;
        Atomics.store(control, tail, (i + 1) & mask);
        found = true;
      }
      return found;
    },
  };
}

/** Events are JSON with their length before them; one that finds no room is dropped: the newest state is what counts. */
export function pushEvent(link: Link, event: unknown): boolean {
  const text = new TextEncoder().encode(JSON.stringify(event));
  if (text.length + 2 > link.events.room()) return false;
  const framed = new Uint8Array(text.length + 2);
  framed[0] = text.length >> 8;
  framed[1] = text.length & 255;
  framed.set(text, 2);
  link.events.push(framed);
  link.ring();
  return true;
}

/** undefined: none. The head moves only after a whole event is in. */
export function shiftEvent(link: Link): unknown {
  if (link.events.size() < 2) return undefined;
  const length = (link.events.shift()! << 8) | link.events.shift()!;
  const text = Uint8Array.from({ length }, () => link.events.shift() ?? 0);
  return JSON.parse(new TextDecoder().decode(text));
}
