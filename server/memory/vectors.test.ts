import { expect, test } from 'vitest';
import { nearness, packVector } from './vectors.ts';

const unit = (values: number[]) => {
  const length = Math.hypot(...values);
  return Float32Array.from(values, (value) => value / length);
};
const random = () => unit(Array.from({ length: 512 }, () => Math.random() - 0.5));

test('a packed vector is as near to others as it was, to the third digit', () => {
  for (let i = 0; i < 200; i++) {
    const [a, b] = [random(), random()];
    const exact = a.reduce((sum, value, at) => sum + value * b[at]!, 0);
    expect(Math.abs(nearness(packVector(a), b) - exact)).toBeLessThan(0.003);
  }
  expect(nearness(packVector(random()), unit([1, 2]))).toBe(0);
});
