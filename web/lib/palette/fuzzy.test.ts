import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findBest, marked, match } from './fuzzy.ts';

const files = [
  'agents/PlanningAgent.md',
  'skills/plan-first-execution.md',
  'tools/plan-task.md',
  'projects/planets/notes.md',
  'agents/ProjectAgentPlanner.md',
  'kernel/config.md',
  'memory/explanation.md',
];
const nameAt = (path: string) => path.lastIndexOf('/') + 1;
const best = (query: string) => findBest(query, files, (path) => path, { nameAt }).map(({ one }) => one);

test('the start of a name comes first, then the start of a word in it, then letters in the middle', () => {
  expect(best('plan').slice(0, 3).sort()).toEqual([
    'agents/PlanningAgent.md',
    'skills/plan-first-execution.md',
    'tools/plan-task.md',
  ]);
  expect(best('plan')[3]).toBe('agents/ProjectAgentPlanner.md');
});

test('letters of several words find the name that has them at its humps', () => {
  expect(best('pfe')[0]).toBe('skills/plan-first-execution.md');
  expect(best('plag')[0]).toBe('agents/PlanningAgent.md');
  expect(best('config ker')[0]).toBe('kernel/config.md');
  expect(best('zzz')).toEqual([]);
});

test('what matched can be marked', () => {
  expect(
    marked('PlanningAgent', match('plag', 'PlanningAgent')!.at)
      .filter((part) => part.on)
      .map((part) => part.text)
      .join(''),
  ).toBe('PlAg');
  expect(marked('abc', [3], 3)).toEqual([
    { text: 'a', on: true },
    { text: 'bc', on: false },
  ]);
});

test('a match is the query’s letters in order, and every text is found by a piece of itself', () => {
  const word = fc.string({ unit: fc.constantFrom(...'abcdeABC/-_. 12'), minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(word, fc.nat(19), fc.nat(19), (text, from, length) => {
      const piece = text.slice(from, from + length + 1).trim();
      const found = match(piece, text);
      expect(found).not.toBe(null);
      if (!/\s/.test(piece))
        expect(found!.at.map((place) => text[place]!.toLowerCase()).join('')).toBe(piece.toLowerCase());
    }),
  );
});
