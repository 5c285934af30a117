// Counts what a connection sent and how much of it is durable, in order: the number n of message 100 says that the first n sync
// messages of this connection are in the log (SY7). They may settle in another order; the number never runs ahead of a gap.

export class Receipts {
  private received = 0;
  private told = 0;
  /** Not durable yet, in the order in which they came. */
  private readonly open = new Set<number>();

  /** A message with content came; returns its number. */
  take(): number {
    this.open.add(++this.received);
    return this.received;
  }

  settle(message: number): void {
    this.open.delete(message);
  }

  /** The number to tell, or null when nothing changed. */
  next(): number | null {
    const [first] = this.open;
    const durable = first === undefined ? this.received : first - 1;
    if (durable === this.told) return null;
    return (this.told = durable);
  }
}
