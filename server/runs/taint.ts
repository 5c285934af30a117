// RU8: of {untrusted input, private data, an effect outside} a run may combine two by itself. The third needs a person, because the
// three together are how words that somebody planted carry out what somebody else trusted us with.
import type { Reach } from './types.ts';

export type Taint = {
  /** From where untrusted text came in; empty: none did. */
  sources: string[];
  private: boolean;
  outside: boolean;
};

export const noTaint = (): Taint => ({ sources: [], private: false, outside: false });

/**
 * Why a person must see this call; null: it may go on. What goes outside also brings text from there. A call that adds nothing new
 * and reaches nowhere is free, whatever happened before: only what closes the circle, or uses it again to get out, is asked about.
 */
export function whyTainted(taint: Taint, reach: Reach): string | null {
  const untrusted = taint.sources.length > 0 || reach.outside === true;
  const isPrivate = taint.private || reach.private === true;
  const outside = taint.outside || reach.outside === true;
  if (!untrusted || !isPrivate || !outside) return null;
  const addsPrivate = reach.private === true && !taint.private;
  if (!reach.outside && !addsPrivate) return null;
  const from = taint.sources.length > 0 ? ` (${taint.sources.slice(0, 3).join(', ')})` : '';
  return reach.outside
    ? `It sends something outside, and this run has read what is not public${from && `, and text from outside${from}`}.`
    : `It reads what is not public, and this run has text from outside${from} and a way out.`;
}
