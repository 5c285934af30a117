// What /api/v1 says about runs and conversations. A conversation is a row of runs: each message of a person starts one, with what was
// answered before as its context. Events of a run: shared/run.ts.
import { z } from 'zod';
import type { ResultPart, RunEvent } from '../run.ts';
import { cursor, Face, nothing, path, time } from './words.ts';

const id = z.uuid();
const volumeName = z.string().max(100);
const status = z.enum(['running', 'waiting', 'done', 'failed', 'stopped']);

export const RunSummary = z.object({
  id,
  volume: volumeName,
  goal: z.string(),
  agent: z.string().nullable(),
  by: Face,
  status,
  reason: z.string().nullable(),
  private: z.boolean(),
  conversation: id.nullable(),
  parent: id.nullable(),
  branchOf: z.object({ run: id, step: z.int() }).nullable(),
  model: z.string().nullable(),
  steps: z.int(),
  calls: z.int(),
  tokens: z.int(),
  /** US dollars; null: the price is not known. */
  money: z.number().nullable(),
  /** Calls that wait for a person. */
  waiting: z.int(),
  tainted: z.boolean(),
  createdAt: time,
  endedAt: time.nullable(),
});
/** `file`: what was read, the trace that was remembered, or the skill that was made from it. */
export const RunLink = z.object({ run: RunSummary, file: z.string(), how: z.enum(['read', 'remembered', 'skill']) });
export type RunLink = z.output<typeof RunLink>;
export const Conversation = z.object({
  id,
  volume: volumeName,
  title: z.string(),
  by: Face,
  private: z.boolean(),
  createdAt: time,
  updatedAt: time,
  running: z.int(),
  /** Calls in it that wait for a person. */
  waiting: z.int(),
});
export type RunSummary = z.output<typeof RunSummary>;
export type Conversation = z.output<typeof Conversation>;

/** May be lower than the limits of kernel and definition, never higher. */
const budget = z.object({
  iterations: z.int().min(1).optional(),
  toolCalls: z.int().min(0).optional(),
  minutes: z.number().positive().optional(),
  tokens: z.int().positive().optional(),
  money: z.number().positive().optional(),
});
/** Null: as much as is allowed. */
const otherBudget = z.object({
  iterations: budget.shape.iterations.nullable(),
  toolCalls: budget.shape.toolCalls.nullable(),
  minutes: budget.shape.minutes.nullable(),
  tokens: budget.shape.tokens.nullable(),
  money: budget.shape.money.nullable(),
});
const limits = z.object({
  iterations: z.number(),
  toolCalls: z.number(),
  minutes: z.number(),
  tokens: z.number().nullable(),
  money: z.number().nullable(),
  depth: z.number(),
  fanOut: z.number(),
});
const part = z.custom<ResultPart>((value) => typeof value === 'object' && value !== null && 'kind' in value);
const event = z.custom<RunEvent>((value) => typeof value === 'object' && value !== null && 'seq' in value);

// prettier-ignore
export const runRoutes = {
  'GET /runs': { may: 'self.read', summary: 'Runs that I may see, newest first', query: z.object({ volume: volumeName.optional(), conversation: id.optional(), parent: id.optional(), status: status.optional(), cursor, limit: z.coerce.number().int().min(1).max(100).default(50) }), answer: z.object({ runs: z.array(RunSummary), cursor: z.string().nullable() }) },
  'POST /runs': { may: 'run.start', summary: 'Start a run', body: z.object({ volume: volumeName, goal: z.string().trim().min(1, 'Say what to do.').max(20_000), agent: z.string().max(200).optional(), skills: z.array(z.string().max(200)).max(10).optional(), paths: z.array(path).max(20).optional(), model: z.string().max(200).optional(), conversation: id.optional(), private: z.boolean().optional(), budget: budget.optional() }), answer: RunSummary },
  'GET /runs/:id': { may: 'volume.read', summary: 'A run with all of its events', answer: z.object({ run: RunSummary, events: z.array(event), children: z.array(RunSummary) }) },
  'GET /runs/:id/links': { may: 'volume.read', summary: 'The runs that it built on, and those that built on it, as far as I may see them', answer: z.object({ builtOn: z.array(RunLink), usedBy: z.array(RunLink) }) },
  'GET /runs/:id/events': { may: 'volume.read', summary: 'Events as server-sent events, from `Last-Event-ID`', query: z.object({ after: z.coerce.number().int().min(0).optional() }), answer: z.any() },
  'POST /runs/:id/stop': { may: 'volume.run', summary: 'Stop it now', answer: RunSummary },
  'POST /runs/:id/steer': { may: 'volume.run', summary: 'Say something before its next turn', body: z.object({ text: z.string().trim().min(1).max(20_000) }), answer: nothing },
  'POST /runs/:id/approvals/:call': { may: 'volume.run', summary: 'Approve or refuse a call; `hash` is of the arguments that were seen', body: z.object({ verdict: z.enum(['approved', 'refused']), hash: z.string().max(128), note: z.string().max(2000).optional() }), answer: nothing },
  'POST /runs/:id/answers/:call': { may: 'volume.run', summary: 'Answer what it asked', body: z.object({ text: z.string().trim().min(1).max(20_000) }), answer: nothing },
  'POST /runs/:id/resume': { may: 'volume.run', summary: 'Go on with a run that was interrupted or ran out of budget', body: z.object({ budget: otherBudget.optional() }), answer: RunSummary },
  'GET /runs/:id/limits': { may: 'volume.run', summary: 'Its limits, and as far as I may raise them when it goes on', answer: z.object({ now: limits, most: limits }) },
  'POST /runs/:id/retry': { may: 'volume.run', summary: 'The same goal once more, as a new run', answer: RunSummary },
  'POST /runs/:id/branch': { may: 'volume.run', summary: 'A new run from a step of this one, at the versions that it saw', body: z.object({ step: z.int().min(1), text: z.string().trim().max(20_000).optional() }), answer: RunSummary },
  'POST /runs/:id/take-over': { may: 'volume.run', summary: 'Let this run use my browser from now on', answer: nothing },
  'POST /browser-calls/:call': { may: 'run.start', summary: 'What my browser did for a run', body: z.object({ ok: z.boolean(), text: z.string().max(2 ** 20), parts: z.array(part).max(50), files: z.array(z.object({ path, text: z.string().optional(), base64: z.string().optional() })).max(50) }), answer: nothing, limit: 16 * 2 ** 20 },

  'GET /conversations': { may: 'self.read', summary: 'Conversations that I may see, newest first', query: z.object({ volume: volumeName, cursor }), answer: z.object({ conversations: z.array(Conversation), cursor: z.string().nullable() }) },
  'POST /conversations': { may: 'run.start', summary: 'Begin a conversation', body: z.object({ volume: volumeName, title: z.string().trim().max(200).optional(), private: z.boolean().default(true) }), answer: Conversation },
  'PATCH /conversations/:conversation': { may: 'run.start', summary: 'Rename mine, or share it with the team', body: z.object({ title: z.string().trim().min(1).max(200).optional(), private: z.boolean().optional() }), answer: Conversation },
  'DELETE /conversations/:conversation': { may: 'run.start', summary: 'Delete mine; its runs and traces stay', answer: nothing },
} as const;
