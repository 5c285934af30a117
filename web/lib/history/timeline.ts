// What stands in a timeline: unreviewed versions first, then the rest by day. Commits of one pause are linked, because they are one
// act by several people.
import type { Commit } from '#shared/api.ts';
import { dayOf } from '#lib/workspace/versionWords.ts';

/** How a row continues the line through the faces of its pause. */
export type Link = 'solo' | 'first' | 'middle' | 'last';
export type TitleEntry = { kind: 'title'; key: string; text: string; count: number | null };
export type VersionEntry = { kind: 'version'; key: string; commit: Commit; link: Link };
export type Entry = TitleEntry | VersionEntry;

type Lists = {
  /** Newest first; what of them was read so far. */
  unreviewed: Commit[];
  /** How many there are, read or not. */
  unreviewedTotal: number;
  /** Every version, newest first; what of them was read so far. */
  landed: Commit[];
  now: Date;
};

export function readEntries({ unreviewed, unreviewedTotal, landed, now }: Lists): Entry[] {
  const above = new Set(unreviewed.map((commit) => commit.oid));
  const entries: Entry[] = [];
  if (unreviewed.length > 0) {
    entries.push({ kind: 'title', key: 'unreviewed', text: 'Unreviewed', count: unreviewedTotal });
    entries.push(...link(unreviewed));
  }
  let section: Commit[] = [];
  let day = '';
  for (const commit of landed) {
    if (above.has(commit.oid)) continue;
    const its = dayOf(commit.at, now);
    if (its !== day) {
      entries.push(...link(section), { kind: 'title', key: `day ${its}`, text: its, count: null });
      [section, day] = [[], its];
    }
    section.push(commit);
  }
  entries.push(...link(section));
  return entries;
}

function link(commits: Commit[]): VersionEntry[] {
  return commits.map((commit, i) => {
    const joins = (other: Commit | undefined) => other?.group === commit.group;
    const [up, down] = [joins(commits[i - 1]), joins(commits[i + 1])];
    return {
      kind: 'version',
      key: commit.oid,
      commit,
      link: up ? (down ? 'middle' : 'last') : down ? 'first' : 'solo',
    };
  });
}

/** Versions of one act, newest first: what is shown as one change. */
export function actOf(commit: Commit, { landed, unreviewed }: Pick<Lists, 'landed' | 'unreviewed'>): Commit[] {
  const inOrder = landed.filter((other) => other.group === commit.group);
  const known = new Set(inOrder.map((other) => other.oid));
  // what the pages of all versions have not reached yet is older than what they have
  for (const other of unreviewed) if (other.group === commit.group && !known.has(other.oid)) inOrder.push(other);
  return inOrder.length > 0 ? inOrder : [commit];
}

/** From the version before the act to its last one. */
export const rangeOf = (act: Commit[]): { from: string; to: string } => ({
  from: act.at(-1)?.parent ?? 'none',
  to: act[0]!.oid,
});

/** New first, nothing twice; a version that is known is replaced, because its review may have moved on. */
export function mergeCommits(known: Commit[], fresh: Commit[]): Commit[] {
  const byOid = new Map(fresh.map((commit) => [commit.oid, commit]));
  const kept = known.map((commit) => byOid.get(commit.oid) ?? commit);
  const old = new Set(known.map((commit) => commit.oid));
  return [...fresh.filter((commit) => !old.has(commit.oid)), ...kept];
}
