import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { BlameRun } from '#shared/api.ts';
import { carryOwners, ownersOf, readStretches, typeOver } from './blameLines.ts';

const now = new Date(2026, 10, 22, 15, 0);
const at = new Date(2026, 10, 22, 14, 8).toISOString();
const run = (name: string, lines: number, changes: Partial<BlameRun> = {}): BlameRun => ({
  lines,
  oid: 'a'.repeat(40),
  author: { id: name, login: name, name: `${name} Family`, colour: 2 },
  at,
  message: 'words',
  ...changes,
});
const who = (owners: (BlameRun | null)[]) => owners.map((owner) => owner?.author?.id ?? 'now').join(' ');

test('[GI3] each line is credited to who typed it, lines typed since belong to now', () => {
  const owners = ownersOf([run('ada', 2), run('ben', 1)]);
  expect(who(carryOwners({ owners, before: 'one\ntwo\nthree\n', after: 'zero\none\nTWO\nthree\n' }))).toBe(
    'now ada now ben ben',
  );
  expect(who(carryOwners({ owners, before: 'one\ntwo\nthree\n', after: 'one\ntwo\nthree' }))).toBe('ada ada ben');
  expect(who(carryOwners({ owners, before: 'one\ntwo\nthree', after: 'one\ntwo\nthree\n' }))).toBe('ada ada ben ben');
});

test('typing moves the owners of the lines below', () => {
  const owners = ownersOf([run('ada', 2), run('ben', 1)]);
  expect(who(typeOver(owners, { from: 1, to: 2, count: 3 }))).toBe('ada now now now ben');
  expect(who(typeOver(owners, { from: 0, to: 3, count: 1 }))).toBe('now');
});

test('a name stands only where it changes, also over several commits of one pause', () => {
  const stretches = readStretches(
    [...ownersOf([run('ada', 2), run('ada', 1, { oid: 'b'.repeat(40) }), run('ben', 1)]), null, null],
    now,
  );
  expect(stretches.map(({ from, to, who, time }) => [from, to, who, time])).toEqual([
    [0, 3, 'ada', '14:08'],
    [3, 4, 'ben', '14:08'],
    [4, 6, 'now', ''],
  ]);
});

test('every line of a living text has exactly one owner', () => {
  const text = fc
    .array(fc.constantFrom('a\n', 'b\n', 'c', '\n', 'd\r\n'), { maxLength: 30 })
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, text, (before, after) => {
      const owners = ownersOf([run('ada', before.split('\n').length)]);
      const carried = carryOwners({ owners, before, after });
      expect(carried.length).toBe(after.split('\n').length);
      if (before === after) expect(carried.every((owner) => owner !== null)).toBe(true);
    }),
  );
});
