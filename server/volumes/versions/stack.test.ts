import { expect, test } from 'vitest';
import { commitMessage } from './commitMessage.ts';
import { bringForward, countRuns, walkBlame, type Runs } from './lineBlame.ts';
import { stackShares } from './stack.ts';

const layer = (person: string | null, text: string, ...coAuthors: string[]) => ({ person, text, coAuthors });

test('[GI3] the layers of several files become one share a person', () => {
  const shares = stackShares([
    { fileId: 'x', layers: [layer('ada', 'x1'), layer('ben', 'x2', 'ada')] },
    { fileId: 'y', layers: [layer('ben', 'y1', 'cyd')] },
    { fileId: 'z', layers: [] },
  ]);
  expect(shares).toEqual([
    { person: 'ada', coAuthors: [], files: [{ fileId: 'x', text: 'x1' }] },
    {
      person: 'ben',
      coAuthors: ['ada', 'cyd'],
      files: [
        { fileId: 'x', text: 'x2' },
        { fileId: 'y', text: 'y1' },
      ],
    },
  ]);
});

test('[GI3] somebody who comes later in another file waits, so that there is one commit a person', () => {
  const shares = stackShares([
    { fileId: 'x', layers: [layer('ben', 'x1')] },
    { fileId: 'y', layers: [layer(null, 'y1'), layer('ben', 'y2')] },
  ]);
  expect(shares.map(({ person, files }) => [person, files.length])).toEqual([
    [null, 1],
    ['ben', 2],
  ]);
});

test('[GI3] files that disagree about the order still end in their own text', () => {
  const files = [
    { fileId: 'x', layers: [layer('ada', 'x1'), layer('ben', 'x2')] },
    { fileId: 'y', layers: [layer('ben', 'y1'), layer('ada', 'y2')] },
  ];
  const shares = stackShares(files);
  expect(shares.map(({ person }) => person)).toEqual(['ada', 'ben', 'ada']);
  const ends = new Map(shares.flatMap((share) => share.files.map(({ fileId, text }) => [fileId, text])));
  expect([...ends]).toEqual([
    ['x', 'x2'],
    ['y', 'y2'],
  ]);
});

test('a commit without a message says what changed', () => {
  const file = (path: string, change: 'created' | 'edited' | 'renamed' | 'deleted', pathBefore: string | null = null) => ({
    path,
    pathBefore,
    change,
  }); // prettier-ignore
  const say = (kind: Parameters<typeof commitMessage>[0]['kind'], ...files: ReturnType<typeof file>[]) =>
    commitMessage({ kind, files });
  expect(say('pause', file('agents/PlanningAgent.md', 'edited'))).toBe('Edit agents/PlanningAgent.md');
  expect(say('pause', file('skills/a/SKILL.md', 'edited'), file('skills/b.md', 'edited'))).toBe(
    'Edit 2 files in skills/',
  );
  expect(say('pause', file('a.md', 'edited'), file('x/b.md', 'edited'))).toBe('Edit 2 files');
  expect(say('create', file('a.md', 'created'))).toBe('Create a.md');
  expect(say('delete', file('x/a.md', 'deleted'), file('x/b.md', 'deleted'))).toBe('Delete 2 files in x/');
  expect(say('rename', file('x/b.md', 'renamed', 'x/a.md'))).toBe('Rename x/a.md to b.md');
  expect(say('rename', file('y/a.md', 'renamed', 'x/a.md'))).toBe('Move x/a.md to y/');
  expect(say('rename', file('a.md', 'renamed', 'x/a.md'))).toBe('Move x/a.md to the top folder');
  expect(say('rename', file('y/b.md', 'renamed', 'x/a.md'))).toBe('Rename x/a.md to y/b.md');
  expect(say('rename', file('y/b.md', 'renamed', 'x/b.md'), file('y/c.md', 'renamed', 'x/c.md'))).toBe(
    'Move 2 files in y/',
  );
  expect(say('import', file('a.md', 'created'), file('b.md', 'edited'))).toBe('Import 2 files');
  expect(say('save', file('a.md', 'created'), file('b.md', 'edited'))).toBe('Change 2 files');
});

test('[GI7] blame is brought forward line by line', () => {
  const start: Runs = [
    [2, 1],
    [1, 2],
  ];
  const step = bringForward({ runs: start, before: 'a\nb\nc\n', after: 'a\nB\nc\nd', position: 3 });
  expect(step).toEqual({
    runs: [
      [1, 1],
      [1, 3],
      [1, 2],
      [1, 3],
    ],
    added: 2,
    removed: 1,
  });
  expect(countRuns(step.runs)).toBe(4);
  expect(bringForward({ runs: step.runs, before: 'a\nB\nc\nd', after: '', position: 4 })).toEqual({
    runs: [],
    added: 0,
    removed: 4,
  });
});

test('[GI7] a blame that is lost is made again from all versions', async () => {
  const texts: Record<string, string> = { x: 'a\n', y: 'a\nb\n', z: 'c\n' };
  const versions = [
    { position: 1, blob: 'x' },
    { position: 4, blob: 'y' },
    { position: 6, blob: null },
    { position: 7, blob: 'y' },
  ];
  expect(await walkBlame({ versions: versions.slice(0, 2), textOf: async (blob) => texts[blob]! })).toEqual([
    [1, 1],
    [1, 4],
  ]);
  // it was away meanwhile: put back, its lines are still theirs who wrote them
  expect(await walkBlame({ versions, textOf: async (blob) => texts[blob]! })).toEqual([
    [1, 1],
    [1, 4],
  ]);
});
