// People, as a run meets them (RU5, RU7). What it asks is an event, so that it is still asked after a restart; a verdict is bound to the
// hash of the tool and the exact arguments that were seen. The run itself writes down what it was told; here it is passed on.
import { Problem } from '#shared/errors.ts';
import type { Face } from '#shared/live.ts';
import type { RunEvent, Said } from '#shared/run.ts';
import type { Clock } from '../platform/clock.ts';
import type { OpenRun } from './eventLog.ts';
import { callOf } from './summary.ts';
import type { People, Verdict } from './types.ts';

/** Who answered is told when the run has written it down, or after so long that it will some time. */
const writtenMs = 5000;

export type Asking = ReturnType<typeof createAsking>;

/** Of one run, for as long as it is in memory. */
export function createAsking({ run, clock }: { run: OpenRun; clock: Clock }) {
  const verdicts = new Map<string, Verdict & { hash: string }>();
  const answers = new Map<string, { by: Face; text: string }>();
  /** call -> who waits for what people say of it, and who waits for it to be written down */
  const waiters = new Map<string, () => void>();
  const writing = new Map<string, () => void>();
  const timers = new Map<string, NodeJS.Timeout>();

  /** Goes on when `ready` finds something; throws the signal's reason. */
  async function wait<T>(call: string, signal: AbortSignal, ready: () => T | null): Promise<T> {
    for (;;) {
      signal.throwIfAborted();
      const found = ready();
      if (found !== null) return found;
      const { promise, resolve } = Promise.withResolvers<void>();
      const onAbort = () => resolve();
      waiters.set(call, resolve);
      signal.addEventListener('abort', onAbort, { once: true });
      await promise;
      signal.removeEventListener('abort', onAbort);
      waiters.delete(call);
    }
  }
  const people: People = {
    approve: ({ call, hash, signal }) =>
      wait(call, signal, () => {
        const found = verdicts.get(call);
        if (found?.hash !== hash) return null;
        const { hash: _, ...verdict } = found;
        return verdict;
      }),
    answer: ({ call, signal }) => wait(call, signal, () => answers.get(call) ?? null),
    steering: () => run.state.unheard,
  };

  async function passOn(call: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    writing.set(call, resolve);
    waiters.get(call)?.();
    const timer = setTimeout(resolve, writtenMs);
    await promise;
    clearTimeout(timer);
    writing.delete(call);
  }

  return {
    people,

    /** The run told this. */
    told(event: RunEvent): void {
      if (event.type === 'approval' || event.type === 'answer') {
        verdicts.delete(event.call);
        answers.delete(event.call);
        writing.get(event.call)?.();
        clearTimeout(timers.get(event.call));
        timers.delete(event.call);
      }
      if (event.type === 'approval-asked') verdicts.delete(event.call);
    },

    /** For what a restart found waiting: `expired` when nobody answers in time. */
    watch({ call, expiresAt, expired }: { call: string; expiresAt: string; expired: () => void }): void {
      const timer = setTimeout(expired, Math.max(0, Date.parse(expiresAt) - clock.now()));
      timer.unref();
      timers.set(call, timer);
    },

    /** Throws when nobody waits for it, or when it was seen with other arguments. `wake`: somebody must be there to hear it. */
    async decide({
      call,
      hash,
      wake,
      ...verdict
    }: Verdict & { call: string; hash: string; wake: () => Promise<void> }): Promise<void> {
      const approval = callOf(run.state, call)?.approval;
      if (!approval) throw new Problem('not-found', 'This run has no such call that waits for a person.');
      const before = approval.verdict ?? verdicts.get(call)?.verdict;
      if (before) throw new Problem('conflict', `It is already ${before}.`, { verdict: before });
      if (approval.hash !== hash)
        throw new Problem('conflict', 'The call has other arguments than the ones you saw. Look at it again.');
      if (Date.parse(approval.expiresAt) <= clock.now())
        throw new Problem('conflict', 'The request for approval has expired.', { verdict: 'expired' });
      const person = run.state.head?.by;
      if (approval.personOnly && verdict.verdict === 'approved' && verdict.by?.id !== person?.id)
        throw new Problem('forbidden', `Only ${person?.name} may approve this. You may refuse it.`);
      verdicts.set(call, { ...verdict, hash });
      await wake();
      await passOn(call);
    },

    async answer({
      call,
      text,
      by,
      wake,
    }: {
      call: string;
      text: string;
      by: Face;
      wake: () => Promise<void>;
    }): Promise<void> {
      const question = callOf(run.state, call)?.question;
      if (!question) throw new Problem('not-found', 'This run has no such question.');
      if (question.answer !== null || answers.has(call)) throw new Problem('conflict', 'It is already answered.');
      answers.set(call, { by, text });
      await wake();
      await passOn(call);
    },

    /** Heard before the next turn; until then it stands beside the run, also after a restart. */
    async steer(words: Said): Promise<void> {
      await run.emit({ type: 'said', ...words });
    },

    close(): void {
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
    },
  };
}
