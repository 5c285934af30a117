import { expect, test } from 'vitest';
import { createMatcher } from './pattern.ts';
import { Scrollback } from './scrollback.ts';

const feed = (matcher: ReturnType<typeof createMatcher>, ...said: string[]) => {
  for (const part of said) {
    const found = matcher.push(Buffer.from(part));
    if (found !== null) return found;
  }
  return null;
};

test('text is found however it is cut, also over lines', () => {
  expect(feed(createMatcher({ kind: 'text', text: 'ready\r\n>>> ' }), 'boot\r\nrea', 'dy\r', '\n>', '>> ')).toBe('ready\r\n>>> '); // prettier-ignore
  expect(feed(createMatcher({ kind: 'text', text: 'READY', ignoreCase: true }), 'not yet, rea', 'dy')).toBe('ready');
  expect(feed(createMatcher({ kind: 'text', text: 'READY' }), 'ready')).toBeNull();
  expect(feed(createMatcher({ kind: 'text', text: 'é' }), 'caf')).toBeNull();
  const cut = createMatcher({ kind: 'text', text: 'é' });
  expect([cut.push(Buffer.from([0xc3])), cut.push(Buffer.from([0xa9]))]).toEqual([null, 'é']);
});

test('words fit one line; only * is special', () => {
  expect(feed(createMatcher({ kind: 'words', text: 'x=* y=*;' }), 'x=1\ny=2;\nx=3 y=', '4;')).toBe('x=3 y=4;');
  expect(feed(createMatcher({ kind: 'words', text: '(a+)+$' }), 'aaaa', '(a+)+$')).toBe('(a+)+$');
});

test('no pattern makes a flood slow', () => {
  const matcher = createMatcher({ kind: 'words', text: `${'a*'.repeat(200)}b` });
  const chunk = Buffer.alloc(64 * 1024, 'a');
  for (let i = 0; i < 16; i++) expect(matcher.push(chunk)).toBeNull(); // 1 MiB on one line
});

test('the scrollback holds the last bytes at their offsets, whatever their pieces are', () => {
  const scrollback = new Scrollback({ size: 100, begin: 1000 });
  const all: number[] = [];
  for (let i = 0; i < 500; i++) {
    const piece = Array.from({ length: (i * 37) % 130 }, () => (all.length + i * 7) & 255);
    all.push(...piece);
    scrollback.append(Buffer.from(piece));
    const { start, end } = scrollback;
    expect([start, end]).toEqual([Math.max(1000, end - 100), 1000 + all.length]);
    const from = start + ((end - start) >> 1);
    expect([...scrollback.read(from, 1000)]).toEqual(all.slice(from - 1000));
    expect([...scrollback.read(start, 7)]).toEqual(all.slice(start - 1000, start - 1000 + 7));
  }
  expect(scrollback.resume(null).missed).toBe('nothing');
  expect(scrollback.resume(scrollback.end)).toMatchObject({ from: scrollback.end, missed: 'nothing' });
  expect(scrollback.resume(scrollback.end + 1).missed).toBe('earlier');
  expect(scrollback.resume(999).missed).toBe('earlier');
  expect(scrollback.resume(1000)).toMatchObject({ from: scrollback.start, missed: 'bytes', bytes: scrollback.start - 1000 }); // prettier-ignore
});
