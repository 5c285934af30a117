// What is asked of documents: each job is a pure step on Y.Docs that were built from stored updates. Runs in the worker only.
import * as Y from 'yjs';
import { attribute } from '#shared/attribution.ts';
import { diffText, type Edit } from '#shared/diff.ts';
import { contentRoot } from '#shared/room.ts';
import { applyEdits, mergeText } from '#shared/text.ts';
import type { RoomRows, StoredUpdate } from './readStore.ts';
import type { AnchoredOverlap, EditResult, TextChange, Window } from './types.ts';

export function buildDocument(updates: StoredUpdate[], doc = new Y.Doc()): Y.Doc {
  doc.transact(() => {
    for (const { data } of updates) Y.applyUpdate(doc, data);
  });
  if (doc.store.pendingStructs || doc.store.pendingDs) throw new Error('the log of the room has a gap');
  return doc;
}

export const readText = (doc: Y.Doc): string => doc.getText(contentRoot).toString();

/** Changes the document and returns the update that does the same everywhere else; null when nothing is to be done. */
export function editDocument({ doc, client, change }: { doc: Y.Doc; client: number; change: TextChange }): {
  result: EditResult;
  update: Uint8Array | null;
} {
  doc.clientID = client;
  const text = doc.getText(contentRoot);
  const before = text.toString();
  const { edits, overlaps } =
    change.kind === 'merge'
      ? mergeText({ base: change.base, ours: before, theirs: change.theirs })
      : { edits: replacement(doc, text, before, change), overlaps: [] };
  // The anchors stick to the words themselves: taken before the edits, they still hold after them.
  const anchored = overlaps.map(({ at, base, ours, theirs }): AnchoredOverlap => ({
    from: anchor(text, at, 0),
    to: anchor(text, at + ours.length, ours.length > 0 ? -1 : 0),
    base,
    ours,
    theirs,
  }));
  let update: Uint8Array | null = null;
  const note = (made: Uint8Array) => (update = made);
  doc.on('update', note); // one transaction, one update: with its own deletions only, not all that there ever were
  applyEdits(text, edits, 'program');
  doc.off('update', note);
  const caret = update === null ? null : caretAfter(text, edits);
  return { result: { before, after: text.toString(), overlaps: anchored, changed: update !== null, caret }, update };
}

/** Where the last of the edits ends, as awareness tells it; the edits count in the text before. */
function caretAfter(text: Y.Text, edits: Edit[]): unknown {
  const last = edits.at(-1)!;
  const shift = edits.slice(0, -1).reduce((sum, { insert, remove }) => sum + insert.length - remove, 0);
  const at = Math.min(text.length, last.at + shift + last.insert.length);
  return Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(text, at));
}

/** `side` -1 sticks to the character before, 0 to the one after. */
const anchor = (text: Y.Text, at: number, side: number) =>
  Y.encodeRelativePosition(Y.createRelativePositionFromTypeIndex(text, at, side));

function replacement(doc: Y.Doc, text: Y.Text, before: string, change: TextChange & { kind: 'replace' }): Edit[] {
  const [from, to] = [change.from, change.to].map((position) => {
    const found = Y.createAbsolutePositionFromRelativePosition(Y.decodeRelativePosition(position), doc);
    return found?.type === text ? found.index : null;
  });
  if (from == null || to == null || from > to) throw new RangeError('the place to change is not in this text');
  return diffText(before.slice(from, to), change.text).map((edit) => ({ ...edit, at: edit.at + from }));
}

/** Who typed what since the last version; null when nothing was. */
export function readWindow({
  fileId,
  rows,
  order,
}: {
  fileId: string;
  rows: RoomRows;
  order?: (string | null)[] | undefined;
}): Window | null {
  const settled = rows.updates.filter((update) => update.upto <= rows.committed);
  const since = rows.updates.filter((update) => update.upto > rows.committed);
  const last = since.at(-1);
  if (!last) return null;
  const { before, after, layers } = attribute({
    base: mergeSettled(settled),
    rows: since.map(({ person, data }) => ({ person, update: data })),
    ...(order ? { order } : {}),
  });
  return { fileId, upto: last.seq, before, after, layers };
}

function mergeSettled(updates: StoredUpdate[]): Uint8Array {
  if (updates.length === 1) return updates[0]!.data;
  const doc = buildDocument(updates);
  const state = Y.encodeStateAsUpdate(doc);
  doc.destroy();
  return state;
}

/** `folded`: bytes of log rows that the blob now stands for. */
export type Compacted = { upto: number; vector: Buffer; deletesAt: number; blob: Buffer; folded: number };

/** Everything that is in a version as one update. Later rows stay single: they say who typed what (GI3). */
export function compactRows(rows: RoomRows): Compacted | null {
  const settled = rows.updates.filter((update) => update.upto <= rows.committed);
  const last = settled.at(-1);
  if (!last || last.seq === 0) return null;
  const doc = buildDocument(settled);
  const vector = Y.encodeStateVector(doc);
  const blob = Buffer.from(Y.encodeStateAsUpdate(doc));
  // Against its own state vector a document has no structs (one zero byte) and its whole delete set, written as in the blob.
  const deletesAt = blob.length - (Y.encodeStateAsUpdate(doc, vector).length - 1);
  doc.destroy();
  const folded = settled.reduce((sum, { seq, data }) => sum + (seq > 0 ? data.length : 0), 0);
  return { upto: last.upto, vector: Buffer.from(vector), deletesAt, blob, folded };
}
