// Letters in order find a name: `plag` finds PlanningAgent. Starts of words and runs of letters count more; the name more than
// its folders. Words apart by spaces may come in any order, each must be found.

export type Match = { score: number; /** Places of the letters that matched, ascending. */ at: number[] };

const isStart = (text: string, at: number): boolean => {
  if (at === 0) return true;
  const before = text[at - 1]!;
  const here = text[at]!;
  return (
    /[\s/_.-]/.test(before) || (/[a-z0-9]/.test(before) && /[A-Z]/.test(here)) || (/\D/.test(before) && /\d/.test(here))
  );
};

/** Whether the letters are there in order: most texts are out by this already. */
function isWithin(word: string, low: string): boolean {
  let at = -1;
  for (const letter of word) {
    at = low.indexOf(letter, at + 1);
    if (at < 0) return false;
  }
  return true;
}

/** The best way one word lies in a text, or null. O(word x text). */
function matchWord(word: string, text: string): Match | null {
  const low = text.toLowerCase();
  if (low.length !== text.length || !isWithin(word, low)) return null;
  const whole = low.indexOf(word);
  const n = text.length;
  // best[j]: the best score with the letters so far, the last of them at j.
  let best = new Float64Array(n).fill(-Infinity);
  const came: Int32Array[] = [];
  for (let i = 0; i < word.length; i++) {
    const next = new Float64Array(n).fill(-Infinity);
    const from = new Int32Array(n).fill(-1);
    let running = -Infinity;
    let runningAt = -1;
    for (let j = 0; j < n; j++) {
      // The best earlier end of the letters before, with what the gap costs.
      if (j > 0 && best[j - 1]! > running - 0.2) {
        running = best[j - 1]!;
        runningAt = j - 1;
      } else running -= 0.2;
      if (low[j] !== word[i]) continue;
      const worth = 1 + (isStart(text, j) ? 4 : 0);
      if (i === 0) {
        next[j] = worth - j * 0.02;
        continue;
      }
      const beside = j > 0 ? best[j - 1]! + worth + 3 : -Infinity;
      const apart = running + worth;
      if (beside === -Infinity && apart === -Infinity) continue;
      next[j] = Math.max(beside, apart);
      from[j] = beside >= apart ? j - 1 : runningAt;
    }
    came.push(from);
    best = next;
  }
  let end = -1;
  for (let j = 0; j < n; j++) if (end < 0 || best[j]! > best[end]!) end = j;
  // Letters strewn over a text are no find: most of them must start a word or follow one another.
  if (end < 0 || best[end]! < (word.length < 3 ? -Infinity : word.length * 2.75)) return null;
  if (best[end] === -Infinity) return null;
  const at: number[] = [];
  for (let i = word.length - 1, j = end; i >= 0; i--) {
    at.unshift(j);
    j = came[i]![j]!;
  }
  return { score: best[end]! + (whole >= 0 ? 3 : 0) + (whole >= 0 && isStart(text, whole) ? 4 : 0) - n * 0.01, at };
}

export function match(query: string, text: string): Match | null {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  let score = 0;
  const at = new Set<number>();
  for (const word of words) {
    const found = matchWord(word, text);
    if (!found) return null;
    score += found.score;
    for (const place of found.at) at.add(place);
  }
  return { score, at: [...at].sort((a, b) => a - b) };
}

/** The best few, best first. `nameAt`: where the name starts in the text; a hit there counts more. */
export function findBest<T>(
  query: string,
  all: Iterable<T>,
  textOf: (one: T) => string,
  {
    most = 8,
    nameAt = () => 0,
    bonus = () => 0,
  }: {
    most?: number;
    nameAt?: (text: string) => number;
    /** Worth more for another reason. */ bonus?: (one: T) => number;
  } = {},
): { one: T; match: Match }[] {
  const found: { one: T; match: Match }[] = [];
  for (const one of all) {
    const text = textOf(one);
    const start = nameAt(text);
    const inName = start > 0 ? match(query, text.slice(start)) : null;
    const hit = inName ? { score: inName.score + 6, at: inName.at.map((place) => place + start) } : match(query, text);
    if (hit) found.push({ one, match: { ...hit, score: hit.score + bonus(one) } });
  }
  return found
    .sort((a, b) => b.match.score - a.match.score || textOf(a.one).length - textOf(b.one).length)
    .slice(0, most);
}

/** A text cut into what matched and what did not, to be marked. */
export function marked(text: string, at: number[], from = 0): { text: string; on: boolean }[] {
  const on = new Set(at.map((place) => place - from));
  const parts: { text: string; on: boolean }[] = [];
  for (let i = 0; i < text.length; i++) {
    const last = parts.at(-1);
    if (last && last.on === on.has(i)) last.text += text[i];
    else parts.push({ text: text[i]!, on: on.has(i) });
  }
  return parts;
}
