// Who hears that the state of a board changed, and when: those who look at it at once, and then at a beat; its browser before any byte of a
// new epoch; everybody else at the bench now and then.
import type { DeviceState, Driver, Mark } from '#shared/devices.ts';
import type { DeviceLimits } from './limits.ts';

/** What happened, for all who look, the audit and a recording. `job`: of that one's conversation. */
export type Note = { kind: Mark['kind']; by: Pick<Driver, 'person' | 'run'>; text: string; job?: string };

type Hearers = {
  viewers: (state: DeviceState) => void;
  host: (state: DeviceState) => void;
  bench: (state: DeviceState) => void;
};

export class BoardNews {
  private readonly state: () => DeviceState;
  private readonly limits: Pick<DeviceLimits, 'gatherState' | 'gatherNews'>;
  private readonly hearers: Hearers;
  private timer: NodeJS.Timeout | null = null;
  private toldAt = -Infinity;
  private benchTimer: NodeJS.Timeout | null = null;
  private benchAt = -Infinity;
  private hostKnows = true;

  constructor({
    state,
    limits,
    ...hearers
  }: { state: () => DeviceState; limits: Pick<DeviceLimits, 'gatherState' | 'gatherNews'> } & Hearers) {
    this.state = state;
    this.limits = limits;
    this.hearers = hearers;
  }

  /** The first change after a pause is told with all that belongs to it, without waiting; what follows soon goes together. */
  changed(): void {
    this.hostKnows = false;
    const { gatherState, gatherNews } = this.limits;
    const now = performance.now();
    this.timer ??= setTimeout(() => this.tell(), Math.max(0, this.toldAt + gatherState - now));
    this.benchTimer ??= setTimeout(() => this.tellBench(), Math.max(gatherState, this.benchAt + gatherNews - now));
  }

  /** Before bytes of an epoch reach the board's browser it knows that epoch. */
  informHost(): void {
    if (this.hostKnows) return;
    this.hostKnows = true;
    this.hearers.host(this.state());
  }

  close(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    if (this.benchTimer) this.tellBench();
  }

  private tell(): void {
    this.timer = null;
    this.toldAt = performance.now();
    const state = this.state();
    this.hearers.viewers(state);
    if (!this.hostKnows) this.hearers.host(state);
    this.hostKnows = true;
  }

  private tellBench(): void {
    if (this.benchTimer) clearTimeout(this.benchTimer);
    this.benchTimer = null;
    this.benchAt = performance.now();
    this.hearers.bench(this.state());
  }
}
