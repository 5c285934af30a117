// Who is in a room and where their cursor is: y-protocols' awareness, without a document. One state per connection, under its own
// client id; who it is comes from the socket, never from the message (SY11).
import type { Face } from '#shared/live.ts';
import { Cursor, sizeOfUint, writeUint } from './bytes.ts';
import { frameAwareness } from './messages.ts';
import { Refusal } from './refusal.ts';

/** What speaks: a connection. `awareId` is the client id that it claimed. */
export type Speaker = { face: Face; awareId: number | null };
type Entry = { clock: number; person: string; speaker: Speaker | null; bytes: Buffer };

const cursor = new Cursor();
/** News are sent in groups, at most so many milliseconds late. */
const grouping = 15;
/** Who left is remembered, so that nobody takes the id at once: providers repeat what they heard of others. */
const remembered = 1000;

export class Presence {
  private readonly entries = new Map<number, Entry>();
  private readonly news = new Map<number, Buffer>();
  private timer: NodeJS.Timeout | null = null;
  private readonly tell: (frame: Buffer) => void;
  private readonly ownerOf: (client: number) => string | null | undefined;
  private readonly limit: number;

  /** `ownerOf`: the person to whom a client id belongs by what was written under it; undefined: nobody yet. */
  constructor({
    tell,
    ownerOf,
    limit,
  }: {
    tell: (frame: Buffer) => void;
    ownerOf: (client: number) => string | null | undefined;
    limit: number;
  }) {
    this.tell = tell;
    this.ownerOf = ownerOf;
    this.limit = limit;
  }

  /** All who are here, for somebody who comes; null when nobody is. */
  frame(): Buffer | null {
    const states = [...this.entries.values()].filter((entry) => entry.speaker).map((entry) => entry.bytes);
    return states.length > 0 ? frameAwareness(states) : null;
  }

  /** An awareness update in `bytes` from `from` to `to`. What a stock provider repeats of others is ignored, not punished. */
  say(speaker: Speaker, bytes: Buffer, from: number, to: number): void {
    cursor.over(bytes, from, to);
    const count = cursor.uint();
    for (let i = 0; i < count; i++) {
      const client = cursor.uint();
      const clock = cursor.uint();
      const length = cursor.uint();
      const start = cursor.at;
      cursor.skip(length);
      if (speaker.awareId === null && count === 1 && this.mayClaim(client, speaker)) speaker.awareId = client;
      if (client !== speaker.awareId) continue;
      if (length > this.limit) throw new Refusal(4413, 'the presence is too large');
      this.note(speaker, client, clock, readState(bytes, start, cursor.at));
    }
    if (cursor.at !== to) throw new Refusal(4400, 'bytes after the end of the presence');
  }

  leave(speaker: Speaker): void {
    const client = speaker.awareId;
    const entry = client === null ? undefined : this.entries.get(client);
    if (client === null || entry?.speaker !== speaker) return;
    this.remove(client, entry, entry.clock + 1);
  }

  /** A program, under a client id that is its own. */
  show(speaker: Speaker & { awareId: number }, state: object): void {
    this.note(speaker, speaker.awareId, (this.entries.get(speaker.awareId)?.clock ?? 0) + 1, state);
  }

  close(): void {
    if (this.timer) clearTimeout(this.timer);
  }

  private mayClaim(client: number, speaker: Speaker): boolean {
    const { id } = speaker.face;
    const [entry, owner] = [this.entries.get(client), this.ownerOf(client)];
    return (entry === undefined || entry.person === id) && (owner === undefined || owner === id);
  }

  private note(speaker: Speaker, client: number, clock: number, state: object | null): void {
    const entry = this.entries.get(client);
    if (entry && entry.speaker && entry.speaker !== speaker) entry.speaker.awareId = null; // the same person came back over another socket
    if (entry && (state === null ? clock < entry.clock : clock <= entry.clock)) {
      entry.speaker = speaker;
      return;
    }
    if (state === null) return entry && this.remove(client, entry, clock);
    const { id, name, login, colour } = speaker.face;
    const bytes = writeEntry(client, clock, { ...state, user: { id, name, login, colour } });
    this.entries.delete(client);
    this.entries.set(client, { clock, person: id, speaker, bytes });
    this.announce(client, bytes);
  }

  private remove(client: number, entry: Entry, clock: number): void {
    entry.clock = clock;
    entry.speaker = null;
    entry.bytes = writeEntry(client, clock, null);
    this.announce(client, entry.bytes);
    for (const [other, { speaker }] of this.entries) {
      if (this.entries.size <= remembered) break;
      if (!speaker) this.entries.delete(other);
    }
  }

  private announce(client: number, bytes: Buffer): void {
    this.news.set(client, bytes);
    this.timer ??= setTimeout(() => {
      this.timer = null;
      const frame = frameAwareness([...this.news.values()]);
      this.news.clear();
      this.tell(frame);
    }, grouping);
  }
}

function readState(bytes: Buffer, from: number, to: number): object | null {
  let state: unknown;
  try {
    state = JSON.parse(bytes.toString('utf8', from, to));
  } catch {
    throw new Refusal(4400, 'presence that is not JSON');
  }
  if (typeof state !== 'object' || Array.isArray(state)) throw new Refusal(4400, 'presence that is not an object');
  return state;
}

function writeEntry(client: number, clock: number, state: object | null): Buffer {
  const json = Buffer.from(JSON.stringify(state));
  const target = Buffer.allocUnsafe(10 + sizeOfUint(json.length) + json.length);
  let at = writeUint(target, writeUint(target, 0, client), clock);
  at = writeUint(target, at, json.length);
  target.set(json, at);
  return target.subarray(0, at + json.length);
}
