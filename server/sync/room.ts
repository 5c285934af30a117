// One open file: who is connected, what is known (clocks and owners of client ids, no document), what waits to become durable.
import type { Face } from '#shared/live.ts';
import { addDeletions, scanDeletesOfBlob, type KnownDeletions } from './deletions.ts';
import type { Limits } from './limits.ts';
import type { LogRow } from './logStore.ts';
import { frameUpdate, updateSpace } from './messages.ts';
import { Presence, type Speaker } from './presence.ts';
import type { ReadStore, StoredUpdate } from './readStore.ts';
import { Refusal } from './refusal.ts';
import type { RoomHead } from './roomStore.ts';
import { spliceUpdates } from './splice.ts';
import { readStateVector, type StateVector } from './stateVectors.ts';
import type { Flush, LoggedRoom } from './updateLog.ts';
import { scanUpdate, type Scanned } from './validate.ts';

/** What a room needs of a connection. */
export type Member = Speaker & {
  /** An update for everybody; a member that is behind gets it later, in one piece. */
  show(frame: Buffer, /** everything up to this seq was shown before */ shown: number): void;
  /** News that may be lost, e.g. cursors. */
  mention(frame: Buffer): void;
  /** Something arrived that an early update may have waited for. */
  retry(): void;
  end(code: number, why: string): void;
};

/** Somebody who wants to know when what they sent is durable, or that it was given up. */
export type Writer = { person: string | null; settled: () => void; lost: (why: string) => void };

type Pending = Writer & { update: Scanned };

export class Room implements LoggedRoom {
  readonly fileId: string;
  readonly no: number;
  readonly epoch: number;
  readonly vector: StateVector;
  readonly owners: Map<number, string | null>;
  /** Client ids of earlier epochs. */
  private readonly retired: Set<number>;
  readonly members = new Set<Member>();
  /** Members that hold updates which came before what they build on. */
  readonly early = new Set<Member>();
  readonly presence: Presence;
  durable: number;
  blob: { upto: number; size: number; vector: StateVector } | null;
  /** Nothing is taken any more; what was taken still becomes durable. */
  frozen = false;
  /** Ended. */
  closed = false;
  compacting = false;
  /** Programs that work with it. */
  pins = 0;
  /** When the last member left; in memory only so long. */
  emptySince = performance.now();
  private seq: number;
  private logBytes = 0;
  private pending: Pending[] = [];
  private newClients: number[] = [];
  private waiting: Writer[] = [];
  private inFlight: { writers: Writer[] } | null = null;
  private retryTimer: NodeJS.Timeout | null = null;
  private readonly programs = new Map<string | null, number>();
  private deletes: { known: Promise<KnownDeletions>; later: Scanned[] } | null = null;
  private readonly limits: Limits;
  private readonly mark: (room: Room) => void;
  private readonly edited: (person: string | null) => void;
  private readonly allowClient: (person: string) => boolean;

  /** `tail`: the rows of the log after the blob. `mark`: there is something to write. `allowClient`: may this person begin with another client id here? */
  constructor(room: {
    head: RoomHead;
    tail: StoredUpdate[];
    limits: Limits;
    mark: (room: Room) => void;
    edited: (person: string | null) => void;
    allowClient: (person: string) => boolean;
  }) {
    const { head, tail } = room;
    this.fileId = head.fileId;
    this.no = head.no;
    this.epoch = head.epoch;
    this.owners = head.owners;
    this.retired = head.retired;
    this.limits = room.limits;
    this.mark = room.mark;
    this.edited = room.edited;
    this.allowClient = room.allowClient;
    this.blob = head.blob && { ...head.blob, vector: readStateVector(head.blob.vector) };
    this.vector = new Map(this.blob?.vector);
    this.seq = head.upto;
    for (const { seq, data } of tail) {
      this.note(scanUpdate({ bytes: data }));
      this.seq = seq;
      this.logBytes += data.length;
    }
    this.durable = this.seq;
    this.presence = new Presence({
      limit: room.limits.awareness,
      ownerOf: (client) => this.owners.get(client),
      tell: (frame) => {
        for (const member of this.members) member.mention(frame);
      },
    });
  }

  get isEmpty(): boolean {
    return this.vector.size === 0 && this.durable === 0;
  }

  /** Nothing in it that is only in memory. */
  get isQuiet(): boolean {
    return (
      this.members.size === 0 &&
      this.pins === 0 &&
      this.pending.length === 0 &&
      this.waiting.length === 0 &&
      !this.inFlight &&
      !this.compacting
    );
  }

  /** A document of an earlier epoch, also of a client that says none, is merged as text and not by its updates (SY5). */
  refuseEarlierEpochs(...parts: Iterable<{ client: number }>[]): void {
    if (this.retired.size === 0) return;
    for (const { client } of parts.flatMap((part) => [...part]))
      if (this.retired.has(client)) throw new Refusal(4410, `the file is in epoch ${this.epoch}`);
  }

  /** Takes a judged update: known from now on, durable and shown after the next flush. Throws when it may not be written. */
  take(given: Pending, /** null: a program */ owner: string | null): void {
    const { update } = given;
    if (this.closed || this.frozen) throw new Refusal(1013, 'the file is being closed');
    if (update.blocks.length > 0 && this.size + update.bytes.length > this.limits.document && owner !== null)
      throw new Refusal(4413, 'the document is full');
    for (const { client } of update.blocks) {
      const known = this.owners.get(client);
      if (known !== undefined && known !== owner) throw new Refusal(4403, 'a client id that belongs to somebody else');
      if (known === undefined && owner !== null && !this.allowClient(owner))
        throw new Refusal(4529, 'too many new client ids');
    }
    for (const { client } of update.blocks) {
      if (this.owners.has(client)) continue;
      this.owners.set(client, owner);
      this.newClients.push(client);
    }
    this.note(update);
    this.deletes?.later.push(update);
    this.pending.push(given);
    this.mark(this);
    if (this.early.size > 0) this.retryEarly();
  }

  /** Not at each update: a hostile client can hold many that never become whole. */
  private retryEarly(): void {
    this.retryTimer ??= setTimeout(() => {
      this.retryTimer = null;
      for (const member of [...this.early]) member.retry();
    }, 10);
  }

  /** Calls back when everything that was taken so far is durable. */
  whenDurable(writer: Writer): void {
    if (this.closed) writer.lost('the file is being closed');
    else if (this.pending.length > 0) {
      this.waiting.push(writer);
      this.mark(this);
    } else if (this.inFlight) this.inFlight.writers.push(writer);
    else writer.settled();
  }

  settled(): Promise<void> {
    return new Promise((resolve, reject) =>
      this.whenDurable({ person: null, settled: resolve, lost: (why) => reject(new Refusal(1013, why)) }),
    );
  }

  /** One frame for all, and one row for each person: attribution must know who typed what (GI3). */
  takeFlush(): Flush | null {
    const [pending, waiting, newClients] = [this.pending, this.waiting, this.newClients];
    [this.pending, this.waiting, this.newClients] = [[], [], []];
    if (pending.length === 0 && waiting.length === 0) return null;
    const writers = [...pending, ...waiting];
    this.inFlight = { writers };
    const shown = this.seq;
    const merged = spliceUpdates({ updates: pending.map(({ update }) => update), room: updateSpace });
    const rows: LogRow[] = [];
    const add = (person: string | null, data: Buffer) => {
      rows.push({ room: this.no, seq: ++this.seq, person, data });
      this.logBytes += data.length;
    };
    const [first] = pending;
    if (first && pending.every(({ person }) => person === first.person))
      add(first.person, merged.subarray(updateSpace));
    else
      for (const [person, theirs] of Map.groupBy(pending, ({ person }) => person))
        add(person, spliceUpdates({ updates: theirs.map(({ update }) => update) }));
    const clients = newClients.map((client) => ({ room: this.no, client, person: this.owners.get(client) ?? null }));
    const deliver = () => {
      this.inFlight = null;
      if (pending.length > 0) {
        const frame = frameUpdate(merged);
        for (const member of this.members) member.show(frame, shown);
        for (const { person } of rows) this.edited(person);
      }
      for (const writer of writers) writer.settled();
      return pending.length > 0 ? this.members.size : 0;
    };
    return { rows, clients, deliver };
  }

  /** The client id under which programs write for a person: the server's own, so that no connection can use it. */
  programClient(person: string | null): number {
    let client = this.programs.get(person);
    if (client === undefined) {
      do client = Math.floor(Math.random() * 0x100000000);
      while (this.vector.has(client) || this.owners.has(client) || this.retired.has(client));
      this.programs.set(person, client);
    }
    return client;
  }

  /** All deletions that are known, for a client that repeats them; kept for half a minute, as reconnects come in swarms. */
  async knownDeletions(store: ReadStore): Promise<KnownDeletions> {
    if (!this.deletes) {
      const deletes = (this.deletes = { known: this.readDeletions(store), later: [] }); // from here on `take` notes what comes in
      const forget = () => {
        if (this.deletes === deletes) this.deletes = null;
      };
      deletes.known.catch(forget);
      setTimeout(forget, 30_000).unref();
    }
    const { known, later } = this.deletes;
    const deletions = await known;
    addDeletions(deletions, later.splice(0));
    return deletions;
  }

  private async readDeletions(store: ReadStore): Promise<KnownDeletions> {
    await this.settled();
    const upto = this.blob?.upto ?? 0;
    const { updates } = await store.read(this.no, { since: upto, deletesOfBlob: upto });
    const known: KnownDeletions = new Map();
    const isWhole = upto > 0 && updates[0]?.seq !== 0; // folded again meanwhile
    const scanned = isWhole
      ? (await store.read(this.no)).updates.map(({ data }) => scanUpdate({ bytes: data }))
      : updates.map(({ seq, data }) => (seq === 0 ? scanDeletesOfBlob(data) : scanUpdate({ bytes: data })));
    addDeletions(known, scanned);
    return known;
  }

  /** The log up to `upto`, `folded` bytes of it, became a blob. */
  compacted({ upto, size, vector, folded }: { upto: number; size: number; vector: Uint8Array; folded: number }): void {
    this.blob = { upto, size, vector: readStateVector(Buffer.from(vector)) };
    this.logBytes -= folded;
  }

  enter(member: Member): void {
    this.members.add(member);
  }

  leave(member: Member): void {
    this.members.delete(member);
    this.early.delete(member);
    this.presence.leave(member);
    if (this.members.size === 0) this.emptySince = performance.now();
  }

  faces(): Face[] {
    return [...new Map([...this.members].map(({ face }) => [face.id, face])).values()];
  }

  /** Ends all connections and gives up what is not durable; whoever sent it will send it again. */
  close(code: number, why: string): void {
    this.closed = true;
    for (const writer of [...this.pending, ...this.waiting, ...(this.inFlight?.writers ?? [])]) writer.lost(why);
    [this.pending, this.waiting, this.inFlight] = [[], [], null];
    for (const member of [...this.members]) member.end(code, why);
    this.presence.close();
  }

  drop(why: string): void {
    this.close(1013, why);
  }

  /** Bytes that the document takes: its blob and the log since. */
  private get size(): number {
    return (this.blob?.size ?? 0) + this.logBytes;
  }

  private note({ blocks }: Scanned): void {
    for (const { client, clock, length } of blocks) this.vector.set(client, clock + length);
  }
}
