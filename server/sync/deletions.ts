// Which text is known to be deleted, as sorted ranges of clocks per client. A client that comes back repeats everything that was
// ever deleted; without this the log would grow by that at each reconnect.
import { Cursor } from './bytes.ts';
import { scanUpdate, type Deletions, type Scanned } from './validate.ts';

export type Range = [from: number, to: number];
export type KnownDeletions = Map<number, Range[]>;

const cursor = new Cursor();

export function readRanges({ bytes, from, to, ranges }: Deletions): Range[] {
  cursor.over(bytes, from, to);
  return Array.from({ length: ranges }, () => {
    const start = cursor.uint();
    return [start, start + cursor.uint()];
  });
}

/** All at once: sorting again for each update would be slow in a document with a long history. */
export function addDeletions(known: KnownDeletions, updates: Scanned[]): void {
  const added = new Map<number, Range[]>();
  for (const update of updates) {
    for (const deletions of update.deletions) {
      const ranges = added.get(deletions.client) ?? [];
      for (const range of readRanges(deletions)) ranges.push(range);
      added.set(deletions.client, ranges);
    }
  }
  for (const [client, ranges] of added) known.set(client, mergeRanges((known.get(client) ?? []).concat(ranges)));
}

/** Sorted and without overlap: Yjs keeps what it cannot apply yet in a form that turns anything else into garbage. */
export function mergeRanges(ranges: Range[]): Range[] {
  const merged: Range[] = [];
  for (const [from, to] of ranges.sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

/** The deletions of the update that are not all known (whole clients at a time). */
export function dropKnownDeletions(known: KnownDeletions, update: Scanned): Deletions[] {
  return update.deletions.filter((deletions) => {
    const ranges = known.get(deletions.client) ?? [];
    return !readRanges(deletions).every((range) => isCovered(ranges, range));
  });
}

function isCovered(ranges: Range[], [from, to]: Range): boolean {
  let [low, high] = [0, ranges.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const range = ranges[middle]!;
    if (range[1] < to) low = middle + 1;
    else if (range[0] > from) high = middle - 1;
    else return range[0] <= from && to <= range[1];
  }
  return false;
}

/** Reads the delete set that a blob ends with: no structs, then the deletions. */
export const scanDeletesOfBlob = (deletes: Buffer): Scanned =>
  scanUpdate({ bytes: Buffer.concat([Buffer.of(0), deletes]) });
