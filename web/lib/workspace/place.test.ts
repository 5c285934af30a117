import { expect, test } from 'vitest';
import { placeAddress, placeTitle, readPlace, type Place } from './place.ts';

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

test('a window is called by what is in it, and by the file in front where the address names none', () => {
  expect(placeTitle(read('/v/team/lab/f/agents/A.md'))).toBe('A.md · team/lab · LLMos');
  expect(placeTitle(read('/v/team/lab'), 'notes/b.md')).toBe('b.md · team/lab · LLMos');
  expect(placeTitle(read('/v/team/lab'))).toBe('team/lab · LLMos');
  expect(placeTitle(read('/v/team/lab/h/agents/A.md'))).toBe('History of A.md · team/lab · LLMos');
  expect(placeTitle(read('/v/team/lab/h'))).toBe('History · team/lab · LLMos');
  expect(placeTitle(read('/library'))).toBe('LLMos');
});
