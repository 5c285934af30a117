import { expect, test } from 'vitest';
import { readMessage, readTable } from './messages.ts';

const bytes = new Uint8Array([1, 2]);

test('[PY2] what the frame says is believed only as far as it fits', () => {
  const done = { t: 'done', lane: 'cells', id: 1, ok: true, value: 'x', trouble: null, files: [], gone: [], notes: [] };
  expect(readMessage(done)).toEqual(done);
  expect(readMessage({ t: 'snapshot', data: null })).toEqual({ t: 'snapshot', data: null });
  for (const bad of [
    null,
    'done',
    [],
    { t: 'else', lane: 'cells', id: 1 },
    { t: 'out', lane: 'mine', id: 1, text: 'x' },
    { t: 'out', lane: 'cells', id: '1', text: 'x' },
    { t: 'plot', lane: 'cells', id: 1, plot: { mime: 'text/html', data: bytes } },
    { t: 'plot', lane: 'cells', id: 1, plot: { mime: 'image/png', data: 'x' } },
    { t: 'plot', lane: 'cells', id: 1, plot: { mime: 'image/png', data: new Uint8Array(17 * 2 ** 20) } },
    { t: 'table', lane: 'cells', id: 1, table: { columns: ['a'], rows: [[{ toString: 'x' }]] } },
    { t: 'snapshot', data: 'x' },
  ])
    expect(readMessage(bad)).toBeNull();
});

test('[PY2] files come out of their folder only', () => {
  const files = ['../a', '/a', 'a/../b', 'a//b', '', './a', 'data/a.csv'].map((path) => ({ path, data: bytes }));
  const message = readMessage({
    t: 'done',
    lane: 'runs',
    id: 1,
    ok: true,
    files,
    gone: ['../x', 'y'],
    notes: [1, 'n'],
  });
  expect(message).toMatchObject({ files: [{ path: 'data/a.csv' }], gone: ['y'], notes: ['n'], value: null });
});

test('a table has as many cells in each row as columns', () => {
  expect(readTable({ columns: ['a', 'b'], rows: [[1], [1, 2, 3]], total: 1 })).toEqual({
    columns: ['a', 'b'],
    rows: [
      [1, null],
      [1, 2],
    ],
    total: 2,
    title: null,
  });
});
