// Two rendered markdown texts side by side: blocks that are the same stand beside each other, others are marked as removed or added.
import { diffUnits } from '#shared/diff.ts';

/** One row: the same block on both sides, or what was removed beside what was added. HTML of whole blocks, already sanitised. */
export type BlockRow = { kind: 'same' | 'changed'; before: string[]; after: string[] };

export function pairBlocks(before: string[], after: string[]): BlockRow[] {
  const rows: BlockRow[] = [];
  let [i, j] = [0, 0];
  const same = (until: number) => {
    for (; i < until; i++, j++) rows.push({ kind: 'same', before: [before[i]!], after: [after[j]!] });
  };
  for (const [aFrom, aTo, bFrom, bTo] of diffUnits(before, after)) {
    same(aFrom);
    rows.push({ kind: 'changed', before: before.slice(aFrom, aTo), after: after.slice(bFrom, bTo) });
    [i, j] = [aTo, bTo];
  }
  same(before.length);
  return rows;
}

/** The header of a definition stands apart: it is not prose. */
export function headerAndBody(text: string): { header: string | null; body: string } {
  const found = /^---\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)([\s\S]*)$/.exec(text);
  return found ? { header: found[1]!, body: found[2]! } : { header: null, body: text };
}
