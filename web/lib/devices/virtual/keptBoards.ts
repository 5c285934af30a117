// What a virtual board keeps while its page is away: files and the place of its robot, in this browser's database. As much as one flash
// for each, of the boards that were used last.
import { applyChanges, type FlashFiles } from '#shared/board/flash.ts';

export type KeptBoard = { files: FlashFiles; world: Uint8Array<ArrayBuffer> | null };

const name = 'llmos-boards';
const store = 'boards';
const mostBoards = 8;
type Row = { key: string; files: [string, Uint8Array][]; world: Uint8Array<ArrayBuffer> | null; at: number };

function open(): Promise<IDBDatabase> {
  return new Promise((done, fail) => {
    const asking = indexedDB.open(name, 1);
    asking.onupgradeneeded = () => asking.result.createObjectStore(store, { keyPath: 'key' });
    asking.onsuccess = () => done(asking.result);
    asking.onerror = () => fail(asking.error!);
  });
}

async function inStore<T>(mode: IDBTransactionMode, work: (rows: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await open();
  try {
    const transaction = database.transaction(store, mode);
    const asking = work(transaction.objectStore(store));
    await new Promise<void>((done, fail) => {
      transaction.oncomplete = () => done();
      transaction.onabort = () => fail(transaction.error!);
    });
    return asking.result;
  } finally {
    database.close();
  }
}

/** An empty one where there is none, or no such database. */
export async function readKept(key: string): Promise<KeptBoard> {
  const kept: KeptBoard = { files: new Map(), world: null };
  try {
    const row = await inStore<Row | undefined>('readonly', (rows) => rows.get(key));
    if (!row) return kept;
    applyChanges(
      kept.files,
      row.files.map(([path, data]) => ({ path, data })),
    );
    kept.world = row.world instanceof Uint8Array ? row.world : null;
  } catch {
    // a private window, or no room: the board starts empty
  }
  return kept;
}

export async function keep(key: string, { files, world }: KeptBoard): Promise<void> {
  try {
    const row: Row = { key, files: [...files], world, at: Date.now() };
    await inStore('readwrite', (rows) => rows.put(row));
    const all = await inStore<Row[]>('readonly', (rows) => rows.getAll());
    for (const { key: oldest } of all.sort((a, b) => b.at - a.at).slice(mostBoards))
      await inStore('readwrite', (rows) => rows.delete(oldest));
  } catch {
    // as above: the files live as long as the page
  }
}
