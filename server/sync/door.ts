// Who comes into a room: may they, how many are there, do they speak of the same epoch. And who has to leave again, because their
// rights changed (SY10).
import { isProblem, notFound, Problem, errorCodes } from '#shared/errors.ts';
import type { Actor } from '#shared/permissions.ts';
import { closeFrame, type Visit } from '../platform/sockets.ts';
import { Connection, type Surroundings } from './connection.ts';
import { Refusal } from './refusal.ts';
import type { Registry } from './registry.ts';
import type { Room } from './room.ts';
import type { RoomAccess, RoomNews } from './types.ts';

export type Door = {
  join(visit: Visit): Promise<void>;
  recheck(personId?: string): Promise<void>;
  tick(now: number): void;
  count(): number;
};

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function createDoor({
  registry,
  access,
  news,
  around,
}: {
  registry: Registry;
  access: RoomAccess;
  news: RoomNews;
  around: Surroundings;
}): Door {
  const connections = new Map<Connection, Room>();
  const sockets = new Map<string, number>();
  let rechecks = 0;

  const count = (person: string, by: number) => {
    const now = (sockets.get(person) ?? 0) + by;
    if (now > 0) sockets.set(person, now);
    else sockets.delete(person);
    return now;
  };

  async function rightsOf(actor: Actor, fileId: string): Promise<{ write: boolean }> {
    const rights = await access.mayJoin({ actor, fileId });
    if (rights === 'not-found') throw notFound('such file');
    if (typeof rights === 'string')
      throw new Problem(rights, rights === 'forbidden' ? 'You may not read this file.' : 'Sign in first.');
    return rights;
  }

  async function enter(visit: Visit, ended: () => void): Promise<void> {
    const { actor, id: fileId, query } = visit;
    if (!uuid.test(fileId)) throw notFound('such file');
    const face = await access.faceOf(actor.personId);
    for (let attempt = 0; attempt < 20; attempt++) {
      const asked = rechecks;
      const { write } = await rightsOf(actor, fileId);
      const room = await registry.open(fileId);
      if (asked !== rechecks || room.closed || room.frozen) continue; // rights, or the room, may have changed while we looked
      if (room.members.size >= around.limits.socketsPerRoom)
        throw new Problem('rate-limited', 'Too many are in this file already.', { retryAfter: 30 });
      const { socket, head } = visit.accept();
      const epoch = query.get('epoch');
      if (epoch !== null && epoch !== String(room.epoch)) {
        // Always by close code, also for a token: a stock provider reads no HTTP status and would try for ever.
        ended();
        socket.on('error', () => undefined);
        socket.resume();
        socket.end(closeFrame(4410, `The file is in epoch ${room.epoch}.`));
        setTimeout(() => socket.destroy(), 1000).unref();
        return;
      }
      const connection: Connection = new Connection({
        visitor: { socket, head, actor, face, write, acknowledge: query.get('ack') === '1' },
        room,
        around,
        ended: () => {
          connections.delete(connection);
          ended();
          if (room.members.size === 0 && !room.closed) news.left({ fileId });
        },
      });
      connections.set(connection, room);
      return;
    }
    throw new Problem('unavailable', 'The file cannot be opened just now.');
  }

  return {
    async join(visit) {
      const person = visit.actor.personId;
      let isIn = true;
      const ended = () => {
        if (isIn) count(person, -1);
        isIn = false;
      };
      try {
        if (count(person, 1) > around.limits.socketsPerPerson)
          throw new Problem('rate-limited', 'Too many files are open at once.', { retryAfter: 30 });
        await enter(visit, ended);
      } catch (error) {
        ended();
        visit.refuse(problemOf(error, around.failed));
      }
    },
    async recheck(personId) {
      rechecks++;
      await Promise.all(
        [...connections].map(async ([connection, room]) => {
          if (personId !== undefined && connection.actor.personId !== personId) return;
          try {
            connection.mayWrite((await rightsOf(connection.actor, room.fileId)).write);
          } catch (error) {
            const { code, message } = problemOf(error, around.failed);
            connection.end(errorCodes[code].close, message);
          }
        }),
      );
    },
    tick(now) {
      for (const connection of connections.keys()) connection.tick(now);
    },
    count: () => connections.size,
  };
}

function problemOf(error: unknown, failed: (error: unknown) => void): Problem {
  if (isProblem(error)) return error;
  if (!(error instanceof Refusal)) failed(error);
  return new Problem('unavailable', 'The file cannot be opened just now.');
}
