// Who wrote which line, for the gutter: runs of the last version, carried over to the text as it is typed now. A line that no
// version holds yet belongs to "now".
import type { BlameRun, Face } from '#shared/api.ts';
import { diffUnits, splitLines } from '#shared/diff.ts';
import { firstName, shortTime } from '#lib/workspace/versionWords.ts';

/** What is known of one line; `null`: changed since the last version. */
export type Owner = BlameRun | null;
/** A stretch of lines with the same words in the gutter. Lines count from 0. */
export type Stretch = { from: number; to: number; owner: Owner; who: string; time: string };

/** One owner per line. */
export const ownersOf = (runs: BlameRun[]): Owner[] =>
  runs.flatMap((run) => Array.from({ length: run.lines }, () => run));

/** Owners of the lines of `after`, when `owners` are those of `before`. */
export function carryOwners({ owners, before, after }: { owners: Owner[]; before: string; after: string }): Owner[] {
  const [a, b] = [linesOf(before), linesOf(after)];
  const carried: Owner[] = Array.from({ length: b.length }, () => null);
  let [i, j] = [0, 0];
  const same = (until: number) => {
    // what an editor counts as a line behind the last newline belongs to whoever wrote the last line
    for (; i < until; i++, j++) carried[j] = owners[i] ?? owners.at(-1) ?? null;
  };
  for (const [aFrom, aTo, bFrom, bTo] of diffUnits(a, b)) {
    same(aFrom);
    // an empty line at the end is no line of a version; it must not read as typed now
    if (bTo === b.length && bFrom === bTo - 1 && b[bFrom] === '' && aFrom === aTo)
      carried[bFrom] = owners.at(-1) ?? null;
    [i, j] = [aTo, bTo];
  }
  same(a.length);
  return carried;
}

/** As an editor counts them: the text after the last newline is a line too, even when it is empty. Newlines do not tell lines apart. */
function linesOf(text: string): string[] {
  const lines = splitLines(text).map((line) => line.replace(/\r?\n$/, ''));
  if (text === '' || text.endsWith('\n')) lines.push('');
  return lines;
}

/** Lines `from` to `to` (exclusive) were replaced by `count` lines that somebody types now. */
export function typeOver(owners: Owner[], { from, to, count }: { from: number; to: number; count: number }): Owner[] {
  return [...owners.slice(0, from), ...Array.from({ length: count }, () => null), ...owners.slice(to)];
}

/** Neighbouring lines of one person at one time are one stretch, also over several commits of a pause. */
export function readStretches(owners: Owner[], now: Date): Stretch[] {
  const stretches: Stretch[] = [];
  for (const [line, owner] of owners.entries()) {
    const last = stretches.at(-1);
    const [who, time] = labelOf(owner, now);
    if (last && last.who === who && last.time === time && last.owner?.author?.id === owner?.author?.id)
      last.to = line + 1;
    else stretches.push({ from: line, to: line + 1, owner, who, time });
  }
  return stretches;
}

const labelOf = (owner: Owner, now: Date): [who: string, time: string] =>
  owner
    ? [
        !owner.author ? 'LLMos' : owner.author.login ? firstName(owner.author.name) : owner.author.name,
        owner.at ? shortTime(owner.at, now) : '',
      ]
    : ['now', ''];

/** The hue of a person, or none for what no person typed. */
export const hueOf = (face: Face | null): string => (face && face.colour >= 1 ? `p${face.colour}` : '');
