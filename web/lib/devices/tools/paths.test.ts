import { expect, test } from 'vitest';
import { folderAbove, inFolder, readText, startCode, wayTo, wrongBoardName } from './paths.ts';

test('paths of a board begin at its root, whichever way they are put together', () => {
  expect(inFolder('/', 'main.py')).toBe('/main.py');
  expect(inFolder('/lib', 'a.py')).toBe('/lib/a.py');
  expect(folderAbove('/lib/a.py')).toBe('/lib');
  expect(folderAbove('/main.py')).toBe('/');
  expect(wayTo('/')).toEqual([]);
  expect(wayTo('/lib/deep')).toEqual([
    { name: 'lib', path: '/lib' },
    { name: 'deep', path: '/lib/deep' },
  ]);
});

test('names that a board does not take', () => {
  for (const name of ['', ' ', '..', 'a/b', 'a\nb', 'x'.repeat(101)]) expect(wrongBoardName(name), name).not.toBeNull();
  for (const name of ['main.py', 'größe.txt', '.hidden']) expect(wrongBoardName(name), name).toBeNull();
});

test('text is told from bytes, and a name cannot end the program that starts it', () => {
  expect(readText(new TextEncoder().encode('größe'))).toBe('größe');
  expect(readText(Uint8Array.of(1, 0, 2))).toBeNull();
  expect(readText(Uint8Array.of(0xff, 0xfe, 0x80))).toBeNull();
  expect(startCode('/a".py')).toBe(`exec(compile(open("/a\\".py").read(), "/a\\".py", 'exec'), globals())`);
  expect(startCode('/lib/x.mpy')).toContain('__import__("x")');
});
