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

test('names stand beside the entries as far as there is room, and never over the next one', () => {
  const long = 'A goal of many words that nobody could write beside a dot';
  const many = Array.from({ length: 60 }, (_, i) => entry(`e${i}`, { title: long }));
  for (const [entries, room] of [
    [many, 1300],
    [many.slice(0, 4), 1300],
    [many.slice(0, 9), 360],
  ] as const) {
    const { nodes, width } = layOut([...entries], room);
    for (const { x, y, label } of nodes) {
      const end = x + 12 + label.length * 6.2;
      const next = nodes.find((other) => other.y === y && other.x > x);
      expect(label.length).toBeGreaterThan(8);
      expect(end).toBeLessThan(next ? next.x - 6 : width);
    }
  }
  // few use the room that there is, many go beyond it
  expect(layOut(many.slice(0, 4), 1300).width).toBeGreaterThan(600);
  expect(layOut(many, 1300).width).toBeGreaterThan(1300);
});

test('nothing, and an entry that names itself, are drawn too', () => {
  expect(layOut([])).toMatchObject({ nodes: [], edges: [] });
  expect(layOut([entry('a', { links: [{ kind: 'parent', to: 'a', file: 'a' }] })]).edges).toEqual([]);
});
