import { expect, test } from 'vitest';
import { byDefinition, figureOf, finishedShare, isCounted, sparkPath, type Figure } from './figures.ts';

const figure = (more: Partial<Figure>): Figure => ({
  kind: 'agent',
  volume: null,
  path: null,
  tool: null,
  uses: 1,
  finished: 0,
  failed: 0,
  points: [],
  last: [],
  delegatedBy: [],
  ...more,
});

test('a definition finds its own figures: agents by their file, tools by what runs call them', () => {
  const planner = figure({ volume: 'team/lab', path: 'agents/Planner.md' });
  const memory = figure({ kind: 'tool', tool: 'query_memory' });
  const figures = byDefinition({ days: 30, cut: false, figures: [planner, memory] });
  const place = { volume: 'team/lab', path: 'agents/Planner.md' };
  expect(figureOf({ kind: 'agent', id: 'x', ...place }, figures)).toBe(planner);
  expect(figureOf({ kind: 'agent', id: 'x', ...place, volume: 'system' }, figures)).toBeNull();
  expect(figureOf({ kind: 'tool', id: 'query-memory', volume: 'system', path: 'tools/query-memory.md' }, figures)).toBe(
    memory,
  );
  expect([isCounted('agent'), isCounted('applet')]).toEqual([true, false]);
});

test('nothing that ended is no success and no failure', () => {
  expect(finishedShare({ finished: 0, failed: 0 })).toBe('–');
  expect(finishedShare({ finished: 2, failed: 1 })).toBe('67\u00a0%');
});

test('a line needs two days with use; the most is at the top', () => {
  expect(sparkPath([0, 5, 0], { width: 10, height: 10 })).toBe('');
  expect(sparkPath([1, 2], { width: 10, height: 10 })).toBe('M1.0 5.0L9.0 2.0');
});
