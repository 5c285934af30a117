// What comes out of the frame of a virtual board was written by anybody: the page believes only what can be.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { applyChanges, flashBytes, flashMostFiles, type FlashFiles } from './flash.ts';
import { boardLimits, readFromBoard } from './frame.ts';
import { createLinkMemory, openLink, pushEvent, shiftEvent } from './link.ts';

test('[VB9] messages of a frame: what is none is not believed, whatever it is', () => {
  for (const wrong of [
    null,
    7,
    'bytes',
    {},
    { t: 'bytes' },
    { t: 'bytes', bytes: [1] },
    { t: 'took', id: '1' },
    { t: 'files', changes: {} },
  ])
    expect(readFromBoard(wrong)).toBeNull();
  expect(readFromBoard({ t: 'bytes', bytes: new Uint8Array(boardLimits.bytes + 1) })).toBeNull();
  expect(readFromBoard({ t: 'failed', text: 'x'.repeat(9000) })).toEqual({
    t: 'failed',
    text: 'x'.repeat(4000),
  });
  fc.assert(fc.property(fc.anything(), (noise) => void readFromBoard(noise)));
});

test('[VB9] kept files: bounded like the flash, under paths that a board can have', () => {
  const files: FlashFiles = new Map();
  expect(
    applyChanges(files, [
      { path: '/main.py', data: Uint8Array.of(1) },
      { path: '/lib/', data: new Uint8Array() },
    ]),
  ).toBe(true);
  for (const path of ['main.py', '', '//x', `/${'x'.repeat(300)}`, 7])
    expect(applyChanges(files, [{ path, data: Uint8Array.of(1) }])).toBe(false);
  expect(applyChanges(files, [{ path: '/big', data: new Uint8Array(flashBytes) }])).toBe(false);
  expect(applyChanges(files, [{ path: '/text', data: 'text' }, null, { path: '/none', data: null }])).toBe(false);
  expect(applyChanges(files, 'files')).toBe(false);
  const many = Array.from({ length: flashMostFiles + 5 }, (_, i) => ({ path: `/${i}`, data: new Uint8Array() }));
  applyChanges(files, many);
  expect(files.size).toBe(flashMostFiles);
  expect(applyChanges(files, [{ path: '/main.py', data: null }])).toBe(true);
  expect(files.has('/main.py')).toBe(false);
});

test('[VB9] a line gives back what was put in, in order, and takes no more than it can hold', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.uint8Array({ maxLength: 5000 }), fc.nat(6000)), { maxLength: 40 }), (rounds) => {
      const { rx } = openLink(createLinkMemory(true));
      const put: number[] = [];
      const got: number[] = [];
      for (const [bytes, taken] of rounds) {
        put.push(...bytes.subarray(0, rx.push(bytes)));
        for (let i = 0; i < taken; i++) {
          const byte = rx.shift();
          if (byte === undefined) break;
          got.push(byte);
        }
      }
      for (let byte = rx.shift(); byte !== undefined; byte = rx.shift()) got.push(byte);
      expect(got).toEqual(put);
    }),
    { numRuns: 50 },
  );
  const link = openLink(createLinkMemory(true));
  expect(link.rx.push(new Uint8Array(100_000))).toBe(65_535);
  expect(link.rx.push(Uint8Array.of(1))).toBe(0);
  let events = 0;
  while (pushEvent(link, { do: 'obstacle', index: events, x: 1, y: 2 })) events += 1;
  expect(events).toBeGreaterThan(100);
  for (let i = 0; i < events; i++) expect(shiftEvent(link)).toMatchObject({ index: i });
  expect(shiftEvent(link)).toBeUndefined();
});

test('[VB9] Ctrl-C is found behind other bytes, and what came before it is dropped with it', () => {
  const { rx } = openLink(createLinkMemory(false));
  rx.push(new TextEncoder().encode('abc\x03\x03def'));
  expect(rx.dropThrough(3)).toBe(true);
  expect(rx.dropThrough(3)).toBe(false);
  expect(String.fromCharCode(rx.shift()!, rx.shift()!, rx.shift()!)).toBe('def');
});

test('[VB9] changes of files without end, and words that are no words, are not believed', () => {
  const change = { path: '/a', data: new Uint8Array() };
  const changes = Array.from({ length: 100_000 }, () => change);
  expect(readFromBoard({ t: 'files', changes })).toBeNull();
  expect(readFromBoard({ t: 'files', changes: changes.slice(0, 2500) })).not.toBeNull();
  const odd = { toString: 1, valueOf: 1 };
  for (const message of [
    { t: 'failed', text: odd },
    { t: 'ready', ms: odd },
    { t: 'violation', directive: odd, uri: odd },
    { t: 'compiled', id: 1, wasm: null, text: odd },
  ])
    expect(() => readFromBoard(message)).not.toThrow();
});
