// A run that begins at a step of another one begins with what that one did before: the same words, calls and results, so that a screen and
// the model see them as they were. What they cost is not counted again.
import type { RunEvent } from '#shared/run.ts';

const carried = new Set<RunEvent['type']>([
  'turn', 'text', 'thinking', 'call', 'approval-asked', 'approval', 'question', 'answer', 'acting', 'output', 'result',
  'child', 'skills', 'steer', 'taint', 'notice',
]); // prettier-ignore

/** Null: it has no such step. One past the last is the end of the run. */
export function eventsBefore({ events, step }: { events: RunEvent[]; step: number }): RunEvent[] | null {
  const turns = events.flatMap((event) => (event.type === 'turn' ? event.step : []));
  const last = Math.max(0, ...turns);
  if (step < 1 || step > last + 1) return null;
  const at = events.findIndex((event) => event.type === 'turn' && event.step === step);
  const before = at < 0 ? events : events.slice(0, at);
  return before.filter(({ type }) => carried.has(type));
}
