import { expect, test } from 'vitest';
import { createLimits } from './limits.ts';

const limit = { most: 3, windowMs: 3000 };
const codes = (count: number, spend: () => void) =>
  Array.from({ length: count }, () => {
    try {
      spend();
      return 'fine';
    } catch (error) {
      return (error as { data: { retryAfter: number } }).data.retryAfter;
    }
  });

test('so many at once, then as fast as they come back; names do not share', () => {
  const clock = { at: 0, now: () => clock.at };
  const limits = createLimits({ clock });
  expect(codes(4, () => limits.spend(limit, 'ada'))).toEqual(['fine', 'fine', 'fine', 1]);
  expect(codes(1, () => limits.spend(limit, 'ben'))).toEqual(['fine']);
  clock.at += 1000;
  expect(codes(2, () => limits.spend(limit, 'ada'))).toEqual(['fine', 1]);
  clock.at += 60_000;
  expect(codes(4, () => limits.spend(limit, 'ada'))).toEqual(['fine', 'fine', 'fine', 1]);
});

test('two limits of one name are counted apart, and limits can be lifted', () => {
  const limits = createLimits({ clock: { now: () => 0 } });
  codes(3, () => limits.spend(limit, 'ada'));
  expect(codes(1, () => limits.spend({ most: 5, windowMs: 3000 }, 'ada'))).toEqual(['fine']);
  const lifted = createLimits({ clock: { now: () => 0 }, enabled: false });
  expect(codes(1000, () => lifted.spend(limit, 'ada')).every((code) => code === 'fine')).toBe(true);
});

test('names that nobody uses any more are forgotten', () => {
  const clock = { at: 0, now: () => clock.at };
  const limits = createLimits({ clock });
  for (let i = 0; i < 100_000; i++) limits.spend(limit, `address ${i}`);
  clock.at += 10_000;
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < 300_000; i++) limits.spend(limit, `other ${i}`);
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(64 * 2 ** 20);
});
