// The lease of one board, held by the reducer in shared/lease.ts: each event goes through `step`, what follows is done in order, and what the
// next server has to know is kept. Epochs are taken from numbers that the database set aside, so that none is ever used twice (DE2).
import { stepLease } from '#shared/lease.ts';
import { newLeaseState, nextLeaseTime, type LeaseEffect, type LeaseEvent, type LeaseState, type Refused } from '#shared/leaseState.ts'; // prettier-ignore
import type { Clock } from '../platform/clock.ts';

export type Timeless = LeaseEvent extends infer E ? (E extends LeaseEvent ? Omit<E, 'now'> : never) : never;

export type LeaseNeeds = {
  /** Numbers that nobody used before: `epochs` and `bytes` say up to which they are set aside. */
  numbers: { epoch: number; epochs: number; offset: number; bytes: number };
  /** What was true when the server went down. */
  before: { stop: LeaseState['stop']; restless: boolean };
  clock: Clock;
  /** For the next server. */
  keep: (what: { stop: LeaseState['stop']; restless: boolean }) => Promise<void>;
  /** More numbers: up to which they reach now. */
  reserve: () => Promise<{ epochs: number; bytes: number }>;
  failed: (error: unknown) => void;
};

/** So many are left when more are set aside. */
const fewEpochs = 2048;
const fewBytes = 2 ** 29;
/** An expiry that moves by less is not worth telling everybody. */
const shownMs = 5000;

export class BoardLease {
  state: LeaseState;
  /** Called after each event. */
  readonly listeners = new Set<() => void>();
  private readonly needs: LeaseNeeds;
  private readonly perform: (effect: LeaseEffect) => void;
  private readonly changed: () => void;
  /** Where the board's scrollback ends: offsets are set aside as epochs are. */
  private readonly end: () => number;
  private reserving = false;
  private kept: string;
  private keeping: Promise<void> = Promise.resolve();
  private shownExpiry = 0;

  constructor({
    perform,
    changed,
    end,
    ...needs
  }: LeaseNeeds & { perform: (effect: LeaseEffect) => void; changed: () => void; end: () => number }) {
    this.needs = needs;
    this.perform = perform;
    this.changed = changed;
    this.end = end;
    const { before, numbers } = needs;
    this.state = { ...newLeaseState({ epoch: numbers.epoch, restless: before.restless }), stop: before.stop };
    this.kept = JSON.stringify(before);
  }

  step(event: Timeless): Refused | null {
    const { clock, numbers } = this.needs;
    if ((event.type === 'ask' || event.type === 'take') && this.state.epoch >= numbers.epochs)
      return { code: 'busy', text: 'The database does not answer: nobody can begin to drive just now.' };
    const before = this.state;
    const { state, effects, refused } = stepLease(before, { ...event, now: clock.now() } as LeaseEvent);
    this.state = state;
    for (const effect of effects) this.perform(effect);
    if (numbers.epochs - state.epoch < fewEpochs || numbers.bytes - this.end() < fewBytes) this.reserve();
    this.keepState();
    const isUse = event.type === 'write' || event.type === 'tick' || event.type === 'back' || event.type === 'gone';
    const expires = state.lease?.expires ?? 0;
    const isWorthTelling =
      !isUse ||
      effects.length > 0 ||
      state.queue.length !== before.queue.length ||
      Math.abs(expires - this.shownExpiry) > shownMs;
    if (isWorthTelling) {
      this.shownExpiry = expires;
      this.changed();
    }
    for (const listen of this.listeners) listen();
    return refused;
  }

  /** What time does by itself. */
  tick(): void {
    const next = nextLeaseTime(this.state);
    if (next !== null && this.needs.clock.now() >= next) this.step({ type: 'tick' });
  }

  /** What the next server has to know is on disk. */
  settled(): Promise<void> {
    return this.keeping;
  }

  private reserve(): void {
    if (this.reserving) return;
    this.reserving = true;
    this.needs
      .reserve()
      .then(({ epochs, bytes }) => Object.assign(this.needs.numbers, { epochs, bytes }))
      .catch(this.needs.failed)
      .finally(() => setTimeout(() => (this.reserving = false), 1000).unref());
  }

  private keepState(): void {
    const { stop, restless, lease } = this.state;
    const what = { stop, restless: restless || (lease !== null && lease.state !== 'offered') };
    const text = JSON.stringify(what);
    if (text === this.kept) return;
    this.kept = text;
    this.keeping = this.keeping.then(() => this.needs.keep(what)).catch(this.needs.failed);
  }
}
