// Words about versions, the same in the timeline, the inbox, the gutter and the previews.
import type { Commit } from '#shared/api.ts';
import { clockTime, names } from '#lib/ui/words.ts';

const days = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'short' });
const daysOfOtherYears = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const weekdays = new Intl.DateTimeFormat('en-GB', { weekday: 'short' });
const dates = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

const midnight = (at: Date) => new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime();
/** Calendar days between the two, by the clock of this browser; also right when the hours of a day are not 24. */
const daysBetween = (at: Date, now: Date) => Math.round((midnight(now) - midnight(at)) / 86_400_000);

/** `Today`, `Yesterday`, `Thursday 20 Nov`, `3 Nov 2025` */
export function dayOf(at: string, now: Date): string {
  const then = new Date(at);
  const ago = daysBetween(then, now);
  if (ago <= 0) return 'Today';
  if (ago === 1) return 'Yesterday';
  return (then.getFullYear() === now.getFullYear() ? days : daysOfOtherYears).format(then).replace(',', '');
}

/** As short as it stays clear in a narrow column: `14:08`, `Thu`, `18 Nov`, `18 Nov 2025`. */
export function shortTime(at: string, now: Date): string {
  const then = new Date(at);
  const ago = daysBetween(then, now);
  if (ago <= 0) return clockTime(then);
  if (ago < 6) return weekdays.format(then);
  return (then.getFullYear() === now.getFullYear() ? dates : daysOfOtherYears).format(then);
}

export const shortOid = (oid: string): string => oid.slice(0, 7);
/** The first line of what was written about a version. */
export const titleOf = (commit: Pick<Commit, 'message'>): string =>
  commit.message.split('\n', 1)[0] || 'No words about it';
/** Made by the server in somebody's name, not typed. */
export const isMachine = (commit: Pick<Commit, 'kind' | 'author'>): boolean =>
  commit.author.login === '' || ['import', 'upgrade', 'sample', 'external'].includes(commit.kind);

export type Stand = { text: string; kind: 'warn' | 'plain' };
/** The one thing to know about a version's state: whether somebody should look at it, who did, or that it can be taken back. */
export function standOf(commit: Pick<Commit, 'review' | 'kind'>): Stand | null {
  const { state, by, approvedBy } = commit.review;
  if (state === 'unreviewed') return { text: 'unreviewed', kind: 'warn' };
  if (state === 'reverted') return { text: by ? `reverted by ${firstName(by.name)}` : 'reverted', kind: 'plain' };
  if (commit.kind === 'restore' || commit.kind === 'revert') return { text: 'can be undone', kind: 'plain' };
  const who = approvedBy.length > 0 ? approvedBy : by ? [by] : [];
  if (state === 'approved')
    return {
      text: who.length > 0 ? `reviewed by ${names(who.map((face) => firstName(face.name)))}` : 'reviewed',
      kind: 'plain',
    };
  return null;
}
export const firstName = (name: string): string => name.trim().split(/\s+/)[0] ?? name;
