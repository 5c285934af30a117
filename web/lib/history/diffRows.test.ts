import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readDiff, unfold, type DiffRow, type FoldRow } from './diffRows.ts';

const line = (row: DiffRow): string => {
  if (row.kind === 'fold') return `... ${row.rows.length}`;
  if (row.kind === 'same') return ` ${row.text}`;
  return (
    (row.kind === 'add' ? '+' : '-') +
    row.pieces.map((piece) => (piece.changed ? `[${piece.text}]` : piece.text)).join('')
  );
};
const show = (before: string, after: string) => readDiff({ before, after }).rows.map(line);

test('changed words are marked, other words of the line are not', () => {
  expect(
    show('- Calculate summary statistics\n- Check\n', '- State the unit\n- Calculate median and spread\n- Check\n'),
  ).toEqual(['-- Calculate [summary statistics]', '+- State the unit', '+- Calculate [median and spread]', ' - Check']);
});

test('a line that moved behind a new one is held against itself, not against the new one', () => {
  expect(show('use bars, lines, pies\n', 'first think\nuse bars, lines for time\nthen draw\n')).toEqual([
    '-use bars, lines[, pies]',
    '+first think',
    '+use bars, lines [for time]',
    '+then draw',
  ]);
});

test('a line that is new as a whole has no word marks', () => {
  expect(show('one\n', 'one\ntwo words\n')).toEqual([' one', '+two words']);
  expect(show('alpha beta\n', 'gamma delta\n')).toEqual(['-alpha beta', '+gamma delta']);
});

test('long runs of the same lines fold, three stay in sight around a change', () => {
  const many = Array.from({ length: 30 }, (_, i) => `line ${i}\n`);
  const after = [...many];
  after[20] = 'other\n';
  expect(show(many.join(''), after.join(''))).toEqual([
    '... 17',
    ' line 17',
    ' line 18',
    ' line 19',
    '-line 20',
    '+other',
    ' line 21',
    ' line 22',
    ' line 23',
    '... 6',
  ]);
  const { rows } = readDiff({ before: many.join(''), after: after.join('') });
  expect(
    unfold(rows, rows[0] as FoldRow)
      .slice(0, 2)
      .map(line),
  ).toEqual([' line 0', ' line 1']);
});

test('a run that is hardly longer than its surroundings stays whole', () => {
  const before = 'x\n' + Array.from({ length: 9 }, (_, i) => `${i}\n`).join('') + 'y\n';
  expect(show(before, before.replace('x', 'X').replace('y', 'Y')).filter((row) => row.startsWith('...'))).toEqual([]);
});

test('a newline at the end that came or went is told', () => {
  const { rows, changes } = readDiff({ before: 'a\nb', after: 'a\nb\n' });
  expect(changes).toBe(1);
  expect(rows.map((row) => row.kind !== 'fold' && row.kind !== 'same' && row.openEnd)).toEqual([false, true, false]);
});

test('the same texts have no changes', () => {
  expect(readDiff({ before: 'a\n', after: 'a\n' })).toMatchObject({ changes: 0, added: 0, removed: 0 });
  expect(readDiff({ before: '', after: '' }).rows).toEqual([]);
});

test('rows hold both texts, whatever they are', () => {
  const text = fc
    .array(fc.constantFrom('a', 'b c', 'd\n', 'longer words here\n', '\n', '👍🏽', '\r\n', 'e'), { maxLength: 40 })
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, text, (before, after) => {
      let rows = readDiff({ before, after }).rows;
      for (let fold; (fold = rows.find((row) => row.kind === 'fold'));) rows = unfold(rows, fold);
      const side = (skip: 'add' | 'del') =>
        rows
          .filter((row) => row.kind !== skip)
          .map((row) =>
            row.kind === 'same' ? row.text : row.kind === 'fold' ? '' : row.pieces.map((piece) => piece.text).join(''),
          );
      const linesOf = (whole: string) =>
        whole
          .split('\n')
          .map((one) => one.replace(/\r$/, ''))
          .slice(0, whole.endsWith('\n') || whole === '' ? -1 : undefined);
      expect(side('add')).toEqual(
        linesOf(before).map((one, i, all) =>
          i === all.length - 1 && !before.endsWith('\n') ? before.split('\n').at(-1) : one,
        ),
      );
      expect(side('del')).toEqual(
        linesOf(after).map((one, i, all) =>
          i === all.length - 1 && !after.endsWith('\n') ? after.split('\n').at(-1) : one,
        ),
      );
    }),
  );
});
