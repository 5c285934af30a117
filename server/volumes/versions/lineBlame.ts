// Who wrote each line, kept per file as runs of lines and brought forward with each version, so that asking costs nothing (GI7).
import { diffUnits, splitLines } from '#shared/diff.ts';

/** `[lines, position of the commit]`, from the first line on. */
export type Runs = [lines: number, position: number][];

/** The runs after a version, and how many lines it added and removed. `runs` must be true for `before`. */
export function bringForward({
  runs,
  before,
  after,
  position,
}: {
  runs: Runs;
  before: string;
  after: string;
  position: number;
}): { runs: Runs; added: number; removed: number } {
  const [oldLines, newLines] = [splitLines(before), splitLines(after)];
  const next: Runs = [];
  let [added, removed, at, run, used] = [0, 0, 0, 0, 0];
  const put = (lines: number, by: number) => {
    const last = next.at(-1);
    if (lines === 0) return;
    if (last?.[1] === by) last[0] += lines;
    else next.push([lines, by]);
  };
  /** Goes over old lines, which stay or not. */
  const advance = (to: number, keep: boolean) => {
    while (at < to) {
      const [lines, by] = runs[run]!;
      const step = Math.min(to - at, lines - used);
      if (keep) put(step, by);
      at += step;
      used += step;
      if (used === lines) [run, used] = [run + 1, 0];
    }
  };
  for (const [aFrom, aTo, bFrom, bTo] of diffUnits(oldLines, newLines)) {
    advance(aFrom, true);
    advance(aTo, false);
    put(bTo - bFrom, position);
    added += bTo - bFrom;
    removed += aTo - aFrom;
  }
  advance(oldLines.length, true);
  return { runs: next, added, removed };
}

export const countRuns = (runs: Runs): number => runs.reduce((sum, [lines]) => sum + lines, 0);

/** Blame from the first version on; `blob: null` where the file was away, and came back with its lines as they were. */
export async function walkBlame({
  versions,
  textOf,
}: {
  versions: { position: number; blob: string | null }[];
  textOf: (blob: string) => Promise<string>;
}): Promise<Runs> {
  let [runs, before]: [Runs, string] = [[], ''];
  for (const { position, blob } of versions) {
    if (blob === null) continue;
    const after = await textOf(blob);
    runs = bringForward({ runs, before, after, position }).runs;
    before = after;
  }
  return runs;
}
