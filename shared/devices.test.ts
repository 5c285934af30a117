import { expect, test } from 'vitest';
import { decodeFrame, encodeFrame, frameHeadBytes, frameMostBytes, frameTypes } from './devices.ts';

test('[DE1] a frame comes back as it was, also with an offset beyond 32 bits', () => {
  const frame = { type: frameTypes.input, epoch: 4_000_000_000, offset: 2 ** 45 + 3, bytes: Uint8Array.of(0, 255, 3) };
  expect(decodeFrame(encodeFrame(frame))).toEqual(frame);
});

test('what is no frame is none', () => {
  const whole = encodeFrame({ type: 1, epoch: 0, offset: 0, bytes: new Uint8Array() });
  expect(decodeFrame(whole)).not.toBeNull();
  expect(decodeFrame(whole.subarray(1))).toBeNull();
  expect(decodeFrame(new Uint8Array(frameHeadBytes + frameMostBytes + 1))).toBeNull();
  for (const offset of [-1, 0.5, Infinity, NaN])
    expect(decodeFrame(encodeFrame({ type: 1, epoch: 0, offset, bytes: new Uint8Array() }))).toBeNull();
});
