import { expect, test } from 'vitest';
import type { Commit } from '#shared/api.ts';
import { dayOf, shortTime, standOf } from './versionWords.ts';

const now = new Date(2026, 10, 22, 15, 0);
const face = (name: string) => ({ id: name, login: name.toLowerCase(), name, colour: 1 });
const at = (day: number, hour: number) => new Date(2026, 10, day, hour, 8).toISOString();
const unreviewed = { review: { state: 'unreviewed' as const, by: null, at: null, approvedBy: [] } };
const version = (changes: Partial<Commit> = {}): Pick<Commit, 'kind' | 'review'> => ({
  kind: 'pause',
  review: { state: 'approved', by: face('Ravi Nair'), at: null, approvedBy: [] },
  ...changes,
});

test('days and times are as short as they stay clear', () => {
  expect(dayOf(at(22, 1), now)).toBe('Today');
  expect(dayOf(at(21, 1), now)).toBe('Yesterday');
  expect(dayOf(at(20, 1), now)).toBe('Friday 20 Nov');
  expect(dayOf(new Date(2025, 10, 3).toISOString(), now)).toBe('3 Nov 2025');
  expect(shortTime(at(22, 14), now)).toBe('14:08');
  expect(shortTime(at(20, 14), now)).toBe('Fri');
  expect(shortTime(at(3, 14), now)).toBe('3 Nov');
});

test('the state of a version is one sentence', () => {
  expect(standOf(version())).toEqual({ text: 'reviewed by Ravi', kind: 'plain' });
  const [mei, ravi] = [face('Mei Lin'), face('Ravi Nair')];
  expect(standOf(version({ review: { state: 'approved', by: ravi, at: null, approvedBy: [ravi, mei] } }))?.text).toBe(
    'reviewed by Ravi and Mei',
  );
  expect(standOf(version(unreviewed))).toEqual({ text: 'unreviewed', kind: 'warn' });
  expect(standOf(version({ kind: 'restore', review: { state: 'own', by: null, at: null, approvedBy: [] } }))).toEqual({
    text: 'can be undone',
    kind: 'plain',
  });
  expect(standOf(version({ review: { state: 'own', by: null, at: null, approvedBy: [] } }))).toBeNull();
  expect(standOf(version({ review: { state: 'reverted', by: face('Ada'), at: null, approvedBy: [] } }))?.text).toBe(
    'reverted by Ada',
  );
});
