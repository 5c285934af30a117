import crypto from 'node:crypto';
import zlib from 'node:zlib';
import { expect, test } from 'vitest';
import { crc32, fromBase64, md5Hex, sha256Hex, toBase64 } from './bytes.ts';

test('sums are those of everybody else, at every length around a block', () => {
  for (const length of [0, 1, 55, 56, 57, 63, 64, 65, 119, 120, 128, 1000, 100_003]) {
    const bytes = new Uint8Array(crypto.randomBytes(length));
    expect(md5Hex(bytes), String(length)).toBe(crypto.createHash('md5').update(bytes).digest('hex'));
    expect(sha256Hex(bytes)).toBe(crypto.createHash('sha256').update(bytes).digest('hex'));
    expect(crc32(bytes)).toBe(zlib.crc32(bytes));
    expect(fromBase64(toBase64(bytes))).toEqual(bytes);
  }
});

test('what is not base64 is not taken for it', () => {
  for (const text of ['A', 'AAA', 'A===', '>>> ', 'AA=A', 'Hello, it is me']) expect(fromBase64(text), text).toBeNull();
});
