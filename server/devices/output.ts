// What a board says, on its way to all who look: gathered for a moment, numbered, kept for who comes later, and never more than a bounded
// amount waiting for anybody (DE1).
import { encodeFrame, frameMostBytes, frameTypes, type DeviceState, type Mark } from '#shared/devices.ts';
import type { Clock } from '../platform/clock.ts';
import { Rate, type DeviceLimits } from './limits.ts';
import type { Line } from './line.ts';
import { Scrollback } from './scrollback.ts';

/** How far somebody has been shown the board. */
export type View = {
  line: Pick<Line, 'send' | 'sendFrame' | 'waiting' | 'isOpen'>;
  /** The next byte to show. */
  at: number;
  /** It does not take what there is: nothing more is sent until it does. */
  behind: boolean;
  /** How many marks it has, counted from the first that there ever was. */
  marks: number;
  state: number;
};

export class Output {
  readonly scrollback: Scrollback;
  readonly views = new Set<View>();
  private readonly limits: DeviceLimits;
  private readonly clock: Clock;
  private readonly said: (bytes: Buffer) => void;
  private readonly budget: Rate;
  private pending: Uint8Array[] = [];
  private pendingBytes = 0;
  private leftOut = 0;
  private timer: NodeJS.Timeout | null = null;
  private flushedAt = 0;
  private worldAt = -Infinity;
  private worldTimer: NodeJS.Timeout | null = null;
  private marks: Mark[] = [];
  private marksBefore = 0;
  private world: Uint8Array | null = null;
  private stateText = '';
  private stateNumber = 0;

  /** `said`: what was numbered, once, in order. */
  constructor({
    limits,
    clock,
    begin,
    said,
  }: {
    limits: DeviceLimits;
    clock: Clock;
    begin: number;
    said: (bytes: Buffer) => void;
  }) {
    this.limits = limits;
    this.clock = clock;
    this.said = said;
    this.budget = new Rate(limits.hostBytes);
    this.scrollback = new Scrollback({ size: limits.scrollback, begin });
  }

  get end(): number {
    return this.scrollback.end + this.pendingBytes;
  }

  /** `bytes` are a view of a message: copied when they go out. */
  add(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (!this.budget.allow(bytes.length)) {
      this.leftOut += bytes.length;
      this.soon();
      return;
    }
    if (this.leftOut > 0) this.tellLeftOut();
    this.pending.push(bytes);
    this.pendingBytes += bytes.length;
    if (this.pendingBytes >= frameMostBytes) this.flush();
    else this.soon();
  }

  /** The newest look of a robot's world. */
  show(world: Uint8Array): void {
    this.world = world;
    this.worldTimer ??= setTimeout(
      () => this.showWorld(),
      Math.max(0, this.worldAt + this.limits.gatherWorld - performance.now()),
    );
  }
  private showWorld(): void {
    this.worldTimer = null;
    this.worldAt = performance.now();
    const { world } = this;
    // who is slow sees a later one
    for (const { line, behind } of this.views) if (world && !behind && line.waiting < frameMostBytes) line.sendFrame(world); // prettier-ignore
  }

  /** Between the bytes that came before and those that come after. */
  mark(kind: Mark['kind'], text: string, more: Pick<Mark, 'job' | 'by'> = {}): Mark {
    this.flush();
    const mark: Mark = { offset: this.scrollback.end, at: this.clock.now(), kind, text, ...more };
    this.marks.push(mark);
    if (this.marks.length > this.limits.marks) {
      this.marks.shift();
      this.marksBefore++;
    }
    this.each((view) => this.sendMarks(view));
    return mark;
  }

  tellState(state: DeviceState): void {
    this.stateText = JSON.stringify({ type: 'state', state });
    this.stateNumber++;
    this.each((view) => this.sendState(view));
  }

  /** Says hello and shows what there is from `asked` on; null: all that is held. */
  enter({ line, you, asked }: { line: View['line']; you: string; asked: number | null }): View {
    this.flush();
    const { from, missed, bytes } = this.scrollback.resume(asked);
    const { begin, end } = this.scrollback;
    const marks = this.marks.filter(({ offset }) => offset >= from);
    if (missed !== 'nothing') {
      const text =
        missed === 'bytes'
          ? `${bytes} bytes are no longer held`
          : 'The server was started again; what was said meanwhile is not held';
      marks.unshift({ offset: from, at: this.clock.now(), kind: 'skipped', text });
    }
    line.send({ type: 'hello', you, from, begin, end, marks });
    const view: View = { line, at: from, behind: false, marks: this.marksBefore + this.marks.length, state: 0 };
    this.views.add(view);
    this.catchUp(view);
    return view;
  }

  /** Shows somebody all that they have not seen, as much as they take. */
  catchUp(view: View): void {
    view.behind = false;
    const { scrollback, limits } = this;
    if (view.at < scrollback.start) {
      const text = `${scrollback.start - view.at} bytes are no longer held: they came faster than they could be shown`;
      view.line.send({ type: 'mark', mark: { offset: scrollback.start, at: this.clock.now(), kind: 'skipped', text } satisfies Mark }); // prettier-ignore
      view.at = scrollback.start;
    }
    this.sendMarks(view);
    while (view.at < scrollback.end) {
      if (view.line.waiting > limits.waiting) {
        view.behind = true;
        return;
      }
      const bytes = scrollback.read(view.at, frameMostBytes);
      view.line.sendFrame(outputFrame(view.at, bytes));
      view.at += bytes.length;
    }
    if (view.state < this.stateNumber) this.sendState(view);
    if (this.world) view.line.sendFrame(this.world);
  }

  flush(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    this.flushedAt = performance.now();
    if (this.pendingBytes > 0) {
      const bytes = Buffer.concat(this.pending, this.pendingBytes);
      this.pending = [];
      this.pendingBytes = 0;
      for (let from = 0; from < bytes.length; from += frameMostBytes)
        this.sendBytes(bytes.subarray(from, from + frameMostBytes));
    }
    if (this.leftOut > 0 && this.budget.allow(1)) this.tellLeftOut();
    else if (this.leftOut > 0) this.soon();
  }

  /** Nothing of an earlier world is shown for a board that is gone. */
  forgetWorld(): void {
    this.world = null;
    if (this.worldTimer) clearTimeout(this.worldTimer);
    this.worldTimer = null;
  }

  close(): void {
    this.forgetWorld();
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
  }

  private tellLeftOut(): void {
    const bytes = this.leftOut;
    this.leftOut = 0;
    const most = this.limits.hostBytes.perSecond / 2 ** 20;
    this.mark('skipped', `${bytes} bytes were left out: the board says more than ${most} MiB a second`);
  }

  /** The first after a pause goes out at once; what follows within some ms goes out together. */
  private soon(): void {
    if (this.timer) return;
    const wait = Math.max(0, this.limits.gather - (performance.now() - this.flushedAt));
    this.timer = setTimeout(() => this.flush(), wait);
  }

  private sendBytes(bytes: Buffer): void {
    const from = this.scrollback.end;
    this.scrollback.append(bytes);
    this.said(bytes);
    const frame = outputFrame(from, bytes);
    this.each((view) => {
      if (view.line.waiting > this.limits.waiting) {
        view.behind = true; // from where it is, once it reads again
        return;
      }
      view.line.sendFrame(frame);
      view.at = from + bytes.length;
    });
  }

  private each(work: (view: View) => void): void {
    for (const view of this.views) if (!view.behind) work(view);
  }

  private sendMarks(view: View): void {
    const first = Math.max(0, view.marks - this.marksBefore);
    for (const mark of this.marks.slice(first)) view.line.send({ type: 'mark', mark });
    view.marks = this.marksBefore + this.marks.length;
  }

  private sendState(view: View): void {
    if (this.stateNumber === 0) return;
    view.line.send({}, this.stateText);
    view.state = this.stateNumber;
  }
}

const outputFrame = (offset: number, bytes: Uint8Array) =>
  encodeFrame({ type: frameTypes.output, epoch: 0, offset, bytes });
