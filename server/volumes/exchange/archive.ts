// Archives that people bring. Nothing in one is believed: names, sizes, links and checksums are all checked, and what unpacks to more
// than the limits is refused as a whole (docs/SECURITY.md "Content"). Zip is read here and not by a library, because the libraries
// show neither the file type (links) nor the checksum. Format: PKWARE APPNOTE 6.3.3, without zip64 and encryption.
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import tar from 'tar-stream';
import { Problem } from '#shared/errors.ts';
import { safePath } from '#shared/path.ts';

export type ArchiveFile = { path: string; content: Buffer };
export type ArchiveLimits = { entries: number; bytes: number; ratio: number };

export const archiveLimits: ArchiveLimits = { entries: 10_000, bytes: 200 * 2 ** 20, ratio: 100 };
/** A small archive of very repetitive text is no bomb. */
const ratioFrom = 4 * 2 ** 20;

const inflateRaw = promisify<zlib.InputType, zlib.ZlibOptions, Buffer>(zlib.inflateRaw);
const deflateRaw = promisify<zlib.InputType, zlib.ZlibOptions, Buffer>(zlib.deflateRaw);

/** Throws a `Problem` with a sentence that names the entry. The files come in the order of the archive, each path once. */
export async function readArchive({
  bytes,
  limits = archiveLimits,
}: {
  bytes: Buffer;
  limits?: ArchiveLimits;
}): Promise<ArchiveFile[]> {
  const files = new Map<string, Buffer>();
  const count = startCount({ packed: bytes.length, limits });
  const add = (name: string, content: Buffer) => files.set(name, content);
  if (bytes.subarray(0, 2).toString('latin1') === 'PK') await readZip({ bytes, count, add });
  else await readTar({ bytes, count, add });
  return [...files].map(([path, content]) => ({ path, content }));
}

type Count = ReturnType<typeof startCount>;
type Reading = { bytes: Buffer; count: Count; add: (path: string, content: Buffer) => void };

function startCount({ packed, limits }: { packed: number; limits: ArchiveLimits }) {
  let entries = 0;
  let unpacked = 0;
  return {
    entry() {
      if (++entries > limits.entries)
        throw new Problem('too-large', `The archive has more than ${limits.entries.toLocaleString('en')} entries.`);
    },
    bytes(size: number) {
      unpacked += size;
      if (unpacked > limits.bytes)
        throw new Problem('too-large', `The archive unpacks to more than ${limits.bytes / 2 ** 20} MiB.`);
      if (unpacked > ratioFrom && unpacked > packed * limits.ratio)
        throw new Problem('too-large', `The archive unpacks to more than ${limits.ratio} times its size.`);
    },
    left: () => limits.bytes - unpacked,
  };
}

/** Null: what systems put into archives and nobody wants (a repository's own folder, Finder's notes). */
function pathOf(name: string): string | null {
  if (/(?:^|\/)(?:\.git|__MACOSX)\/|(?:^|\/)\.DS_Store$/.test(name)) return null;
  const { path, problem } = safePath(name.replace(/^(?:\.\/)+/, ''));
  if (problem !== null) throw new Problem('invalid', `The archive holds “${name.slice(0, 200)}”. ${problem}`);
  return path;
}

const broken = (why: string) => new Problem('invalid', `This archive cannot be read: ${why}.`, undefined, 422);

async function readZip({ bytes, count, add }: Reading): Promise<void> {
  const end = bytes.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  if (end < 0 || end + 22 > bytes.length) throw broken('its list of entries is missing');
  const entries = bytes.readUInt16LE(end + 10);
  let at = bytes.readUInt32LE(end + 16);
  if (entries === 0xffff || at === 0xffffffff) throw broken('it is in the zip64 format; tar.gz works');
  for (let index = 0; index < entries; index++) {
    if (at + 46 > bytes.length || bytes.readUInt32LE(at) !== 0x02014b50) throw broken('its list of entries is damaged');
    const [flags, method] = [bytes.readUInt16LE(at + 8), bytes.readUInt16LE(at + 10)];
    const [crc, packed, size] = [bytes.readUInt32LE(at + 16), bytes.readUInt32LE(at + 20), bytes.readUInt32LE(at + 24)];
    const [nameLength, extra, comment] = [
      bytes.readUInt16LE(at + 28),
      bytes.readUInt16LE(at + 30),
      bytes.readUInt16LE(at + 32),
    ];
    const [system, mode, start] = [bytes[at + 5]!, bytes.readUInt32LE(at + 38) >>> 16, bytes.readUInt32LE(at + 42)];
    const rawName = bytes.subarray(at + 46, at + 46 + nameLength);
    at += 46 + nameLength + extra + comment;
    const name = (decode(rawName) ?? rawName.toString('latin1')).replace(/\\/g, (slash) =>
      system === 0 ? '/' : slash,
    ); // DOS wrote backslashes
    count.entry();
    const kind = system === 3 || system === 19 ? mode & 0o170000 : 0; // written on Unix or macOS
    if (kind !== 0 && kind !== 0o100000 && kind !== 0o040000)
      throw new Problem(
        'invalid',
        `The archive holds “${name.slice(0, 200)}”, a link or device. Only files and folders can be imported.`,
      );
    if (name.endsWith('/')) continue;
    const path = pathOf(name);
    if (path === null) continue;
    if (flags & 1) throw broken('it is encrypted');
    if (method !== 0 && method !== 8) throw broken(`“${name}” is packed by a method that is not supported`);
    if (packed === 0xffffffff || size === 0xffffffff) throw broken('it is in the zip64 format; tar.gz works');
    count.bytes(size);
    if (start + 30 > bytes.length || bytes.readUInt32LE(start) !== 0x04034b50)
      throw broken(`“${name}” is not where it should be`);
    const from = start + 30 + bytes.readUInt16LE(start + 26) + bytes.readUInt16LE(start + 28);
    const data = bytes.subarray(from, from + packed);
    if (data.length !== packed) throw broken('it ends too early');
    const content =
      method === 0
        ? Buffer.from(data)
        : await inflateRaw(data, { maxOutputLength: Math.max(size, 1) }).catch(() => null);
    if (!content || content.length !== size || zlib.crc32(content) !== crc) throw broken(`“${name}” is damaged`);
    add(path, content);
  }
}

async function readTar({ bytes, count, add }: Reading): Promise<void> {
  const packed = bytes[0] === 0x1f && bytes[1] === 0x8b;
  if (!packed && !isTar(bytes)) throw new Problem('invalid', 'This is no zip, tar or tar.gz archive.', undefined, 415);
  const extract = tar.extract();
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      try {
        count.bytes(chunk.length);
        done(null, chunk);
      } catch (error) {
        done(error as Error);
      }
    },
  });
  const reading = pipeline([
    Readable.from(chunksOf(bytes)),
    ...(packed ? [zlib.createGunzip()] : []),
    meter,
    extract,
  ] as unknown as [Readable, Transform]);
  reading.catch(() => undefined); // told below, or when the loop ends
  try {
    for await (const entry of extract) {
      const { name, type } = entry.header;
      count.entry();
      if (type === 'directory' || type === null) {
        entry.resume();
        continue;
      }
      if (type !== 'file' && type !== 'contiguous-file')
        throw new Problem(
          'invalid',
          `The archive holds “${name.slice(0, 200)}”, a link or device. Only files and folders can be imported.`,
        );
      const path = pathOf(name);
      const parts: Buffer[] = [];
      for await (const part of entry) parts.push(part as Buffer);
      if (path !== null) add(path, Buffer.concat(parts));
    }
    await reading;
  } catch (error) {
    extract.destroy();
    if (error instanceof Problem) throw error;
    const cause = await reading.then(
      () => null,
      (failure: unknown) => failure,
    );
    throw cause instanceof Problem ? cause : broken('it is damaged');
  }
}

/** The checksum of the first header, as tar counts it; an empty archive is only zeros. */
function isTar(bytes: Buffer): boolean {
  if (bytes.length < 512) return false;
  const header = bytes.subarray(0, 512);
  if (header.every((byte) => byte === 0)) return true;
  const sum = header.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 32 : byte), 0);
  return Number.parseInt(header.toString('latin1', 148, 156), 8) === sum;
}

function* chunksOf(bytes: Buffer) {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
}

function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

export type Exported = AsyncIterable<{ path: string; content: Uint8Array }>;

/** A tar.gz as it is read. `at`: seconds since 1970, so that two exports of one version are equal byte for byte. */
export function packTar({ files, at }: { files: Exported; at: number }): Readable {
  const pack = tar.pack();
  const packed = pack.pipe(zlib.createGzip());
  const write = async () => {
    for await (const { path, content } of files) {
      await new Promise<void>((done, fail) => {
        pack.entry(
          { name: path, mtime: new Date(at * 1000), mode: 0o644, size: content.length },
          Buffer.from(content),
          (error) => (error ? fail(error) : done()),
        );
      });
    }
    pack.finalize();
  };
  write().catch((error: Error) => packed.destroy(error));
  packed.on('close', () => pack.destroy());
  return packed;
}

/** A zip as it is read, one file at a time in memory. Compression runs off the main thread. */
export function packZip({ files, at }: { files: Exported; at: number }): Readable {
  return Readable.from(zipParts({ files, at }), { objectMode: false });
}

async function* zipParts({ files, at }: { files: Exported; at: number }): AsyncGenerator<Buffer> {
  const time = dosTime(at);
  const list: Buffer[] = [];
  let offset = 0;
  for await (const { path, content } of files) {
    const name = Buffer.from(path);
    const deflated = await deflateRaw(content, {});
    const packed = deflated.length < content.length ? deflated : Buffer.from(content);
    if (list.length / 2 === 0xfffe || offset + packed.length > 0xf000_0000)
      throw new Problem('too-large', 'This volume is too large for a zip archive; tar.gz works.');
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE((3 << 8) | 20, 4); // made on Unix, so that the mode below counts
    entry.writeUInt16LE(20, 6);
    entry.writeUInt16LE(0x0800, 8); // names are UTF-8
    entry.writeUInt16LE(packed === deflated ? 8 : 0, 10);
    entry.writeUInt32LE(time, 12);
    entry.writeUInt32LE(zlib.crc32(content), 16);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt32LE(content.length, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE((0o100644 << 16) >>> 0, 38);
    entry.writeUInt32LE(offset, 42);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    entry.copy(local, 4, 6, 32);
    list.push(entry, name);
    offset += 30 + name.length + packed.length;
    yield Buffer.concat([local, name, packed]);
  }
  const directory = Buffer.concat(list);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(list.length / 2, 8);
  end.writeUInt16LE(list.length / 2, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  yield Buffer.concat([directory, end]);
}

/** Two seconds fine, from 1980 on, without a time zone: UTC here. */
function dosTime(seconds: number): number {
  const date = new Date(Math.max(seconds, 315_532_800) * 1000);
  const day = ((date.getUTCFullYear() - 1980) << 9) | ((date.getUTCMonth() + 1) << 5) | date.getUTCDate();
  return ((day << 16) | (date.getUTCHours() << 11) | (date.getUTCMinutes() << 5) | (date.getUTCSeconds() >> 1)) >>> 0;
}
