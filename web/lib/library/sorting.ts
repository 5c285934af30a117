// In which order the rows of the library stand: by name, or by what was counted of them. What has no such figure comes last, whichever way.
import type { LibraryEntry } from '#shared/api/library.ts';
import { figureOf, isCounted, type Figure } from './figures.ts';

export type SortKey = 'name' | 'uses' | 'finished' | 'last';
export type Sort = { by: SortKey; down: boolean };

/** The way in which each is asked for first: names from A, numbers from the largest. */
const firstDown: Record<SortKey, boolean> = { name: false, uses: true, finished: true, last: true };

/** What a click on a heading makes of the order: its first way, the other way, the usual order again. */
export function turned(sort: Sort | null, by: SortKey): Sort | null {
  if (sort?.by !== by) return { by, down: firstDown[by] };
  return sort.down === firstDown[by] ? { by, down: !sort.down } : null;
}

export const orderWords: Record<SortKey, { up: string; down: string }> = {
  name: { up: 'from A to Z', down: 'from Z to A' },
  uses: { up: 'fewest first', down: 'most first' },
  finished: { up: 'least first', down: 'most first' },
  last: { up: 'longest ago first', down: 'newest first' },
};

/** All orders, for a list to choose from, each the way first that is asked for first. */
export const orders: readonly Sort[] = (Object.keys(firstDown) as SortKey[]).flatMap((by) => [
  { by, down: firstDown[by] },
  { by, down: !firstDown[by] },
]);

type Figures = ReadonlyMap<string, Figure> | null;

export function sorted(entries: LibraryEntry[], { by, down }: Sort, figures: Figures): LibraryEntry[] {
  const values = new Map(entries.map((entry) => [entry, valueOf(entry, by, figures)]));
  return entries.toSorted((a, b) => {
    const [x, y] = [values.get(a)!, values.get(b)!];
    if (x === null || y === null || x === y) return Number(x === null) - Number(y === null) || byName(a, b);
    const less = typeof x === 'string' ? x.localeCompare(String(y), 'en') : x - Number(y);
    return (down ? -less : less) || byName(a, b);
  });
}

/** Those that win before those that they hide. */
export const byName = (a: LibraryEntry, b: LibraryEntry): number =>
  a.name.localeCompare(b.name, 'en') || Number(b.hiddenBy === null) - Number(a.hiddenBy === null);

function valueOf(entry: LibraryEntry, by: SortKey, figures: Figures): string | number | null {
  if (by === 'name') return entry.name;
  const figure = figures && figureOf(entry, figures);
  if (by === 'uses' && figures && isCounted(entry.kind)) return figure?.uses ?? 0; // never used is a number too
  if (!figure) return null;
  if (by === 'uses') return figure.uses;
  if (by === 'last') return figure.last[0] ? Date.parse(figure.last[0].at) : null;
  const ended = figure.finished + figure.failed;
  return ended === 0 ? null : figure.finished / ended;
}
