// The thread in which documents are built. It reads the log by itself, so that megabytes of history never pass through the
// thread that serves keystrokes; when it runs out of memory or time, only it dies (documents.ts starts another).
import { parentPort, workerData } from 'node:worker_threads';
import * as Y from 'yjs';
import { buildDocument, compactRows, editDocument, readText, readWindow } from './documentJobs.ts';
import { openReadStore } from './readStore.ts';
import { replaceByBlob } from './roomStore.ts';
import type { TextChange } from './types.ts';

export type Job =
  | { kind: 'read'; no: number }
  | { kind: 'edit'; no: number; client: number; change: TextChange; preview: boolean }
  | { kind: 'window'; no: number; fileId: string; order: (string | null)[] | undefined }
  | { kind: 'compact'; no: number }
  | { kind: 'difference'; update: Uint8Array; vector: Uint8Array }
  | { kind: 'forget'; no: number };

export type Ask = { id: number; job: Job };
export type Answer = { id: number; result: unknown } | { id: number; error: string; invalid: boolean };

type Kept = { epoch: number; seq: number; doc: Y.Doc; bytes: number };

const store = openReadStore({ databaseUrl: (workerData as { databaseUrl: string }).databaseUrl, connections: 1 });
const kept = new Map<number, Kept>();
const keptBytes = 32 << 20;

/** The document as it is in the log now; recently used ones only need what came since. */
async function openDocument(no: number): Promise<Y.Doc> {
  const had = kept.get(no);
  kept.delete(no);
  const rows = await store.read(no, { since: had?.seq ?? 0 });
  const fits = had && had.epoch === rows.epoch && rows.updates[0]?.seq !== 0;
  const base = fits ? had : { seq: 0, doc: new Y.Doc(), bytes: 0 };
  // A blob newer than what is kept stands in for rows that are gone: it holds all that the kept document has.
  const doc = buildDocument(rows.updates, base.doc);
  const bytes = rows.updates.reduce((sum, { data }) => sum + data.length, base.bytes);
  kept.set(no, { epoch: rows.epoch, seq: rows.updates.at(-1)?.upto ?? base.seq, doc, bytes });
  let sum = 0;
  for (const [other, { bytes: size }] of [...kept].reverse())
    if ((sum += size) > keptBytes && other !== no) forget(other);
  return doc;
}

function forget(no: number) {
  kept.get(no)?.doc.destroy();
  kept.delete(no);
}

async function run(job: Job): Promise<unknown> {
  switch (job.kind) {
    case 'read':
      return readText(await openDocument(job.no));
    case 'edit': {
      const edited = editDocument({ doc: await openDocument(job.no), client: job.client, change: job.change });
      // The kept document is ahead of the log until the edit has come back by it; after a preview it never will.
      if (job.preview) forget(job.no);
      return job.preview ? { ...edited, update: null } : edited;
    }
    case 'window':
      return readWindow({ fileId: job.fileId, rows: await store.read(job.no), order: job.order });
    case 'compact': {
      const rows = await store.read(job.no);
      const compacted = compactRows(rows);
      if (!compacted) return null;
      const done = await replaceByBlob({ store, no: job.no, epoch: rows.epoch, before: rows.upto, ...compacted });
      return done
        ? { upto: compacted.upto, size: compacted.blob.length, vector: compacted.vector, folded: compacted.folded }
        : null;
    }
    case 'difference':
      return Y.diffUpdate(job.update, job.vector);
    case 'forget':
      return forget(job.no);
  }
}

let queue = Promise.resolve();
parentPort!.on('message', ({ id, job }: Ask) => {
  queue = queue.then(async () => {
    let answer: Answer;
    try {
      answer = { id, result: await run(job) };
    } catch (error) {
      if ('no' in job) forget(job.no);
      answer = { id, error: String((error as Error).stack ?? error), invalid: error instanceof RangeError };
    }
    parentPort!.postMessage(answer);
  });
});
