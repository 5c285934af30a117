// A call that reaches outside or destroys waits for a person who sees exactly what will be done (RU7). The approval is bound to a hash of
// tool, arguments and what they stand for (the text of a file), and ends after the minutes that the kernel says; nothing else is approved by it.
import crypto from 'node:crypto';
import type { CallState, Effect } from '#shared/run.ts';
import type { Clock } from '../platform/clock.ts';
import type { Budget } from './budget.ts';
import { isOwn, whyTainted, type Taint } from './taint.ts';
import type { Telling } from './telling.ts';
import type { Bound, People, Reach, Verdict } from './types.ts';

/** The same for the same call, however its keys are ordered. */
export const callHash = (tool: string, args: unknown, bound: string | null = null): string =>
  crypto.createHash('sha256').update(canonical({ tool, args, ...(bound !== null && { bound }) })).digest('hex'); // prettier-ignore

export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical((value as Record<string, unknown>)[key])}`).join(',')}}`;
}

/** Why a person must see it; null: nobody must. */
export function whyAsk({
  effect,
  repaired,
  reach,
  governs = null,
  taint,
}: {
  effect: Effect;
  repaired: boolean;
  reach: Reach;
  /** A definition that it writes. */
  governs?: string | null;
  taint: Taint;
}): string | null {
  const why = [
    effect === 'external' ? 'It acts outside the workspace.' : null,
    effect === 'destructive' ? 'It may destroy something.' : null,
    reach.shows ?? null,
    whyGoverns(taint, governs),
    whyTainted(taint, reach),
  ].filter((one) => one !== null);
  if (why.length === 0) return null;
  if (repaired) why.push('Its arguments were not valid as the model wrote them; these are the mended ones.');
  return why.join(' ');
}

/** Words from outside, or of others, must not become what a person's agents follow from then on, unless they read them (RU8). */
function whyGoverns(taint: Taint, governs: string | null): string | null {
  if (governs === null || isOwn(taint)) return null;
  const [sources, others] = [taint.sources, taint.others].map((names) => names.slice(0, 3).join(', '));
  return [
    `It writes ${governs}: from then on your agents follow what stands there.`,
    sources && `This run has read text from outside (${sources}), which may be what asks for it.`,
    others && `Others than you spoke to this run, too (${others}): these may be their words.`,
    'Approve it only if you would have written these words yourself.',
  ]
    .filter(Boolean)
    .join(' ');
}

/** Waits for the verdict of a person. What was asked before a restart is not asked again, and does not get more time. */
export async function askApproval({
  call,
  why,
  bound,
  personOnly,
  people,
  telling,
  budget,
  clock,
  approvalMs,
  signal,
}: {
  call: CallState;
  why: string;
  bound: Bound | null;
  /** What it shows is for the run's person to show: others may only refuse it. */
  personOnly: boolean;
  people: People;
  telling: Telling;
  budget: Budget;
  clock: Clock;
  /** How long it is waited for. */
  approvalMs: number;
  signal: AbortSignal;
}): Promise<Verdict> {
  const { id, tool, args } = call;
  const hash = callHash(tool, args, bound?.what);
  const before = call.approval?.hash === hash ? call.approval : null;
  const isOpen = before !== null && clock.now() < Date.parse(before.expiresAt);
  if (isOpen && before.verdict === 'approved') return { verdict: 'approved', by: before.by };
  const expiresAt = before?.verdict === null ? before.expiresAt : new Date(clock.now() + approvalMs).toISOString();
  if (before?.verdict !== null)
    await telling.tell({
      type: 'approval-asked',
      call: id,
      why,
      hash,
      ...(bound?.file && { file: bound.file }),
      expiresAt,
      ...(personOnly && { personOnly }),
    });
  const asked = { call: id, tool, args: structuredClone(args), why, hash, expiresAt };
  const verdict = await budget.whileWaiting(verdictOf({ people, asked, clock, signal }));
  const { by, note } = verdict;
  await telling.tell({ type: 'approval', call: id, verdict: verdict.verdict, by, ...(note ? { note } : {}) });
  return verdict;
}

type Asked = Omit<Parameters<People['approve']>[0], 'signal'>;

async function verdictOf({
  people,
  asked,
  clock,
  signal,
}: {
  people: People;
  asked: Asked;
  clock: Clock;
  signal: AbortSignal;
}): Promise<Verdict> {
  const left = Date.parse(asked.expiresAt) - clock.now();
  const expired: Verdict = { verdict: 'expired', by: null };
  if (left <= 0) return expired;
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), left);
  const waiting = AbortSignal.any([signal, over.signal]);
  try {
    const verdict = await untilAborted(people.approve({ ...asked, signal: waiting }), waiting);
    return verdict.verdict === 'approved' && clock.now() >= Date.parse(asked.expiresAt) ? expired : verdict;
  } catch (error) {
    signal.throwIfAborted();
    if (over.signal.aborted) return expired;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** What the work gives, or the reason of the signal, whichever is first. */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  work.catch(() => undefined);
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    const forget = () => signal.removeEventListener('abort', abort);
    work.then(resolve, reject).finally(forget);
  });
}
