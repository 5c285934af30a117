import { expect, test } from 'vitest';
import { wrongName } from './names.ts';

test('[GI8] a name that cannot be one is refused while it is typed', () => {
  for (const name of [
    'a/',
    '/a',
    '..',
    'a/../b',
    '.git',
    'x/.GIT/y',
    'a:b',
    'tab\there',
    'end.',
    'end ',
    'NUL',
    'com1.md',
    'ü'.repeat(128),
  ])
    expect(wrongName(name), name).toMatch(/\.$|\|$/);
});

test('ordinary names, also with folders on the way, pass', () => {
  for (const name of ['notes.md', 'a/b/c.md', '.gitignore', 'Ünïcode 日本.md', 'console.md', 'no ending'])
    expect(wrongName(name), name).toBe(null);
});
