import { expect, test } from 'vitest';
import { nearness, packVector, unpackVector } from './vectors.ts';

const unit = (values: number[]) => {
  const length = Math.hypot(...values);
  return Float32Array.from(values, (value) => value / length);
};
const random = (length = 512) => unit(Array.from({ length }, () => Math.random() - 0.5));

test('a packed vector is as near to others as it was, to the third digit, whatever its size', () => {
  for (let i = 0; i < 200; i++) {
    const size = i % 2 ? 512 : 1 + (i % 37);
    const [a, b] = [random(size), random(size)];
    const exact = a.reduce((sum, value, at) => sum + value * b[at]!, 0);
    expect(Math.abs(nearness(unpackVector(packVector(a)), Float64Array.from(b)) - exact)).toBeLessThan(
      size < 64 ? 0.02 : 0.004,
    );
  }
  expect(nearness(unpackVector(packVector(random())), Float64Array.from(unit([1, 2])))).toBe(0);
});
