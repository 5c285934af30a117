import { expect, test } from 'vitest';
import type { Commit } from '#shared/api.ts';
import { actOf, mergeCommits, rangeOf, readEntries } from './timeline.ts';

const now = new Date(2026, 10, 22, 15, 0);
const face = (name: string) => ({ id: name, login: name.toLowerCase(), name, colour: 1 });
const oidOf = (n: number) => n.toString(16).padStart(40, '0');
const at = (day: number, hour: number) => new Date(2026, 10, day, hour, 8).toISOString();

function version(n: number, changes: Partial<Commit> = {}): Commit {
  return {
    oid: oidOf(n),
    parent: n > 1 ? oidOf(n - 1) : null,
    message: `Version ${n}\n\nMore words`,
    kind: 'pause',
    author: face('Ben'),
    coAuthors: [],
    at: at(22, 14),
    group: `act ${n}`,
    files: [],
    added: 1,
    removed: 0,
    review: { state: 'approved', by: face('Ravi Nair'), at: null, approvedBy: [] },
    ...changes,
  };
}
const unreviewed = { review: { state: 'unreviewed' as const, by: null, at: null, approvedBy: [] } };
const shape = (entries: ReturnType<typeof readEntries>) =>
  entries.map((entry) =>
    entry.kind === 'title'
      ? `# ${entry.text}${entry.count === null ? '' : ` ${entry.count}`}`
      : `${parseInt(entry.key, 16)} ${entry.link}`,
  );

test('[RV3] unreviewed versions stand first, the rest by day', () => {
  const landed = [
    version(6, { ...unreviewed, group: 'pause' }),
    version(5, { ...unreviewed, group: 'pause' }),
    version(4, { at: at(22, 11) }),
    version(3, { at: at(21, 23), group: 'two' }),
    version(2, { at: at(21, 22), group: 'two' }),
    version(1, { at: at(18, 9) }),
  ];
  expect(shape(readEntries({ unreviewed: landed.slice(0, 2), unreviewedTotal: 2, landed, now }))).toEqual([
    '# Unreviewed 2',
    '6 first',
    '5 last',
    '# Today',
    '4 solo',
    '# Yesterday',
    '3 first',
    '2 last',
    '# Wednesday 18 Nov',
    '1 solo',
  ]);
});

test('an unreviewed version that its list has not reached yet is still in its day', () => {
  const landed = [version(3, unreviewed), version(2, unreviewed)];
  expect(shape(readEntries({ unreviewed: landed.slice(0, 1), unreviewedTotal: 2, landed, now }))).toEqual([
    '# Unreviewed 2',
    '3 solo',
    '# Today',
    '2 solo',
  ]);
});

test('three commits of one pause are one line through three faces', () => {
  const landed = [version(3, { group: 'p' }), version(2, { group: 'p' }), version(1, { group: 'p' })];
  expect(shape(readEntries({ unreviewed: [], unreviewedTotal: 0, landed, now }))).toEqual([
    '# Today',
    '3 first',
    '2 middle',
    '1 last',
  ]);
});

test('the range of an act goes from before its oldest commit to its newest', () => {
  const landed = [version(4), version(3, { group: 'p' }), version(2, { group: 'p' }), version(1)];
  const act = actOf(landed[2]!, { landed, unreviewed: [] });
  expect(act.map((commit) => commit.oid)).toEqual([oidOf(3), oidOf(2)]);
  expect(rangeOf(act)).toEqual({ from: oidOf(1), to: oidOf(3) });
  expect(rangeOf(actOf(landed[3]!, { landed, unreviewed: [] }))).toEqual({ from: 'none', to: oidOf(1) });
});

test('an act that the pages reached only in part is completed from the unreviewed', () => {
  const [newer, older] = [version(9, { ...unreviewed, group: 'p' }), version(8, { ...unreviewed, group: 'p' })];
  expect(actOf(older, { landed: [newer], unreviewed: [newer, older] }).map((commit) => commit.oid)).toEqual([
    newer.oid,
    older.oid,
  ]);
});

test('news are merged: new ones first, known ones replaced', () => {
  const merged = mergeCommits([version(2, unreviewed), version(1)], [version(3), version(2)]);
  expect(merged.map((commit) => [parseInt(commit.oid, 16), commit.review.state])).toEqual([
    [3, 'approved'],
    [2, 'approved'],
    [1, 'approved'],
  ]);
});
