import { expect, test } from 'vitest';
import { placeAddress, readPlace, type Place } from './place.ts';

const read = (address: string) => {
  const url = new URL(address, 'http://127.0.0.1');
  return readPlace(url);
};

test('an address leads back to its place, whatever the names are', () => {
  const places: Place[] = [
    { volume: 'team/lab', view: 'files', path: 'agents/PlanningAgent.md', query: { line: '12' } },
    { volume: 'system', view: 'files', path: 'f/h/a b & ü?#%.md', query: {} },
    { volume: 'user/ada', view: 'history', path: null, query: { at: 'abc' } },
    { volume: 'team/f', view: 'files', path: 'f/f', query: {} },
    { volume: 'team/lab', view: 'files', path: null, query: {} },
  ];
  for (const place of places) expect(read(placeAddress(place))).toEqual(place);
  expect(read('/v/team%2Flab/f/agents/A.md')).toEqual({
    volume: 'team/lab',
    view: 'files',
    path: 'agents/A.md',
    query: {},
  });
});

test('an address that is no place is none', () => {
  for (const address of ['/', '/review', '/v', '/v/team', '/v/other/lab', '/v/team/lab/x/a.md', '/v/team/%E0%A4%A'])
    expect(read(address), address).toBe(null);
});
