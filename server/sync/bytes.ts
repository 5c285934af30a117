// Reading and writing the variable-length integers that Yjs and y-websocket are made of. Reading never trusts a declared length
// and never allocates by one.
import { Refusal } from './refusal.ts';

const wrong = (why: string): never => {
  throw new Refusal(4400, why);
};

export class Cursor {
  bytes: Buffer = Buffer.alloc(0);
  at = 0;
  end = 0;

  over(bytes: Buffer, from = 0, to = bytes.length): this {
    this.bytes = bytes;
    this.at = from;
    this.end = to;
    return this;
  }

  byte(): number {
    return this.at < this.end ? this.bytes[this.at++]! : wrong('the message ends too early');
  }

  /** A varuint below 2^32. */
  uint(): number {
    let byte = this.byte();
    if (byte < 128) return byte;
    let number = byte & 127;
    for (let factor = 128; ; factor *= 128) {
      byte = this.byte();
      number += (byte & 127) * factor;
      if (byte < 128) break;
      if (factor > 0x10000000) wrong('a number is too large');
    }
    return number <= 0xffffffff ? number : wrong('a number is too large');
  }

  skip(length: number): void {
    if (length > this.end - this.at) wrong('the message ends too early');
    this.at += length;
  }
}

export const sizeOfUint = (number: number): number => {
  let size = 1;
  for (let rest = number; rest > 127; rest = Math.floor(rest / 128)) size++;
  return size;
};

/** Returns where the next byte goes. */
export function writeUint(target: Buffer, at: number, number: number): number {
  while (number > 127) {
    target[at++] = 128 | (number & 127);
    number = Math.floor(number / 128);
  }
  target[at++] = number;
  return at;
}
