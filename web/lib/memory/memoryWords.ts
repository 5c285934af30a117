// What the types and states of memory are called on a screen.
import type { MemoryRow } from '#shared/api/memory.ts';

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
