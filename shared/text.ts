// How programs change a living text: minimal edits in one transaction (SY6), found by a three-way merge by words (GI5).
import type * as Y from 'yjs';
import { diffText, type Edit } from './diff.ts';

/** Words that both sides changed. `at` is an offset in our text; `ours` lies there. */
export type Overlap = { at: number; base: string; ours: string; theirs: string };

/**
 * What `theirs` did since `base`, as edits on `ours`. Where both wrote, ours stays and the overlap holds both texts; the same
 * change on both sides collapses; whole lines that both put at one spot both stay, ours first.
 */
export function mergeText({ base, ours, theirs }: { base: string; ours: string; theirs: string }) {
  const [left, right] = [diffText(base, ours), diffText(base, theirs)];
  const edits: Edit[] = [];
  const overlaps: Overlap[] = [];
  let [i, j, shift] = [0, 0, 0];
  while (j < right.length) {
    const [l, r] = [left[i], right[j]!];
    if (l && !meets(l, r) && isBefore(l, r)) {
      shift += l.insert.length - l.remove;
      i++;
    } else if (!l || !meets(l, r)) {
      edits.push({ ...r, at: r.at + shift });
      j++;
    } else {
      const clash = readClash(left, right, i, j);
      const at = clash.from + shift;
      for (const edit of left.slice(i, clash.i)) shift += edit.insert.length - edit.remove;
      const ours = apply(base, left.slice(i, clash.i), clash.from, clash.to);
      const theirs = apply(base, right.slice(j, clash.j), clash.from, clash.to);
      settle({ base, from: clash.from, to: clash.to, at, ours, theirs, edits, overlaps });
      [i, j] = [clash.i, clash.j];
    }
  }
  return { edits, overlaps };
}

const meets = (l: Edit, r: Edit) =>
  (l.at < r.at + r.remove && r.at < l.at + l.remove) || (l.at === r.at && l.remove === 0 && r.remove === 0);
const isBefore = (l: Edit, r: Edit) => l.at < r.at || (l.at === r.at && l.remove === 0);

/** The range of the base that hangs together because edits of both sides meet in it, and the first edits after it. */
function readClash(left: Edit[], right: Edit[], firstI: number, firstJ: number) {
  const from = Math.min(left[firstI]!.at, right[firstJ]!.at);
  let [i, j, to] = [firstI, firstJ, from];
  for (let grown = true; grown;) {
    grown = false;
    for (; i < left.length && (i === firstI || left[i]!.at < to); i++, grown = true)
      to = Math.max(to, left[i]!.at + left[i]!.remove);
    for (; j < right.length && (j === firstJ || right[j]!.at < to); j++, grown = true)
      to = Math.max(to, right[j]!.at + right[j]!.remove);
  }
  return { from, to, i, j };
}

type Clash = { base: string; from: number; to: number; edits: Edit[]; overlaps: Overlap[] } & Omit<Overlap, 'base'>;

function settle({ base, from, to, at, ours, theirs, edits, overlaps }: Clash): void {
  if (ours === theirs) return;
  const atBorder = from === 0 || base[from - 1] === '\n' || from === base.length;
  const wholeLines = from === to && atBorder && /^\n|\n$/.test(ours) && /^\n|\n$/.test(theirs);
  if (!wholeLines) overlaps.push({ at, base: base.slice(from, to), ours, theirs });
  else if (theirs.startsWith(ours)) {
    edits.push({ at: at + ours.length, remove: 0, insert: theirs.slice(ours.length) });
  } else if (!ours.startsWith(theirs) && !ours.endsWith(theirs)) {
    edits.push({ at: at + ours.length, remove: 0, insert: theirs });
  }
}

/** The range of `text` with its edits made. */
function apply(text: string, edits: Edit[], from: number, to: number): string {
  let [result, at] = ['', from];
  for (const edit of edits) {
    result += text.slice(at, edit.at) + edit.insert;
    at = edit.at + edit.remove;
  }
  return result + text.slice(at, to);
}

export const applyToString = (text: string, edits: Edit[]): string => apply(text, edits, 0, text.length);

/** The only writer of programs into a living document: one transaction, nothing touched but what changed. */
export function applyEdits(text: Y.Text, edits: Edit[], origin: unknown): void {
  if (edits.length === 0) return;
  const delta: object[] = [];
  let at = 0;
  for (const edit of edits) {
    if (edit.at > at) delta.push({ retain: edit.at - at });
    if (edit.insert) delta.push({ insert: edit.insert.toWellFormed() });
    if (edit.remove) delta.push({ delete: edit.remove });
    at = edit.at + edit.remove;
  }
  text.doc!.transact(() => text.applyDelta(delta), origin);
}
