// How a run ends, in words for people: why, and with which answer.
import type { Outcome, RunState } from '#shared/run.ts';
import type { ModelFailure } from '../platform/model.ts';
import type { Budget } from './budget.ts';

/** Why a run failed that the server left; it can be resumed. */
export const interrupted = 'interrupted';

/** Raised through the signal when the server stops: calls stay open, so that the run can go on afterwards. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  constructor() {
    super('The server was stopped.');
  }
}

export type LoopEnd = { outcome: Outcome; reason: string; answer: string };

/** Of a run that was stopped, ran out of time or met a failure of its model. */
export function whyEnded({
  error,
  signal,
  budget,
}: {
  error: unknown;
  signal: AbortSignal;
  budget: Budget;
}): Omit<LoopEnd, 'answer'> {
  if (signal.reason instanceof Interrupted) return { outcome: 'failed', reason: interrupted };
  if (signal.aborted) {
    const reason = typeof signal.reason === 'string' ? signal.reason : 'It was stopped.';
    return { outcome: 'stopped', reason };
  }
  if (budget.timeLeft() <= 0) return { outcome: 'failed', reason: `It has used its ${budget.limits.minutes} minutes.` };
  return { outcome: 'failed', reason: failureWords(error as ModelFailure) };
}

function failureWords({ kind, message, retryAfter }: ModelFailure): string {
  switch (kind) {
    case 'context':
      return 'The words do not fit into the model, even shortened.';
    case 'rate-limited':
      return `The provider asks to slow down${retryAfter ? `; try again in ${retryAfter} s` : ''}.`;
    case 'unauthenticated':
      return 'The provider does not accept the key. Look at the models of the settings.';
    case 'refused':
      return `The provider refused: ${message}`;
    case 'unavailable':
      return `The provider failed or cannot be reached: ${message}`;
    case 'broken':
      return `The answer of the model cannot be used: ${message}`;
  }
}

/** The last answer with what it continues, when it was cut off and went on. */
export function lastAnswer(state: RunState): string {
  let answer = '';
  for (const item of [...state.items].reverse()) {
    if (item.kind === 'notice') continue;
    if (item.kind !== 'step' || item.calls.length > 0) break;
    answer = item.text + answer;
  }
  return answer.trim();
}

export const lastWords = (state: RunState): string => {
  const step = state.items.findLast((item) => item.kind === 'step' && item.text.trim() !== '');
  return step?.kind === 'step' ? step.text.trim() : '';
};
