// Living text for programs: a merge, a restore, an agent. They read in the worker and write through the same log as everybody's
// typing, credited to a person.
import { Problem } from '#shared/errors.ts';
import type { Documents, Edited } from './documents.ts';
import type { Limits } from './limits.ts';
import type { ReadStore } from './readStore.ts';
import { Refusal } from './refusal.ts';
import type { Registry } from './registry.ts';
import type { Room } from './room.ts';
import { createRoom, readNumber, renewRoom, type FirstRow } from './roomStore.ts';
import { firstRow } from './seed.ts';
import type { RoomAccess, Rooms } from './types.ts';
import { scanUpdate } from './validate.ts';

export type Programs = Pick<Rooms, 'seed' | 'read' | 'edit' | 'window' | 'renew'>;

export function createPrograms({
  store,
  documents,
  registry,
  access,
  limits,
}: {
  store: ReadStore;
  documents: Documents;
  registry: Registry;
  access: RoomAccess;
  limits: Limits;
}): Programs {
  /** Edits of one room one after the other: each is computed on what the one before left. */
  const turns = new Map<string, Promise<unknown>>();

  function inTurn<T>(fileId: string, work: () => Promise<T>): Promise<T> {
    const run = (turns.get(fileId) ?? Promise.resolve())
      .catch(() => undefined)
      .then(work)
      .catch(asProblem);
    turns.set(fileId, run);
    const forget = () => {
      if (turns.get(fileId) === run) turns.delete(fileId);
    };
    run.then(forget, forget);
    return run;
  }

  /** The number of a room with everything in it durable; nobody need open one that is only read. Null: there is none. */
  async function settledRoom(fileId: string): Promise<number | null> {
    const room = registry.find(fileId);
    if (room) return withRoom(fileId, async ({ no }) => no);
    return readNumber({ store, fileId });
  }

  /** Gives the room to the work, with everything in it durable, and keeps it in memory meanwhile. */
  async function withRoom<T>(fileId: string, work: (room: Room) => Promise<T>): Promise<T> {
    const room = await registry.open(fileId);
    room.pins++;
    try {
      await room.settled();
      return await work(room);
    } finally {
      room.pins--;
    }
  }

  function append(room: Room, person: string | null, { update }: Edited): Promise<void> {
    return new Promise((resolve, reject) => {
      const lost = (why: string) => reject(new Refusal(1013, why));
      room.take({ update: scanUpdate({ bytes: Buffer.from(update!) }), person, settled: resolve, lost }, null);
    });
  }

  const rowOf = (text: string): FirstRow | null => {
    const row = firstRow({ text, person: null });
    if (row && row.data.length > limits.document)
      throw new Problem('too-large', 'This text is too large to be edited together.');
    return row;
  };

  return {
    async seed({ fileId, text, person }) {
      const first = rowOf(text);
      const isNew = await createRoom({ store, fileId, first: first && { ...first, person }, committed: false });
      if (!isNew) throw new Problem('conflict', 'This file has its text already.');
    },

    async read(fileId) {
      const no = await settledRoom(fileId).catch(asProblem);
      return no === null ? null : documents.read(no);
    },

    edit({ fileId, person, change, preview = false }) {
      return inTurn(fileId, () =>
        withRoom(fileId, async (room) => {
          const edited = await documents.edit({ no: room.no, client: room.programClient(person), change, preview });
          if (preview || !edited.update) return edited.result;
          try {
            await append(room, person, edited);
          } catch (error) {
            documents.forget(room.no); // its document is ahead of the log
            throw error;
          }
          return edited.result;
        }),
      );
    },

    async window(fileId, order) {
      const no = await settledRoom(fileId).catch(asProblem);
      return no === null ? null : documents.window({ no, fileId, order });
    },

    renew({ fileId, text }) {
      return registry
        .exclusively(fileId, async (room) => {
          room.frozen = true; // what was taken becomes durable, nothing more is taken
          let renewed = false;
          try {
            await room.settled();
            await renewRoom({ store, fileId, rows: await firstRows(fileId, text(await documents.read(room.no))) });
            renewed = true;
          } finally {
            // also when it failed: whether the database did it before it went away, only reading the room again can say
            registry.leaveOut(room);
            room.close(renewed ? 4410 : 1013, renewed ? 'The file has a new epoch.' : 'Come back in a moment.');
          }
        })
        .catch(asProblem);
    },
  };

  /** All of it is news to the next version, unless it is the text of the last one. */
  async function firstRows(fileId: string, text: string): Promise<(FirstRow & { committed: boolean })[]> {
    const row = rowOf(text);
    const isLastVersion = (await access.firstText(fileId)) === text;
    return row ? [{ ...row, committed: isLastVersion }] : [];
  }
}

function asProblem(error: unknown): never {
  if (error instanceof Refusal)
    throw new Problem(
      error.code === 4413 ? 'too-large' : 'unavailable',
      `The text cannot be changed just now: ${error.message}.`,
    );
  throw error;
}
