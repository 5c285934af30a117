// What a client gets that asks with SyncStep1: stored bytes, as they are. No document is built; a client that knows everything in
// the blob gets only its delete set and the log since, one that knows a part of it a difference from the worker (SY15).
import type { Documents } from './documents.ts';
import { sync } from './messages.ts';
import type { ReadStore, StoredUpdate } from './readStore.ts';
import { Refusal } from './refusal.ts';
import type { Room } from './room.ts';
import { spliceUpdates } from './splice.ts';
import { covers, type StateVector } from './stateVectors.ts';
import { scanUpdate } from './validate.ts';

/** Content of sync messages, to be sent in this order. */
export type Part = { step: number; content: Buffer };

export type Answers = {
  /** `vector`: what the client knows, as it came and as it was read. */
  answer(question: { room: Room; vector: StateVector; bytes: Buffer }): Promise<Part[]>;
  /** All since a seq, for a reader that was too slow. */
  since(question: { room: Room; seq: number }): Promise<Part[]>;
  /** The room left memory. */
  forget(room: Room): void;
};

export function createAnswers({
  store,
  documents,
  cacheBytes,
}: {
  store: ReadStore;
  documents: Documents;
  cacheBytes: number;
}): Answers {
  const blobs = new Map<string, StoredUpdate>();
  const reading = new Map<string, Promise<StoredUpdate[]>>();
  let cached = 0;

  const keyOf = ({ no, epoch }: Room) => `${no}/${epoch}`;

  function forget(key: string) {
    cached -= blobs.get(key)?.data.length ?? 0;
    blobs.delete(key);
  }

  function keep(key: string, blob: StoredUpdate) {
    forget(key);
    if (blob.data.length > cacheBytes / 2) return;
    blobs.set(key, blob);
    cached += blob.data.length;
    for (const other of blobs.keys()) {
      if (cached <= cacheBytes) break;
      forget(other);
    }
  }

  /** Blob and log; who asks while a read is under way shares it. */
  function readAll(room: Room): Promise<StoredUpdate[]> {
    const key = keyOf(room);
    let read = reading.get(key);
    if (!read) {
      read = readNow(room).finally(() => reading.delete(key));
      reading.set(key, read);
    }
    return read;
  }

  async function readNow(room: Room): Promise<StoredUpdate[]> {
    const blob = blobs.get(keyOf(room));
    const { epoch, updates } = await store.read(room.no, { since: blob?.upto ?? 0 });
    if (epoch !== room.epoch) throw new Refusal(4410, 'the file has a new epoch');
    if (updates[0]?.seq === 0) keep(keyOf(room), updates[0]);
    else if (blob) return [blob, ...updates];
    return updates;
  }

  /** Rows can be added to rows; when they were folded into a blob meanwhile, only all of it fits together. */
  async function readSince(room: Room, had: StoredUpdate[], seq: number): Promise<StoredUpdate[]> {
    const { updates } = await store.read(room.no, { since: seq });
    return updates[0]?.seq === 0 ? (await store.read(room.no)).updates : [...had, ...updates];
  }

  return {
    async answer({ room, vector, bytes }) {
      if (room.isEmpty) return partsOf([], sync.step2);
      const joined = room.durable;
      const { blob } = room;
      if (blob && vector.size > 0 && covers(vector, blob.vector)) {
        const { updates } = await store.read(room.no, { since: blob.upto, deletesOfBlob: blob.upto });
        if (updates[0]?.seq === 0)
          return partsOf(
            [{ ...updates[0], data: Buffer.concat([Buffer.of(0), updates[0].data]) }, ...updates.slice(1)],
            sync.step2,
          );
      }
      let updates = await readAll(room);
      const got = updates.at(-1)?.upto ?? 0;
      if (got < joined) updates = await readSince(room, updates, got); // the shared read began before this client came
      const [first, ...rest] = updates;
      if (first?.seq === 0 && vector.size > 0) {
        const data = Buffer.from(await documents.difference(first.data, bytes).catch(() => first.data)); // too much is slow, not wrong
        return partsOf([{ ...first, data }, ...rest], sync.step2);
      }
      return partsOf(updates, sync.step2);
    },
    since: async ({ room, seq }) => partsOf((await store.read(room.no, { since: seq })).updates, sync.update),
    forget: (room) => forget(keyOf(room)),
  };
}

/** The blob as it is, then the rows as one update. The last part has the wanted step: SyncStep2 tells the client that it is in sync. */
function partsOf(updates: StoredUpdate[], step: number): Part[] {
  const blobs = updates.filter(({ seq }) => seq === 0).map(({ data }) => data);
  const rows = updates.filter(({ seq }) => seq > 0).map(({ data }) => data);
  const tail = rows.length > 1 ? [spliceUpdates({ updates: rows.map((bytes) => scanUpdate({ bytes })) })] : rows;
  const contents = [...blobs, ...tail];
  if (contents.length === 0) contents.push(Buffer.of(0, 0));
  return contents.map((content, i) => ({ step: i === contents.length - 1 ? step : sync.update, content }));
}
