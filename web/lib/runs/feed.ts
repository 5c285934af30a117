// A run as it is read from top to bottom: who spoke, and under one name all that an agent did until somebody else speaks. Tool calls
// that follow each other without a word between them are one block.
import type { Face } from '#shared/live.ts';
import type { CallState, RunState, StepState } from '#shared/run.ts';

export type FeedEntry =
  | { kind: 'text'; key: string; text: string; live: boolean }
  | { kind: 'thinking'; key: string; text: string; live: boolean }
  | { kind: 'calls'; key: string; calls: { step: number; call: CallState }[] }
  /** The model was asked and has said nothing yet. */
  | { kind: 'waiting'; key: string; model: string };
export type FeedBlock =
  | { kind: 'agent'; key: string; entries: FeedEntry[] }
  | { kind: 'steer'; key: string; by: Face; text: string; at: string }
  | { kind: 'notice'; key: string; level: 'info' | 'warning'; text: string }
  | { kind: 'resumed'; key: string; by: Face | null; at: string };

export function feedOf(state: RunState): FeedBlock[] {
  const blocks: FeedBlock[] = [];
  const last = state.items.findLastIndex((item) => item.kind === 'step');
  state.items.forEach((item, i) => {
    if (item.kind !== 'step') {
      blocks.push({ ...item, key: `${item.kind}-${i}` });
      return;
    }
    const before = blocks.at(-1);
    const block = before?.kind === 'agent' ? before : { kind: 'agent' as const, key: `agent-${i}`, entries: [] };
    if (block !== before) blocks.push(block);
    putStep(block.entries, item, { key: String(i), live: i === last && state.status === 'running' });
  });
  return blocks.filter((block) => block.kind !== 'agent' || block.entries.length > 0);
}

function putStep(entries: FeedEntry[], step: StepState, { key, live }: { key: string; live: boolean }): void {
  const speaks = live && step.calls.length === 0;
  if (step.thinking.trim())
    entries.push({ kind: 'thinking', key: `thinking-${key}`, text: step.thinking, live: speaks && !step.text });
  if (step.text.trim()) entries.push({ kind: 'text', key: `text-${key}`, text: step.text, live: speaks });
  const calls = step.calls.map((call) => ({ step: step.step, call }));
  const before = entries.at(-1);
  if (calls.length > 0 && before?.kind === 'calls') before.calls.push(...calls);
  else if (calls.length > 0) entries.push({ kind: 'calls', key: `calls-${key}`, calls });
  else if (speaks && !step.text.trim() && !step.thinking.trim())
    entries.push({ kind: 'waiting', key: `waiting-${key}`, model: step.model });
}

/** The last step that began; what can be branched from. */
export const lastStep = (state: RunState): number =>
  state.items.reduce((last, item) => (item.kind === 'step' ? Math.max(last, item.step) : last), 0);
