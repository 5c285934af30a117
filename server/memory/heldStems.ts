// Which words an entry holds, as numbers: a question is compared with all entries of a volume without asking the database.

/** Stems of one volume and their numbers; the numbers mean nothing elsewhere. */
export function createStemNumbers() {
  const numbers = new Map<string, number>();
  return {
    /** Ascending. `stems` has none twice. */
    of(stems: readonly string[]): Int32Array {
      const held = new Int32Array(stems.length);
      for (let i = 0; i < held.length; i++) {
        const stem = stems[i]!;
        let number = numbers.get(stem);
        if (number === undefined) numbers.set(stem, (number = numbers.size));
        held[i] = number;
      }
      return held.sort();
    },
    /** Those that some entry held; the others are left out. */
    known: (stems: Iterable<string>): number[] =>
      Array.from(new Set(stems), (stem) => numbers.get(stem) ?? -1).filter((number) => number >= 0),
    get size() {
      return numbers.size;
    },
  };
}

/** How many of `asked` are in `held`, which ascends. */
export function countHeld(held: Int32Array, asked: readonly number[]): number {
  let count = 0;
  for (const number of asked) {
    let [low, high] = [0, held.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (held[middle]! < number) low = middle + 1;
      else high = middle;
    }
    if (held[low] === number) count++;
  }
  return count;
}
