// Images into the flash of an ESP32, from the browser that holds it, with Espressif's own esptool-js. Nothing is written before every image
// has its hash, its place and its chip; each is read back as an MD5 by the chip itself; the board restarts at the end whatever happened, at
// the baud rate it had. Loaded when somebody flashes: it is 300 kB with the programs that it puts into the chips.
import { ESPLoader } from 'esptool-js';
import type { Job } from '#shared/devices.ts';
import type { BoardPort } from '../port.ts';
import { pause } from '../steadyTimer.ts';
import { md5Hex, sha256Hex } from './bytes.ts';
import { chipOfImage, firmwareStart, isBootImage, sameChip } from './chips.ts';
import type { Progress } from './boardFiles.ts';
import { steadyResets } from './espResets.ts';
import { EspTransport } from './espTransport.ts';
import { JobFailure } from './jobFailure.ts';
import type { FetchArtifact } from './performJob.ts';

type FlashJob = Extract<Job, { kind: 'flash' }>;
type Image = { name: string; data: Uint8Array<ArrayBuffer>; address: number };

const fastBaud = 460_800;
const sector = 0x1000;
const mostBytes = 64 << 20;

export async function flash({
  port,
  job,
  baud,
  fetchArtifact,
  progress,
  signal,
}: {
  port: BoardPort;
  job: FlashJob;
  /** What the board is spoken to at before and after. */
  baud: number;
  fetchArtifact: FetchArtifact;
  progress: Progress;
  signal: AbortSignal;
}): Promise<string> {
  if (port.kind === 'virtual')
    throw new JobFailure('failed', 'A virtual board has no flash to write: its firmware is part of this page.');
  const files = await fetchAll({ job, fetchArtifact, progress, signal });
  const transport = new EspTransport({ port });
  const cancel = () => transport.end(new JobFailure('cancelled', 'Cancelled.'));
  signal.addEventListener('abort', cancel);
  if (signal.aborted) cancel();
  const held = { words: 'Nothing was written: the board holds what it held.' };
  try {
    return await write({ transport, job, files, progress, held });
  } catch (error) {
    const failure = transport.ended ?? inWords(error);
    throw new JobFailure(failure.code, failure.message, failure.partial ?? held.words);
  } finally {
    signal.removeEventListener('abort', cancel);
    transport.release();
    await restart({ port, baud });
  }
}

async function write({
  transport,
  job,
  files,
  progress,
  held,
}: {
  transport: EspTransport;
  job: FlashJob;
  files: { name: string; data: Uint8Array<ArrayBuffer>; address: number | null }[];
  progress: Progress;
  held: { words: string };
}): Promise<string> {
  progress(null, 'asking the chip into its loader');
  const loader = new ESPLoader({
    transport,
    baudrate: fastBaud,
    romBaudrate: 115_200,
    resetConstructors: steadyResets,
    terminal: {
      clean() {},
      write() {},
      writeLine: (line) => /^Uploading stub/.test(line) && progress(null, 'starting the loader'),
    },
  });
  const described = await unlessEnded(transport, loader.main());
  const chip = loader.chip.CHIP_NAME;
  const images = placed({ files, chip, wanted: job.chip });
  const size = bytesOf((await unlessEnded(transport, loader.detectFlashSize())) ?? '');
  for (const image of images)
    if (size > 0 && image.address + image.data.length > size)
      throw new JobFailure(
        'mismatch',
        `${image.name} at ${hexOf(image.address)} ends after the flash of this board (${size >> 20} MB).`,
      );

  if (job.erase) {
    progress(null, 'erasing all of the flash');
    held.words = 'The flash was being erased: nothing on the board starts until it is flashed.';
    await unlessEnded(transport, loader.eraseFlash());
    held.words = 'The flash is empty: nothing on the board starts until it is flashed.';
  }
  const all = images.reduce((bytes, image) => bytes + image.data.length, 0);
  const verified: string[] = [];
  let before = 0;
  for (const image of images) {
    const place = `${image.name} at ${hexOf(image.address)}`;
    held.words = [...verified, `${place} is half written: the board may not start until it is flashed again.`].join(
      ' ',
    );
    const report = (_: number, sent: number, total: number) =>
      progress((before + image.data.length * (sent / total)) / all, `${place}, ${chip}`);
    await unlessEnded(
      transport,
      loader.writeFlash({
        fileArray: [image],
        flashSize: 'keep',
        flashMode: 'keep',
        flashFreq: 'keep',
        eraseAll: false,
        compress: true,
        reportProgress: report,
      }),
    );
    before += image.data.length;
    progress(before / all, `${place}: reading it back`);
    const [wanted, found] = [
      md5Hex(image.data),
      await unlessEnded(transport, loader.flashMd5sum(image.address, image.data.length)),
    ];
    if (found !== wanted)
      throw new JobFailure(
        'mismatch',
        `What the flash holds at ${hexOf(image.address)} is not ${image.name}: MD5 ${found}, not ${wanted}.`,
      );
    verified.push(`${place}: ${image.data.length} bytes, verified (MD5 ${wanted}).`);
    held.words = [...verified, 'The rest was not written.'].join(' ');
  }
  progress(1, 'restarting the board');
  return [`${described}.`, ...(job.erase ? ['All of the flash was erased first.'] : []), ...verified].join(' ');
}

/** Every image, whole and with the hash that was asked for, before the board is touched. */
async function fetchAll({
  job,
  fetchArtifact,
  progress,
  signal,
}: {
  job: FlashJob;
  fetchArtifact: FetchArtifact;
  progress: Progress;
  signal: AbortSignal;
}) {
  if (job.images.length === 0 && !job.erase) throw new JobFailure('failed', 'There is no image to flash.');
  if (job.images.reduce((bytes, { artifact }) => bytes + artifact.bytes, 0) > mostBytes)
    throw new JobFailure('failed', 'The images are larger than any flash.');
  const files = [];
  for (const { artifact, address } of job.images) {
    progress(null, `fetching ${artifact.name}`);
    const bytes = await fetchArtifact(artifact, signal);
    const sum = sha256Hex(bytes);
    if (bytes.length !== artifact.bytes || sum !== artifact.sha256)
      throw new JobFailure(
        'mismatch',
        `${artifact.name} is not the file that was chosen: SHA-256 ${sum}, not ${artifact.sha256}.`,
        'The board was not touched.',
      );
    if (bytes.length === 0) throw new JobFailure('failed', `${artifact.name} is empty.`, 'The board was not touched.');
    if (address !== null && address % sector !== 0)
      throw new JobFailure(
        'failed',
        `An image starts at a multiple of 0x1000, and ${hexOf(address)} is none.`,
        'The board was not touched.',
      );
    // The loader counts in words: what is checked is what is written.
    const data = new Uint8Array(Math.ceil(bytes.length / 4) * 4).fill(0xff);
    data.set(bytes);
    files.push({ name: artifact.name, data, address });
  }
  return files;
}

/** Where each image lies on this chip; refused if it is not for it or lies over another. */
function placed({
  files,
  chip,
  wanted,
}: {
  files: { name: string; data: Uint8Array<ArrayBuffer>; address: number | null }[];
  chip: string;
  wanted: string | null;
}): Image[] {
  if (wanted && !sameChip(wanted, chip))
    throw new JobFailure('mismatch', `This board is an ${chip}, not an ${wanted}.`);
  const images = files.map((file) => ({ ...file, address: file.address ?? firmwareStart(chip) }));
  for (const { name, data, address } of images) {
    const of = chipOfImage(data);
    if (of && !sameChip(of, chip))
      throw new JobFailure('mismatch', `${name} is for an ${of}; this board is an ${chip}.`);
    const start = firmwareStart(chip);
    if (isBootImage(data) && address < 0x8000 && address !== start)
      throw new JobFailure(
        'mismatch',
        `${name} begins with a boot loader: on an ${chip} it belongs at ${hexOf(start)}, not at ${hexOf(address)}.`,
      );
  }
  const sorted = images.toSorted((a, b) => a.address - b.address);
  sorted.forEach((image, i) => {
    const next = sorted[i + 1];
    if (next && image.address + image.data.length > next.address)
      throw new JobFailure(
        'failed',
        `${image.name} at ${hexOf(image.address)} reaches into ${next.name} at ${hexOf(next.address)}.`,
      );
  });
  return sorted;
}

/** The loader tries again and again on its own; when the job has ended, nobody waits for that. */
async function unlessEnded<T>(transport: EspTransport, work: Promise<T>): Promise<T> {
  const result = await Promise.race([work, transport.whenEnded]);
  if (transport.ended) throw transport.ended;
  return result as T;
}

/** Out of the loader: at the rate it had, EN down and up with GPIO0 high. A board that is gone stays gone. */
async function restart({ port, baud }: { port: BoardPort; baud: number }): Promise<void> {
  try {
    await port.setSignals({ dtr: false, rts: true });
    await port.setBaud(baud);
    await pause(100);
    await port.setSignals({ dtr: false, rts: false });
  } catch {
    // lost, and told already
  }
}

function inWords(error: unknown): JobFailure {
  if (error instanceof JobFailure) return error;
  const words = error instanceof Error ? error.message : String(error);
  if (/Failed to connect|does not answer|packet|invalid response/i.test(words))
    return new JobFailure(
      'timeout',
      `The chip does not answer as a loader (${words}). Hold BOOT while you press EN or RESET, let both go, and try again.`,
    );
  return new JobFailure('failed', `The loader says: ${words}`);
}

/** '4MB'; 0: not known. */
const bytesOf = (size: string) => (Number.parseInt(size) || 0) << (size.endsWith('KB') ? 10 : 20);
const hexOf = (address: number) => `0x${address.toString(16)}`;
