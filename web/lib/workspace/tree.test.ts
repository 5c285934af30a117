import { expect, test } from 'vitest';
import type { FileEntry } from '#shared/api.ts';
import { foldersAbove, freeName, isInside, readRows, shownName } from './tree.ts';

export const entry = (path: string, more: Partial<FileEntry> = {}): FileEntry => ({
  id: `id-${path}`,
  path,
  kind: 'text',
  size: 10,
  branch: 'main',
  pending: false,
  held: false,
  updatedAt: '2026-11-22T10:00:00Z',
  ...more,
});
const files = ['agents/Planning.md', 'agents/a10.md', 'agents/a2.md', 'agents/deep/x.md', 'README.md'].map((path) =>
  entry(path),
);
const shape = (rows: ReturnType<typeof readRows>) =>
  rows.map((row) => `${' '.repeat(row.depth)}${row.name}${row.kind === 'folder' ? `/${row.files}` : ''}`);

test('folders come first, names count as people do, closed folders say how much is in them', () => {
  expect(shape(readRows({ files, folders: ['empty'], isOpen: () => false }))).toEqual([
    'agents/4',
    'empty/0',
    'README.md',
  ]);
  expect(shape(readRows({ files, folders: [], isOpen: (folder) => folder === 'agents' }))).toEqual([
    'agents/4',
    ' deep/1',
    ' a2.md',
    ' a10.md',
    ' Planning.md',
    'README.md',
  ]);
});

test('a filter opens what leads to a hit and hides the rest', () => {
  expect(shape(readRows({ files, folders: ['empty'], isOpen: () => false, filter: 'X.md' }))).toEqual([
    'agents/1',
    ' deep/1',
    '  x.md',
  ]);
  expect(shape(readRows({ files, folders: [], isOpen: () => false, filter: 'nothing' }))).toEqual([]);
});

test('ten thousand files are rows in well under a frame’s worth of calls', () => {
  const many = Array.from({ length: 10_000 }, (_, n) => entry(`folder${n % 40}/file${n}.md`));
  const rows = readRows({ files: many, folders: [], isOpen: () => true });
  expect(rows).toHaveLength(10_040);
  expect(new Set(rows.map((row) => row.key)).size).toBe(10_040);
});

test('paths are inside folders by their parts, not by their letters', () => {
  expect(isInside('agents/a.md', 'agents')).toBe(true);
  expect(isInside('agents2/a.md', 'agents')).toBe(false);
  expect(isInside('agents', 'agents')).toBe(true);
  expect(foldersAbove('a/b/c.md')).toEqual(['a', 'a/b']);
});

test('definitions are shown by name, other files with their ending', () => {
  expect(shownName('agents/PlanningAgent.md')).toBe('PlanningAgent');
  expect(shownName('kernel/config.md')).toBe('config.md');
  expect(shownName('agents/notes.txt')).toBe('notes.txt');
});

test('a name that is taken gets a number before its ending', () => {
  const taken = new Set(['a/notes.md', 'a/notes 2.md', 'README']);
  expect(freeName('a/notes.md', (path) => taken.has(path))).toBe('a/notes 3.md');
  expect(freeName('README', (path) => taken.has(path))).toBe('README 2');
  expect(freeName('new.md', (path) => taken.has(path))).toBe('new.md');
});
