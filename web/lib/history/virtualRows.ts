// A long list draws only the rows in sight. Heights are known before, so that nothing is measured and nothing jumps.

export type Slice = {
  from: number;
  /** Exclusive. */ to: number;
  /** Pixels above the first drawn row. */ above: number;
  /** Of the whole list. */ height: number;
};

/** Where each row starts; one number more than rows, the last is the whole height. */
export function readTops(heights: number[]): number[] {
  const tops = [0];
  for (const height of heights) tops.push(tops.at(-1)! + height);
  return tops;
}

/** The row that covers a height. */
export function rowAt(tops: number[], y: number): number {
  let [low, high] = [0, tops.length - 2];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (tops[middle]! <= y) low = middle;
    else high = middle - 1;
  }
  return Math.max(0, low);
}

export function sliceOf({
  tops,
  scroll,
  view,
  spare = 400,
}: {
  tops: number[];
  scroll: number;
  view: number;
  spare?: number;
}): Slice {
  const count = tops.length - 1;
  if (count === 0) return { from: 0, to: 0, above: 0, height: 0 };
  const from = rowAt(tops, Math.max(0, scroll - spare));
  const to = Math.min(count, rowAt(tops, scroll + view + spare) + 1);
  return { from, to, above: tops[from]!, height: tops.at(-1)! };
}

type Held = { before: string[]; after: string[]; topsBefore: number[]; topsAfter: number[]; scroll: number };

/** Where to scroll to, so that the row at the top of the screen stays where it is when rows come above it. */
export function holdScroll({ before, after, topsBefore, topsAfter, scroll }: Held): number {
  if (scroll <= 0) return scroll;
  const places = new Map(after.map((key, i) => [key, i]));
  for (let i = rowAt(topsBefore, scroll); i < before.length; i++) {
    const place = places.get(before[i]!);
    if (place !== undefined) return scroll + topsAfter[place]! - topsBefore[i]!;
  }
  return scroll;
}
