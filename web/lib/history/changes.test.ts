import { expect, test } from 'vitest';
import { changeAt, nextChange, placeOf } from './changes.ts';

const changes = [
  { from: 3, to: 4 },
  { from: 10, to: 10 },
  { from: 20, to: 31 },
];

test('the change that one stands in, or passed last', () => {
  expect([1, 3, 5, 10, 19, 25, 99].map((line) => changeAt(changes, line))).toEqual([-1, 0, 0, 1, 1, 2, 2]);
});

test('next and previous go through all and round at the ends', () => {
  expect(nextChange(changes, -1, 1)).toBe(0);
  expect(nextChange(changes, -1, -1)).toBe(2);
  expect(nextChange(changes, 2, 1)).toBe(0);
  expect(nextChange(changes, 0, -1)).toBe(2);
  expect(nextChange([], -1, 1)).toBeNull();
});

test('the counter says where one is', () => {
  expect([placeOf(null, -1), placeOf(0, -1), placeOf(1, -1), placeOf(5, -1), placeOf(5, 1)]).toEqual([
    'comparing',
    'no changes',
    '1 change',
    '5 changes',
    '2 of 5',
  ]);
});
