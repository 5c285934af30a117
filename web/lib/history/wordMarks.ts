// Which words changed inside lines that were replaced. Each removed line is held against the added line that shares most of its
// words, so that a line put before another does not smear the marks over both.
import { diffText, splitWords } from '#shared/diff.ts';

/** A stretch of a line; `changed` words get their own plane. */
export type Piece = { text: string; changed: boolean };
type Range = [from: number, to: number];

export const bare = (line: string): string => line.replace(/\r?\n$/, '');
const plain = (line: string): Piece[] => [{ text: bare(line), changed: false }];

/** Work is bounded: larger replacements are held against each other line by line. */
const mostPairs = 2500;
/** Lines that share less than this of their words are not the same line. */
const alike = 0.25;

export function markWords(dels: string[], adds: string[]): { dels: Piece[][]; adds: Piece[][] } {
  const marked = { dels: dels.map(plain), adds: adds.map(plain) };
  for (const [i, j] of pairLines(dels, adds)) {
    const [before, after] = [bare(dels[i]!), bare(adds[j]!)];
    const [gone, come]: [Range[], Range[]] = [[], []];
    let shift = 0;
    for (const edit of diffText(before, after)) {
      if (edit.remove > 0) gone.push([edit.at, edit.at + edit.remove]);
      if (edit.insert) come.push([edit.at + shift, edit.at + shift + edit.insert.length]);
      shift += edit.insert.length - edit.remove;
    }
    marked.dels[i] = cut(before, gone);
    marked.adds[j] = cut(after, come);
  }
  return marked;
}

/** Pairs that rise on both sides and together share most words. */
function pairLines(dels: string[], adds: string[]): [number, number][] {
  const [n, m] = [dels.length, adds.length];
  if (n === 0 || m === 0) return [];
  if (n * m > mostPairs) return n === m ? dels.map((_, i) => [i, i]) : [];
  const [left, right] = [dels.map(bagOf), adds.map(bagOf)];
  // best[i][j]: the most that lines from i and j on can share
  const best = Array.from({ length: n + 1 }, () => new Float64Array(m + 1));
  const value = (i: number, j: number) => {
    const share = likeness(left[i]!, right[j]!);
    return share < alike ? 0 : share;
  };
  const values = dels.map((_, i) => adds.map((__, j) => value(i, j)));
  for (let i = n - 1; i >= 0; i--)
    for (let j = m - 1; j >= 0; j--)
      best[i]![j] = Math.max(
        best[i + 1]![j]!,
        best[i]![j + 1]!,
        values[i]![j]! > 0 ? values[i]![j]! + best[i + 1]![j + 1]! : 0,
      );
  const pairs: [number, number][] = [];
  for (let [i, j] = [0, 0]; i < n && j < m;) {
    if (values[i]![j]! > 0 && best[i]![j] === values[i]![j]! + best[i + 1]![j + 1]!) pairs.push([i++, j++]);
    else if (best[i]![j] === best[i + 1]![j]) i++;
    else j++;
  }
  return pairs;
}

type Bag = { words: Map<string, number>; size: number };

function bagOf(line: string): Bag {
  const words = new Map<string, number>();
  let size = 0;
  for (const word of splitWords(line)) {
    if (!/[\p{L}\p{N}]/u.test(word)) continue;
    words.set(word, (words.get(word) ?? 0) + 1);
    size++;
  }
  return { words, size };
}

/** Shared words of all words, 0 to 1. */
function likeness(a: Bag, b: Bag): number {
  if (a.size === 0 || b.size === 0) return 0;
  let shared = 0;
  for (const [word, times] of a.words) shared += Math.min(times, b.words.get(word) ?? 0);
  return (2 * shared) / (a.size + b.size);
}

function cut(text: string, ranges: Range[]): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const [from, to] of ranges) {
    if (from > at) pieces.push({ text: text.slice(at, from), changed: false });
    pieces.push({ text: text.slice(from, to), changed: true });
    at = to;
  }
  if (at < text.length || pieces.length === 0) pieces.push({ text: text.slice(at), changed: false });
  return joinMarks(pieces);
}

/** Two changed words with only a blank between them read as one mark. */
function joinMarks(pieces: Piece[]): Piece[] {
  const joined: Piece[] = [];
  for (const [k, piece] of pieces.entries()) {
    const last = joined.at(-1);
    const bridges = !piece.changed && /^\s+$/.test(piece.text) && pieces[k + 1]?.changed;
    if (last?.changed && (piece.changed || bridges))
      joined[joined.length - 1] = { text: last.text + piece.text, changed: true };
    else joined.push(piece);
  }
  return joined;
}
