// Updates that arrived before what they build on. They wait for a while; so long, so many and so large are limits (SY13).
import { Refusal } from './refusal.ts';
import { scanUpdate, sizeOf, type Scanned } from './validate.ts';

type Held = { message: number; update: Scanned; /** when it came */ since: number };

export class EarlyUpdates {
  private held: Held[] = [];
  private bytes = 0;
  private timer: NodeJS.Timeout | null = null;
  private readonly limits: { bytes: number; updates: number; time: number; expired: () => void };

  /** `expired`: one of them has waited for `time` ms. */
  constructor(limits: { bytes: number; updates: number; time: number; expired: () => void }) {
    this.limits = limits;
  }

  get isEmpty(): boolean {
    return this.held.length === 0;
  }

  add({ message, update, since }: Held): void {
    const size = sizeOf(update);
    if (this.bytes + size > this.limits.bytes || this.held.length >= this.limits.updates)
      throw new Refusal(4509, 'something is missing before this');
    const own = Buffer.from(update.bytes.subarray(update.from, update.to)); // not the chunk that it came in
    this.held.push({ message, update: scanUpdate({ bytes: own }), since });
    this.bytes += size;
    this.timer ??= setTimeout(() => this.check(), this.limits.time).unref();
  }

  /** To be judged again; what is still early is added again, with the time at which it came. */
  takeAll(): Held[] {
    const held = this.held;
    this.held = [];
    this.bytes = 0;
    return held;
  }

  close(): void {
    if (this.timer) clearTimeout(this.timer);
    this.takeAll();
  }

  private check(): void {
    this.timer = null;
    const oldest = Math.min(...this.held.map(({ since }) => since));
    const left = oldest + this.limits.time - performance.now();
    if (left <= 1) this.limits.expired();
    else if (this.held.length > 0) this.timer = setTimeout(() => this.check(), left).unref();
  }
}
