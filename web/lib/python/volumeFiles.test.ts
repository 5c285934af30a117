import { expect, test } from 'vitest';
import { changedFiles, globOf, namedPaths, textOf } from './volumeFiles.ts';

const files = [
  'data/a.csv',
  'data/b.csv',
  'data/deep/c.csv',
  'notes/week.md',
  'tools/clean.py',
  'kit/__init__.py',
  'kit/sums.py',
  'pic.png',
].map((path) => ({ path, kind: 'text' as const, size: 10 }));
const named = (code: string, path?: string) => namedPaths({ code, files, ...(path && { path }) });

test('[PY3] a text names files in its strings, in a comment, and by its imports', () => {
  expect(named(`open("data/a.csv"); open('./notes/week.md')`)).toEqual(['data/a.csv', 'notes/week.md']);
  expect(named(`f'data/b.csv' + r"pic.png"`)).toEqual(['data/b.csv', 'pic.png']);
  expect(named('# files: data/*.csv, notes/week.md')).toEqual(['data/a.csv', 'data/b.csv', 'notes/week.md']);
  expect(named('# files: data/**')).toEqual(['data/a.csv', 'data/b.csv', 'data/deep/c.csv']);
  expect(named(`for name in os.listdir("data"): pass`)).toEqual(['data/a.csv', 'data/b.csv', 'data/deep/c.csv']);
  expect(named('import clean', 'tools/run.py')).toEqual(['tools/clean.py']);
  expect(named('from kit import sums')).toEqual(['kit/__init__.py', 'kit/sums.py']);
});

test('[PY3] nothing else is read', () => {
  for (const code of [
    'print("hello")',
    'x = "a"',
    '"../data/a.csv"',
    '# data/a.csv',
    'open("/")',
    'open("")',
    '"."',
    'import os, sys',
  ])
    expect(named(code)).toEqual([]);
});

test('`*` stays in its folder, `**` goes below it', () => {
  expect(['a.csv', 'x/a.csv', 'a.csvx'].map(globOf('*.csv'))).toEqual([true, false, false]);
  expect(['a.csv', 'x/a.csv', 'x/y/a.csv'].map(globOf('**/*.csv'))).toEqual([true, true, true]);
  expect(['data/a', 'data/x/b', 'date/a'].map(globOf('data/**'))).toEqual([true, true, false]);
});

test('what Python wrote is offered where it differs', () => {
  const bytes = (...all: number[]) => new Uint8Array(all);
  const given = [{ path: 'a', data: bytes(1, 2) }];
  expect(changedFiles(given, [{ path: 'a', data: bytes(1, 2) }])).toEqual([]);
  expect(
    changedFiles(given, [
      { path: 'a', data: bytes(1, 3) },
      { path: 'b', data: bytes() },
    ]),
  ).toHaveLength(2);
  expect([textOf(bytes(0xff, 0xfe)), textOf(bytes(104, 0)), textOf(bytes(104))]).toEqual([null, null, 'h']);
});
