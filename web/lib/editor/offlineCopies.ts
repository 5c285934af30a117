// A file's words in this browser (SY8): one IndexedDB per person, file and epoch (SY5), so that nobody who signs in here later is
// handed somebody else's edits, and a rebuilt file never meets updates of its former self. What the server has not confirmed is
// noted beside it, with the text to merge against, so that it can still be saved when the epoch changed while the tab was closed.
import * as idb from 'lib0/indexeddb';
import { IndexeddbPersistence } from 'y-indexeddb';
import * as Y from 'yjs';
import { contentRoot } from '#shared/room.ts';

/** Edits that the server has not confirmed, and the text before the first of them. */
export type Unsent = { count: number; base: string };
export type OldCopy = { name: string; epoch: number; text: string; unsent: Unsent };

const prefix = 'llmos';
const noteKey = 'unsent';
/** A browser that cannot open its own storage in this time is treated as one that has none. */
const patience = 2_000;

export const copyName = ({ personId, fileId, epoch }: { personId: string; fileId: string; epoch: number }): string =>
  `${prefix}:${personId}:${fileId}:${epoch}`;

export type OfflineCopy = {
  unsent: Unsent | null;
  /** Null: the server has all that is in the document. What another tab wrote down beside it stays noted. */
  note: (unsent: Unsent | null) => Promise<void>;
  close: () => Promise<void>;
  /** Takes it out of this browser, unless another tab wrote words down in it that the document has not. */
  discard: () => Promise<void>;
};

/**
 * Loads the copy into `doc` and keeps it there. Null: this browser keeps none (private window, full disk). `lost`: it keeps this one no
 * more, because another tab signed out, the person cleared the site's data, or the disk is full.
 */
export async function openOfflineCopy({
  name,
  doc,
  lost,
}: {
  name: string;
  doc: Y.Doc;
  lost?: () => void;
}): Promise<OfflineCopy | null> {
  if (typeof indexedDB === 'undefined') return null;
  try {
    const copy = new IndexeddbPersistence(name, doc);
    const lose = () => {
      if (copy._destroyed) return;
      copy.destroy().catch(() => undefined); // it would throw at each edit
      lost?.();
    };
    copy._db.then(
      (database) => {
        for (const event of ['versionchange', 'close', 'abort']) database.addEventListener(event, lose);
      },
      () => undefined,
    );
    const opened = await Promise.race([
      copy.whenSynced.then(() => true),
      copy._db.then(
        () => new Promise<false>((done) => setTimeout(done, patience, false)),
        () => false as const,
      ),
      new Promise<false>((done) => setTimeout(done, patience, false)),
    ]);
    if (!opened) {
      copy.destroy().catch(() => undefined);
      return null;
    }
    const unsent = ((await copy.get(noteKey)) as Unsent | undefined) ?? null;
    return {
      unsent,
      async note(next) {
        if (next) await copy.set(noteKey, next as never);
        else if (!(await holdsMore(copy, doc))) await copy.del(noteKey);
      },
      close: () => copy.destroy() as Promise<void>,
      async discard() {
        if (await holdsMore(copy, doc)) await copy.destroy();
        else await copy.clearData();
      },
    };
  } catch {
    return null;
  }
}

/** Whether the copy has words that the document has not: another tab of this person wrote them down, and may be closed by now. */
async function holdsMore(copy: IndexeddbPersistence, doc: Y.Doc): Promise<boolean> {
  const [updates] = idb.transact(await copy._db, ['updates'], 'readonly');
  const all = (await idb.getAll(updates!)) as Uint8Array[];
  return all.length > 0 && !Y.snapshotContainsUpdate(Y.snapshot(doc), Y.mergeUpdates(all));
}

/** Copies of other epochs of a file that still hold words nobody else has; the rest of the old copies is deleted. */
export async function findOldCopies({
  personId,
  fileId,
  epoch,
}: {
  personId: string;
  fileId: string;
  epoch: number;
}): Promise<OldCopy[]> {
  const found: OldCopy[] = [];
  for (const name of await listCopies(`${prefix}:${personId}:${fileId}:`)) {
    const itsEpoch = Number(name.slice(name.lastIndexOf(':') + 1));
    if (itsEpoch === epoch) continue;
    const doc = new Y.Doc();
    const copy = await openOfflineCopy({ name, doc });
    if (!copy) continue;
    const text = doc.getText(contentRoot).toString();
    if (copy.unsent && copy.unsent.base !== text) {
      found.push({ name, epoch: itsEpoch, text, unsent: copy.unsent });
      await copy.close();
    } else await copy.discard();
    doc.destroy();
  }
  return found.sort((a, b) => b.epoch - a.epoch);
}

/** Files with words that only this browser has. */
export async function listUnsentFiles({
  personId,
}: {
  personId: string;
}): Promise<{ fileId: string; epoch: number }[]> {
  const found: { fileId: string; epoch: number }[] = [];
  for (const name of await listCopies(`${prefix}:${personId}:`)) {
    const [, , fileId, epoch] = name.split(':');
    if (fileId && epoch && (await readNote(name))) found.push({ fileId, epoch: Number(epoch) });
  }
  return found;
}

export const forgetCopy = (name: string): Promise<void> => deleteDatabase(name);

/**
 * At sign-out, and when somebody else signs in: what the server already has of a person leaves this browser. Words that it has not
 * stay under the person's own name, where no other account looks (SY5), until that person signs in again.
 */
export async function forgetCopies(whose: { of: string } | { notOf: string }): Promise<{ kept: number }> {
  let kept = 0;
  for (const name of await listCopies(`${prefix}:`)) {
    const isTheirs =
      'of' in whose ? name.startsWith(`${prefix}:${whose.of}:`) : !name.startsWith(`${prefix}:${whose.notOf}:`);
    if (!isTheirs) continue;
    if (await readNote(name)) kept++;
    else await deleteDatabase(name);
  }
  return { kept };
}

async function listCopies(start: string): Promise<string[]> {
  if (typeof indexedDB === 'undefined' || !indexedDB.databases) return [];
  const all = await indexedDB.databases().catch(() => []);
  return all.flatMap(({ name }) => (name?.startsWith(start) ? [name] : []));
}

/** The note alone, without the words. */
const readNote = (name: string) =>
  new Promise<Unsent | null>((done) => {
    const request = indexedDB.open(name);
    request.onerror = request.onblocked = () => done(null);
    request.onsuccess = () => {
      const database = request.result;
      try {
        const read = database.transaction('custom').objectStore('custom').get(noteKey);
        read.onerror = () => (database.close(), done(null));
        read.onsuccess = () => (database.close(), done((read.result as Unsent | undefined) ?? null));
      } catch {
        database.close(); // not one of ours, or made in this moment
        done(null);
      }
    };
  });

const deleteDatabase = (name: string) =>
  new Promise<void>((done) => {
    const request = indexedDB.deleteDatabase(name);
    request.onsuccess = request.onerror = request.onblocked = () => done();
  });
