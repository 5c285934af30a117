// Every limit of /devices in one place. Sizes in bytes, times in milliseconds. What happens at each: docs/PROTOCOL.md.

export const deviceLimits = {
  /** A message of JSON, either way; a job carries its code, a result what it printed. */
  message: 256 * 1024,
  /** From a viewer: messages, and bytes for the board. */
  viewerMessages: { perSecond: 100, burst: 200 },
  viewerBytes: { perSecond: 64 * 1024, burst: 2 ** 20 },
  /** From a board's browser: a board at 2 Mbaud says 200 kB/s. What is above is left out, and said so. */
  hostMessages: { perSecond: 2000, burst: 4000 },
  hostBytes: { perSecond: 2 ** 20, burst: 4 * 2 ** 20 },
  /** What it tells beside bytes and the progress of a job: unplugged, plugged in, what the port refused. */
  hostWords: { perSecond: 20, burst: 100 },
  /** Above this it is not even read for a while. */
  hostFlood: { perSecond: 12 * 2 ** 20, burst: 16 * 2 ** 20 },
  /** Kept of what a board said. */
  scrollback: 2 ** 20,
  marks: 500,
  /** Who types is told so often, of two who type at once. */
  typingTold: { perSecond: 1, burst: 10 },
  /** What comes within this time goes out together. */
  gather: 8,
  /** A robot's world is told so often at most. */
  gatherWorld: 45,
  /** Who presses the emergency stop again so soon changes nothing: it is under way. */
  gatherStops: 1000,
  /** Changes of the state within this time are told together. */
  gatherState: 25,
  /** Those who look at the bench, and not at this board, hear of it so often at most. */
  gatherNews: 1000,
  /** May wait for a viewer; then it is shown later what it missed, as far as it is held. */
  waiting: 2 ** 20,
  /** May wait for the board's browser before what is written is refused. */
  waitingForHost: 2 ** 20,
  viewers: 256,
  /** Of those who hold or drive a board everybody wants to know at once when they are gone. */
  quickPing: 700,
  quickSilence: 1800,
  ping: 10_000,
  silence: 30_000,
  /** A browser that wants to hold a board has to say so. */
  hostingPatience: 10_000,
  /** Everybody's rights and sign-in are looked at again so often, besides when something changed. */
  recheck: 60_000,
  /** A board that nobody looks at leaves memory. */
  idle: 10 * 60_000,
};
export type DeviceLimits = typeof deviceLimits;

/** A bucket that fills with time: `perSecond` on average, up to `burst` at once. */
export class Rate {
  private left: number;
  private at = performance.now();
  private readonly size: { perSecond: number; burst: number };

  constructor(size: { perSecond: number; burst: number }) {
    this.size = size;
    this.left = size.burst;
  }

  /** False: too much; nothing is taken. */
  allow(amount: number): boolean {
    const now = performance.now();
    const { perSecond, burst } = this.size;
    this.left = Math.min(burst, this.left + ((now - this.at) / 1000) * perSecond);
    this.at = now;
    if (this.left < amount) return false;
    this.left -= amount;
    return true;
  }
}
