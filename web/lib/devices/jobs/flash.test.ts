import crypto from 'node:crypto';
import { expect, test } from 'vitest';
import type { Artifact, Job, JobResult } from '#shared/devices.ts';
import { performJob } from './performJob.ts';
import { romPort } from './testRomPort.ts';

const hashOf = (bytes: Uint8Array) => crypto.createHash('sha256').update(bytes).digest('hex');
const noise = (bytes: number) => new Uint8Array(crypto.randomBytes(bytes));
/** The head of an image that says which chip it is for. */
function bootImage(chipId: number, bytes = 20_000): Uint8Array {
  const image = noise(bytes);
  image.set([0xe9, 4]);
  image.set([chipId, 0], 12);
  return image;
}
type Image = { bytes: Uint8Array; address: number | null; sha256?: string };

async function flashed(
  board: ReturnType<typeof romPort>,
  images: Image[],
  job: Partial<Extract<Job, { kind: 'flash' }>> = {},
  { signal = new AbortController().signal, onProgress = (_: { done: number | null; note: string }) => {} } = {},
): Promise<JobResult> {
  const artifacts = images.map(({ bytes, sha256 }, i): Artifact => ({
    id: String(i),
    name: `image${i}.bin`,
    bytes: bytes.length,
    sha256: sha256 ?? hashOf(bytes),
  }));
  return performJob({
    port: board.port,
    job: {
      id: 'j1',
      kind: 'flash',
      chip: null,
      erase: false,
      images: images.map(({ address }, i) => ({ artifact: artifacts[i]!, address })),
      ...job,
    },
    baud: 115_200,
    fetchArtifact: async ({ id }) => images[Number(id)]!.bytes,
    storeArtifact: () => Promise.reject(new Error('nothing to store')),
    progress: onProgress,
    signal,
  });
}

test('[DE5] 300 kB are in the flash, read back by the chip, and the board runs again at the rate it had', async () => {
  const board = romPort();
  const image = noise(300_001);
  const told: (number | null)[] = [];
  const result = await flashed(
    board,
    [{ bytes: image, address: 0x10000 }],
    {},
    { onProgress: ({ done }) => told.push(done) },
  );
  expect(result).toMatchObject({ ok: true, text: expect.stringContaining('verified (MD5') });
  expect(Buffer.compare(board.rom.flash.subarray(0x10000, 0x10000 + image.length), image)).toBe(0);
  expect(board.rom.flash[0x10000 - 1]).toBe(0xff);
  expect(board.rom.mode).toBe('program');
  expect(board.rom.bauds).toContain(460_800);
  expect(board.rom.bauds.at(-1)).toBe(115_200);
  const fractions = told.filter((done) => done !== null);
  expect(fractions.length).toBeGreaterThan(3);
  expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
  expect(fractions.at(-1)).toBe(1);
  expect(board.calls, 'the port is never closed').toEqual([]);
  expect(board.listeners.size, 'nobody listens any more').toBe(0);
});

test('[DE5] a flash that does not keep what was written is told, with what the board holds', async () => {
  const board = romPort({ badCell: 0x10000 + 150_000 });
  const result = await flashed(board, [{ bytes: noise(300_000).fill(0, 149_000, 151_000), address: 0x10000 }]);
  expect(result).toMatchObject({ ok: false, code: 'mismatch', text: expect.stringContaining('MD5') });
  expect(result).toMatchObject({ partial: expect.stringContaining('half written') });
  expect(board.rom.mode).toBe('program');
});

test('[DE5] the board is pulled in the middle: lost, and which image is half written', async () => {
  const board = romPort({ pullAfterBlocks: 9 });
  const result = await flashed(board, [
    { bytes: noise(3000), address: 0x8000 },
    { bytes: noise(300_000), address: 0x10000 },
  ]);
  expect(result).toMatchObject({ ok: false, code: 'lost', text: 'The board was unplugged.' });
  expect((result as { partial: string }).partial).toMatch(
    /image0.bin at 0x8000: 3000 bytes, verified.*image1.bin at 0x10000 is half written/,
  );
});

test('[DE5] cancelled in the middle: says what the board holds and lets it start', async () => {
  const board = romPort();
  const stop = new AbortController();
  const result = await flashed(
    board,
    [{ bytes: noise(300_000), address: 0x10000 }],
    {},
    { signal: stop.signal, onProgress: ({ done }) => done !== null && done > 0.3 && stop.abort() },
  );
  expect(result).toMatchObject({ ok: false, code: 'cancelled', partial: expect.stringContaining('half written') });
  expect(board.rom.mode).toBe('program');
  expect(board.rom.bauds.at(-1)).toBe(115_200);
  const blocks = board.rom.blocks;
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(board.rom.blocks, 'nothing is written afterwards').toBe(blocks);
});

test('[DE5] an image of another hash never reaches the board', async () => {
  const board = romPort();
  const result = await flashed(board, [{ bytes: noise(1000), address: 0, sha256: hashOf(noise(1000)) }]);
  expect(result).toMatchObject({ ok: false, code: 'mismatch', partial: 'The board was not touched.' });
  expect(board.rom.mode).toBe('off');
});

test('firmware for the chip goes where that chip starts; for another chip it is refused before anything is written', async () => {
  const esp32 = romPort();
  const image = bootImage(0);
  expect(await flashed(esp32, [{ bytes: image, address: null }])).toMatchObject({
    ok: true,
    text: expect.stringContaining('0x1000'),
  });
  expect(Buffer.compare(esp32.rom.flash.subarray(0x1000, 0x1000 + image.length), image)).toBe(0);

  const s3 = romPort({ chip: 'ESP32-S3' });
  const forS3 = bootImage(9);
  expect(await flashed(s3, [{ bytes: forS3, address: null }])).toMatchObject({
    ok: true,
    text: expect.stringContaining('0x0'),
  });
  expect(Buffer.compare(s3.rom.flash.subarray(0, forS3.length), forS3)).toBe(0);

  for (const [images, job] of [
    [[{ bytes: image, address: null }], {}],
    [[{ bytes: noise(5000), address: 0x10000 }], { chip: 'ESP32-C3' }],
    [[{ bytes: bootImage(9), address: 0x1000 }], {}],
    [[{ bytes: noise(5000), address: (4 << 20) - 4096 }], {}],
  ] as const) {
    const board = romPort({ chip: 'ESP32-S3' });
    const result = await flashed(board, [...images], job);
    expect(result).toMatchObject({
      ok: false,
      code: 'mismatch',
      partial: expect.stringContaining('Nothing was written'),
    });
    expect(board.rom.flash.every((byte) => byte === 0xff)).toBe(true);
    expect(board.rom.mode).toBe('program');
  }
});

test('images that overlap or do not begin at a sector are refused', async () => {
  const overlap = await flashed(romPort(), [
    { bytes: noise(10_000), address: 0x10000 },
    { bytes: noise(10_000), address: 0x11000 },
  ]);
  expect(overlap).toMatchObject({ ok: false, text: expect.stringContaining('reaches into') });
  expect(await flashed(romPort(), [{ bytes: noise(10), address: 0x10010 }])).toMatchObject({
    ok: false,
    partial: 'The board was not touched.',
  });
});

test('erase empties all of the flash first', async () => {
  const board = romPort();
  board.rom.flash.fill(7, 0x200000, 0x200100);
  expect(await flashed(board, [{ bytes: noise(5000), address: 0x10000 }], { erase: true })).toMatchObject({ ok: true });
  expect(board.rom.erased).toBe(true);
  expect(board.rom.flash[0x200000]).toBe(0xff);
});

test('a chip that does not enter its loader: what to press, and nothing was written', async () => {
  const board = romPort({ silent: true });
  const result = await flashed(board, [{ bytes: noise(5000), address: 0x10000 }]);
  expect(result).toMatchObject({
    ok: false,
    code: 'timeout',
    text: expect.stringContaining('Hold BOOT'),
    partial: expect.stringContaining('Nothing was written'),
  });
}, 40_000);

test('[DE5] a page on a busy computer, which hears the chip late, flashes it all the same', async () => {
  const board = romPort({ late: 230 });
  expect(await flashed(board, [{ bytes: noise(5000), address: 0x10000 }])).toMatchObject({ ok: true });
}, 40_000);

test('cancel while the chip is asked ends at once', async () => {
  const board = romPort({ silent: true });
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 300);
  expect(await flashed(board, [{ bytes: noise(5000), address: 0x10000 }], {}, { signal: stop.signal })).toMatchObject({
    ok: false,
    code: 'cancelled',
  });
});

test('native USB enters the loader by its own sequence of signals', async () => {
  const board = romPort({ chip: 'ESP32-S3', nativeUsb: true, usb: { vendor: 0x303a, product: 0x1001 } });
  expect(await flashed(board, [{ bytes: noise(5000), address: 0x10000 }])).toMatchObject({ ok: true });
});
