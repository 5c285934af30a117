// For the fuzz: a database in memory that can be away at any point of an append, and sockets whose other end reads when it likes.
import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import { compactRows } from './documentJobs.ts';
import type { Batch, LogStore } from './logStore.ts';
import type { ReadStore, RoomRows, StoredUpdate } from './readStore.ts';
import type { RoomHead } from './roomStore.ts';

type Blob = { upto: number; vector: Buffer; deletesAt: number; data: Buffer };

/** One room's log. What was committed survives a kill; nothing else does. */
export class MemoryLog {
  rows: StoredUpdate[] = [];
  blob: Blob | null = null;
  owners = new Map<number, string | null>();
  committed = 0;
  /** How the next appends end: before or after the commit the connection is lost, or it all waits. */
  weather: 'fine' | 'lost-before' | 'lost-after' | 'stuck' = 'fine';
  private waiting: (() => void)[] = [];

  get head(): number {
    return this.rows.at(-1)?.seq ?? this.blob?.upto ?? 0;
  }

  roomHead(fileId: string): RoomHead {
    const { blob } = this;
    const upto = blob?.upto ?? 0;
    return {
      no: 1,
      fileId,
      epoch: 1,
      committed: this.committed,
      upto,
      blob: blob && { upto, size: blob.data.length, vector: blob.vector },
      rows: this.rows.length,
      owners: new Map(this.owners),
      retired: new Set(),
    };
  }

  all(): RoomRows {
    const blob: StoredUpdate[] = this.blob
      ? [{ seq: 0, upto: this.blob.upto, person: null, data: this.blob.data }]
      : [];
    return { epoch: 1, committed: this.committed, upto: this.blob?.upto ?? 0, updates: [...blob, ...this.rows] };
  }

  release(): void {
    this.weather = 'fine';
    for (const go of this.waiting.splice(0)) go();
  }

  compact(): { upto: number; size: number; vector: Buffer; folded: number } | null {
    const compacted = compactRows(this.all());
    if (!compacted) return null;
    const { upto, vector, deletesAt, blob, folded } = compacted;
    this.blob = { upto, vector, deletesAt, data: blob };
    this.rows = this.rows.filter((row) => row.seq > upto);
    return { upto, size: blob.length, vector, folded };
  }

  /** `alive`: false once the server that appends was killed: what waits then is never committed. */
  store(alive: () => boolean): LogStore {
    const commit = ({ rows, clients }: Batch) => {
      for (const { seq, person, data } of rows) {
        if (seq !== this.head + 1) throw Object.assign(new Error(`seq ${seq} after ${this.head}`), { code: '23505' });
        this.rows.push({ seq, upto: seq, person, data: Buffer.from(data) });
      }
      for (const { client, person } of clients) if (!this.owners.has(client)) this.owners.set(client, person);
    };
    return {
      append: async (batch) => {
        if (this.weather === 'stuck') await new Promise<void>((resolve) => this.waiting.push(resolve));
        await new Promise((resolve) => setImmediate(resolve));
        if (!alive()) return new Promise(() => undefined);
        const weather = this.weather;
        this.weather = 'fine';
        if (weather !== 'lost-before') commit(batch);
        if (weather !== 'fine') throw new Error('Connection terminated unexpectedly');
      },
      has: async ({ rows }) =>
        rows.every((row) => this.rows.some(({ seq, data }) => seq === row.seq && data.equals(row.data))),
      heads: async () => new Map([[1, this.head]]),
      connect: async () => true,
      close: async () => undefined,
    };
  }

  readStore(): ReadStore {
    return {
      read: async (_room, { since = 0, blob = true, deletesOfBlob } = {}) => {
        await new Promise((resolve) => setImmediate(resolve));
        const { blob: stored } = this;
        const all = this.all();
        const updates = all.updates.filter(({ seq }) => seq > since);
        const wanted =
          stored && blob && (deletesOfBlob === undefined ? stored.upto > since : stored.upto === deletesOfBlob);
        if (wanted)
          updates.unshift({
            seq: 0,
            upto: stored.upto,
            person: null,
            data: deletesOfBlob === undefined ? stored.data : stored.data.subarray(stored.deletesAt),
          });
        return { ...all, updates };
      },
      query: async () => [],
      transaction: () => Promise.reject(new Error('no transactions in memory')),
      close: async () => undefined,
    };
  }
}

/** The server's end of a socket. What it writes lies in `outbox` until the other end takes it. */
export class MemorySocket extends EventEmitter {
  outbox: Buffer[] = [];
  ended = false;
  /** Everything that the server ever wrote, as it writes it. */
  private readonly onWrite: (bytes: Buffer) => void;

  constructor(onWrite: (bytes: Buffer) => void) {
    super();
    this.onWrite = onWrite;
  }

  get writableLength(): number {
    return this.outbox.reduce((sum, { length }) => sum + length, 0);
  }

  write(bytes: Buffer): boolean {
    if (this.ended) return false;
    this.onWrite(bytes);
    this.outbox.push(Buffer.from(bytes));
    return true;
  }

  take(): Buffer | undefined {
    const bytes = this.outbox.shift();
    if (bytes && this.outbox.length === 0) this.emit('drain');
    return bytes;
  }

  end(bytes?: Buffer): void {
    if (bytes) this.write(bytes);
    this.destroy();
  }

  destroy(): void {
    if (this.ended) return;
    this.ended = true;
    this.emit('close');
  }

  pause(): void {}
  resume(): void {}
  cork(): void {}
  uncork(): void {}

  asDuplex(): Duplex {
    return this as unknown as Duplex;
  }
}
