import { expect, test } from 'vitest';
import { PlotHistory } from './plotHistory.ts';
import { Scrollback } from './scrollback.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
function plotted(now = 100) {
  const scrollback = new Scrollback();
  const history = new PlotHistory(() => now * 1000);
  scrollback.read(history.reader);
  const say = (text: string, at: number | null) =>
    scrollback.add(scrollback.end, bytes(text), at === null ? null : at * 1000);
  return { scrollback, history, say };
}

test('each line is a sample at the time it came; names of one moment share it', () => {
  const { history, say } = plotted();
  say('left:1 right:2\n', 10);
  say('left:3 right:4\n', 11);
  say('>left:5\n>right:6\n', 12);
  expect(history.times).toEqual([10, 11, 12]);
  expect(history.series).toEqual([
    { name: 'left', values: [1, 3, 5] },
    { name: 'right', values: [2, 4, 6] },
  ]);
  expect(history.since(11.5)).toEqual([
    [11, 12],
    [3, 5],
    [4, 6],
  ]);
});

test('history survives a reconnect: what was missed is spread over the time it took', () => {
  const { history, say } = plotted();
  say('1\n', 10);
  say('2\n3\n', null);
  say('4\n', 13);
  expect(history.series[0]!.values).toEqual([1, 2, 3, 4]);
  expect([...history.times].sort((a, b) => a - b)).toEqual(history.times);
  expect(history.times[1]).toBeGreaterThan(10);
  expect(history.times[2]).toBeLessThan(13);
});

test('it is bounded in samples and in names', () => {
  const { history, say } = plotted();
  for (let n = 0; n < 30; n++) say(`${Array.from({ length: 1000 }, (_, i) => `a:${i}`).join('\n')}\n`, n);
  expect(history.times.length).toBeLessThanOrEqual(22_000);
  for (let n = 0; n < 20; n++) say(`name${n}:1\n`, 40 + n);
  expect(history.series.length).toBe(8);
  expect(history.left).toBeGreaterThan(0);
});
