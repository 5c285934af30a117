import { expect, test } from 'vitest';
import { netChanges } from './netChange.ts';

const file = (
  fileId: string,
  path: string,
  blobBefore: string | null,
  blob: string | null,
  pathBefore: string | null = null,
) => ({
  fileId,
  path,
  pathBefore,
  blob,
  blobBefore,
  added: 0,
  removed: 0,
  binary: false,
});

test('[GI4] the sum of a range follows a file through edits, renames and deletion', () => {
  const versions = [
    { files: [file('a', 'a.md', null, '1'), file('b', 'b.md', 'x', 'y')] },
    { files: [file('a', 'c.md', '1', '1', 'a.md')] },
    { files: [file('b', 'b.md', 'y', null)] },
  ];
  expect(netChanges(versions)).toEqual([
    { fileId: 'a', binary: false, before: null, after: { path: 'c.md', blob: '1' } },
    { fileId: 'b', binary: false, before: { path: 'b.md', blob: 'x' }, after: null },
  ]);
});

test('what came and went, or was changed and changed back, is no change', () => {
  const versions = [
    { files: [file('a', 'a.md', null, '1'), file('b', 'b.md', '1', '2')] },
    { files: [file('a', 'a.md', '1', null), file('b', 'b.md', '2', '1')] },
  ];
  expect(netChanges(versions)).toEqual([]);
});
