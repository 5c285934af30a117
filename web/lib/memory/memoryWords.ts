// What the types and states of memory are called on a screen.
import type { ConsolidationState, MemoryRow } from '#shared/api/memory.ts';

export const typeWords: Record<MemoryRow['type'], { one: string; many: string }> = {
  traces: { one: 'trace', many: 'Traces' },
  domain_knowledge: { one: 'note', many: 'Notes' },
  workflow_patterns: { one: 'pattern', many: 'Patterns' },
  skills: { one: 'skill', many: 'Skills' },
  agent_templates: { one: 'agent', many: 'Agents' },
};
export const outcomeWords: Record<MemoryRow['outcome'], { text: string; kind: 'ok' | 'danger' | 'plain' }> = {
  success: { text: 'worked', kind: 'ok' },
  failure: { text: 'failed', kind: 'danger' },
  unknown: { text: 'not judged', kind: 'plain' },
};

/** When it happens by itself, or why it does not. */
export function consolidationWords({ after, off }: ConsolidationState): string {
  switch (off) {
    case null:
      return `A run does it by itself from ${after.traces} on, or when one has waited ${after.days === 1 ? 'a day' : `${after.days} days`}.`;
    case 'no-model':
      return 'It does not happen by itself: there is no model that this volume or the server pays for.';
    case 'turned-off':
      return 'It is turned off here, and happens when somebody asks for it.';
    case 'paused':
      return 'The last run came to nothing, so the next one waits a few hours.';
    case 'system':
      return 'In this volume nothing runs by itself.';
  }
}
