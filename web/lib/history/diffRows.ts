// Two texts as rows of a diff: lines that are the same, removed or added, changed words marked, long runs of the same lines folded.
import { diffUnits, splitLines } from '#shared/diff.ts';
import { bare, markWords, type Piece } from './wordMarks.ts';

/** Line numbers count from 1. `change` is the number of the change, from 0, that the row belongs to. */
export type SameRow = { kind: 'same'; a: number; b: number; text: string };
export type ChangedRow = {
  kind: 'del' | 'add';
  a: number | null;
  b: number | null;
  pieces: Piece[];
  change: number;
  /** The text ends here without a newline, and that differs. */ openEnd: boolean;
};
export type FoldRow = { kind: 'fold'; rows: SameRow[] };
export type DiffRow = SameRow | ChangedRow | FoldRow;

export type TextDiff = {
  rows: DiffRow[];
  /** How many changes there are, to go through. */ changes: number;
  added: number;
  removed: number;
};

type Shown = { before: string; after: string; /** Lines that stay in sight around a change. */ context?: number };

export function readDiff({ before, after, context = 3 }: Shown): TextDiff {
  const [a, b] = [splitLines(before), splitLines(after)];
  const hunks = diffUnits(a, b);
  const rows: (SameRow | ChangedRow)[] = [];
  let [i, added, removed] = [0, 0, 0];
  let j = 0;
  const same = (until: number) => {
    for (; i < until; i++, j++) rows.push({ kind: 'same', a: i + 1, b: j + 1, text: bare(a[i]!) });
  };
  for (const [change, [aFrom, aTo, bFrom, bTo]] of hunks.entries()) {
    same(aFrom);
    const [dels, adds] = [a.slice(aFrom, aTo), b.slice(bFrom, bTo)];
    const marks = markWords(dels, adds);
    const isOpen = (line: string) => !line.endsWith('\n');
    dels.forEach((line, k) =>
      rows.push({
        kind: 'del',
        a: aFrom + k + 1,
        b: null,
        pieces: marks.dels[k]!,
        change,
        openEnd: isOpen(line) && b.length > 0,
      }),
    );
    adds.forEach((line, k) =>
      rows.push({
        kind: 'add',
        a: null,
        b: bFrom + k + 1,
        pieces: marks.adds[k]!,
        change,
        openEnd: isOpen(line) && a.length > 0,
      }),
    );
    removed += dels.length;
    added += adds.length;
    [i, j] = [aTo, bTo];
  }
  same(a.length);
  return { rows: fold(rows, context), changes: hunks.length, added, removed };
}

/** Fewer lines than this are not worth folding. */
const least = 4;

function fold(rows: (SameRow | ChangedRow)[], context: number): DiffRow[] {
  if (context === Infinity) return rows;
  const folded: DiffRow[] = [];
  for (let from = 0; from < rows.length;) {
    if (rows[from]!.kind !== 'same') {
      folded.push(rows[from++]!);
      continue;
    }
    let to = from;
    while (to < rows.length && rows[to]!.kind === 'same') to++;
    const run = rows.slice(from, to) as SameRow[];
    const head = from === 0 ? 0 : context;
    const tail = to === rows.length ? 0 : context;
    if (run.length - head - tail < least) folded.push(...run);
    else
      folded.push(
        ...run.slice(0, head),
        { kind: 'fold', rows: run.slice(head, run.length - tail) },
        ...run.slice(run.length - tail),
      );
    from = to;
  }
  return folded;
}

/** Opens one fold. */
export const unfold = (rows: DiffRow[], fold: FoldRow): DiffRow[] =>
  rows.flatMap((row) => (row === fold ? fold.rows : [row]));
