// One WebSocket of one person in one room: reads frames, holds back what has to wait, refuses what must not be, and never lets
// a slow or hostile other end cost more than a bounded amount of memory or time (SY12, SY13).
import type { Duplex } from 'node:stream';
import type { Face } from '#shared/live.ts';
import type { Actor } from '#shared/permissions.ts';
import { closeFrame } from '../platform/sockets.ts';
import type { Answers, Part } from './answers.ts';
import { Cursor } from './bytes.ts';
import { dropKnownDeletions } from './deletions.ts';
import type { Documents } from './documents.ts';
import { FrameReader, pingFrame, pongFrame, type Frame, type LargeFrames } from './frames.ts';
import { cutKnown, judge } from './judge.ts';
import type { Limits } from './limits.ts';
import { frameAcknowledged, frameDenied, frameSync, keepAliveFrame, message, sync, syncHeader } from './messages.ts';
import { Rate } from './rates.ts';
import type { ReadStore } from './readStore.ts';
import { Receipts } from './receipts.ts';
import { Refusal } from './refusal.ts';
import type { Member, Room } from './room.ts';
import { readStateVector, writeStateVector } from './stateVectors.ts';
import { scanUpdate, type Scanned } from './validate.ts';

/** What all connections of a server share. */
export type Surroundings = {
  answers: Answers;
  documents: Documents;
  store: ReadStore;
  limits: Limits;
  large: LargeFrames;
  /** Something that is nobody's mistake but ours. */
  failed: (error: unknown) => void;
  caughtUp: () => void;
};

type Early = { index: number; update: Scanned };

const cursor = new Cursor();
/** What is kept for an update besides its bytes. */
const overhead = 256;

export class Connection implements Member {
  readonly actor: Actor;
  readonly face: Face;
  awareId: number | null = null;
  private readonly socket: Duplex;
  private readonly room: Room;
  private readonly around: Surroundings;
  private readonly ended: () => void;
  private readonly reader: FrameReader;
  private readonly receipts: Receipts | null;
  private readonly messages: Rate;
  private readonly bytes: Rate;
  private readonly syncs: Rate;
  private mayWrite: boolean;
  private done = false;
  private holds = 0;
  private unflushed = 0;
  private full = false;
  private behind: number | null = null;
  private firstSync = true;
  private early: Early[] = [];
  private earlyBytes = 0;
  private earlyTimer: NodeJS.Timeout | null = null;
  private acknowledging = false;
  private deniedAt: number | null = null;
  private heardAt = performance.now();
  private spokeAt = performance.now();

  constructor(connection: {
    socket: Duplex;
    head: Buffer;
    room: Room;
    actor: Actor;
    face: Face;
    write: boolean;
    acknowledge: boolean;
    around: Surroundings;
    ended: () => void;
  }) {
    const { limits, large } = connection.around;
    this.socket = connection.socket;
    this.room = connection.room;
    this.actor = connection.actor;
    this.face = connection.face;
    this.mayWrite = connection.write;
    this.around = connection.around;
    this.ended = connection.ended;
    this.receipts = connection.acknowledge ? new Receipts() : null;
    this.messages = new Rate({ perSecond: limits.messagesPerSecond, burst: limits.messagesPerSecond * 2 });
    this.bytes = new Rate({ perSecond: limits.bytesPerSecond, burst: limits.bytesPerSecond * 4 });
    this.syncs = new Rate({ perSecond: limits.syncsPerSecond, burst: limits.syncsPerSecond * 2 });
    this.reader = new FrameReader({
      usual: limits.frame,
      largest: limits.firstSync + 1024,
      fragments: limits.fragments,
      large,
    });
    this.room.enter(this);
    this.socket.on('close', () => this.leave());
    this.write(frameSync(sync.step1, writeStateVector(this.room.vector)));
    const others = this.room.presence.frame();
    if (others) this.write(others);
    if (connection.head.length > 0) this.reader.push(connection.head);
    this.socket.on('end', () => this.socket.destroy());
    this.socket.on('data', (chunk: Buffer) => {
      if (this.done) return; // its goodbye may still come
      this.heardAt = performance.now();
      this.reader.push(chunk);
      this.pump();
    });
    this.pump();
  }

  /** SY12: beyond the limit nothing is queued; when the reader has taken what there is, it gets what it missed in one piece. */
  show(frame: Buffer): void {
    if (this.done || this.behind !== null) return;
    if (this.socket.writableLength > this.around.limits.buffered) {
      this.behind = this.room.durable;
      this.socket.once('drain', () => void this.catchUp(frame.length));
    } else this.write(frame);
  }

  mention(frame: Buffer): void {
    if (!this.done && this.socket.writableLength <= this.around.limits.buffered) this.write(frame);
  }

  /** The person's rights changed. */
  mayWriteFrom(now: boolean): void {
    if (this.mayWrite && !now) this.deny('You may read this file, but no longer change it.');
    this.mayWrite = now;
  }

  /** Called now and then: says something before the other end gives up on us, and gives up on an end that is gone. */
  tick(now: number): void {
    const { ping, silence } = this.around.limits;
    if (now - this.heardAt > silence) this.socket.destroy();
    else if (now - this.heardAt > ping || now - this.spokeAt > ping) {
      this.mention(keepAliveFrame);
      this.mention(pingFrame);
    }
  }

  end(code: number, why: string): void {
    if (this.done) return;
    this.socket.end(closeFrame(code, why));
    setTimeout(() => this.socket.destroy(), 1000).unref();
    this.leave();
  }

  /** Early updates may have become whole. */
  retry(): void {
    if (this.done || this.early.length === 0) return;
    const waiting = this.early;
    this.forgetEarly();
    for (const { index, update } of waiting) this.guard(() => this.receive(index, update, false));
  }

  private leave(): void {
    if (this.done) return;
    this.done = true;
    this.forgetEarly();
    this.reader.release();
    this.room.leave(this);
    this.ended();
  }

  private write(frame: Buffer): void {
    this.spokeAt = performance.now();
    this.socket.write(frame);
  }

  // -- reading

  private get mayRead(): boolean {
    return !this.done && this.holds === 0 && !this.full;
  }

  private pump(): void {
    this.guard(() => {
      while (this.mayRead) {
        const frame = this.reader.next();
        if (!frame) break;
        this.take(frame);
      }
    });
    if (this.mayRead || this.done) this.socket.resume();
    else this.socket.pause();
  }

  /** What is thrown on the way of a message ends this connection, never the server. */
  private guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.fail(error);
    }
  }

  private fail(error: unknown): void {
    if (error instanceof Refusal) return this.end(error.code, error.message);
    this.around.failed(error);
    this.end(1011, 'the server could not do this');
  }

  /** Reads nothing more until the work is done. */
  private hold(work: () => Promise<void>): void {
    this.holds++;
    work()
      .catch((error: unknown) => this.fail(error))
      .finally(() => {
        this.holds--;
        this.pump();
      });
  }

  private take({ kind, bytes, from, to }: Frame): void {
    if (kind === 'close') return this.end(1000, '');
    if (!this.messages.allow(1)) throw new Refusal(4529, 'too many messages');
    if (kind === 'ping') this.mention(pongFrame(bytes.subarray(from, to)));
    if (kind !== 'message') return;
    cursor.over(bytes, from, to);
    const type = cursor.uint();
    if (type === message.sync) return this.takeSync(cursor.uint(), bytes, to);
    if (!this.bytes.allow(to - from)) throw new Refusal(4529, 'too many bytes');
    if (type === message.awareness) {
      const length = cursor.uint();
      if (length !== to - cursor.at) throw new Refusal(4400, 'a wrong length');
      this.room.presence.say(this, bytes, cursor.at, to);
    } else if (type === message.queryAwareness) {
      const others = this.room.presence.frame();
      if (others) this.mention(others);
    } else throw new Refusal(4400, 'an unknown kind of message');
  }

  private takeSync(step: number, bytes: Buffer, to: number): void {
    const length = cursor.uint();
    const from = cursor.at;
    if (length !== to - from) throw new Refusal(4400, 'a wrong length');
    const isFirst = step === sync.step2 && this.firstSync;
    if (!isFirst && !this.bytes.allow(length)) throw new Refusal(4529, 'too many bytes');
    if (step === sync.step1) {
      if (!this.syncs.allow(1)) throw new Refusal(4529, 'too many questions');
      return this.answer(Buffer.from(bytes.subarray(from, to)));
    }
    if (step !== sync.step2 && step !== sync.update) throw new Refusal(4400, 'an unknown kind of message');
    const { limits } = this.around;
    if (isFirst) {
      this.firstSync = false;
      this.reader.largest = limits.frame;
    }
    const isEmpty = length === 2 && bytes[from] === 0 && bytes[from + 1] === 0;
    if (!this.mayWrite && !isEmpty && !isFirst) return this.deny('You may read this file, but not change it.'); // costs no more than this (SY10)
    const index = this.receipts?.take() ?? 0;
    if (isEmpty) return this.settleLater(index);
    const update = scanUpdate({
      bytes,
      from,
      to,
      limits: isFirst
        ? { bytes: limits.firstSync, structs: limits.firstSyncStructs }
        : { bytes: limits.update, structs: limits.updateStructs },
    });
    this.receive(index, update, step === sync.step2);
  }

  // -- what the other end knows and wants to know

  private answer(bytes: Buffer): void {
    const vector = readStateVector(bytes, this.around.limits.stateVector);
    this.hold(async () => {
      await this.drained();
      this.sendParts(await this.around.answers.answer({ room: this.room, vector, bytes }));
    });
  }

  private sendParts(parts: Part[]): void {
    if (this.done) return;
    this.socket.cork();
    for (const { step, content } of parts) {
      this.write(syncHeader(step, content.length));
      this.write(content);
    }
    this.socket.uncork();
  }

  /** Who does not read what was written is not answered (nor read from) until they do. */
  private async drained(): Promise<void> {
    while (!this.done && this.socket.writableLength > this.around.limits.frame) {
      await new Promise<void>((resolve) => {
        this.socket.once('drain', resolve);
        this.socket.once('close', resolve);
      });
    }
  }

  private async catchUp(missed: number): Promise<void> {
    if (this.done || this.behind === null || missed === 0) return;
    const seq = this.behind;
    this.behind = null; // live again first: what comes twice is harmless, what is missing is not
    this.around.caughtUp();
    try {
      this.sendParts(await this.around.answers.since({ room: this.room, seq }));
    } catch {
      this.socket.destroy(); // it comes back and asks
    }
  }

  // -- what the other end wrote

  private receive(index: number, given: Scanned, isStep2: boolean): void {
    const { room, around } = this;
    const update = judge({ update: given, vector: room.vector });
    if (update === 'known') return this.settleLater(index);
    if (update === 'early') return this.wait(index, given);
    if (update === 'partly') return this.cut(index, given, isStep2);
    if (isStep2 && update.deletions.length > 0 && !room.isEmpty) {
      return this.hold(async () => {
        dropKnownDeletions(await room.knownDeletions(around.store), update);
        this.receive(index, update, false);
      });
    }
    if (!this.mayWrite) return this.deny('You may read this file, but not change it.');
    const size = update.bytes.length < 4096 ? update.bytes.length + overhead : sizeOf(update);
    const free = () => {
      this.unflushed -= size;
      if (this.full && this.unflushed < around.limits.unflushed / 2) {
        this.full = false;
        this.pump();
      }
    };
    const settled = () => {
      this.settle(index);
      free();
    };
    room.take({ update, owner: this.face.id, writer: { person: this.face.id, settled, lost: free } });
    this.unflushed += size;
    this.full = this.unflushed > around.limits.unflushed;
  }

  /** Legal for a moment: what is typed right after a reconnect may overtake the answer that it builds on. */
  private wait(index: number, update: Scanned): void {
    const { limits } = this.around;
    const size = sizeOf(update);
    if (this.earlyBytes + size > limits.gapBytes || this.early.length >= limits.gapUpdates)
      throw new Refusal(4509, 'something is missing before this');
    const own = Buffer.from(update.bytes.subarray(update.from, update.to));
    this.early.push({ index, update: scanUpdate({ bytes: own }) });
    this.earlyBytes += size;
    this.room.early.add(this);
    this.earlyTimer ??= setTimeout(() => this.end(4509, 'something is missing before this'), limits.gapTime).unref();
  }

  private forgetEarly(): void {
    if (this.earlyTimer) clearTimeout(this.earlyTimer);
    this.earlyTimer = null;
    this.early = [];
    this.earlyBytes = 0;
    this.room.early.delete(this);
  }

  /** A part of it is known. Small ones are cut here, a long offline session in the worker. */
  private cut(index: number, given: Scanned, isStep2: boolean): void {
    const update = given.bytes.subarray(given.from, given.to);
    if (update.length <= 16 << 10) return this.receive(index, cutKnown({ update, vector: this.room.vector }), isStep2);
    const copy = Buffer.from(update);
    this.hold(async () => {
      const rest = await this.around.documents.difference(copy, writeStateVector(this.room.vector));
      this.receive(index, scanUpdate({ bytes: Buffer.from(rest) }), isStep2);
    });
  }

  /** Dropped, and told so by y-protocols' own message; nothing after it is acknowledged, because it will never be durable. */
  private deny(why: string): void {
    const now = performance.now();
    if (this.deniedAt === null) this.receipts?.take();
    else if (now - this.deniedAt < 1000) return;
    this.deniedAt = now;
    this.mention(frameDenied(why));
  }

  // -- acknowledgements

  private settleLater(index: number): void {
    if (this.receipts)
      this.room.whenDurable({ person: null, settled: () => this.settle(index), lost: () => undefined });
  }

  private settle(index: number): void {
    if (!this.receipts || this.done) return;
    this.receipts.settle(index);
    if (this.acknowledging) return;
    this.acknowledging = true;
    queueMicrotask(() => {
      this.acknowledging = false;
      const count = this.receipts?.next() ?? null;
      if (count !== null && !this.done) this.mention(frameAcknowledged(count));
    });
  }
}

const sizeOf = (update: Scanned) => update.to - update.from + overhead;
