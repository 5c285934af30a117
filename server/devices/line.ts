// One WebSocket of one browser at a board, a viewer's or the host's: what it may send at most, whether it is still there, what waits for it.
import type WebSocket from 'ws';
import type { Duplex } from 'node:stream';
import { decodeFrame, frameHeadBytes, frameMostBytes, type Frame } from '#shared/devices.ts';
import { errorCodes, type ErrorCode } from '#shared/errors.ts';
import type { Face } from '#shared/live.ts';
import type { Actor } from '#shared/permissions.ts';
import { adoptSocket } from '../platform/webSocket.ts';
import { Rate, type DeviceLimits } from './limits.ts';

/** Somebody's browser at the door. */
export type Arrival = { socket: Duplex; head: Buffer; actor: Actor; face: Face };

export type LineParts<Message> = Arrival & {
  limits: DeviceLimits;
  messages: { perSecond: number; burst: number };
  read: (text: string) => Message | null;
  said: (message: Message) => void;
  /** False: such a frame is not for this end to send. */
  frame: (frame: Frame) => boolean;
  /** What waited has been taken. */
  drained: () => void;
  ended: () => void;
  failed: (error: unknown) => void;
};

export class Line<Message = unknown> {
  readonly actor: Actor;
  readonly face: Face;
  private readonly socket: WebSocket;
  private readonly limits: DeviceLimits;
  private heardAt = performance.now();
  /** Not yet: whoever was never asked has not failed to answer. */
  private askedAt = -Infinity;
  private done = false;

  constructor({ socket, head, actor, face, limits, messages, ...ways }: LineParts<Message>) {
    this.actor = actor;
    this.face = face;
    this.limits = limits;
    const rate = new Rate(messages);
    const take = (data: Buffer, isBinary: boolean) => {
      if (isBinary) {
        if (data.length > frameHeadBytes + frameMostBytes) return this.end('too-large', 'The frame is too large.');
        const frame = decodeFrame(data);
        if (!frame || !ways.frame(frame)) this.end('invalid', 'That is no frame of ours.');
        return;
      }
      const message = ways.read(data.toString('utf8'));
      if (message) ways.said(message);
      else this.end('invalid', 'That is no message of ours.');
    };
    const hear = (data: Buffer, isBinary: boolean) => {
      if (this.done) return;
      this.heardAt = performance.now();
      if (!rate.allow(1)) return this.end('rate-limited', 'Too many messages.');
      try {
        take(data, isBinary);
      } catch (error) {
        ways.failed(error); // a fault of ours ends this connection, not the server
        this.end('internal', 'Something went wrong.');
      }
    };
    const alive = () => (this.heardAt = performance.now());
    socket.on('drain', () => {
      if (!this.done) ways.drained();
    });
    this.socket = adoptSocket({
      socket,
      head,
      maxPayload: limits.message,
      listen(adopted) {
        adopted.on('pong', alive);
        adopted.on('ping', alive);
        adopted.on('message', hear);
        adopted.on('close', () => ways.ended());
      },
    });
  }

  get isOpen(): boolean {
    return !this.done && this.socket.readyState === 1;
  }
  /** Bytes that wait for the other end. */
  get waiting(): number {
    return this.socket.bufferedAmount;
  }

  /** `text`: what goes to many is put into words once. */
  send(message: object, text = JSON.stringify(message)): void {
    if (!this.isOpen) return;
    if (this.waiting > 2 * this.limits.waiting) this.socket.terminate();
    else this.socket.send(text);
  }
  sendFrame(frame: Uint8Array): void {
    if (this.isOpen) this.socket.send(frame);
  }

  /** Not read for a while: whoever sends too much has to wait. */
  hold(ms: number): void {
    this.socket.pause();
    setTimeout(() => this.socket.resume(), ms).unref();
  }

  /** `quick`: everybody wants to know at once when it is gone. False: it is gone. */
  tick({ now, quick }: { now: number; quick: boolean }): boolean {
    const { quickPing, quickSilence, ping, silence } = this.limits;
    if (now - this.heardAt > (quick ? quickSilence : silence) && this.askedAt > this.heardAt) {
      this.socket.terminate();
      return false;
    }
    if (now - Math.max(this.heardAt, this.askedAt) > (quick ? quickPing : ping) && this.isOpen) {
      this.askedAt = now;
      this.socket.ping();
    }
    return true;
  }
  /** The server was not looking for a while: silence counts from now on. */
  forgive(): void {
    this.heardAt = performance.now();
  }

  end(code: ErrorCode, reason: string): void {
    this.close(errorCodes[code].close, reason);
  }
  goodbye(): void {
    this.close(1000, '');
  }

  private close(code: number, reason: string): void {
    if (this.done) return;
    this.done = true;
    this.socket.close(code, reason);
    setTimeout(() => this.socket.terminate(), 1000).unref();
  }
}
