// What differs between two texts: lines, then chunks of about 16 words, then words. Anchors are units that occur once on both
// sides (patience diff, Bram Cohen), the gaps between them Myers' O(ND) with a bound. All work is counted against one budget:
// when it is spent the rest of a gap is replaced whole, so the result is always exact and never late.

/** Offsets are UTF-16 units of the old text, ascending, never overlapping. */
export type Edit = { at: number; remove: number; insert: string };
/** A range of the old units that became a range of the new ones; ends are exclusive. */
export type Hunk = [aFrom: number, aTo: number, bFrom: number, bTo: number];
type Budget = { left: number };

const wholeBudget = (): Budget => ({ left: 2e7 });
/** How many differences Myers' algorithm follows before it settles for the furthest point it reached. */
const furthest = 256;

const singles = String.raw`\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}`;
const word = new RegExp(String.raw`[[\p{L}\p{M}\p{N}_]--[${singles}]]+`, 'vy');
const sign = new RegExp(String.raw`\p{RGI_Emoji}\p{M}*|\s+|\P{M}\p{M}*|.`, 'vsy');
/** ASCII: 1 in words, 2 blank, 3 newline, 4 carriage return, 5 any other sign. 0: outside of ASCII. */
const kinds = Uint8Array.from({ length: 128 }, (_, code) => {
  if (/\w/.test(String.fromCharCode(code))) return 1;
  return code === 32 || code === 9 ? 2 : code === 10 ? 3 : code === 13 ? 4 : 5;
});

/** Newlines (`\r\n` is one), runs of blanks, words with their accents, single CJK characters, whole emoji, single signs. */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  for (let at = 0; at < text.length;) {
    const from = at;
    const kind = kinds[text.charCodeAt(at)] ?? 0;
    if (kind === 1 || kind === 2) while (kinds[text.charCodeAt(at)] === kind) at++;
    else if (kind !== 0) at += kind === 4 && text.charCodeAt(at + 1) === 10 ? 2 : 1;
    // an ASCII word goes on with letters of other alphabets and with combining accents
    if (kind < 2 && at < text.length && text.charCodeAt(at) >= 128) at = endOfWord(text, from, at);
    words.push(text.slice(from, at));
  }
  return words;
}

function endOfWord(text: string, from: number, at: number): number {
  word.lastIndex = from;
  if (word.test(text)) return word.lastIndex;
  if (at > from) return at;
  sign.lastIndex = from;
  sign.test(text);
  return Math.max(sign.lastIndex, from + 1);
}

/** Lines with their newline; only the last one may lack it. */
export function splitLines(text: string): string[] {
  const lines: string[] = [];
  for (let from = 0; from < text.length;) {
    const end = text.indexOf('\n', from) + 1 || text.length;
    lines.push(text.slice(from, end));
    from = end;
  }
  return lines;
}

/** Cuts where the words say so, not every n words: a change moves only the cuts beside it. */
function splitChunks(text: string): string[] {
  const chunks: string[] = [];
  let [from, at, hash] = [0, 0, 0];
  for (const part of splitWords(text)) {
    at += part.length;
    let code = part.length;
    for (let i = 0; i < Math.min(part.length, 16); i++) code = (Math.imul(code, 31) + part.charCodeAt(i)) | 0;
    hash = (Math.imul(hash, 0x9e3779b1) + code) | 0; // the low bits remember the last few words
    if (((hash ^ (hash >>> 15)) & 15) === 0) {
      chunks.push(text.slice(from, at));
      [from, hash] = [at, 0];
    }
  }
  if (from < text.length) chunks.push(text.slice(from));
  return chunks;
}

const levels = [splitLines, splitChunks, splitWords];

/** Edits that turn `before` into `after`, exactly, at the borders of words. */
export function diffText(before: string, after: string): Edit[] {
  const edits: Edit[] = [];
  refine({ before, after, offset: 0, level: 0, budget: wholeBudget(), edits });
  return edits;
}

type Gap = { before: string; after: string; offset: number; level: number; budget: Budget; edits: Edit[] };

function refine({ before, after, offset, level, budget, edits }: Gap): void {
  if (before === after) return;
  if (!before || !after || level === levels.length || budget.left <= 0) {
    edits.push(trim({ at: offset, remove: before.length, insert: after }, before));
    return;
  }
  if (level === 1 && before.length + after.length < 4000) level = 2;
  const [a, b] = [levels[level]!(before), levels[level]!(after)];
  budget.left -= before.length + after.length;
  let [i, j, atA, atB] = [0, 0, 0, 0];
  for (const [aFrom, aTo, bFrom, bTo] of diffUnits(a, b, budget)) {
    for (; i < aFrom; i++) atA += a[i]!.length;
    for (; j < bFrom; j++) atB += b[j]!.length;
    const [fromA, fromB] = [atA, atB];
    for (; i < aTo; i++) atA += a[i]!.length;
    for (; j < bTo; j++) atB += b[j]!.length;
    const gap = { before: before.slice(fromA, atA), after: after.slice(fromB, atB), offset: offset + fromA };
    refine({ ...gap, level: level + 1, budget, edits });
  }
}

/** A short word is replaced whole (two people's words never mix); in a long one only what differs, without splitting a pair. */
function trim(edit: Edit, before: string): Edit {
  const after = edit.insert;
  const most = Math.min(before.length, after.length);
  if (most < 40) return edit;
  let head = 0;
  while (head < most && before.charCodeAt(head) === after.charCodeAt(head)) head++;
  if (head > 0 && /[\uD800-\uDBFF\r\u200D]/.test(before[head - 1]!)) head--;
  let tail = 0;
  const fromEnd = (text: string) => text.charCodeAt(text.length - 1 - tail);
  while (tail < most - head && fromEnd(before) === fromEnd(after)) tail++;
  if (tail > 0 && /[\uDC00-\uDFFF\n\u200D]/.test(before[before.length - tail]!)) tail--;
  return {
    at: edit.at + head,
    remove: before.length - head - tail,
    insert: after.slice(head, after.length - tail),
  };
}

/** The ranges of `a` that became ranges of `b`; everything between them is equal. */
export function diffUnits(a: string[], b: string[], budget: Budget = wholeBudget()): Hunk[] {
  const ids = new Map<string, number>();
  const idOf = (unit: string) => {
    const known = ids.get(unit);
    if (known !== undefined) return known;
    ids.set(unit, ids.size);
    return ids.size - 1;
  };
  const [x, y] = [Int32Array.from(a, idOf), Int32Array.from(b, idOf)];
  return hunksOf(x, y, ids.size, budget);
}

function hunksOf(a: Int32Array, b: Int32Array, idCount: number, budget: Budget): Hunk[] {
  const found: Hunk[] = [];
  const scratch = { seenA: new Uint8Array(idCount), seenB: new Uint8Array(idCount), whereB: new Int32Array(idCount) };
  const work: Hunk[] = [[0, a.length, 0, b.length]];
  while (work.length > 0) {
    const gap = shrink(a, b, work.pop()!);
    const [aFrom, aTo, bFrom, bTo] = gap;
    if (aFrom === aTo && bFrom === bTo) continue;
    budget.left -= aTo - aFrom + bTo - bFrom;
    if (aFrom === aTo || bFrom === bTo || budget.left <= 0) {
      found.push(gap);
      continue;
    }
    const pairs = uniquePairs(a, b, gap, scratch);
    if (pairs.length > 0) {
      let [fromA, fromB] = [aFrom, bFrom];
      for (const [i, j] of rising(pairs)) {
        work.push([fromA, i, fromB, j]);
        [fromA, fromB] = [i + 1, j + 1];
      }
      work.push([fromA, aTo, fromB, bTo]);
    } else {
      const { hunks, x, y } = myers(a, b, gap, budget);
      found.push(...hunks);
      if (aFrom + x < aTo || bFrom + y < bTo) work.push([aFrom + x, aTo, bFrom + y, bTo]);
    }
  }
  return found.sort((x, y) => x[0] - y[0] || x[2] - y[2]);
}

/** Without what is equal at both ends. */
function shrink(a: Int32Array, b: Int32Array, [aFrom, aTo, bFrom, bTo]: Hunk): Hunk {
  while (aFrom < aTo && bFrom < bTo && a[aFrom] === b[bFrom]) {
    aFrom++;
    bFrom++;
  }
  while (aFrom < aTo && bFrom < bTo && a[aTo - 1] === b[bTo - 1]) {
    aTo--;
    bTo--;
  }
  return [aFrom, aTo, bFrom, bTo];
}

type Scratch = { seenA: Uint8Array; seenB: Uint8Array; whereB: Int32Array };

/** Places of units that occur once on each side of the gap. */
function uniquePairs(a: Int32Array, b: Int32Array, [aFrom, aTo, bFrom, bTo]: Hunk, scratch: Scratch) {
  const { seenA, seenB, whereB } = scratch;
  for (let i = aFrom; i < aTo; i++) if (seenA[a[i]!]! < 2) seenA[a[i]!]!++;
  for (let j = bFrom; j < bTo; j++) {
    if (seenB[b[j]!]! < 2) seenB[b[j]!]!++;
    whereB[b[j]!] = j;
  }
  const pairs: [number, number][] = [];
  for (let i = aFrom; i < aTo; i++) if (seenA[a[i]!] === 1 && seenB[a[i]!] === 1) pairs.push([i, whereB[a[i]!]!]);
  for (let i = aFrom; i < aTo; i++) seenA[a[i]!] = 0;
  for (let j = bFrom; j < bTo; j++) seenB[b[j]!] = 0;
  return pairs;
}

/** The longest run of pairs that rises on both sides. */
function rising(pairs: [number, number][]): [number, number][] {
  const tops: number[] = [];
  const previous = new Int32Array(pairs.length);
  for (const [k, [, j]] of pairs.entries()) {
    let [low, high] = [0, tops.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (pairs[tops[middle]!]![1] < j) low = middle + 1;
      else high = middle;
    }
    previous[k] = low > 0 ? tops[low - 1]! : -1;
    tops[low] = k;
  }
  const run: [number, number][] = [];
  for (let k = tops.at(-1)!; k >= 0; k = previous[k]!) run.push(pairs[k]!);
  return run.reverse();
}

/** Follows a bounded number of differences, then settles for the furthest point: the caller goes on from there, as git's xdiff does. */
function myers(a: Int32Array, b: Int32Array, [aFrom, aTo, bFrom, bTo]: Hunk, budget: Budget) {
  const [n, m] = [aTo - aFrom, bTo - bFrom];
  const most = Math.min(n + m, furthest);
  const reach = new Int32Array(2 * most + 3);
  const steps: Int32Array[] = [];
  for (let d = 0; ; d++) {
    let best = { sum: -1, x: 0, y: 0 };
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && reach[most + k]! < reach[most + k + 2]!);
      let x = down ? reach[most + k + 2]! : reach[most + k]! + 1;
      const from = x;
      while (x < n && x - k < m && a[aFrom + x] === b[bFrom + x - k]) x++;
      budget.left -= x - from + 1;
      reach[most + k + 1] = x;
      if (x <= n && x - k <= m && 2 * x - k > best.sum) best = { sum: 2 * x - k, x, y: x - k };
    }
    const settle = (d === most || budget.left <= 0) && best.sum > 0;
    if (best.sum === n + m || settle) return { ...best, hunks: trace(steps, d, best, aFrom, bFrom) };
    steps.push(reach.slice(most + 1 - d, most + 2 + d));
  }
}

/** Walks back from the furthest point. */
function trace(steps: Int32Array[], d: number, end: { x: number; y: number }, aFrom: number, bFrom: number): Hunk[] {
  const hunks: Hunk[] = [];
  let { x, y } = end;
  for (; d > 0; d--) {
    const row = steps[d - 1]!;
    const at = (k: number) => row[k + d - 1] ?? -1;
    const k = x - y;
    const down = k === -d || (k !== d && at(k - 1) < at(k + 1));
    const fromX = down ? at(k + 1) : at(k - 1);
    const fromY = fromX - (down ? k + 1 : k - 1);
    const [toX, toY] = down ? [fromX, fromY + 1] : [fromX + 1, fromY];
    const last = hunks.at(-1);
    if (last && last[0] === aFrom + toX && last[2] === bFrom + toY) {
      [last[0], last[2]] = [aFrom + fromX, bFrom + fromY];
    } else hunks.push([aFrom + fromX, aFrom + toX, bFrom + fromY, bFrom + toY]);
    [x, y] = [fromX, fromY];
  }
  return hunks.reverse();
}

/** Lines that are only in the one, and only in the other. */
export function countChangedLines(before: string, after: string): { added: number; removed: number } {
  let [added, removed] = [0, 0];
  for (const [aFrom, aTo, bFrom, bTo] of diffUnits(splitLines(before), splitLines(after))) {
    added += bTo - bFrom;
    removed += aTo - aFrom;
  }
  return { added, removed };
}
