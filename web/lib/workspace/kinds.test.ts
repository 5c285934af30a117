import { expect, test } from 'vitest';
import { endingOf, kindOf, shownAs } from './kinds.ts';

test('a definition is known by its folder, anything else by its ending', () => {
  expect(kindOf('agents/PlanningAgent.md')).toBe('agent');
  expect(kindOf('projects/x/agents/A.md')).toBe('agent');
  expect(kindOf('skills/data-analysis/SKILL.md')).toBe('skill');
  expect(kindOf('tools/read-file.md')).toBe('tool');
  expect(kindOf('agents/notes.txt')).toBe('text');
  expect(kindOf('kernel/config.md')).toBe('text');
  expect(kindOf('run.PY')).toBe('code');
  expect(kindOf('oval.csv')).toBe('table');
  expect(kindOf('Makefile')).toBe('other');
});

test('a dot at the start is no ending', () => {
  expect(endingOf('.gitignore')).toBe('');
  expect(endingOf('a.b/c')).toBe('');
  expect(shownAs('a/plot.PNG')).toBe('image');
  expect(shownAs('a/model.onnx')).toBe(null);
});
