import { expect, test } from 'vitest';
import { phoneBar, places, shortCount } from './places.ts';

const nowhere = { volume: null, address: '/', lastAddress: null, unreviewed: 0, waiting: { count: 0 } };
const ids = (some: { id: string }[]) => some.map((place) => place.id);

test('an address belongs to at most one place, and each place holds where it leads', () => {
  for (const place of places) {
    const { pathname } = new URL(place.href(nowhere), 'http://here');
    expect(places.filter((one) => one.holds.test(pathname))).toEqual([place]);
  }
  const shown = (pathname: string) => ids(places.filter((one) => one.holds.test(pathname)));
  expect(shown('/v/team/lab/f/a.md')).toEqual(['files']);
  expect(shown('/run/abc')).toEqual(['runs']);
  expect(shown('/chat')).toEqual(['runs']);
  expect(shown('/runsheet')).toEqual([]);
  expect(shown('/settings/models')).toEqual(['settings']);
});

test('a phone shows four places and keeps every other behind "More"', () => {
  const { bar, more } = phoneBar(places);
  expect(ids(bar)).toEqual(['files', 'runs', 'review', 'bench']);
  expect(ids([...bar, ...more]).sort()).toEqual(ids(places).sort());
  // a place that a thumb needs more pushes the last one behind "More", and nothing else changes
  const urgent = { id: 'urgent', thumb: 0 };
  expect(ids(phoneBar<{ id: string; thumb: number }>([...places, urgent]).bar)).toEqual([
    'files',
    'runs',
    'review',
    'urgent',
  ]);
});

test('the bar of a phone leads to the tree, the rail back to the open file', () => {
  const files = places.find((place) => place.id === 'files')!;
  const inFile = { ...nowhere, volume: 'team/lab', address: '/v/team/lab/f/a.md' };
  expect(files.href(inFile)).toBe('/v/team/lab/f/a.md');
  expect(files.phoneHref!(inFile)).toBe('/v/team/lab');
});

test('what waits leads to what waits', () => {
  const runs = places.find((place) => place.id === 'runs')!;
  expect(runs.href({ ...nowhere, waiting: { count: 2 } })).toBe('/runs?status=waiting');
  expect([shortCount(99), shortCount(100)]).toEqual(['99', '99+']);
});
