// How a person looks to others: name and colour, asked for with every list of commits and every presence. Remembered until changed.
import type { Face } from '#shared/live.ts';
import type { Database } from '../platform/database.ts';
import { findFaces, findFacesByLogin } from './peopleStore.ts';
import { isUuid } from './secrets.ts';

export type Faces = {
  /** Those of them that exist, by id. */
  faces(ids: Iterable<string>): Promise<Map<string, Face>>;
  /** Those of them that exist, by login: git's history knows only that. */
  byLogins(logins: string[]): Promise<Map<string, Face>>;
  face(id: string | null): Promise<Face | null>;
  forget(id: string): void;
};

const keptAtMost = 20_000;

export function createFaces({ database }: { database: Database }): Faces {
  const known = new Map<string, Face>();
  let changes = 0;

  async function faces(ids: Iterable<string>): Promise<Map<string, Face>> {
    const found = new Map<string, Face>();
    const missing: string[] = [];
    for (const id of new Set(ids)) {
      const face = known.get(id);
      if (face) found.set(id, face);
      else if (isUuid(id)) missing.push(id);
    }
    if (missing.length === 0) return found;
    const before = changes;
    const rows = await findFaces(database, missing);
    if (known.size + rows.length > keptAtMost) known.clear();
    for (const face of rows) {
      found.set(face.id, face);
      if (changes === before) known.set(face.id, face); // else it may have changed while we asked
    }
    return found;
  }

  return {
    faces,
    byLogins: async (logins) =>
      logins.length === 0
        ? new Map()
        : new Map((await findFacesByLogin(database, logins)).map((face) => [face.login, face])),
    face: async (id) => (id === null ? null : ((await faces([id])).get(id) ?? null)),
    forget: (id) => {
      changes += 1;
      known.delete(id);
    },
  };
}
