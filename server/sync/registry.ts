// The rooms that are in memory: opened once however many ask, left out again when nobody is in them (SY15).
import { notFound } from '#shared/errors.ts';
import type { Limits } from './limits.ts';
import { NewClients } from './newClients.ts';
import { createOpenings } from './openings.ts';
import type { ReadStore } from './readStore.ts';
import { Room } from './room.ts';
import type { RoomAccess, RoomNews } from './types.ts';
import type { UpdateLog } from './updateLog.ts';

export type Registry = {
  /** Throws a Problem (not-found, unavailable), or what the database said. */
  open(fileId: string): Promise<Room>;
  /** Null: not in memory. */
  find(fileId: string): Room | null;
  all(): Iterable<Room>;
  /** Takes the room out of memory; the next who asks reads it anew. */
  leaveOut(room: Room): void;
  /** Nobody opens these files any more, and nobody is opening them when this resolves; what it answers takes that back. */
  shut(fileIds: string[]): Promise<() => void>;
  /** Nobody gets the room until the work is done: it changes what is stored. */
  exclusively<T>(fileId: string, work: (room: Room) => Promise<T>): Promise<T>;
  /** Leaves out what has been empty for long enough. */
  sweep(now: number): void;
};

export function createRegistry({
  store,
  log,
  limits,
  access,
  news,
  leftOut,
}: {
  store: ReadStore;
  log: UpdateLog;
  limits: Limits;
  access: RoomAccess;
  news: RoomNews;
  leftOut: (room: Room) => void;
}): Registry {
  const rooms = new Map<string, Room>();
  const opening = new Map<string, Promise<Room>>();
  const reserved = new Map<string, Promise<unknown>>();
  const shut = new Set<string>();
  const newClients = new NewClients(limits.newClientsPerHour);
  const openRoom = createOpenings({ store, firstText: access.firstText, limit: limits.document });

  async function bring(fileId: string): Promise<Room> {
    const { head, tail } = await openRoom(fileId);
    if (shut.has(fileId)) throw notFound('such file');
    const room = new Room({
      head,
      tail,
      limits,
      mark: (marked) => log.mark(marked),
      edited: (person) => news.edited({ fileId, person }),
      allowClient: (person) => newClients.allow(person, fileId),
    });
    rooms.set(fileId, room);
    return room;
  }

  async function open(fileId: string): Promise<Room> {
    for (let wait = reserved.get(fileId); wait; wait = reserved.get(fileId)) await wait.catch(() => undefined);
    return openNow(fileId);
  }

  function openNow(fileId: string): Promise<Room> {
    if (shut.has(fileId)) return Promise.reject(notFound('such file'));
    const room = rooms.get(fileId);
    if (room && !room.closed) return Promise.resolve(room);
    let coming = opening.get(fileId);
    if (!coming) {
      coming = bring(fileId).finally(() => opening.delete(fileId));
      opening.set(fileId, coming);
    }
    return coming;
  }

  function leaveOut(room: Room) {
    if (rooms.get(room.fileId) === room) rooms.delete(room.fileId);
    leftOut(room);
  }

  return {
    open,
    find: (fileId) => rooms.get(fileId) ?? null,
    all: () => rooms.values(),
    leaveOut,
    async shut(fileIds) {
      for (const fileId of fileIds) shut.add(fileId);
      const coming = [opening, reserved].flatMap((ways) => fileIds.flatMap((fileId) => ways.get(fileId) ?? []));
      await Promise.allSettled(coming);
      return () => {
        for (const fileId of fileIds) shut.delete(fileId);
      };
    },
    async exclusively(fileId, work) {
      const before = reserved.get(fileId);
      const run = (async () => {
        await before?.catch(() => undefined);
        return work(await openNow(fileId));
      })();
      reserved.set(fileId, run);
      try {
        return await run;
      } finally {
        if (reserved.get(fileId) === run) reserved.delete(fileId);
      }
    },
    sweep(now) {
      for (const room of rooms.values()) {
        if (room.closed || (room.isQuiet && now - room.emptySince > limits.idleRoom)) leaveOut(room);
      }
    },
  };
}
