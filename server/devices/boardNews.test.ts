import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { DeviceState } from '#shared/devices.ts';
import { BoardNews } from './boardNews.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function open() {
  const told: string[] = [];
  let label = 'first';
  const state = () => ({ label }) as DeviceState;
  const tell = (who: string) => (one: DeviceState) => void told.push(`${who} ${one.label}`);
  const news = new BoardNews({
    limits: { gatherState: 25, gatherNews: 1000 },
    state,
    viewers: tell('viewers'),
    host: tell('host'),
    bench: tell('bench'),
  });
  const change = (to: string) => {
    label = to;
    news.changed();
  };
  return { news, change, took: () => told.splice(0) };
}

test('what changes after a pause is told at once and whole; what follows soon goes together', () => {
  const { change, took } = open();
  change('asked');
  change('stopped');
  expect(took()).toEqual([]); // not from the middle of what happens
  vi.advanceTimersByTime(0);
  expect(took()).toEqual(['viewers stopped', 'host stopped']);
  for (const to of ['a', 'b', 'c']) {
    change(to);
    vi.advanceTimersByTime(1);
  }
  expect(took()).toEqual([]);
  vi.advanceTimersByTime(24);
  expect(took().filter((one) => !one.startsWith('bench'))).toEqual(['viewers c', 'host c']);
  vi.advanceTimersByTime(60_000);
  change('later');
  vi.advanceTimersByTime(0);
  expect(took().filter((one) => !one.startsWith('bench'))).toEqual(['viewers later', 'host later']);
});

test("[DE2] the board's browser knows of a change before it gets bytes, and is not told twice", () => {
  const { news, change, took } = open();
  change('granted');
  news.informHost();
  expect(took()).toEqual(['host granted']);
  news.informHost();
  vi.advanceTimersByTime(25);
  expect(took()).toEqual(['viewers granted', 'bench granted']);
});

test('the bench hears once a second at most, and the last word when all ends', () => {
  const { news, change, took } = open();
  const bench = () => took().filter((one) => one.startsWith('bench'));
  for (let n = 0; n < 100; n++) {
    change(`${n}`);
    vi.advanceTimersByTime(50);
  }
  const heard = bench();
  expect(heard.length).toBeGreaterThan(3);
  expect(heard.length).toBeLessThan(8);
  change('the last');
  news.close();
  expect(bench()).toEqual(['bench the last']);
  vi.advanceTimersByTime(5000);
  expect(took()).toEqual([]);
});
