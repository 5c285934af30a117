// A direction for a text, from its words: the same words give the same, shared words are near. No meaning beyond that.
import { createHash } from 'node:crypto';

const dimensions = 64;

export function embed(text: string): number[] {
  const vector = new Array<number>(dimensions).fill(0);
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? ['']) {
    const hash = createHash('sha256').update(word).digest();
    for (let i = 0; i < dimensions; i++) vector[i]! += (hash[i % hash.length]! >> (i < 32 ? 0 : 4)) % 2 ? 1 : -1;
  }
  const length = Math.hypot(...vector) || 1;
  return vector.map((value) => value / length);
}
