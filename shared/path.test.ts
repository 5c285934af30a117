import fc from 'fast-check';
import { expect, test } from 'vitest';
import { foldersOf, longestPart, longestPath, pathKey, safePath } from './path.ts';

const refused = (path: string) =>
  expect(safePath(path), JSON.stringify(path)).toMatchObject({ path: null, problem: expect.stringMatching(/\.$/) });
const accepted = (path: string, as = path) =>
  expect(safePath(path), JSON.stringify(path)).toEqual({ path: as, problem: null });

test('[GI8] ordinary names of every language are paths', () => {
  for (const path of [
    'README.md',
    'agents/SystemAgent.md',
    '.claude/commands/llmos.md',
    '.gitignore',
    '.gitattributes',
    '.github/x.yml',
    'a b/c d.md',
    '日本語/説明.md',
    'Größe.md',
    'what now?.md',
    '👍.md',
    '❤️.md',
    'git',
    'git.md',
    'github/a',
    'x.git',
    'console.md',
    'comfort.md',
    'com.md',
    'auxiliary',
    'nul1.md',
    '...a',
    '-rf',
    '~',
    '%2e%2e',
  ])
    accepted(path);
});

test('[GI8] no way out of the volume, and no empty parts', () => {
  for (const path of [
    '',
    '.',
    '..',
    '/',
    '/a',
    'a/',
    'a//b',
    './a',
    'a/.',
    'a/..',
    '../a',
    'a/../b',
    '/etc/passwd',
    '\\\\server\\share',
    'C:\\x',
    'C:x',
    'a:b',
    'a\\b',
    '..\\a',
    '\uFF0E\uFF0E/a',
    '\u2025/a',
    '\u2024\u2024',
    'a\uFF0Fb',
    '\uFF3C',
    '.\u200B.',
    '\uFE0F',
  ])
    refused(path);
});

test('[GI8] no spelling of .git', () => {
  for (const name of [
    '.git',
    '.GIT',
    '.Git',
    '.gIt',
    'git~1',
    'GIT~1',
    'Git~2',
    'git~1.md',
    '.git ',
    '.git.',
    '.git...',
    '.git . .',
    '.g\u200cit',
    '.git\u200d',
    '\ufeff.git',
    '.gi\u2060t',
    '.gi\ufe0ft',
    '.git::$INDEX_ALLOCATION',
    '\uFF0Egit',
    '.\uFF47\uFF49\uFF54',
    '.gi\u00ADt',
    '.GıT'.replace('ı', 'I'),
    '.gitmodules',
    '.GITMODULES',
    '.gitmodules\u200b',
    'gitmod~1',
  ]) {
    refused(name);
    refused(`a/${name}`);
    refused(`${name}/config`);
  }
});

test('[GI8] no control, zero-width or direction characters, no dangling surrogates', () => {
  for (const character of [
    '\0',
    '\n',
    '\r',
    '\t',
    '\x1b',
    '\x7f',
    '\x85',
    '\u200b',
    '\u200c',
    '\u200d',
    '\u200e',
    '\u202e',
    '\u2066',
    '\u2028',
    '\u2029',
    '\ufeff',
    '\u00ad',
    '\u{e0041}',
    '\ud800',
    '\udc00',
    '\u180e',
  ]) {
    refused(`a${character}b.md`);
  }
});

test('[GI8] no trailing dots or spaces, no device names of Windows', () => {
  for (const path of [
    'a.',
    'a ',
    'a./b',
    'a /b',
    'a\u00a0',
    'a\u3000/b',
    'con',
    'CON',
    'con.md',
    'Con.tar.gz',
    'aux .md',
    'nul',
    'x/prn.txt',
    'com1',
    'COM9.md',
    'com¹',
    'lpt0',
    'conin$',
    'ＣＯＮ',
  ])
    refused(path);
});

test('[GI8] lengths are counted in bytes', () => {
  accepted('é'.repeat(longestPart / 2 - 1));
  accepted('a'.repeat(longestPart));
  refused('a'.repeat(longestPart + 1));
  refused('é'.repeat(128));
  accepted(`${'a/'.repeat(longestPath / 2 - 1)}a`);
  refused(`${'a/'.repeat(longestPath / 2)}a`);
});

test('[GI8] a path is normalised to NFC', () => accepted('Gro\u0308\u00dfe.md', 'Größe.md'));

test('[GI8] the key is one for all spellings that some file system takes for the same', () => {
  for (const [one, other] of [
    ['README.md', 'readme.MD'],
    ['Größe', 'GRÖSSE'],
    ['caf\u00e9', 'cafe\u0301'],
    ['\ufb01le', 'file'],
    ['ＡＢＣ', 'abc'],
    ['❤️.md', '❤.md'],
    ['ſ', 's'],
    ['K', 'k'],
    ['Σας', 'σασ'],
    ['Ω', 'ω'],
  ] as const) {
    expect(pathKey(one), `${one} ${other}`).toBe(pathKey(other));
  }
  expect(pathKey('a/b')).not.toBe(pathKey('a/c'));
});

const part = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom('.git', '..', '.', 'con', 'a', 'Ä', '\u200b', ' ', 'git~1', ''),
);
const anyPath = fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join('/'));

test('[GI8] property: what is accepted is stable, relative, and holds nothing that was refused', () => {
  fc.assert(
    fc.property(anyPath, (given) => {
      const { path } = safePath(given);
      if (path === null) return;
      expect(safePath(path)).toEqual({ path, problem: null });
      expect(path.normalize('NFC')).toBe(path);
      expect(path).not.toMatch(/[\0-\x1f\x7f\\:]|^\/|\/$|\/\//u);
      for (const name of path.split('/')) {
        expect(['', '.', '..', '.git'].includes(pathKey(name))).toBe(false);
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(longestPart);
      }
      expect(pathKey(path)).toBe(pathKey(pathKey(path)));
      expect(pathKey(path.normalize('NFD'))).toBe(pathKey(path));
      expect(pathKey(path.toLowerCase())).toBe(pathKey(path));
    }),
    { numRuns: Number(process.env['FUZZ_PATHS'] ?? 3000) },
  );
});

test('[GI8] property: decoration never gets .git past us', () => {
  const noise = fc.array(fc.constantFrom('\u200b', '\u200c', '\u200d', '\ufeff', '\u2060', '\ufe0f', '\u00ad', ''), {
    minLength: 5,
    maxLength: 5,
  });
  const spelling = fc
    .tuple(noise, fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }), fc.constantFrom('', '.', ' ', '..', ' .'))
    .map(
      ([between, upper, end]) =>
        [...'.git'].map((letter, index) => between[index] + (upper[index] ? letter.toUpperCase() : letter)).join('') +
        between[4] +
        end,
    );
  fc.assert(
    fc.property(spelling, (name) => {
      expect(safePath(`a/${name}/hooks`).path).toBeNull();
    }),
  );
});

test('folders above a path, outermost first', () => {
  expect(foldersOf('a/b/c.md')).toEqual(['a', 'a/b']);
  expect(foldersOf('c.md')).toEqual([]);
});
