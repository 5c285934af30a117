// One WebSocket of one person in one room: reads frames, answers questions, shows what others wrote, and never lets a slow or
// hostile other end cost more than a bounded amount of memory or time (SY12, SY13). What it writes goes through its intake.
import type { Duplex } from 'node:stream';
import type { Face } from '#shared/live.ts';
import type { Actor } from '#shared/permissions.ts';
import { closeFrame } from '../platform/sockets.ts';
import type { Answers, Part } from './answers.ts';
import { Cursor } from './bytes.ts';
import type { Documents } from './documents.ts';
import { FrameReader, pingFrame, pongFrame, type Frame, type LargeFrames } from './frames.ts';
import { Intake } from './intake.ts';
import type { Limits } from './limits.ts';
import { frameSync, keepAliveFrame, message, sync, syncHeader } from './messages.ts';
import { Rate } from './rates.ts';
import type { ReadStore } from './readStore.ts';
import { Refusal } from './refusal.ts';
import type { Member, Room } from './room.ts';
import { readStateVector, writeStateVector } from './stateVectors.ts';

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

export type Visitor = {
  socket: Duplex;
  /** Bytes that came with the request. */
  head: Buffer;
  actor: Actor;
  face: Face;
  write: boolean;
  acknowledge: boolean;
};

const cursor = new Cursor();

export class Connection implements Member {
  readonly actor: Actor;
  readonly face: Face;
  awareId: number | null = null;
  private readonly socket: Duplex;
  private readonly room: Room;
  private readonly around: Surroundings;
  private readonly ended: () => void;
  private readonly reader: FrameReader;
  private readonly intake: Intake;
  private readonly messages: Rate;
  private readonly bytes: Rate;
  private readonly syncs: Rate;
  private done = false;
  private holds = 0;
  private firstSync = true;
  /** A slow reader has been shown everything up to this seq; null: it is not behind. */
  private behind: number | null = null;
  private heardAt = performance.now();
  private spokeAt = performance.now();

  constructor({
    visitor,
    room,
    around,
    ended,
  }: {
    visitor: Visitor;
    room: Room;
    around: Surroundings;
    ended: () => void;
  }) {
    const { limits, large } = around;
    this.socket = visitor.socket;
    this.actor = visitor.actor;
    this.face = visitor.face;
    this.room = room;
    this.around = around;
    this.ended = ended;
    this.messages = new Rate({ perSecond: limits.messagesPerSecond, burst: limits.messagesPerSecond * 2 });
    this.bytes = new Rate({ perSecond: limits.bytesPerSecond, burst: limits.bytesPerSecond * 4 });
    this.syncs = new Rate({ perSecond: limits.syncsPerSecond, burst: limits.syncsPerSecond * 2 });
    this.reader = new FrameReader({
      usual: limits.frame,
      largest: limits.firstSync + 1024,
      fragments: limits.fragments,
      large,
    });
    this.intake = new Intake({
      mayWrite: visitor.write,
      acknowledge: visitor.acknowledge,
      line: {
        room,
        around,
        member: this,
        hold: (work) => this.hold(work),
        tell: (frame) => this.write(frame),
        freed: () => this.pump(),
        end: (code, why) => this.end(code, why),
      },
    });
    this.open(visitor.head);
  }

  /** SY12: beyond the limit nothing is queued; when the reader has taken what there is, it gets what it missed in one piece. */
  show(frame: Buffer, shown: number): void {
    if (this.done || this.behind !== null) return;
    if (this.socket.writableLength <= this.around.limits.buffered) return this.write(frame);
    this.behind = shown;
    this.socket.once('drain', () => void this.catchUp());
  }

  mention(frame: Buffer): void {
    if (this.socket.writableLength <= this.around.limits.buffered) this.write(frame);
  }

  retry(): void {
    this.guard(() => this.intake.retry());
  }

  /** The person's rights may have changed. */
  mayWrite(now: boolean): void {
    if (this.intake.mayWrite && !now) this.intake.deny('You may still read this file, but not change it any more.');
    this.intake.mayWrite = now;
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

  private open(head: Buffer): void {
    this.room.enter(this);
    this.socket.on('close', () => this.leave());
    this.socket.on('end', () => this.socket.destroy());
    this.write(frameSync(sync.step1, writeStateVector(this.room.vector)));
    this.showPresence();
    const take = (chunk: Buffer) => {
      if (this.done) return; // its goodbye may still come
      this.heardAt = performance.now();
      this.reader.push(chunk);
      this.pump();
    };
    this.socket.on('data', take);
    take(head);
  }

  private leave(): void {
    if (this.done) return;
    this.done = true;
    this.intake.close();
    this.reader.release();
    this.room.leave(this);
    this.ended();
  }

  private write(frame: Buffer): void {
    if (this.done) return;
    this.spokeAt = performance.now();
    this.socket.write(frame);
  }

  private get mayRead(): boolean {
    return !this.done && this.holds === 0 && !this.intake.full;
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
    this.end(1011, 'The server could not do this.');
  }

  private hold(work: () => Promise<void>): void {
    this.holds++;
    const done = () => {
      this.holds--;
      this.pump();
    };
    work()
      .catch((error: unknown) => this.fail(error))
      .finally(done);
  }

  private take({ kind, bytes, from, to }: Frame): void {
    if (kind === 'close') return this.end(1000, '');
    if (!this.messages.allow(1)) throw new Refusal(4529, 'too many messages');
    if (kind === 'ping') this.mention(pongFrame(bytes.subarray(from, to)));
    if (kind !== 'message') return;
    cursor.over(bytes, from, to);
    const type = cursor.uint();
    const step = type === message.sync ? cursor.uint() : 0;
    if (type === message.queryAwareness) return this.showPresence();
    if (type !== message.sync && type !== message.awareness) throw new Refusal(4400, 'an unknown kind of message');
    if (cursor.uint() !== to - cursor.at) throw new Refusal(4400, 'a wrong length');
    const isFirst = type === message.sync && step === sync.step2 && this.firstSync;
    if (!isFirst && !this.bytes.allow(to - from)) throw new Refusal(4529, 'too many bytes');
    if (type === message.awareness) this.room.presence.say(this, bytes, cursor.at, to);
    else if (step === sync.step1) this.answer(Buffer.from(bytes.subarray(cursor.at, to)));
    else if (step === sync.step2 || step === sync.update)
      this.takeUpdate({ bytes, from: cursor.at, to, step, isFirst });
    else throw new Refusal(4400, 'an unknown kind of message');
  }

  private takeUpdate(update: { bytes: Buffer; from: number; to: number; step: number; isFirst: boolean }): void {
    if (update.isFirst) {
      this.firstSync = false;
      this.reader.largest = this.around.limits.frame;
    }
    this.intake.take(update);
  }

  private answer(bytes: Buffer): void {
    if (!this.syncs.allow(1)) throw new Refusal(4529, 'too many questions');
    const vector = readStateVector(bytes, this.around.limits.stateVector);
    this.room.refuseEarlierEpochs(Array.from(vector.keys(), (client) => ({ client })));
    this.hold(async () => {
      await this.drained();
      this.sendParts(await this.around.answers.answer({ room: this.room, vector, bytes }));
    });
  }

  private sendParts(parts: Part[]): void {
    this.socket.cork();
    for (const { step, content } of parts) {
      this.write(syncHeader(step, content.length));
      this.write(content);
    }
    this.socket.uncork();
  }

  private showPresence(): void {
    const frame = this.room.presence.frame();
    if (frame) this.mention(frame);
  }

  /** Who does not take what was written is not answered (nor read from) until they do. */
  private async drained(): Promise<void> {
    while (!this.done && this.socket.writableLength > this.around.limits.frame) {
      await new Promise<void>((resolve) => {
        this.socket.once('drain', resolve);
        this.socket.once('close', resolve);
      });
    }
  }

  private async catchUp(): Promise<void> {
    const seq = this.behind;
    if (this.done || seq === null) return;
    this.behind = null; // live again first: what comes twice is harmless, what is missing is not
    this.around.caughtUp();
    try {
      this.sendParts(await this.around.answers.since({ room: this.room, seq }));
      this.showPresence();
    } catch {
      this.socket.destroy(); // it comes back and asks
    }
  }
}
