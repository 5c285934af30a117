import { expect, test } from 'vitest';
import { createMeter } from './sandbox.ts';

test('messages are counted by the second: much is left out, a flood ends', () => {
  let now = 0;
  const meter = createMeter({ usual: 50, most: 100 }, () => now);
  const said = (n: number) => Array.from({ length: n }, meter);
  expect(said(50)).toEqual(Array(50).fill('fine'));
  expect(said(50)).toEqual(Array(50).fill('much'));
  expect(meter()).toBe('flood');
  now = 999;
  expect(meter()).toBe('flood');
  now = 1000;
  expect(meter()).toBe('fine');
});
