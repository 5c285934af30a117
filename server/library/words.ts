// Which words a definition is about, and how well some words fit it. Small and in memory: a library is thousands of files, not millions.
import type { TypedDefinition } from './types.ts';

/** Where a word stands says how much it counts. */
const weights = { name: 10, keyword: 6, description: 4, about: 2, heading: 1.5, body: 1 };
const bodyWords = 500;

const common = new Set(
  'a an and any are as at be been but by can could do does for from had has have how i if in into is it its let me my no not of on one or our please should so some than that the their them then there these they this to up us use used uses using was we were what when where which who will with would you your'.split(
    ' ',
  ),
);

/** Letters and digits in small letters, capitals inside part words (`DataAnalyst`); with a light stem, so that `forecasts` finds `forecasting`. */
export const wordsOf = (text: string): string[] => writtenWords(text).map(stemOf);

function writtenWords(text: string): string[] {
  const parted = text
    .normalize('NFKC')
    .replace(/(\p{Ll}|\p{N})(\p{Lu})/gu, '$1 $2')
    .replace(/(\p{Lu}+)(\p{Lu}\p{Ll})/gu, '$1 $2')
    .toLowerCase();
  return (parted.match(/[\p{L}\p{N}\p{M}]+/gu) ?? []).filter((word) => !common.has(word));
}

const endings: [ending: RegExp, by: string][] = [
  [/ies$/, 'y'],
  [/(ss|us|is)$|s$/, '$1'],
  [/(?:ing|ed|er|or)$/, ''],
  [/([bdgklmnprt])\1$/, '$1'],
  [/e$/, ''],
];

/** Each ending goes where three letters or more stay, so that `note` and `notes`, `user` and `users` come to the same. */
function stemOf(word: string): string {
  if (!/^[a-z]+$/.test(word)) return word;
  return endings.reduce((stem, [ending, by]) => {
    const shorter = stem.replace(ending, by);
    return shorter.length >= 3 ? shorter : stem;
  }, word);
}

/** Word -> how much it counts here. */
export function weighWords(definition: TypedDefinition): Map<string, number> {
  const found = new Map<string, number>();
  const add = (text: string, weight: number, most = 1000) => {
    for (const word of wordsOf(text).slice(0, most)) if ((found.get(word) ?? 0) < weight) found.set(word, weight);
  };
  add(`${definition.name} ${definition.id}`, weights.name);
  add(definition.keywords.join(' '), weights.keyword);
  add(`${definition.description} ${definition.capabilities.join(' ')}`, weights.description);
  add([definition.category, definition.type, ...(definition.tools ?? [])].join(' '), weights.about);
  add((definition.body.match(/^#{1,4} .+$/gm) ?? []).join(' '), weights.heading);
  add(definition.body.slice(0, 20_000), weights.body, bodyWords);
  return found;
}

/** Words of many definitions, to be asked which of them fit. */
export function createWordIndex<Key>() {
  const words = new Map<Key, Map<string, number>>();
  const holders = new Map<string, Set<Key>>();

  function remove(key: Key): void {
    for (const word of words.get(key)?.keys() ?? []) {
      const set = holders.get(word)!;
      set.delete(key);
      if (set.size === 0) holders.delete(word);
    }
    words.delete(key);
  }
  return {
    set(key: Key, weighed: Map<string, number>): void {
      remove(key);
      words.set(key, weighed);
      for (const word of weighed.keys()) {
        const set = holders.get(word);
        if (set) set.add(key);
        else holders.set(word, new Set([key]));
      }
    },
    remove,
    get size() {
      return words.size;
    },
    /**
     * Score of each that has one of the words, higher is better; rare words count more. `partial`: the last word may be the start of
     * one, as while somebody types. `shared`: the words that it has, as they were asked.
     */
    find(text: string, { partial = false } = {}): Map<Key, { score: number; shared: string[]; coverage: number }> {
      const written = new Map(writtenWords(text).map((word) => [stemOf(word), word]));
      const asked = [...written.keys()].slice(0, 200);
      const hits = new Map<Key, { score: number; shared: string[]; coverage: number }>();
      const typed = partial ? (/[\p{L}\p{N}\p{M}]+$/u.exec(text.normalize('NFKC').toLowerCase())?.[0] ?? '') : '';
      // as if in a crowd: in a volume of five files every word would be common
      const rarity = (count: number) => Math.log(1 + (words.size + 200) / count);
      let sum = 0;
      for (const word of asked) {
        const exact = holders.get(word);
        const best = new Map<Key, number>();
        for (const key of exact ?? []) best.set(key, words.get(key)!.get(word)!);
        if (typed && word === asked.at(-1))
          for (const [other, keys] of holders)
            if (other.length > word.length && (other.startsWith(typed) || other.startsWith(word)))
              for (const key of keys) {
                const weight = 0.7 * words.get(key)!.get(other)!;
                if (weight > (best.get(key) ?? 0)) best.set(key, weight);
              }
        const rare = rarity(Math.max(1, best.size));
        sum += rare;
        for (const [key, weight] of best) {
          const hit = hits.get(key) ?? { score: 0, shared: [], coverage: 0 };
          hit.score += weight * rare;
          hit.coverage += rare;
          hit.shared.push(written.get(word)!);
          hits.set(key, hit);
        }
      }
      for (const hit of hits.values()) hit.coverage = sum === 0 ? 0 : hit.coverage / sum;
      return hits;
    },
  };
}
export type WordIndex<Key> = ReturnType<typeof createWordIndex<Key>>;
