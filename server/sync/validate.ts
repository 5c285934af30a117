// What a stranger's update must look like before anything else sees it. One pass over the bytes of a Yjs V1 update, without a
// Y.Doc: work and memory are bounded by the bytes that arrived, never by a count that they declare (SY13). A text room takes
// strings and deletions under one root, nothing else: what Yjs would accept beyond that can throw in every browser.
// On the way it collects what the room needs to judge the update: clock ranges, what it builds on, what it deletes.
import { isUtf8 } from 'node:buffer';
import { contentRoot } from '#shared/room.ts';
import { Cursor } from './bytes.ts';
import { Refusal } from './refusal.ts';

/** Bytes `from` to `to` of what came. */
type Part = { client: number; bytes: Buffer; from: number; to: number };
/** The structs of one client: clocks `clock` to `clock + length`, `structs` of them. */
export type Block = Part & { clock: number; length: number; structs: number };
/** The deletions in one client's text: `ranges` of them, none beyond clock `reach`. */
export type Deletions = Part & { ranges: number; reach: number };
export type Scanned = {
  bytes: Buffer;
  from: number;
  to: number;
  blocks: Block[];
  deletions: Deletions[];
  /** Per client the highest clock that this update builds on; null: on nobody else's. */
  needs: Map<number, number> | null;
};

export type ScanLimits = { bytes: number; structs: number };

const root = Buffer.from(contentRoot);
const cursor = new Cursor();

const wrong = (why: string): never => {
  throw new Refusal(4400, why);
};

/** Throws a Refusal (4400, 4413). Without `limits` for what comes out of our own log: any size. */
export function scanUpdate({
  bytes,
  from = 0,
  to = bytes.length,
  limits,
}: {
  bytes: Buffer;
  from?: number;
  to?: number;
  limits?: ScanLimits;
}): Scanned {
  if (limits && to - from > limits.bytes) throw new Refusal(4413, 'the update is too large');
  cursor.over(bytes, from, to);
  const scanned: Scanned = { bytes, from, to, blocks: [], deletions: [], needs: null };
  let structsLeft = limits ? limits.structs : Infinity;
  let lastClient = Infinity;
  for (let clients = cursor.uint(); clients > 0; clients--) {
    const structs = cursor.uint();
    const client = cursor.uint();
    // Yjs writes clients once each, in descending order; anything else is read differently by applyUpdate and mergeUpdates.
    if (client >= lastClient) wrong('clients are out of order');
    lastClient = client;
    if (structs === 0) wrong('a client without structs');
    if ((structsLeft -= structs) < 0) throw new Refusal(4413, 'the update has too many structs');
    scanned.blocks.push(scanBlock(scanned, client, structs));
  }
  let clients = cursor.uint();
  const deletedClients = clients > 1 ? new Set<number>() : null;
  for (; clients > 0; clients--) {
    const deletions = scanDeletions();
    if (deletedClients?.has(deletions.client)) wrong('deletions of a client are there twice');
    deletedClients?.add(deletions.client);
    if (deletions.ranges > 0) scanned.deletions.push(deletions);
  }
  if (cursor.at !== cursor.end) wrong('bytes after the end of the update');
  return scanned;
}

function scanBlock(scanned: Scanned, client: number, structs: number): Block {
  const clock = cursor.uint();
  const from = cursor.at;
  let next = clock;
  for (let i = 0; i < structs; i++) {
    next += scanItem(scanned, client, next);
    if (next > 0x7fffffff) wrong('a clock is too large');
  }
  return { client, clock, length: next - clock, structs, bytes: cursor.bytes, from, to: cursor.at };
}

const [hasOrigin, hasRightOrigin, hasKey, kindBits] = [128, 64, 32, 31];
const [deletedContent, stringContent] = [1, 4];

/** One struct; returns its length in clocks. */
function scanItem(scanned: Scanned, client: number, clock: number): number {
  const info = cursor.byte();
  if (info & hasOrigin) scanNeed(scanned, client, clock);
  if (info & hasRightOrigin) scanNeed(scanned, client, clock);
  if (info & hasKey) wrong('a text has no keys');
  if (!(info & (hasOrigin | hasRightOrigin))) scanRoot();
  const kind = info & kindBits;
  const length =
    kind === stringContent
      ? scanString()
      : kind === deletedContent
        ? cursor.uint()
        : wrong(`content of kind ${kind} in a text`);
  return length > 0 ? length : wrong('a struct without content');
}

/** What an item stands beside. Yjs checks this for other clients only; a forward reference to oneself throws in every browser. */
function scanNeed(scanned: Scanned, client: number, clock: number): void {
  const [other, at] = [cursor.uint(), cursor.uint()];
  if (other !== client) {
    const needs = (scanned.needs ??= new Map());
    const known = needs.get(other);
    if (known === undefined || known < at) needs.set(other, at);
  } else if (at >= clock) wrong('an origin lies not before its item');
}

function scanRoot(): void {
  if (cursor.uint() !== 1) wrong('an item inside another type');
  const length = cursor.uint();
  const from = cursor.at;
  cursor.skip(length);
  if (length !== root.length || root.compare(cursor.bytes, from, cursor.at) !== 0) wrong('an unknown root');
}

/** Returns the length in UTF-16 units. Bytes that are not UTF-8 throw in every browser, so they must not pass. */
function scanString(): number {
  const length = cursor.uint();
  const from = cursor.at;
  cursor.skip(length);
  const { bytes, at: to } = cursor;
  let units = 0;
  let ascii = true;
  for (let i = from; i < to; i++) {
    const byte = bytes[i]!;
    if (byte > 127) {
      ascii = false;
      if (byte < 0xc0) continue;
      if (byte >= 0xf0) units++;
    }
    units++;
  }
  if (!ascii && !isUtf8(bytes.subarray(from, to))) wrong('text that is not UTF-8');
  return units;
}

function scanDeletions(): Deletions {
  const client = cursor.uint();
  const ranges = cursor.uint();
  const from = cursor.at;
  let reach = 0;
  for (let i = 0; i < ranges; i++) {
    const clock = cursor.uint();
    const length = cursor.uint();
    if (length === 0) wrong('an empty deletion');
    // A Y.Doc that has not got this text yet keeps the deletion in a form that only holds sorted ranges.
    if (clock < reach) wrong('deletions are out of order');
    reach = clock + length;
  }
  return { client, ranges, bytes: cursor.bytes, from, to: cursor.at, reach };
}

/** What an update costs as long as it is kept: a small one keeps the chunk that it came in. */
export const sizeOf = ({ bytes, from, to }: Scanned): number => (bytes.length < 4096 ? bytes.length : to - from) + 256;
