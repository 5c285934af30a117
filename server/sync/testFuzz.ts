// One round of the convergence fuzz: real rooms, connections and frames over a database in memory; clients are Y.Docs that speak
// y-websocket's protocol. Everything that may go wrong between them does, in an order that the seed decides.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import * as syncProtocol from 'y-protocols/sync';
import * as Y from 'yjs';
import type { Face } from '#shared/live.ts';
import { contentRoot } from '#shared/room.ts';
import { createAnswers } from './answers.ts';
import { Connection, type Surroundings } from './connection.ts';
import { buildDocument, editDocument, readText, readWindow } from './documentJobs.ts';
import type { Documents } from './documents.ts';
import { defaultLimits } from './limits.ts';
import { Room } from './room.ts';
import { firstRow } from './seed.ts';
import { MemoryLog, MemorySocket } from './testMemory.ts';
import { UpdateLog } from './updateLog.ts';
import { scanUpdate } from './validate.ts';

const limits = {
  ...defaultLimits,
  messagesPerSecond: 1e9,
  bytesPerSecond: 1e12,
  syncsPerSecond: 1e9,
  buffered: 300,
  flushInterval: 0,
  newClientsPerHour: 1e9,
};
const base = 'The first line.\nThe second line.\n';
const turn = () => new Promise((resolve) => setImmediate(resolve));

type Sent = { vector: Map<number, number>; deleted: Y.ID[] };

export async function fuzz({ seed, operations }: { seed: number; operations: number }): Promise<void> {
  const random = randomOf(seed);
  const below = (most: number) => Math.floor(random() * most);
  const world = new World(below);
  for (let i = 0; i < 2 + below(7); i++) world.addClient();
  for (let i = 0; i < operations; i++) {
    const client = world.clients[below(world.clients.length)]!;
    const what = random();
    if (what < 0.45) client.type();
    else if (what < 0.75) world.deliver(below(6));
    else if (what < 0.8) client.repeat();
    else if (what < 0.84) client.disconnect();
    else if (what < 0.89) client.connect();
    else if (what < 0.91) world.log.weather = (['stuck', 'lost-before', 'lost-after', 'fine'] as const)[below(4)]!;
    else if (what < 0.93) world.log.release();
    else if (what < 0.945) await world.restart();
    else if (what < 0.96) await world.commit();
    else if (what < 0.975) world.compact();
    else if (what < 0.985) await world.merge();
    else await turn();
    if (below(3) === 0) await turn();
  }
  await world.finish();
}

class World {
  readonly log = new MemoryLog();
  readonly clients: Client[] = [];
  readonly below: (most: number) => number;
  room!: Room;
  around!: Surroundings;
  private life = { alive: true };
  private committedText = base;
  private readonly failures: unknown[] = [];

  constructor(below: (most: number) => number) {
    this.below = below;
    const first = firstRow({ text: base, person: null, client: 1 })!;
    this.log.rows.push({ seq: 1, upto: 1, person: null, data: first.data });
    this.log.owners.set(first.client, null);
    this.log.committed = 1;
    this.boot();
  }

  private boot(): void {
    const life = (this.life = { alive: true });
    const store = this.log.readStore();
    const documents = {
      difference: async (update: Uint8Array, vector: Uint8Array) => Y.diffUpdate(update, vector),
    } as Documents;
    const failed = (error: unknown) => this.failures.push(error);
    const log = new UpdateLog({
      store: this.log.store(() => life.alive),
      longest: 0,
      openRooms: () => [room],
      news: { flushed: () => undefined, unavailable: () => undefined, available: () => undefined, refused: failed },
    });
    const { updates } = this.log.all();
    const room: Room = new Room({
      head: this.log.roomHead('file'),
      tail: updates.filter(({ seq }) => seq > 0),
      limits,
      mark: (marked) => log.mark(marked),
      edited: () => undefined,
      allowClient: () => true,
    });
    this.room = room;
    this.around = {
      answers: createAnswers({ store, documents, cacheBytes: 1 << 20 }),
      documents,
      store,
      limits,
      large: { arriving: 0, most: 8 },
      failed,
      caughtUp: () => undefined,
    };
  }

  addClient(): void {
    const number = this.clients.length;
    const client = new Client(this, number, `00000000-0000-4000-8000-00000000000${number % 4}`);
    this.clients.push(client);
    client.connect();
  }

  /** The server dies at this instant: what is not committed is gone. */
  async restart(): Promise<void> {
    this.life.alive = false;
    this.log.release();
    for (const client of this.clients) client.disconnect();
    this.checkDurable();
    await turn();
    this.boot();
    for (const client of this.clients) if (this.below(10) < 7) client.connect();
  }

  /** A version is made, as the checkpoint does: of what the log says, and marked after it. */
  async commit(): Promise<void> {
    const window = readWindow({ fileId: 'file', rows: this.log.all() });
    if (!window) return;
    assert.equal(window.before, this.committedText, 'a version begins where the last ended');
    assert.equal(window.layers.at(-1)?.text ?? window.before, window.after, 'the layers sum up to the text');
    assert.equal(window.after, this.text(), 'a version is the text');
    await turn();
    this.committedText = window.after;
    this.log.committed = window.upto;
  }

  compact(): void {
    const done = this.log.compact();
    if (done) this.room.compacted(done);
  }

  /** A program merges a text that somebody changed elsewhere. */
  async merge(): Promise<void> {
    if (this.log.weather !== 'fine') return;
    const { room, life } = this;
    const settled = room.settled().then(
      () => true,
      () => false,
    );
    for (let i = 0; i < 20 && !(await Promise.race([settled, turn().then(() => false)])); i++) await turn();
    if (!life.alive || !(await Promise.race([settled, Promise.resolve(false)]))) return;
    const lines = this.committedText.split('\n');
    lines.splice(this.below(lines.length), 1, `merged ${this.below(1000)}`);
    const doc = buildDocument(this.log.all().updates);
    const { update } = editDocument({
      doc,
      client: room.programClient(null),
      change: { kind: 'merge', base: this.committedText, theirs: lines.join('\n') },
    });
    if (update)
      room.take(
        {
          update: scanUpdate({ bytes: Buffer.from(update) }),
          person: null,
          settled: () => undefined,
          lost: () => undefined,
        },
        null,
      );
    for (let i = 0; i < 4; i++) await turn();
  }

  deliver(times: number): void {
    for (let i = 0; i < times; i++) {
      const client = this.clients[this.below(this.clients.length)]!;
      if (this.below(2) === 0) client.sendSome(1 + this.below(3));
      else client.receiveSome(1 + this.below(4));
    }
  }

  text = (): string => readText(buildDocument(this.log.all().updates));

  /** SY1, at the moment of writing: whatever goes to a client is in the log. */
  checkShown(update: Uint8Array): void {
    const known = this.vector();
    for (const [client, clock] of Y.parseUpdateMeta(update).to)
      assert.ok((known.get(client) ?? 0) >= clock, 'shown before it was durable');
  }

  vector(): Map<number, number> {
    const known = new Map(this.log.blob ? Y.decodeStateVector(this.log.blob.vector) : []);
    for (const { data } of this.log.rows)
      for (const [client, clock] of Y.parseUpdateMeta(data).to)
        known.set(client, Math.max(clock, known.get(client) ?? 0));
    return known;
  }

  /** SY2: what was acknowledged is in the log, deletions included. */
  checkDurable(): void {
    const doc = buildDocument(this.log.all().updates);
    const vector = Y.decodeStateVector(Y.encodeStateVector(doc));
    const deletes = Y.createDeleteSetFromStructStore(doc.store);
    for (const client of this.clients) {
      for (const [id, clock] of client.acknowledged.vector)
        assert.ok((vector.get(id) ?? 0) >= clock, 'an acknowledged edit was lost');
      for (const id of client.acknowledged.deleted)
        assert.ok(Y.isDeleted(deletes, id), 'an acknowledged deletion was lost');
    }
  }

  async finish(): Promise<void> {
    this.log.release();
    for (let round = 0; round < 3; round++) {
      for (const client of this.clients) client.connect();
      await this.quiet();
      this.checkEqual(); // also those who were connected all the time: a resync would hide what they missed
      if (round < 2) for (const client of this.clients) if (this.below(2)) client.disconnect();
    }
    this.checkDurable();
    await this.commit();
    const text = this.text();
    const words = wordsIn(text);
    assert.equal(new Set(words).size, words.length, 'no word is there twice');
    for (const { person, data } of this.log.rows) {
      for (const { client } of scanUpdate({ bytes: data }).blocks) {
        const owner = this.log.owners.get(client);
        assert.ok(owner !== undefined, 'each client id has an owner');
        if (owner !== null) assert.equal(person, owner, 'a row holds the words of one person');
      }
    }
    const joiner = new Client(this, 99, '00000000-0000-4000-8000-000000000009');
    joiner.connect();
    this.clients.push(joiner);
    await this.quiet();
    assert.equal(joiner.text.toString(), text, 'who comes last sees the same');
    assert.deepEqual(this.failures, []);
  }

  private checkEqual(): void {
    const text = this.text();
    for (const client of this.clients) {
      assert.equal(client.text.toString(), text, `client ${client.number} and the log are equal`);
      assert.ok(
        !client.doc.store.pendingStructs && !client.doc.store.pendingDs,
        'nothing waits for something that is missing',
      );
      assert.equal(client.unacknowledged, 0, 'everything is acknowledged in the end');
    }
  }

  private async quiet(): Promise<void> {
    for (let still = 0, rounds = 0; still < 8; rounds++) {
      assert.ok(rounds < 5000, 'it never became quiet');
      const moved = this.clients
        .map((client) => client.sendSome(100) + client.receiveSome(100))
        .reduce((a, b) => a + b);
      still = moved > 0 ? 0 : still + 1;
      await turn();
      if (still % 4 === 3) await new Promise((resolve) => setTimeout(resolve, 12)); // early updates are tried again a moment later
    }
  }
}

class Client {
  readonly doc = new Y.Doc();
  readonly text: Y.Text;
  readonly number: number;
  readonly acknowledged: Sent = { vector: new Map(), deleted: [] };
  private readonly world: World;
  private readonly face: Face;
  private words = 0;
  private socket: MemorySocket | null = null;
  private outbox: Uint8Array[] = [];
  private said: Uint8Array[] = [];
  private sent: Sent[] = [];
  private counted = 0;
  private caughtUp = false;
  private deleted: Y.ID[] = [];
  private arrived: Buffer = Buffer.alloc(0);
  private written: Buffer = Buffer.alloc(0);

  constructor(world: World, number: number, person: string) {
    this.world = world;
    this.number = number;
    this.doc.clientID = 1000 + number;
    this.text = this.doc.getText(contentRoot);
    this.face = { id: person, login: 'x', name: 'X', colour: 1 };
    this.doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== 'server') this.say(2, update);
    });
  }

  get unacknowledged(): number {
    return this.sent.length - this.counted;
  }

  connect(): void {
    if (this.socket && !this.socket.ended) return;
    const { world } = this;
    this.disconnect();
    this.socket = new MemorySocket((bytes) => this.overhear(bytes));
    const actor = {
      personId: this.face.id,
      login: 'x',
      isAdmin: false,
      scopes: null,
      onlyVolume: null,
      sessionId: null,
      tokenId: null,
    };
    new Connection({
      visitor: {
        socket: this.socket.asDuplex(),
        head: Buffer.alloc(0),
        actor,
        face: this.face,
        write: true,
        acknowledge: true,
      },
      room: world.room,
      around: world.around,
      ended: () => undefined,
    });
    this.outbox.push(messageOf(0, Y.encodeStateVector(this.doc)));
  }

  disconnect(): void {
    this.socket?.destroy();
    this.socket = null;
    [this.outbox, this.said, this.sent, this.counted] = [[], [], [], 0];
    this.arrived = this.written = Buffer.alloc(0);
    this.caughtUp = false;
  }

  type(): void {
    const { below } = this.world;
    const { text } = this;
    this.doc.transact(() => {
      if (below(3) === 0 && text.length > 4) {
        const at = below(text.length - 3);
        const before = Y.createDeleteSetFromStructStore(this.doc.store);
        const length = 1 + below(3);
        for (let i = 0; i < length; i++) {
          const { item } = Y.createRelativePositionFromTypeIndex(text, at + i);
          if (item && !Y.isDeleted(before, item)) this.deleted.push(item);
        }
        text.delete(at, length);
      } else
        text.insert(below(text.length + 1), below(4) === 0 ? `${this.number}\n` : wordOf(this.number, this.words++));
    });
  }

  /** The network gives the same message twice. */
  repeat(): void {
    const last = this.said.at(-1);
    if (last && this.socket) {
      this.sent.push(this.state());
      this.outbox.push(last);
    }
  }

  sendSome(most: number): number {
    const messages = this.outbox.splice(0, most);
    const bytes = Buffer.concat(messages.map(maskedFrame));
    if (!this.socket || bytes.length === 0) return 0;
    // cut anywhere: TCP knows no messages
    for (let at = 0; at < bytes.length;) {
      const to = Math.min(bytes.length, at + 1 + this.world.below(bytes.length));
      this.socket.emit('data', Buffer.from(bytes.subarray(at, to)));
      at = to;
    }
    return messages.length;
  }

  receiveSome(most: number): number {
    let times = 0;
    while (times < most) {
      const bytes = this.socket?.take();
      if (!bytes) break;
      times++;
      this.arrived = Buffer.concat([this.arrived, bytes]);
      const [messages, rest] = messagesIn(this.arrived);
      this.arrived = rest;
      for (const message of messages) this.hear(message);
    }
    return times;
  }

  private say(step: number, content: Uint8Array): void {
    if (!this.socket) return;
    const message = messageOf(step, content);
    if (step === 1) this.caughtUp = true;
    this.sent.push(this.state());
    this.said.push(message);
    this.outbox.push(message);
  }

  /** What an acknowledgement of this message will mean: everything, once what was done offline was sent (the SyncStep2). */
  private state = (): Sent =>
    !this.caughtUp
      ? { vector: new Map(), deleted: [] }
      : {
          vector: Y.decodeStateVector(Y.encodeStateVector(this.doc)),
          deleted: [...this.deleted],
        };

  private hear(message: Uint8Array): void {
    const decoder = decoding.createDecoder(message);
    const type = decoding.readVarUint(decoder);
    if (type === 100) return this.note(decoding.readVarUint(decoder));
    if (type !== 0) return;
    const encoder = encoding.createEncoder();
    const step = syncProtocol.readSyncMessage(decoder, encoder, this.doc, 'server');
    if (step === 0) this.say(1, contentOf(encoding.toUint8Array(encoder)));
  }

  private note(count: number): void {
    assert.ok(count <= this.sent.length, 'more is acknowledged than was sent');
    assert.ok(count > this.counted, 'acknowledgements only grow');
    this.counted = count;
    const { vector, deleted } = this.sent[count - 1]!;
    const own = vector.get(this.doc.clientID) ?? 0;
    this.acknowledged.vector.set(
      this.doc.clientID,
      Math.max(own, this.acknowledged.vector.get(this.doc.clientID) ?? 0),
    );
    if (deleted.length > this.acknowledged.deleted.length) this.acknowledged.deleted = deleted;
  }

  private overhear(bytes: Buffer): void {
    const [messages, rest] = messagesIn(Buffer.concat([this.written, bytes]));
    this.written = rest;
    for (const message of messages) if (message[0] === 0 && message[1] !== 0) this.world.checkShown(contentOf(message));
  }
}

/** Edits cut words to pieces; the letters in front tell a word from what looks like one. */
const wordOf = (client: number, number: number): string => `[${letters(client, number)}${client}.${number}]`;
const letters = (client: number, number: number) =>
  ((client * 7919 + number * 104729) % 17576).toString(26).padStart(3, '0');
const wordsIn = (text: string): string[] =>
  [...text.matchAll(/\[\w{3}(\d+)\.(\d+)\]/g)]
    .filter(([word, client, number]) => word === wordOf(Number(client), Number(number)))
    .map(([word]) => word);

const messageOf = (step: number, content: Uint8Array): Uint8Array => {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, 0);
  encoding.writeVarUint(encoder, step);
  encoding.writeVarUint8Array(encoder, content);
  return encoding.toUint8Array(encoder);
};

/** The content of a sync message, with or without its type in front. */
function contentOf(message: Uint8Array): Uint8Array {
  const decoder = decoding.createDecoder(message);
  if (message[0] === 0) decoding.readVarUint(decoder);
  decoding.readVarUint(decoder);
  return decoding.readVarUint8Array(decoder);
}

function maskedFrame(payload: Uint8Array): Buffer {
  const header =
    payload.length < 126
      ? Buffer.of(0x82, 0x80 | payload.length)
      : Buffer.of(0x82, 0xfe, payload.length >> 8, payload.length & 255);
  const mask = randomBytes(4);
  return Buffer.concat([header, mask, payload.map((byte, i) => byte ^ mask[i & 3]!)]);
}

/** Whole messages in the bytes, and what is left over. */
function messagesIn(bytes: Buffer): [messages: Uint8Array[], rest: Buffer] {
  const messages: Uint8Array[] = [];
  let at = 0;
  while (bytes.length - at >= 2) {
    const short = bytes[at + 1]!;
    const header = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (bytes.length - at < header) break;
    const length =
      short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
    if (bytes.length - at < header + length) break;
    if ((bytes[at]! & 15) === 2) messages.push(bytes.subarray(at + header, at + header + length));
    at += header + length;
  }
  return [messages, Buffer.from(bytes.subarray(at))];
}

function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
