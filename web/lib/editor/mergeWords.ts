// Words that cannot be sent any more (another epoch, SY5) come into the living text by a three-way merge. Where both sides wrote,
// both texts stay, the living one first: nothing is dropped.
import type * as Y from 'yjs';
import type { Edit } from '#shared/diff.ts';
import { applyEdits, mergeText } from '#shared/text.ts';

/** Edits on `living` that bring in what `mine` did since `base`, and in how many places both texts now stand. */
export function planWordMerge({ base, living, mine }: { base: string; living: string; mine: string }): {
  edits: Edit[];
  both: number;
} {
  const { edits, overlaps } = mergeText({ base, ours: living, theirs: mine });
  const kept = overlaps
    .filter(({ theirs, ours }) => theirs !== '' && theirs !== ours)
    .map(({ at, ours, theirs }) => ({ at: at + ours.length, remove: 0, insert: theirs }));
  return { edits: [...edits, ...kept].sort((a, b) => a.at - b.at), both: kept.length };
}

export function mergeWords({
  text,
  base,
  mine,
  origin,
}: {
  text: Y.Text;
  base: string;
  mine: string;
  origin: unknown;
}): { both: number; changed: boolean } {
  const { edits, both } = planWordMerge({ base, living: text.toString(), mine });
  if (edits.length > 0) applyEdits(text, edits, origin);
  return { both, changed: edits.length > 0 };
}
