import { expect, test } from 'vitest';
import type { MemoryRow } from '#shared/api/memory.ts';
import { curve, layOut } from './graph.ts';

const entry = (fileId: string, changes: Partial<MemoryRow> = {}): MemoryRow => ({
  fileId, path: `memory/${fileId}.md`, type: 'traces', title: fileId, excerpt: '', at: '2026-05-01T10:00:00Z',
  state: 'active', outcome: 'unknown', project: null, traceId: null, links: [], ...changes,
}); // prettier-ignore

test('time goes to the right, each type has a lane, and a link is a line between the two', () => {
  const graph = layOut([
    entry('skill', { type: 'skills', links: [{ kind: 'source', to: 'old', file: 'old' }] }),
    entry('new', {
      links: [
        { kind: 'parent', to: 'old', file: 'old' },
        { kind: 'parent', to: 'gone', file: null },
      ],
    }),
    entry('old'),
  ]);
  const at = (id: string) => graph.nodes.find((node) => node.entry.fileId === id)!;
  expect(at('old').x).toBeLessThan(at('new').x);
  expect(Math.floor(at('skill').y / 96)).not.toBe(Math.floor(at('new').y / 96));
  expect(graph.edges.map(({ from, to, kind }) => [from.entry.fileId, to.entry.fileId, kind])).toEqual([
    ['old', 'new', 'parent'],
    ['old', 'skill', 'source'],
  ]);
  expect(curve(graph.edges[0]!)).toMatch(/^M[\d.,]+ C/);
  for (const { x, y } of graph.nodes) expect(x < graph.width && y < graph.height).toBe(true);
});

test('nothing, and an entry that names itself, are drawn too', () => {
  expect(layOut([])).toMatchObject({ nodes: [], edges: [] });
  expect(layOut([entry('a', { links: [{ kind: 'parent', to: 'a', file: 'a' }] })]).edges).toEqual([]);
});
