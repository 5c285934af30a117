// Waiting for what a board says, without regular expressions: time grows with the bytes, whatever the pattern is.
import type { Pattern } from './types.ts';

/** Of a line; what is longer is looked at in parts. */
const longestLine = 4096;

/** Takes bytes as they come; `found` is what fitted first. */
export function createMatcher({ kind, text, ignoreCase = false }: Pattern) {
  const fold = (words: string) => (ignoreCase ? words.toLowerCase() : words);
  const parts = (kind === 'words' ? fold(text).split('*') : [fold(text)]).filter(Boolean);
  const decoder = new TextDecoder();
  let line = '';
  let found: string | null = null;

  /** The parts in their order, each at its first place after the one before. */
  function look(words: string): string | null {
    const folded = fold(words);
    let [from, at] = [-1, 0];
    for (const part of parts) {
      const place = folded.indexOf(part, at);
      if (place < 0) return null;
      if (from < 0) from = place;
      at = place + part.length;
    }
    return words.slice(Math.max(0, from), at);
  }
  /** Text may go over several lines; words stay on one. */
  function take(said: string): void {
    line += said;
    if (kind === 'text') {
      found = look(line);
      line = line.slice(-Math.max(0, text.length - 1) || line.length);
      return;
    }
    for (let end = line.indexOf('\n'); end >= 0 && found === null; end = line.indexOf('\n')) {
      found = look(line.slice(0, end).slice(-longestLine));
      line = line.slice(end + 1);
    }
    line = line.slice(-longestLine);
    found ??= look(line);
  }
  return {
    /** What fitted, or null. */
    push(bytes: Uint8Array): string | null {
      // in pieces, so that a flood costs time, not memory
      for (let from = 0; from < bytes.length && found === null; from += longestLine)
        take(decoder.decode(bytes.subarray(from, from + longestLine), { stream: true }));
      return found;
    },
  };
}
