// A bucket that fills with time: `perSecond` on average, up to `burst` at once.

export class Rate {
  private left: number;
  private at = performance.now();
  private readonly perSecond: number;
  private readonly burst: number;

  constructor({ perSecond, burst }: { perSecond: number; burst: number }) {
    this.perSecond = perSecond;
    this.burst = burst;
    this.left = burst;
  }

  /** False: too much. */
  allow(amount: number): boolean {
    const now = performance.now();
    this.left = Math.min(this.burst, this.left + ((now - this.at) / 1000) * this.perSecond) - amount;
    this.at = now;
    return this.left >= 0;
  }
}
