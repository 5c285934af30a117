import { expect, test } from 'vitest';
import type { FileEntry } from '#shared/api.ts';
import { readRows } from '#lib/workspace/tree.ts';
import { moveByKey } from './treeKeys.ts';

const file = (path: string): FileEntry => ({
  id: path,
  path,
  kind: 'text',
  size: 1,
  branch: 'main',
  pending: false,
  held: false,
  updatedAt: '',
});
const rows = readRows({
  files: ['agents/alpha.md', 'agents/beta.md', 'skills/x.md', 'apple.md', 'axe.md'].map(file),
  folders: [],
  isOpen: (path) => path === 'agents',
});
let time = 0;
const press = (active: string, key: string, after = 1000) =>
  moveByKey({ rows, active, key, page: 3, now: (time += after) });

test('arrows walk the rows, right opens or enters, left closes or goes up', () => {
  expect(press('/agents', 'ArrowDown')).toEqual({ key: 'agents/alpha.md' });
  expect(press('/agents', 'ArrowUp')).toEqual({ key: '/agents' });
  expect(press('/agents', 'ArrowRight')).toEqual({ key: 'agents/alpha.md' });
  expect(press('/skills', 'ArrowRight')).toEqual({ toggle: true });
  expect(press('/agents', 'ArrowLeft')).toEqual({ toggle: false });
  expect(press('agents/beta.md', 'ArrowLeft')).toEqual({ key: '/agents' });
  expect(press('/agents', 'End')).toEqual({ key: 'axe.md' });
  expect(press('axe.md', 'PageUp')).toEqual({ key: 'agents/beta.md' });
});

test('letters find a name; the same letter again goes on, several letters narrow down', () => {
  expect(press('/skills', 'a')).toEqual({ key: 'apple.md' });
  expect(press('apple.md', 'a', 100)).toEqual({ key: 'axe.md' });
  expect(press('axe.md', 'a')).toEqual({ key: '/agents' });
  expect(press('/agents', 'x', 100)).toEqual({ key: 'axe.md' });
  expect(press('axe.md', 'Tab')).toBe(null);
});
