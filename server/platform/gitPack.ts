// Many objects of git in one file, with an index beside it (git's gitformat-pack.txt: a version 2 pack without deltas, a version 2 index).
import crypto from 'node:crypto';
import { crc32, deflateSync } from 'node:zlib';
import type { ObjectType } from './gitObjects.ts';

export type PackedObject = { oid: string; type: ObjectType; data: Uint8Array };

const typeNumbers: Record<ObjectType, number> = { commit: 1, tree: 2, blob: 3 };
/** Objects that are packed before others get a turn. */
const atOnce = 100;

/** `name`: of both files, as git would call them. `pause` lets others work for a moment. */
export async function encodePack({
  objects,
  pause,
}: {
  objects: PackedObject[];
  pause: () => Promise<void>;
}): Promise<{ name: string; pack: Buffer[]; index: Buffer }> {
  const pack: Buffer[] = [];
  let waiting = [packHeader(objects.length)];
  let offset = waiting[0]!.length;
  const entries: { oid: Buffer; crc: number; offset: number }[] = [];
  for (const [i, { oid, type, data }] of objects.entries()) {
    const bytes = Buffer.concat([entryHeader(type, data.length), deflateSync(data, { level: 1 })]);
    entries.push({ oid: Buffer.from(oid, 'hex'), crc: crc32(bytes), offset });
    waiting.push(bytes);
    offset += bytes.length;
    if (i % atOnce !== atOnce - 1) continue;
    pack.push(Buffer.concat(waiting)); // few large pieces to write
    waiting = [];
    await pause();
  }
  pack.push(Buffer.concat(waiting));
  if (offset >= 2 ** 31) throw new RangeError('a pack of more than 2 GiB needs larger offsets');
  const checksum = sha1(pack);
  pack.push(checksum);
  return { name: checksum.toString('hex'), pack, index: encodeIndex(entries, checksum) };
}

function packHeader(count: number): Buffer {
  const header = Buffer.from('PACK\0\0\0\x02\0\0\0\0', 'latin1');
  header.writeUInt32BE(count, 8);
  return header;
}

/** Type and size in groups of bits: four in the first byte, then seven, the lowest first. */
function entryHeader(type: ObjectType, size: number): Buffer {
  const bytes = [(typeNumbers[type] << 4) | (size & 15)];
  for (let rest = Math.floor(size / 16); rest > 0; rest = Math.floor(rest / 128)) {
    bytes[bytes.length - 1]! |= 128;
    bytes.push(rest & 127);
  }
  return Buffer.from(bytes);
}

/** How many names begin with each byte or a smaller one; the names in order; checksums of the packed bytes; where they are. */
function encodeIndex(entries: { oid: Buffer; crc: number; offset: number }[], checksum: Buffer): Buffer {
  const sorted = entries.toSorted((a, b) => Buffer.compare(a.oid, b.oid));
  const numbers = (all: number[]) => {
    const bytes = Buffer.alloc(all.length * 4);
    for (const [i, number] of all.entries()) bytes.writeUInt32BE(number, i * 4);
    return bytes;
  };
  const fanOut = new Array<number>(256).fill(0);
  for (const { oid } of sorted) fanOut[oid[0]!]!++;
  for (let i = 1; i < 256; i++) fanOut[i]! += fanOut[i - 1]!;
  const parts = [
    Buffer.from('\xfftOc\0\0\0\x02', 'latin1'),
    numbers(fanOut),
    ...sorted.map(({ oid }) => oid),
    numbers(sorted.map(({ crc }) => crc)),
    numbers(sorted.map(({ offset }) => offset)),
    checksum,
  ];
  return Buffer.concat([...parts, sha1(parts)]);
}

function sha1(parts: Uint8Array[]): Buffer {
  const hash = crypto.createHash('sha1');
  for (const part of parts) hash.update(part);
  return hash.digest();
}
