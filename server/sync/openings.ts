// How a room comes into memory: its head and the rows since its blob, many rooms in one query. A room exists only if it was read;
// a read that fails is a refusal that can be tried again, never an empty document (SY3).
import { notFound, Problem } from '#shared/errors.ts';
import type { ReadStore, StoredUpdate } from './readStore.ts';
import { createRoom, readHeads, type RoomHead } from './roomStore.ts';
import { clientOfVersion, firstRow } from './seed.ts';
import type { RoomAccess } from './types.ts';

export type Opened = { head: RoomHead; tail: StoredUpdate[] };

type Asked = { fileId: string; resolve: (head: RoomHead | null) => void; reject: (error: unknown) => void };

/** Opens one file; opens of the same moment share their queries. */
export function createOpenings({
  store,
  firstText,
  limit,
}: {
  store: ReadStore;
  firstText: RoomAccess['firstText'];
  /** bytes of a document */ limit: number;
}): (fileId: string) => Promise<Opened> {
  let asked: Asked[] = [];

  async function ask() {
    const now = asked;
    asked = [];
    try {
      const heads = await readHeads({ store, fileIds: now.map(({ fileId }) => fileId) });
      for (const { fileId, resolve } of now) resolve(heads.get(fileId) ?? null);
    } catch (error) {
      for (const { reject } of now) reject(error);
    }
  }

  const readHead = (fileId: string) =>
    new Promise<RoomHead | null>((resolve, reject) => {
      if (asked.push({ fileId, resolve, reject }) === 1) setTimeout(ask, 1);
    });

  /** The text of the last version, once (SY4): who comes second finds the room of the first. */
  async function seed(fileId: string): Promise<RoomHead> {
    const text = await firstText(fileId);
    if (text === null) throw notFound('such file');
    const first = firstRow({ text, person: null, client: clientOfVersion({ fileId, text }) });
    if (first && first.data.length > limit)
      throw new Problem('too-large', 'This text is too large to be edited together.');
    await createRoom({ store, fileId, first, committed: true });
    return (await readHead(fileId)) ?? fail(fileId);
  }

  return async (fileId) => {
    for (;;) {
      const head = (await readHead(fileId)) ?? (await seed(fileId));
      if (head.rows === 0) return { head, tail: [] };
      const { epoch, upto, updates } = await store.read(head.no, { since: head.upto, blob: false });
      if (epoch === head.epoch && upto === head.upto) return { head, tail: updates }; // else it was folded between the two queries
    }
  };
}

const fail = (fileId: string): never => {
  throw new Error(`the room of ${fileId} was not made`);
};
