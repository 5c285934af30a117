import { expect, test } from 'vitest';
import type { LibraryEntry } from '#shared/api/library.ts';
import type { Figure } from './figures.ts';
import { orders, sorted, turned, type Sort } from './sorting.ts';

const entry = (name: string, more: Partial<LibraryEntry> = {}) =>
  ({
    kind: 'agent',
    id: name,
    name,
    volume: 'team/lab',
    path: `agents/${name}.md`,
    hiddenBy: null,
    ...more,
  }) as LibraryEntry;
const figure = (uses: number, finished: number, failed: number, at: string | null) =>
  ({ uses, finished, failed, points: [], last: at ? [{ at }] : [] }) as unknown as Figure;
const entries = ['Bea', 'Anna', 'Cleo', 'Dora'].map((name) => entry(name));
const figures = new Map([
  ['team/lab: agents/Anna.md', figure(3, 1, 2, '2026-05-02T00:00:00Z')],
  ['team/lab: agents/Bea.md', figure(12, 12, 0, '2026-05-01T00:00:00Z')],
  ['team/lab: agents/Cleo.md', figure(4, 0, 0, '2026-05-03T00:00:00Z')],
]);
const names = (sort: Sort, of = figures as ReadonlyMap<string, Figure> | null) =>
  sorted(entries, sort, of).map(({ name }) => name);

test('rows are put in the order of their figures, those without any last', () => {
  expect(names({ by: 'uses', down: true })).toEqual(['Bea', 'Cleo', 'Anna', 'Dora']);
  // one that was never used was used least
  expect(names({ by: 'uses', down: false })).toEqual(['Dora', 'Anna', 'Cleo', 'Bea']);
  // nothing of Cleo's came to an end
  expect(names({ by: 'finished', down: true })).toEqual(['Bea', 'Anna', 'Cleo', 'Dora']);
  expect(names({ by: 'finished', down: false })).toEqual(['Anna', 'Bea', 'Cleo', 'Dora']);
  expect(names({ by: 'last', down: true })).toEqual(['Cleo', 'Anna', 'Bea', 'Dora']);
  expect(names({ by: 'name', down: true })).toEqual(['Dora', 'Cleo', 'Bea', 'Anna']);
  expect(names({ by: 'uses', down: true }, null)).toEqual(['Anna', 'Bea', 'Cleo', 'Dora']);
});

test('of one name the one that wins stands first, whichever way', () => {
  const hidden = entry('Anna', { volume: 'system', hiddenBy: 'x' } as never);
  const [first] = sorted([hidden, entries[1]!], { by: 'uses', down: false }, null);
  expect(first!.hiddenBy).toBeNull();
});

test('a heading goes from its usual way to the other and back to none', () => {
  const numbers = turned(null, 'uses');
  expect(numbers).toEqual({ by: 'uses', down: true });
  expect(turned(numbers, 'uses')).toEqual({ by: 'uses', down: false });
  expect(turned({ by: 'uses', down: false }, 'uses')).toBeNull();
  expect(turned(numbers, 'name')).toEqual({ by: 'name', down: false });
});

test('a list of orders has each way of each, the one that a heading takes first before the other', () => {
  for (const by of ['name', 'uses', 'finished', 'last'] as const) {
    const ways = orders.filter((sort) => sort.by === by);
    expect(ways).toEqual([turned(null, by), turned(ways[0]!, by)]);
  }
  expect(orders).toHaveLength(8);
});
