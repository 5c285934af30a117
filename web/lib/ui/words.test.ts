import { expect, test } from 'vitest';
import { bytes, count, initial, names, number, when } from './words.ts';

test('numbers carry their unit, thousands and a true minus', () => {
  expect(count(1, 'file')).toBe('1 file');
  expect(count(1214, 'file')).toBe('1,214 files');
  expect(number(-3)).toBe('−3');
  expect(bytes(812)).toBe('812\u00a0B');
  expect(bytes(1234)).toBe('1.2\u00a0kB');
  expect(bytes(999_700)).toBe('1.0\u00a0MB');
  expect(bytes(33_554_432)).toBe('34\u00a0MB');
});

test('a time is as short as it stays clear', () => {
  const now = new Date(2026, 10, 22, 14, 0);
  const at = (...date: [number, number, number, number, number]) => when(new Date(...date), now);
  expect(at(2026, 10, 22, 14, 0)).toBe('now');
  expect(at(2026, 10, 22, 13, 56)).toBe('4\u00a0min ago');
  expect(at(2026, 10, 22, 9, 5)).toBe('09:05');
  expect(at(2026, 10, 21, 23, 59)).toBe('yesterday 23:59');
  expect(at(2026, 10, 3, 8, 0)).toBe('Nov 3');
  expect(at(2025, 10, 3, 8, 0)).toBe('Nov 3, 2025');
});

test('names are joined, many are counted', () => {
  expect(names(['Ben'])).toBe('Ben');
  expect(names(['Ben', 'Mei'])).toBe('Ben and Mei');
  expect(names(['Ben', 'Mei', 'Ravi'])).toBe('Ben, Mei and Ravi');
  expect(names(['Ben', 'Mei', 'Ravi', 'Lu', 'Kim'])).toBe('Ben, Mei and 3 others');
  expect(initial('ádám')).toBe('Á');
  expect(initial('  ')).toBe('?');
});
