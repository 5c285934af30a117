// The browser that the board is plugged into: at most one holds it. It says what it holds, what the board says, and when it is no longer
// there; it hears what drivers do.
import { encodeFrame, frameTypes, type Connection, type Frame, type FromHost, type JobResult, type ToHost } from '#shared/devices.ts'; // prettier-ignore
import { Problem, type ErrorCode } from '#shared/errors.ts';
import type { Actor } from '#shared/permissions.ts';
import { worldStateMostBytes } from '#shared/robot/worldState.ts';
import type { Clock } from '../platform/clock.ts';
import type { May } from './access.ts';
import type { BoardLease, Timeless } from './boardLease.ts';
import type { Note } from './boardNews.ts';
import { hearHost, type Host, type Told } from './hostWords.ts';
import type { BoardJobs } from './jobs.ts';
import { Line, type Arrival } from './line.ts';
import { Rate, type DeviceLimits } from './limits.ts';
import { readFromHost } from './messages.ts';
import type { Output } from './output.ts';

type Held = {
  fileId: string;
  limits: DeviceLimits;
  clock: Clock;
  lease: BoardLease;
  jobs: BoardJobs;
  output: Output;
  note: (note: Note) => void;
  tellState: () => void;
  /** Nobody holds it any more. */
  gone: () => void;
  failed: (error: unknown) => void;
};

export class BoardHost implements Told {
  now: Host | null = null;
  /** Why the board is not there; null: it is, or nobody held it yet. */
  why: string | null = null;
  private readonly board: Held;

  constructor(board: Held) {
    this.board = board;
  }

  send(message: ToHost): void {
    this.now?.line.send(message);
  }

  /** Throws when somebody else holds it. */
  check(actor: Actor): void {
    if (this.now && this.now.line.actor.personId !== actor.personId)
      throw new Problem('conflict', `${this.now.line.face.name} holds this board in their browser.`);
  }

  /** The browser that the board is plugged into. */
  hold(arrival: Arrival): void {
    const { limits, clock, failed } = this.board;
    const before = this.now;
    if (before) this.unhold(before, `${arrival.face.name} opened it in another tab`);
    before?.line.end('forbidden', 'You hold this board in another tab now.');
    const line: Line<FromHost> = new Line<FromHost>({
      ...arrival,
      limits,
      messages: limits.hostMessages,
      read: readFromHost,
      said: (message) => {
        if (this.now === host) hearHost({ board: this, host, message, clock });
      },
      frame: (frame) => this.said(host, frame),
      drained: () => undefined,
      ended: () => this.unhold(host, `${arrival.face.name} closed the page`),
      failed,
    });
    const host: Host = {
      line,
      flood: new Rate(limits.hostFlood),
      words: new Rate(limits.hostWords),
      openedAt: clock.now(),
      holds: null,
    };
    this.now = host;
    this.why = `${arrival.face.name} opens it`;
    this.send({ type: 'hello', id: this.board.fileId });
  }

  unhold(host: Host, why: string): void {
    if (this.now !== host) return;
    this.now = null;
    this.board.gone();
    this.board.output.forgetWorld();
    const wasThere = this.connection() !== 'offline';
    this.why = why;
    this.step({ type: 'connection', connection: 'offline', host: null });
    if (wasThere) this.note({ kind: 'connection', by: { person: host.line.face, run: null }, text: `Offline: ${why}` });
    this.tellState();
  }

  /** What they may do changed, perhaps. */
  async recheck(mayOf: (actor: Actor) => Promise<May | ErrorCode>): Promise<void> {
    const host = this.now;
    if (!host) return;
    const may = await mayOf(host.line.actor);
    if (may === 'drive' || may === 'own') return;
    this.unhold(host, `${host.line.face.name} may not share it here any more`);
    host.line.end(may === 'watch' ? 'forbidden' : may, 'You may not share this board here any more.');
  }

  tick({ now, late }: { now: number; late: boolean }): void {
    const host = this.now;
    if (!host) return;
    const { clock, limits } = this.board;
    if (late) host.line.forgive();
    if (!host.line.tick({ now, quick: true })) this.unhold(host, `${host.line.face.name}'s browser does not answer`);
    else if (!host.holds && clock.now() - host.openedAt > limits.hostingPatience)
      host.line.end('invalid', 'Say what you hold.');
  }

  end(code: ErrorCode, why: string): void {
    const host = this.now;
    if (!host) return;
    this.unhold(host, why);
    host.line.end(code, why);
  }

  // ---- what it says ------------------------------------------------------------------------------------------------------------

  private said(host: Host, { type, bytes }: Frame): boolean {
    if (type !== frameTypes.output && type !== frameTypes.world) return false;
    if (type === frameTypes.world && bytes.length > worldStateMostBytes) return false;
    if (this.now !== host || !host.holds) return true;
    if (!host.flood.allow(bytes.length)) host.line.hold(200);
    if (type === frameTypes.output) this.board.output.add(bytes);
    else this.board.output.show(encodeFrame({ type: frameTypes.world, epoch: 0, offset: 0, bytes }));
    return true;
  }

  connection(): Connection {
    return this.board.lease.state.connection;
  }
  because(why: string | null): void {
    this.why = why;
  }
  isStopping(): boolean {
    const { stop } = this.board.lease.state;
    return stop !== null && !stop.done;
  }
  step(event: Timeless): void {
    this.board.lease.step(event);
  }
  progressed(message: Extract<FromHost, { type: 'job-progress' }>): boolean {
    return this.board.jobs.progressed(message);
  }
  result(result: JobResult): void {
    this.board.jobs.result(result);
  }
  note(note: Note): void {
    this.board.note(note);
  }
  tellState(): void {
    this.board.tellState();
  }
}
