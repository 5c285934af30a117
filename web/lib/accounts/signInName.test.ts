import { expect, test } from 'vitest';
import { githubProblem, proposeLogin, safeNext } from './signInName.ts';

test.each([
  ['Ada Okafor', 'ada'],
  ['Zoë', 'zoe'],
  ['Jürgen Groß', 'jurgen'],
  ['  Mei-Ling Wu', 'mei-ling'],
  ['-x-', 'x'],
  ['李明', ''],
  ['', ''],
])('the name %j proposes %j', (name, login) => {
  expect(proposeLogin(name)).toBe(login);
});

test.each([
  ['/v/team%2Flab/f/a.md?x=1#l3', '/v/team%2Flab/f/a.md?x=1#l3'],
  ['//evil.example', '/'],
  ['/\\evil.example', '/'],
  ['https://evil.example', '/'],
  ['javascript:alert(1)', '/'],
  ['/a/..//evil.example', '/'],
  ['/\t/evil.example', '/'],
  ['/sign-in?next=/x', '/'],
  [null, '/'],
  ['', '/'],
])('after signing in, %j leads to %j', (next, to) => {
  expect(safeNext(next)).toBe(to);
});

test('words from an address are never shown as they are', () => {
  expect(githubProblem('taken')).toContain('belongs to somebody else');
  expect(githubProblem('<b>Call 0900</b>')).toBe('Signing in with GitHub did not work. Try again.');
  expect(githubProblem(null)).toBeUndefined();
});
