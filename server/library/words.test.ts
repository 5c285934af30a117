import { expect, test } from 'vitest';
import { readTyped } from '#shared/typedDefinition.ts';
import { createWordIndex, weighWords, wordsOf } from './words.ts';

test('[LI4] words are compared by their stems, and told as they were said', () => {
  const index = createWordIndex<string>();
  const text = '---\nname: minutes\ndescription: Keeps a note of each meeting.\n---\n';
  index.set('minutes', weighWords(readTyped({ path: 'skills/minutes/SKILL.md', text })));
  expect(index.find('tidy the notes of our meetings').get('minutes')?.shared).toEqual(['notes', 'meetings']);
});

test.each([
  ['note', 'notes'],
  ['file', 'files'],
  ['user', 'users'],
  ['ring', 'rings'],
  ['forecast', 'forecasting'],
  ['plan', 'planner'],
  ['story', 'stories'],
])('[LI4] %s and %s are one word', (one, other) => {
  expect(wordsOf(one)).toEqual(wordsOf(other));
});
