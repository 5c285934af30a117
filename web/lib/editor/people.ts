// Who is in a file, read from awareness. The server stamps `user`; the rest is what their editor says (SY11), so it is read warily.
import type { Awareness } from 'y-protocols/awareness';
import type { Face } from '#shared/live.ts';

export type Person = { clientId: number; face: Face; cursor: { anchor: unknown; head: unknown } | null; top: unknown };

/** Everyone but this tab. */
export function readPeople(awareness: Awareness): Person[] {
  const people: Person[] = [];
  for (const [clientId, state] of awareness.getStates()) {
    if (clientId === awareness.clientID || typeof state !== 'object' || state === null) continue;
    const { user, cursor, top } = state as {
      user?: Partial<Face>;
      cursor?: { anchor?: unknown; head?: unknown };
      top?: unknown;
    };
    if (!user || typeof user.id !== 'string' || typeof user.name !== 'string') continue;
    const colour = Number.isInteger(user.colour) && user.colour! >= 1 && user.colour! <= 8 ? user.colour! : 8;
    people.push({
      clientId,
      face: { id: user.id, login: String(user.login ?? ''), name: user.name, colour },
      cursor: cursor?.anchor && cursor.head ? { anchor: cursor.anchor, head: cursor.head } : null,
      top: top ?? null,
    });
  }
  return people;
}

/** One face a person, however many tabs; without my own. */
export function readFaces(awareness: Awareness, me: Face): Face[] {
  const faces = new Map<string, Face>();
  for (const { face } of readPeople(awareness)) if (face.id !== me.id) faces.set(face.id, face);
  return [...faces.values()].sort((a, b) => a.name.localeCompare(b.name) || a.id.localeCompare(b.id));
}
