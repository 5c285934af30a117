// Durable first (SY1): what all rooms received since the last flush goes to the database in one statement and one commit; only
// then it is shown to others and acknowledged. When the database is away, everything waits here and nothing is lost.
import { isOutage } from '../platform/outage.ts';
import type { Batch, LogClient, LogRow, LogStore } from './logStore.ts';

/** What a room has to write, and what it does once that is durable. */
export type Flush = {
  rows: LogRow[];
  clients: LogClient[];
  /** Shows it to everybody; returns the number of sockets written to. */
  deliver: () => number;
};

export type LoggedRoom = {
  no: number;
  /** The highest seq that is known to be in the log. */
  durable: number;
  takeFlush(): Flush | null;
  /** Somebody else wrote to this room's log: what is in memory is not true any more. */
  drop(why: string): void;
};

export type UpdateLogNews = {
  /** Rows became durable, with one commit. */
  flushed: (rows: number) => void;
  unavailable: (error: Error) => void;
  available: () => void;
  /** The database refuses what we append: a fault of ours or a full disk, not an outage. */
  refused: (error: Error) => void;
};

export class UpdateLog {
  private dirty = new Set<LoggedRoom>();
  private busy = false;
  private planned = false;
  private stopped = false;
  private lastFlush = 0;
  private interval = 0;
  private idle: (() => void)[] = [];
  private readonly store: LogStore;
  private readonly longest: number;
  private readonly news: UpdateLogNews;
  private readonly openRooms: () => Iterable<LoggedRoom>;

  /** `longest`: ms between two flushes at most. `openRooms`: those whose head is checked after a lost connection. */
  constructor({
    store,
    longest,
    news,
    openRooms,
  }: {
    store: LogStore;
    longest: number;
    news: UpdateLogNews;
    openRooms: () => Iterable<LoggedRoom>;
  }) {
    this.store = store;
    this.longest = longest;
    this.news = news;
    this.openRooms = openRooms;
  }

  /** The room has something to write. */
  mark(room: LoggedRoom): void {
    this.dirty.add(room);
    this.plan();
  }

  /** Waits until nothing is left to write. */
  async settled(): Promise<void> {
    if (this.busy || this.dirty.size > 0) await new Promise<void>((resolve) => this.idle.push(resolve));
  }

  /** Nothing is appended any more. */
  stop(): void {
    this.stopped = true;
  }

  /** The first edit after a pause goes at once; under load more is gathered the more sockets a flush writes to. */
  private plan(): void {
    if (this.busy || this.planned || this.stopped) return;
    this.planned = true;
    const wait = this.lastFlush + this.interval - performance.now();
    if (wait <= 0.2) setImmediate(() => this.flush());
    else setTimeout(() => this.flush(), Math.ceil(wait));
  }

  private async flush(): Promise<void> {
    this.planned = false;
    this.busy = true;
    this.lastFlush = performance.now();
    const taken = new Map<LoggedRoom, Flush>();
    for (const room of this.dirty) {
      const flush = room.takeFlush();
      if (flush) taken.set(room, flush);
    }
    this.dirty = new Set();
    try {
      if (await this.append(taken)) {
        let sockets = 0;
        let rows = 0;
        for (const [room, flush] of taken) {
          room.durable = flush.rows.at(-1)?.seq ?? room.durable;
          sockets += flush.deliver();
          rows += flush.rows.length;
        }
        if (rows > 0) this.news.flushed(rows);
        this.interval = Math.min(this.longest, sockets * 0.1);
      }
    } catch (error) {
      this.news.refused(error as Error);
      for (const room of taken.keys()) room.drop('the log refused an update');
    }
    this.busy = false;
    if (this.dirty.size > 0) this.plan();
    else for (const resolve of this.idle.splice(0)) resolve();
  }

  /** False: the server stopped before the database came back; nothing was shown and nothing acknowledged. */
  private async append(taken: Map<LoggedRoom, Flush>): Promise<boolean> {
    let lost = false;
    for (;;) {
      const batch: Batch = { rows: [], clients: [] };
      for (const { rows, clients } of taken.values()) {
        for (const row of rows) batch.rows.push(row);
        for (const client of clients) batch.clients.push(client);
      }
      if (batch.rows.length === 0) return true;
      try {
        if (lost) {
          if (!(await this.store.connect())) return false;
          const isIn = await this.store.has(batch);
          await this.checkHeads(taken, isIn);
          this.news.available();
          lost = false;
          if (isIn) return true;
          continue;
        }
        await this.store.append(batch);
        return true;
      } catch (error) {
        if (this.stopped) return false;
        if (!isOutage(error)) throw error;
        if (!lost) this.news.unavailable(error as Error);
        lost = true;
      }
    }
  }

  /** While the connection was lost another server may have written: rooms that are not as we left them are dropped. */
  private async checkHeads(taken: Map<LoggedRoom, Flush>, isIn: boolean): Promise<void> {
    const rooms = [...this.openRooms()];
    const heads = await this.store.heads(rooms.map((room) => room.no));
    for (const room of rooms) {
      const ours = isIn ? (taken.get(room)?.rows.at(-1)?.seq ?? room.durable) : room.durable;
      if (heads.get(room.no) === ours) continue;
      taken.delete(room);
      room.drop('another server wrote to this file');
    }
  }
}
