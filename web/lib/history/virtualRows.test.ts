import { expect, test } from 'vitest';
import { holdScroll, readTops, rowAt, sliceOf } from './virtualRows.ts';

const tops = readTops([32, 46, 46, 32, ...Array.from({ length: 1000 }, () => 46)]);

test('the row that covers a height; above and below all there is one, too', () => {
  expect([0, 31, 32, 77, 78, 124, 9e9].map((y) => rowAt(tops, y))).toEqual([0, 0, 1, 1, 2, 3, 1003]);
});

test('of a thousand rows a few are drawn', () => {
  const slice = sliceOf({ tops, scroll: 10_000, view: 800, spare: 200 });
  expect(slice.to - slice.from).toBeLessThan(30);
  expect(tops[slice.from]!).toBeLessThanOrEqual(9_800);
  expect(tops[slice.to]!).toBeGreaterThanOrEqual(11_000);
  expect(sliceOf({ tops: [0], scroll: 0, view: 800 })).toEqual({ from: 0, to: 0, above: 0, height: 0 });
});

test('what one looks at stays where it is when versions come above it', () => {
  const keys = (n: number) => Array.from({ length: n }, (_, i) => `v${n - i}`);
  const heights = (n: number) => readTops(Array.from({ length: n }, () => 46));
  expect(
    holdScroll({ before: keys(10), after: keys(12), topsBefore: heights(10), topsAfter: heights(12), scroll: 100 }),
  ).toBe(192);
  expect(
    holdScroll({ before: keys(10), after: keys(12), topsBefore: heights(10), topsAfter: heights(12), scroll: 0 }),
  ).toBe(0);
  // the top row itself is gone: the next one that is left holds
  expect(
    holdScroll({ before: ['a', 'b', 'c'], after: ['c'], topsBefore: heights(3), topsAfter: heights(1), scroll: 50 }),
  ).toBe(-42);
});
