import crypto from 'node:crypto';
import { afterEach, expect, test, vi } from 'vitest';
import { romPort } from './testRomPort.ts';

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** A page that is hidden: what it asks of its own timers is written down, and a worker's go on. */
function hiddenPage(): { asked: (number | undefined)[] } {
  vi.resetModules();
  const real = globalThis.setTimeout;
  class TestWorker {
    onmessage: ((event: { data: number }) => void) | null = null;
    postMessage({ id, ms }: { id: number; ms: number | null }): void {
      if (ms !== null) real(() => this.onmessage?.({ data: id }), ms);
    }
  }
  vi.stubGlobal('Worker', TestWorker);
  vi.stubGlobal('document', { visibilityState: 'hidden' });
  const asked: (number | undefined)[] = [];
  vi.spyOn(globalThis, 'setTimeout').mockImplementation(((run: () => void, ms?: number) => {
    asked.push(ms);
    return real(run, ms);
  }) as typeof setTimeout);
  return { asked };
}

test.each([
  ['wires', romPort()],
  ['its own USB', romPort({ chip: 'ESP32-S3', nativeUsb: true, usb: { vendor: 0x303a, product: 0x1001 } })],
])('[DE5] a chip is flashed by %s from a hidden tab, whose own timers sleep', async (_, board) => {
  const { asked } = hiddenPage();
  const { performJob } = await import('./performJob.ts');
  const bytes = new Uint8Array(crypto.randomBytes(20_000));
  const sha256 = crypto.createHash('sha256').update(bytes).digest('hex');
  const artifact = { id: '1', name: 'image.bin', bytes: bytes.length, sha256 };
  const result = await performJob({
    port: board.port,
    job: { id: 'j1', kind: 'flash', chip: null, erase: false, images: [{ artifact, address: 0x10000 }] },
    baud: 115_200,
    fetchArtifact: async () => bytes,
    storeArtifact: () => Promise.reject(new Error('nothing to store')),
    progress: () => undefined,
    signal: new AbortController().signal,
  });
  expect(result).toMatchObject({ ok: true });
  expect(Buffer.compare(board.rom.flash.subarray(0x10000, 0x10000 + bytes.length), bytes)).toBe(0);
  expect(asked, 'one, of esptool-js itself, after the change of the baud rate').toEqual([50]);
});

test('what a chip repeats is waited for until it is quiet, and none of it is taken for the next answer', async () => {
  const { EspTransport } = await import('./espTransport.ts');
  const board = romPort();
  const transport = new EspTransport({ port: board.port });
  const say = (bytes: number) => board.listeners.forEach((listener) => listener(new Uint8Array(bytes)));
  say(3);
  for (const ms of [70, 140, 210]) setTimeout(() => say(3), ms);
  await transport.drainInput();
  await new Promise((done) => setTimeout(done, 100));
  expect(transport.inWaiting()).toBe(0);

  const flood = setInterval(() => say(3), 20);
  const begun = performance.now();
  await transport.drainInput();
  clearInterval(flood);
  expect(performance.now() - begun, 'it ends, also where it is never quiet').toBeLessThan(2000);
  transport.release();
});
