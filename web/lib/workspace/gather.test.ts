import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { gather } from './gather.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('news that come together are one act, a moment after the last', () => {
  const act = vi.fn();
  const { poke } = gather(act, 100);
  for (let i = 0; i < 3; i++) {
    poke();
    vi.advanceTimersByTime(60);
  }
  expect(act).not.toHaveBeenCalled();
  vi.advanceTimersByTime(40);
  expect(act).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(1000);
  expect(act).toHaveBeenCalledTimes(1);
});

test('news that do not end do not put it off for ever', () => {
  const act = vi.fn();
  const { poke } = gather(act, 100);
  for (let ms = 0; ms < 2000; ms += 50) {
    poke();
    vi.advanceTimersByTime(50);
  }
  expect(act.mock.calls.length).toBeGreaterThanOrEqual(3);
});

test('nothing happens after the stop', () => {
  const act = vi.fn();
  const { poke, stop } = gather(act, 100);
  poke();
  stop();
  vi.advanceTimersByTime(1000);
  expect(act).not.toHaveBeenCalled();
});
