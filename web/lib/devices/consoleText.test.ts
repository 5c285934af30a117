import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createConsoleFilter, ruled } from './consoleText.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const shown = (...pieces: string[]) => {
  const filter = createConsoleFilter();
  return pieces.map((piece) => new TextDecoder().decode(filter.pass(bytes(piece)))).join('');
};

test('text, line ends, colours and cursor moves pass', () => {
  const all = 'a\tb\r\n\x1b[1;31mred\x1b[0m \x1b[2K\x1b[10;5H\x1b7\x1b8 é 漢\b\x1b[?25l';
  expect(shown(all)).toBe(all);
});

test('titles, clipboard, links, questions, other screens and strings without an end do not', () => {
  expect(shown('a\x1b]0;title\x07b')).toBe('ab');
  expect(shown('a\x1b]52;c;aGk=\x07b')).toBe('ab');
  expect(shown('\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\')).toBe('click');
  expect(shown('a\x1b[6nb\x1b[cc\x1b[>0qd\x1bZe')).toBe('abcde');
  expect(shown('a\x1b[?1049hb\x1b[?1000hc\x1b[?2004hd')).toBe('abcd');
  expect(shown('a\x1bP+q544e\x1b\\b')).toBe('ab');
  expect(shown('a\x1bcb\x1b(0c')).toBe('abc');
  expect(shown('a\x1b]never ends\nnext')).toBe('a\nnext');
  expect(shown('a\x1b[99999999Lb')).toBe('ab');
  expect(shown(`a\x1b[${'1;'.repeat(500)}m`).length).toBeLessThan(1100);
  expect(shown('a\u009b6nb\u009d0;t\x07c é°')).toBe('a6nb0;t\x07c é°');
  expect(shown('\x00\x01\x02\x04\x7fok')).toBe('ok');
});

test('a sequence may be cut anywhere', () => {
  const all = 'x\x1b[1;31mred\x1b[0m\x1b]0;t\x07y\x1b[6nz';
  for (let cut = 0; cut <= all.length; cut++) expect(shown(all.slice(0, cut), all.slice(cut))).toBe(shown(all));
});

test('whatever bytes come, nothing that makes a terminal answer leaves', () => {
  const filter = createConsoleFilter();
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...bytes('\x1b[]P>?0;5ncqR\x07\\m\n')), { maxLength: 60 }), (all) => {
      const text = new TextDecoder().decode(filter.pass(Uint8Array.from(all)));
      expect(text).not.toMatch(/\x1b\[[\d;?>]*[ncqR]|\x1b[\]P]/);
    }),
    { numRuns: 2000 },
  );
});

test('a line of ours has a rule on both sides where there is room, and never breaks for the sake of it', () => {
  expect(ruled('Ben drives, 12:00:00', 80)).toBe('-------- Ben drives, 12:00:00 --------');
  for (let columns = 1; columns < 60; columns++) {
    const line = ruled('Ben drives, 12:00:00', columns);
    expect(line, `${columns}`).toMatch(/^-{2,8} Ben drives, 12:00:00( -{2,8})?$/);
    if (columns >= 23) expect(line.length, `${columns}`).toBeLessThanOrEqual(columns);
  }
});
