import { expect, test } from 'vitest';
import { chipOfImage, firmwareStart, guessImage, sameChip } from './chips.ts';

function image({
  chip,
  table,
  at = 0,
  bytes = 0xa000,
}: {
  chip?: number;
  table?: number;
  at?: number;
  bytes?: number;
}) {
  const made = new Uint8Array(bytes).fill(at > 0 ? 0xff : 0);
  if (chip !== undefined) made.set([0xe9, 4, 2, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, chip, 0], at);
  if (table !== undefined) made.set([0xaa, 0x50], table);
  return made;
}

test('what an image is and where it goes, by what it holds', () => {
  expect(guessImage(image({ chip: 0, table: 0x7000 }))).toEqual({
    what: 'a whole firmware for an ESP32',
    address: null,
  });
  expect(guessImage(image({ chip: 9, table: 0x8000 }))).toEqual({
    what: 'a whole firmware for an ESP32-S3',
    address: null,
  });
  expect(guessImage(image({ chip: 0, at: 0x1000, table: 0x8000 }))).toEqual({
    what: 'a whole flash for an ESP32',
    address: 0,
  });
  expect(guessImage(image({ chip: 5 }))).toEqual({ what: 'a program for an ESP32-C3', address: 0x10000 });
  expect(guessImage(image({ table: 0 }))).toEqual({ what: 'a partition table', address: 0x8000 });
  expect(guessImage(new Uint8Array(100))).toEqual({ what: 'data', address: 0x10000 });
});

test('the chip of an image, and names of chips', () => {
  expect(chipOfImage(image({ chip: 0 }))).toBe('ESP32');
  expect(chipOfImage(new Uint8Array([0xe9, 1]))).toBeNull();
  expect(chipOfImage(new Uint8Array(0))).toBeNull();
  expect(firmwareStart('ESP32')).toBe(0x1000);
  expect(firmwareStart('ESP32-C3')).toBe(0);
  expect(sameChip('esp32s3', 'ESP32-S3 (revision 1)')).toBe(true);
  expect(sameChip('ESP32', 'ESP32-S3')).toBe(false);
});
