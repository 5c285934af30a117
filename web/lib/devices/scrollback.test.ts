import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Mark } from '#shared/devices.ts';
import { Scrollback, type Entry } from './scrollback.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
function reader(scrollback: Scrollback) {
  const heard: Entry[] = [];
  let restarts = 0;
  scrollback.read({
    entry: (entry) => heard.push(entry),
    restart: () => {
      heard.length = 0;
      restarts += 1;
    },
  });
  const text = () =>
    heard
      .map((entry) => (entry.kind === 'bytes' ? new TextDecoder().decode(entry.bytes) : `[${entry.mark.text}]`))
      .join('');
  return { text, restarts: () => restarts };
}
const mark = (offset: number, text: string): Mark => ({ offset, at: offset, kind: 'lease', text });

test('[DE1] whatever is sent again after a reconnect, each byte is there once and in order', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 200 }),
      fc.array(fc.nat(220), { maxLength: 20 }),
      (all, cuts) => {
        const scrollback = new Scrollback();
        for (const cut of [...cuts, all.length]) {
          // the server sends from what it was asked for, or from before it
          const from = Math.max(0, Math.min(scrollback.end, all.length) - (cut % 7));
          const to = Math.min(all.length, cut);
          if (to > from) scrollback.add(from, all.subarray(from, to), null);
        }
        const got: number[] = [];
        scrollback.read({ entry: (entry) => entry.kind === 'bytes' && got.push(...entry.bytes), restart: () => {} });
        expect(got).toEqual([...all]);
      },
    ),
  );
});

test('[DE1] what the server no longer has is told as a gap, with its size', () => {
  const scrollback = new Scrollback();
  const { text } = reader(scrollback);
  scrollback.begin({ from: 0, end: 0, marks: [] });
  scrollback.add(0, bytes('abc'), null);
  expect(scrollback.begin({ from: 1003, end: 1005, marks: [] })).toBe(1000);
  scrollback.add(1003, bytes('xy'), null);
  expect(text()).toBe('abc[1,000 bytes skipped]xy');
});

test('a server that was started again counts from elsewhere: that is told by its mark, not as bytes', () => {
  const scrollback = new Scrollback();
  const { text } = reader(scrollback);
  scrollback.begin({ from: 0, begin: 0, end: 0, marks: [] });
  scrollback.add(0, bytes('abc'), null);
  expect(scrollback.begin({ from: 2 ** 30, begin: 2 ** 30, end: 2 ** 30, marks: [mark(2 ** 30, 'again')] })).toBe(0);
  scrollback.add(2 ** 30, bytes('xy'), null);
  expect(text()).toBe('abc[again]xy');
});

test('a mark stands between the bytes that it is about, whichever comes first', () => {
  const scrollback = new Scrollback();
  const { text } = reader(scrollback);
  scrollback.begin({ from: 0, end: 6, marks: [mark(0, 'a'), mark(3, 'b'), mark(6, 'c')] });
  scrollback.add(0, bytes('onetwo'), null);
  scrollback.mark(mark(6, 'd'));
  scrollback.mark(mark(9, 'e'));
  scrollback.add(6, bytes('three'), null);
  expect(text()).toBe('[a]one[b]two[c][d]thr[e]ee');
  // after a reconnect marks that are known do not come twice
  scrollback.begin({ from: 11, end: 11, marks: [mark(0, 'a'), mark(9, 'e'), mark(11, 'f')] });
  expect(text()).toBe('[a]one[b]two[c][d]thr[e]ee[f]');
});

test('a server that counts anew is followed, and readers begin with nothing', () => {
  const scrollback = new Scrollback();
  const { text, restarts } = reader(scrollback);
  scrollback.add(0, bytes('before'), null);
  scrollback.begin({ from: 0, end: 2, marks: [] });
  scrollback.add(0, bytes('ok'), null);
  expect([text(), restarts()]).toEqual(['ok', 1]);
});

test('it is bounded, in bytes and in pieces', () => {
  const scrollback = new Scrollback(1000);
  for (let n = 0; n < 500; n++) scrollback.add(n * 10, bytes('0123456789'), null);
  let held = 0;
  scrollback.read({ entry: (entry) => (held += entry.kind === 'bytes' ? entry.bytes.length : 0), restart: () => {} });
  expect(held).toBe(1000);
  for (let n = 0; n < 2000; n++) scrollback.mark(mark(scrollback.end, 'x'));
  let marks = 0;
  scrollback.read({ entry: (entry) => (marks += entry.kind === 'mark' ? 1 : 0), restart: () => {} });
  expect(marks).toBe(500);
});
