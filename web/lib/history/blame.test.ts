import { ChangeSet, Text } from '@codemirror/state';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { BlameRun } from '#shared/api.ts';
import { followChanges } from './blame.ts';
import type { Owner } from './blameLines.ts';

const by = (name: string): BlameRun => ({
  lines: 1,
  oid: 'a'.repeat(40),
  author: { id: name, login: name, name, colour: 1 },
  at: null,
  message: '',
});
const owners: Owner[] = ['a', 'b', 'c', 'd'].map(by);
const before = Text.of(['one', 'two', 'three', 'four']);
const follow = (spec: { from: number; to?: number; insert?: string }[]) => {
  const changes = ChangeSet.of(spec, before.length);
  return followChanges({ owners, changes, before, after: changes.apply(before) })
    .map((owner) => owner?.author?.id ?? '-')
    .join('');
};

test('a line that is typed in belongs to now, the others keep their people', () => {
  expect(follow([{ from: 5, insert: 'x' }])).toBe('a-cd');
  expect(follow([{ from: 0, insert: 'new\n' }])).toBe('-abcd');
  expect(follow([{ from: 3, insert: '\n' }])).toBe('a-bcd');
  expect(follow([{ from: 3, to: 7 }])).toBe('acd');
  expect(follow([{ from: 1, to: 12 }])).toBe('-d');
});

test('several edits at once, also in one line', () => {
  expect(
    follow([
      { from: 0, insert: 'x' },
      { from: 15, insert: 'y' },
    ]),
  ).toBe('-bc-');
  expect(
    follow([
      { from: 4, insert: 'x' },
      { from: 6, insert: 'y' },
    ]),
  ).toBe('a-cd');
  expect(
    follow([
      { from: 3, to: 4 },
      { from: 7, to: 8 },
    ]),
  ).toBe('-d');
});

test('there is one owner per line after any edits', () => {
  const edit = fc.record({
    from: fc.nat(before.length),
    length: fc.nat(6),
    insert: fc.constantFrom('', 'x', '\n', 'a\nb', '\n\n'),
  });
  fc.assert(
    fc.property(fc.array(edit, { maxLength: 4 }), (edits) => {
      let at = 0;
      const spec = edits
        .sort((x, y) => x.from - y.from)
        .flatMap(({ from, length, insert }) => {
          const start = Math.max(from, at);
          if (start > before.length) return [];
          const to = Math.min(before.length, start + length);
          at = to + 1;
          return [{ from: start, to, insert: Text.of(insert.split('\n')) }];
        });
      const changes = ChangeSet.of(spec, before.length);
      const after = changes.apply(before);
      expect(followChanges({ owners, changes, before, after }).length).toBe(after.lines);
    }),
  );
});
