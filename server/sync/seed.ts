// The first update of a file: its text as one struct of one client id, made without a document (SY4).
import { createHash, randomInt } from 'node:crypto';
import { contentRoot } from '#shared/room.ts';
import { writeUint } from './bytes.ts';
import type { FirstRow } from './roomStore.ts';

/** Null for an empty text: there is nothing to say. */
export function firstRow({
  text,
  person,
  client = randomInt(0x100000000),
}: {
  text: string;
  person: string | null;
  client?: number;
}): FirstRow | null {
  if (text === '') return null;
  const content = Buffer.from(text.toWellFormed()); // half a surrogate pair would throw in every browser
  const root = Buffer.from(contentRoot);
  const data = Buffer.allocUnsafe(32 + root.length + content.length);
  let at = 0;
  for (const number of [1, 1, client, 0, 4, 1, root.length]) at = writeUint(data, at, number); // one client, one struct, its id, clock 0, a string, in the root
  at += root.copy(data, at);
  at = writeUint(data, at, content.length);
  at += content.copy(data, at);
  at = writeUint(data, at, 0); // no deletions
  return { client, data: data.subarray(0, at), person };
}

/**
 * The same for the same text of a file: when a backup from before the room is put back and the room is made anew, a document that began
 * with the former one has this text already, and does not bring it a second time.
 */
export const clientOfVersion = ({ fileId, text }: { fileId: string; text: string }): number =>
  createHash('sha256').update(fileId).update(text).digest().readUInt32BE();
