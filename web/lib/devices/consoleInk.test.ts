import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createConsoleInk } from './consoleInk.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const inked = (...pieces: string[]) => {
  const ink = createConsoleInk();
  return pieces.map((piece) => new TextDecoder().decode(ink.pass(bytes(piece)))).join('');
};
/** Lines as a terminal shows them: `<typed>`, `[error]`, else as they are. */
function drawn(text: string): string[] {
  let colour = '';
  const lines: { at: number; cells: { sign: string; colour: string }[] }[] = [{ at: 0, cells: [] }];
  for (const [piece] of text.matchAll(/\x1b\[\d*m|[^\x1b]/g)) {
    const line = lines.at(-1)!;
    if (piece === '\x1b[94m') colour = 'typed';
    else if (piece === '\x1b[91m') colour = 'error';
    else if (piece.length > 1) colour = '';
    else if (piece === '\n') lines.push({ at: 0, cells: [] });
    else if (piece === '\r') line.at = 0;
    else line.cells[line.at++] = { sign: piece, colour };
  }
  return lines.map(({ cells }) => {
    const all = cells.map(({ sign }) => sign).join('');
    const colours = new Set(cells.map((cell) => cell.colour));
    expect(colours.size).toBeLessThan(2);
    return colours.has('typed') ? `<${all}>` : colours.has('error') ? `[${all}]` : all;
  });
}

test('what was typed at a prompt, and errors, have their colours; the rest has none', () => {
  const said = [
    'MicroPython v1.24.1',
    '>>> for i in range(2):',
    '...     print(i)',
    '... ',
    '0',
    '... said by a program',
    '>>> 1 / 0',
    'Traceback (most recent call last):',
    '  File "<stdin>", line 1, in <module>',
    'ZeroDivisionError: divide by zero',
    '>>> ',
  ].join('\r\n');
  expect(drawn(inked(said))).toEqual([
    'MicroPython v1.24.1',
    '<>>> for i in range(2):>',
    '<...     print(i)>',
    '<... >',
    '0',
    '... said by a program',
    '<>>> 1 / 0>',
    '[Traceback (most recent call last):]',
    '[  File "<stdin>", line 1, in <module>]',
    '[ZeroDivisionError: divide by zero]',
    '<>>> >',
  ]);
  const answers =
    '{"status": "ok"}\r\n{"action": "drive"}\r\n{"status": "error", "msg": "i2c"}\r\nE (21) wifi: no\r\nEnd';
  expect(drawn(inked(answers))).toEqual(['{"status": "ok"}', '<{"action": "drive"}>', '[{"status": "error", "msg": "i2c"}]', '[E (21) wifi: no]', 'End']); // prettier-ignore
});

test('what was interrupted by hand is no error', () => {
  const said = 'Traceback (most recent call last):\r\n  File "main.py", line 41\r\nKeyboardInterrupt: \r\n1\r\n';
  expect(inked(said)).toBe(said);
});

test('a board that colours by itself is left alone', () => {
  const said = '\x1b[32m>>> 1\r\nE (1) x\x1b[0m\r\n';
  expect(inked(said)).toBe(said);
  expect(drawn(inked(`${said}>>> 2`)).at(-1)).toBe('<>>> 2>');
});

test('after a line of ours the colour goes on', () => {
  const ink = createConsoleInk();
  ink.pass(bytes('>>> '));
  expect(ink.again()).toBe('\x1b[94m');
  ink.pass(bytes('1+1\r\n'));
  expect(ink.again()).toBe('');
});

test('the text stays as it is, and is drawn the same however it was cut', () => {
  const line = fc.constantFrom('>>> x = 1', '>>', '... y', 'Traceback (most', ' File', 'ValueError: no', '{"action": 1}', '{"status":"error"}', 'E (1', 'é 漢', '', 'plain'); // prettier-ignore
  const ends = fc.constantFrom('\r\n', '\n');
  const text = fc.array(fc.tuple(line, ends)).map((all) => all.flat().join(''));
  fc.assert(
    fc.property(text, fc.array(fc.nat(200)), (all, cuts) => {
      const at = [0, ...cuts.filter((cut) => cut < all.length).sort((a, b) => a - b), all.length];
      const pieces = at.slice(1).map((to, i) => all.slice(at[i], to));
      expect(drawn(inked(...pieces))).toEqual(drawn(inked(all)));
      expect(drawn(inked(all)).map((one) => one.replace(/^[<[](.*)[>\]]$/, '$1'))).toEqual(drawn(all));
    }),
    { numRuns: 300 },
  );
});
