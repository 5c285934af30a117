// RFC 6455, the server's side, once the upgrade is answered: frames in, frames out. Our own because a room writes one and the same
// buffer to all of its sockets, and because reading must stop in the middle of a chunk when a connection has to wait.
import { Refusal } from './refusal.ts';

export const binary = 2;
const [continuation, text, close, ping, pong] = [0, 1, 8, 9, 10];

/** The most bytes that a header of ours takes. */
export const headerSpace = 10;

/** Writes the header of a frame with `length` bytes so that it ends right before `end`; returns where it starts. */
export function writeHeaderBefore(target: Buffer, end: number, length: number, opcode = binary): number {
  const start = end - (length < 126 ? 2 : length < 65536 ? 4 : 10);
  target[start] = 0x80 | opcode;
  if (length < 126) target[start + 1] = length;
  else if (length < 65536) {
    target[start + 1] = 126;
    target.writeUInt16BE(length, start + 2);
  } else {
    target[start + 1] = 127;
    target.writeBigUInt64BE(BigInt(length), start + 2);
  }
  return start;
}

export function frameOf(payload: Uint8Array, opcode = binary): Buffer {
  const target = Buffer.allocUnsafe(headerSpace + payload.length);
  target.set(payload, headerSpace);
  return target.subarray(writeHeaderBefore(target, headerSpace, payload.length, opcode));
}

export const pingFrame = frameOf(Buffer.alloc(0), ping);
export const pongFrame = (payload: Uint8Array): Buffer => frameOf(payload, pong);

/** `from` and `to` are valid until the next call of `next`. */
export type Frame = { kind: 'message' | 'ping' | 'pong' | 'close'; bytes: Buffer; from: number; to: number };

/** How many frames above the usual size are arriving in the whole server. */
export type LargeFrames = { arriving: number; most: number };

/** Collects chunks, gives frames one at a time. Throws a Refusal for what breaks the protocol or the limits. */
export class FrameReader {
  /** The largest message that may arrive now. A message above `usual` must begin with the bytes of a SyncStep2. */
  largest: number;
  private readonly usual: number;
  private readonly fragments: number;
  private readonly large: LargeFrames;
  private readonly chunks: Buffer[] = [];
  private at = 0;
  private have = 0;
  private need = 2;
  private claimed = false;
  private parts: Buffer[] = [];
  private partsLength = 0;
  private readonly frame: Frame = { kind: 'message', bytes: Buffer.alloc(0), from: 0, to: 0 };

  constructor({
    usual,
    largest,
    fragments,
    large,
  }: {
    usual: number;
    largest: number;
    fragments: number;
    large: LargeFrames;
  }) {
    this.usual = usual;
    this.largest = largest;
    this.fragments = fragments;
    this.large = large;
  }

  push(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.have += chunk.length;
  }

  /** The bytes that wait here, for the limit of what a connection may make us keep. */
  get waiting(): number {
    return this.have;
  }

  next(): Frame | null {
    for (;;) {
      if (this.have < this.need) return null;
      if (this.chunks.length > 1) {
        const first = this.chunks[0]!.subarray(this.at);
        this.chunks.splice(0, this.chunks.length, Buffer.concat([first, ...this.chunks.slice(1)], this.have));
        this.at = 0;
      }
      const bytes = this.chunks[0]!;
      const first = bytes[this.at]!;
      const second = bytes[this.at + 1]!;
      if (first & 0x70) throw new Refusal(1002, 'reserved bits');
      if (!(second & 0x80)) throw new Refusal(1002, 'a frame without mask');
      const short = second & 0x7f;
      const header = short < 126 ? 6 : short === 126 ? 8 : 14;
      if (this.lacks(header)) return null;
      const length =
        short < 126 ? short : short === 126 ? bytes.readUInt16BE(this.at + 2) : readLength(bytes, this.at + 2);
      const opcode = first & 0x0f;
      if (opcode > binary || opcode === text) checkOpcode(opcode, first, length);
      else if (this.partsLength + length > this.usual && !this.mayBeLarge(bytes, this.at + header, header, length))
        return null;
      if (this.lacks(header + length)) return null;
      const from = this.at + header;
      unmask(bytes, from, from + length, bytes.readUInt32BE(from - 4));
      this.consume(header + length);
      const frame = this.frame;
      frame.bytes = bytes;
      frame.from = from;
      frame.to = from + length;
      if (opcode >= close) {
        frame.kind = opcode === ping ? 'ping' : opcode === pong ? 'pong' : 'close';
        return frame;
      }
      if ((opcode === continuation) !== this.parts.length > 0) throw new Refusal(1002, 'a fragment out of place');
      const last = (first & 0x80) !== 0;
      frame.kind = 'message';
      if (last && this.parts.length === 0) {
        this.release();
        return frame;
      }
      this.parts.push(Buffer.from(bytes.subarray(from, from + length)));
      this.partsLength += length;
      if (this.parts.length > this.fragments) throw new Refusal(1009, 'too many fragments');
      if (!last) continue;
      frame.bytes = Buffer.concat(this.parts, this.partsLength);
      frame.from = 0;
      frame.to = this.partsLength;
      this.parts = [];
      this.partsLength = 0;
      this.release();
      return frame;
    }
  }

  /** When the connection ends. */
  release(): void {
    if (this.claimed) this.large.arriving--;
    this.claimed = false;
  }

  private lacks(length: number): boolean {
    if (this.have >= length) return false;
    this.need = length;
    return true;
  }

  private consume(length: number): void {
    this.at += length;
    this.have -= length;
    this.need = 2;
    if (this.have === 0) {
      this.chunks.length = 0;
      this.at = 0;
    }
  }

  /** False: more bytes are needed to say so. */
  private mayBeLarge(bytes: Buffer, payload: number, header: number, length: number): boolean {
    if (this.partsLength + length > this.largest) throw new Refusal(4413, 'the message is too large');
    if (this.claimed) return true;
    if (this.parts.length === 0 && this.lacks(header + 2)) return false;
    const [type, sub] = this.parts[0] ?? [
      bytes[payload]! ^ bytes[payload - 4]!,
      bytes[payload + 1]! ^ bytes[payload - 3]!,
    ];
    if (type !== 0 || sub !== 1) throw new Refusal(4413, 'the message is too large');
    if (this.large.arriving >= this.large.most) throw new Refusal(1013, 'too many large messages at once');
    this.large.arriving++;
    this.claimed = true;
    return true;
  }
}

function readLength(bytes: Buffer, at: number): number {
  const length = bytes.readBigUInt64BE(at);
  if (length > 0xffffffffn) throw new Refusal(4413, 'the message is too large');
  return Number(length);
}

function checkOpcode(opcode: number, first: number, length: number): void {
  if (opcode === text) throw new Refusal(1003, 'binary messages only');
  if (opcode < close || opcode > pong) throw new Refusal(1002, 'an unknown kind of frame');
  if (!(first & 0x80) || length > 125) throw new Refusal(1002, 'a control frame must be short and whole');
}

function unmask(bytes: Buffer, from: number, to: number, mask: number): void {
  if (mask === 0) return;
  const keys = [mask >>> 24, (mask >>> 16) & 255, (mask >>> 8) & 255, mask & 255];
  for (let i = from; i < to; i++) bytes[i] = bytes[i]! ^ keys[(i - from) & 3]!;
}
