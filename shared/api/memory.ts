// What /api/v1 says about memory: QueryMemory, and what a volume remembers.
import { z } from 'zod';
import { memoryTypes } from '../memoryEntry.ts';
import { time } from './words.ts';

const when = z.union([time, z.iso.date()]);
const state = z.enum(['active', 'consolidated', 'archived']);
const outcome = z.enum(['success', 'failure', 'unknown']);

/** The question of QueryMemory, as kernel/query-memory-spec.md describes it. */
export const MemoryQuestion = z.object({
  query: z.string().trim().min(1, 'Say what to look for.').max(2000),
  memory_type: z.enum([...memoryTypes, 'all']).default('all'),
  /** `project`: this volume (and `project` in it); `similar`: everywhere, what resembles `project_context` first; `global`: everywhere. */
  scope: z.enum(['project', 'global', 'similar']).default('project'),
  volume: z.string().max(100).optional(),
  project: z.string().max(200).optional(),
  project_context: z.string().max(4000).optional(),
  time_range: z.object({ from: when.optional(), to: when.optional() }).optional(),
  limit: z.int().min(1).max(50).default(10),
  min_relevance: z.number().min(0).max(1).default(0.3),
  /** `state`, `outcome`, or any short value of a header, e.g. `agent_name`. */
  filters: z.record(z.string().max(100), z.union([z.string().max(300), z.number(), z.boolean()])).optional(),
});
export const MemoryMatch = z.object({
  path: z.string(),
  volume: z.string(),
  fileId: z.string(),
  title: z.string(),
  relevance: z.number(),
  type: z.enum(memoryTypes),
  excerpt: z.string(),
  metadata: z.record(z.string(), z.unknown()),
});
export const MemoryAnswer = z.object({
  matches: z.array(MemoryMatch),
  query_summary: z.string(),
  total_searched: z.int(),
  search_time_ms: z.number(),
});
export const MemoryRow = z.object({
  fileId: z.string(),
  path: z.string(),
  type: z.enum(memoryTypes),
  title: z.string(),
  excerpt: z.string(),
  at: time,
  state,
  outcome,
  project: z.string().nullable(),
  traceId: z.string().nullable(),
  /** `file`: the file of this volume that is meant; null where there is none. */
  links: z.array(z.object({ kind: z.string(), to: z.string(), file: z.string().nullable() })),
});
export const ConsolidationState = z.object({
  /** Traces that nobody drew a lesson from. */
  waiting: z.int(),
  /** By itself from so many on, or when one waits so long; what one pass may use. */
  after: z.object({ traces: z.number(), days: z.number(), tokens: z.number() }),
  /** The run that does it now. */
  running: z.string().nullable(),
  last: z.object({ run: z.string(), at: time, ok: z.boolean(), read: z.int() }).nullable(),
  /** Why it does not happen by itself now; null: it does. */
  off: z.enum(['system', 'turned-off', 'no-model', 'paused']).nullable(),
});
export type ConsolidationState = z.output<typeof ConsolidationState>;
export type MemoryQuestion = z.input<typeof MemoryQuestion>;
export type MemoryMatch = z.output<typeof MemoryMatch>;
export type MemoryAnswer = z.output<typeof MemoryAnswer>;
export type MemoryRow = z.output<typeof MemoryRow>;

// prettier-ignore
export const memoryRoutes = {
  'POST /memory/query': { may: 'self.read', summary: 'QueryMemory: by words and by meaning, in what I may read', body: MemoryQuestion, answer: MemoryAnswer },
  'GET /volumes/:volume/memory': { may: 'volume.read', summary: 'What a volume remembers, newest first', query: z.object({ state: state.optional(), limit: z.coerce.number().int().min(1).max(2000).default(500) }), answer: z.object({ entries: z.array(MemoryRow), total: z.int(), indexing: z.int() }) },
  'GET /volumes/:volume/consolidation': { may: 'volume.read', summary: 'Whether traces wait to be consolidated, and what does it', answer: ConsolidationState },
  'POST /volumes/:volume/consolidation': { may: 'volume.run', summary: 'Consolidate the traces that wait, now', answer: z.object({ run: z.string() }) },
} as const;
