// One browser tab on /live: JSON frames both ways, with bounds on what it may send and on what may wait for it.
import WebSocket from 'ws';
import type { Duplex } from 'node:stream';
import { errorCodes, type ErrorCode } from '#shared/errors.ts';
import type { Face, FromBrowser, ToBrowser } from '#shared/live.ts';
import type { Actor } from '#shared/permissions.ts';
import { adoptSocket } from '../platform/webSocket.ts';
import { readMessage } from './messages.ts';

export const liveLimits = {
  /** Bytes of a message from a browser. */
  message: 64 * 1024,
  /** Messages a second, and at once. */
  perSecond: 20,
  burst: 60,
  /** Bytes that may wait for a browser that does not read; past it the connection ends, and the page reads the API again. */
  waiting: 2 * 2 ** 20,
  pingMs: 30_000,
};

export class LiveConnection {
  readonly tab: string;
  readonly actor: Actor;
  readonly face: Face;
  private readonly socket: WebSocket;
  private left = liveLimits.burst;
  private refilled = performance.now();
  private answered = true;
  private readonly pings: NodeJS.Timeout;

  constructor({
    tab,
    actor,
    face,
    socket,
    head,
    said,
    ended,
  }: {
    tab: string;
    actor: Actor;
    face: Face;
    socket: Duplex;
    head: Buffer;
    said: (message: FromBrowser) => void;
    ended: () => void;
  }) {
    this.tab = tab;
    this.actor = actor;
    this.face = face;
    this.socket = adoptSocket({
      socket,
      head,
      maxPayload: liveLimits.message,
      listen: (adopted) => {
        adopted.on('pong', () => (this.answered = true));
        adopted.on('close', () => {
          clearInterval(this.pings);
          ended();
        });
        adopted.on('message', (data: Buffer, isBinary: boolean) => {
          if (!this.mayGoOn()) return adopted.close(errorCodes['rate-limited'].close, 'Too many messages.');
          if (isBinary) return adopted.close(1003, 'JSON only.');
          const message = readMessage(data.toString('utf8'));
          if (!message) return adopted.close(errorCodes.invalid.close, 'That is no message of ours.');
          said(message);
        });
      },
    });
    this.pings = setInterval(() => {
      if (!this.answered) return this.socket.terminate();
      this.answered = false;
      this.socket.ping();
    }, liveLimits.pingMs);
    this.pings.unref();
  }

  /** `text`: a message that goes to many is put into words once. */
  send(message: ToBrowser, text = JSON.stringify(message)): void {
    if (this.socket.readyState !== WebSocket.OPEN) return;
    if (this.socket.bufferedAmount > liveLimits.waiting) {
      this.socket.terminate();
      return;
    }
    this.socket.send(text);
  }

  /** For what is sent piece by piece: resolves when the piece is on its way, so that the next can be larger instead of waiting in line. */
  deliver(text: string): Promise<void> {
    if (this.socket.readyState !== WebSocket.OPEN) return Promise.resolve();
    return new Promise((done) => this.socket.send(text, () => done()));
  }

  end(code: ErrorCode, reason: string): void {
    this.socket.close(errorCodes[code].close, reason);
  }

  private mayGoOn(): boolean {
    const now = performance.now();
    this.left = Math.min(liveLimits.burst, this.left + ((now - this.refilled) / 1000) * liveLimits.perSecond) - 1;
    this.refilled = now;
    return this.left >= 0;
  }
}
