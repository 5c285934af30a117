// The inbox as rows: by volume, and in it by pause, because commits of one pause are one act by several people.
import type { Commit } from '#shared/api.ts';
import type { Face } from '#shared/live.ts';

/** Versions of one act in one volume, newest first. */
export type Act = { key: string; volume: string; commits: Commit[] };
export type InboxSection = { volume: string; acts: Act[] };

export function readSections(items: { volume: string; commits: Commit[] }[]): InboxSection[] {
  const byVolume = new Map<string, Map<string, Commit[]>>();
  for (const { volume, commits } of items) {
    const groups = byVolume.get(volume) ?? new Map<string, Commit[]>();
    byVolume.set(volume, groups);
    for (const commit of commits) {
      const known = groups.get(commit.group);
      if (!known) groups.set(commit.group, [commit]);
      else if (!known.some((one) => one.oid === commit.oid)) known.push(commit);
    }
  }
  return [...byVolume].map(([volume, groups]) => ({
    volume,
    acts: [...groups].map(([group, commits]) => ({ key: `${volume} ${group}`, volume, commits })),
  }));
}

/** The act to look at after this one was dealt with: the next, else the one before. */
export function afterAct(acts: Act[], key: string): string | null {
  const at = acts.findIndex((act) => act.key === key);
  return (acts[at + 1] ?? acts[at - 1])?.key ?? null;
}

/** Where one goes with J (1) and K (-1). */
export function stepAct(acts: Act[], key: string | null, by: 1 | -1): string | null {
  const at = acts.findIndex((act) => act.key === key);
  return acts[Math.min(Math.max(at + by, 0), acts.length - 1)]?.key ?? null;
}

/** Who approved each version of an act; of several versions only who approved all. */
export function approversOf(act: Act): Face[] {
  const [first, ...others] = act.commits.map((commit) => commit.review.approvedBy);
  return (first ?? []).filter((face) => others.every((faces) => faces.some((one) => one.id === face.id)));
}
