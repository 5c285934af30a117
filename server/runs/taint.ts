// RU8: of {untrusted input, private data, an effect outside} a run may combine two by itself. The third needs a person, because the
// three together are how words that somebody planted carry out what somebody else trusted us with.
import type { Face } from '#shared/live.ts';
import type { RunHead, RunState } from '#shared/run.ts';
import type { Reach, Tool } from './types.ts';

export type Taint = {
  /** From where untrusted text came in; empty: none did. */
  sources: string[];
  /** Names of people beside its own who said something to it: steered it, answered it, spoke before it in its conversation. */
  others: string[];
  private: boolean;
  outside: boolean;
};

export const noTaint = (): Taint => ({ sources: [], others: [], private: false, outside: false });

/** Did nobody but its person have a say? Only then its words may become, unread, what that person's agents follow. */
export const isOwn = ({ sources, others }: Taint): boolean => sources.length === 0 && others.length === 0;

/** Somebody said something that the model reads. */
export function hear({ taint, by, head }: { taint: Taint; by: Face; head: RunHead }): void {
  if (by.id !== head.by.id && !taint.others.includes(by.name)) taint.others.push(by.name);
}

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

export const reachOf = (tool: Tool, args: Record<string, unknown>, run: RunHead): Reach =>
  (typeof tool.reach === 'function' ? tool.reach(args, { run }) : tool.reach) ?? {};

/** What a run let in and out before, as far as its calls tell. `spoke`: there was a conversation before it. */
export function rememberTaint({
  taint,
  past,
  tools,
  head,
  spoke,
}: {
  taint: Taint;
  past: RunState | null;
  tools: Map<string, Tool>;
  head: RunHead;
  spoke: boolean;
}): void {
  if (spoke) taint.private = true;
  for (const source of past?.taint ?? []) if (!taint.sources.includes(source)) taint.sources.push(source);
  for (const item of past?.items ?? [])
    for (const call of item.kind === 'step' ? item.calls : []) {
      const tool = tools.get(call.tool);
      if (!['ok', 'failed', 'acting'].includes(call.status) || typeof call.args !== 'object' || call.args === null)
        continue;
      const reach = tool ? reachOf(tool, call.args as Record<string, unknown>, head) : { private: true, outside: true };
      taint.private ||= reach.private === true || call.children.length > 0;
      taint.outside ||= reach.outside === true;
    }
}
