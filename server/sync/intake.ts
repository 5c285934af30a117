// What one connection wrote, on its way into the room: scanned, judged, held back when it is early, cut when a part is known,
// taken, and counted so that the writer can be told what is durable (SY7).
import type { Surroundings } from './connection.ts';
import { dropKnownDeletions } from './deletions.ts';
import { EarlyUpdates } from './early.ts';
import { cutKnown, judge } from './judge.ts';
import { frameAcknowledged, frameDenied, sync } from './messages.ts';
import { Receipts } from './receipts.ts';
import type { Member, Room } from './room.ts';
import { writeStateVector } from './stateVectors.ts';
import { scanUpdate, sizeOf, type Scanned } from './validate.ts';

/** What an intake needs of its connection. */
export type Line = {
  room: Room;
  member: Member;
  around: Surroundings;
  /** Reads nothing more until the work is done; what it throws ends the connection. */
  hold: (work: () => Promise<void>) => void;
  tell: (frame: Buffer) => void;
  /** There is room again for what the other end wants to say. */
  freed: () => void;
  end: (code: number, why: string) => void;
};

/** Where SyncStep2 and updates of up to so many bytes are cut at once; longer ones in the worker. */
const cutHere = 16 << 10;

export class Intake {
  mayWrite: boolean;
  /** More is on its way to the log than one connection may have there. */
  full = false;
  private unflushed = 0;
  private telling = false;
  private deniedAt: number | null = null;
  private closed = false;
  private readonly line: Line;
  private readonly receipts: Receipts | null;
  private readonly early: EarlyUpdates;

  constructor({ line, mayWrite, acknowledge }: { line: Line; mayWrite: boolean; acknowledge: boolean }) {
    const { limits } = line.around;
    this.line = line;
    this.mayWrite = mayWrite;
    this.receipts = acknowledge ? new Receipts() : null;
    this.early = new EarlyUpdates({
      bytes: limits.gapBytes,
      updates: limits.gapUpdates,
      time: limits.gapTime,
      expired: () => line.end(4509, 'something is missing before this'),
    });
  }

  /** A SyncStep2 or update, in `bytes` from `from` to `to`. `isFirst`: the one with which a connection brings what it did while away. */
  take({
    bytes,
    from,
    to,
    step,
    isFirst,
  }: {
    bytes: Buffer;
    from: number;
    to: number;
    step: number;
    isFirst: boolean;
  }): void {
    const { limits } = this.line.around;
    const isEmpty = to - from === 2 && bytes[from] === 0 && bytes[from + 1] === 0;
    if (!this.mayWrite && !isEmpty && !isFirst) return this.deny(); // costs no more than this (SY10)
    const message = this.receipts?.take() ?? 0;
    if (isEmpty) return this.settleLater(message);
    const most = isFirst
      ? { bytes: limits.firstSync, structs: limits.firstSyncStructs }
      : { bytes: limits.update, structs: limits.updateStructs };
    this.receive(message, scanUpdate({ bytes, from, to, limits: most }), step === sync.step2);
  }

  /** Something arrived that an early update may have waited for. */
  retry(): void {
    for (const { message, update, since } of this.early.takeAll()) this.receive(message, update, false, since);
    if (this.early.isEmpty) this.line.room.early.delete(this.line.member);
  }

  /**
   * Dropped, and told so by y-protocols' own message, at most once a second. Nothing after it is acknowledged, because the
   * message will never be durable.
   */
  deny(why = 'You may read this file, but not change it.'): void {
    const now = performance.now();
    if (this.deniedAt === null) this.receipts?.take();
    else if (now - this.deniedAt < 1000) return;
    this.deniedAt = now;
    this.line.tell(frameDenied(why));
  }

  close(): void {
    this.closed = true;
    this.early.close();
  }

  private receive(message: number, given: Scanned, isStep2: boolean, since = performance.now()): void {
    const { room, around } = this.line;
    room.refuseEarlierEpochs(given.blocks, given.deletions);
    const update = judge({ update: given, vector: room.vector });
    if (update === 'known') return this.settleLater(message);
    if (update === 'early') return this.wait(message, given, since);
    if (update === 'partly') return this.cut(message, given, isStep2);
    if (isStep2 && update.deletions.length > 0 && !room.isEmpty) {
      // A client that comes back repeats all deletions that it knows: only what is new goes on.
      return this.line.hold(async () => {
        const deletions = dropKnownDeletions(await room.knownDeletions(around.store), update);
        this.receive(message, { ...update, deletions }, false);
      });
    }
    if (!this.mayWrite) return this.deny();
    const size = sizeOf(update);
    const free = () => this.free(size);
    const settled = () => {
      this.settle(message);
      free();
    };
    const person = this.line.member.face.id;
    room.take({ update, person, settled, lost: free }, person);
    this.unflushed += size;
    this.full = this.unflushed > around.limits.unflushed;
  }

  private free(size: number): void {
    this.unflushed -= size;
    if (!this.full || this.unflushed > this.line.around.limits.unflushed / 2) return;
    this.full = false;
    this.line.freed();
  }

  /** Legal for a moment: what is typed right after a reconnect may overtake the answer that it builds on. */
  private wait(message: number, update: Scanned, since: number): void {
    this.early.add({ message, update, since });
    this.line.room.early.add(this.line.member);
  }

  private cut(message: number, given: Scanned, isStep2: boolean): void {
    const { room, around } = this.line;
    const update = given.bytes.subarray(given.from, given.to);
    if (update.length <= cutHere) return this.receive(message, cutKnown({ update, vector: room.vector }), isStep2);
    const copy = Buffer.from(update);
    this.line.hold(async () => {
      const rest = await around.documents.difference(copy, writeStateVector(room.vector));
      this.receive(message, scanUpdate({ bytes: Buffer.from(rest) }), isStep2);
    });
  }

  /** What is known is durable only when everything is that was taken before. */
  private settleLater(message: number): void {
    if (!this.receipts) return;
    this.line.room.whenDurable({ person: null, settled: () => this.settle(message), lost: () => undefined });
  }

  /** A flush settles many messages: one number says so. */
  private settle(message: number): void {
    if (!this.receipts || this.closed) return;
    this.receipts.settle(message);
    if (this.telling) return;
    this.telling = true;
    queueMicrotask(() => {
      this.telling = false;
      const count = this.receipts?.next() ?? null;
      if (count !== null && !this.closed) this.line.tell(frameAcknowledged(count));
    });
  }
}
