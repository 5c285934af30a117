// The words between the runs (who keeps what happens, and meets people) and whoever plans a run and walks through it.
import type { Face } from '#shared/live.ts';
import type { Actor } from '#shared/permissions.ts';
import type { Limits, RunEvent, RunHead } from '#shared/run.ts';
import type { Budget } from './budget.ts';
import type { Taint } from './taint.ts';
import type { Emit, People } from './types.ts';

/** Of the actor, what lasts longer than a sign-in: a run goes on when its person closes the browser. */
export type RunActor = Pick<Actor, 'login' | 'scopes' | 'onlyVolume' | 'tokenId'>;

/** What a person may lower of what kernel and file allow, never raise. */
export type RunBudget = Partial<Record<'iterations' | 'toolCalls' | 'minutes' | 'tokens' | 'money', number>>;

/** When it goes on. Null: as much as is allowed. */
export type OtherBudget = { [Key in keyof RunBudget]: RunBudget[Key] | null };

/** What a person asked for beside the goal. */
export type RunRequest = {
  agent: string | null;
  skills: string[];
  paths: string[];
  model: string | null;
  budget: RunBudget;
  /** It draws lessons out of the traces in `paths`. */
  consolidates?: true;
  /** Nobody asked for it: the team or the server pays, never its person. */
  unattended?: true;
};

/** `file`: what it read, or the trace, or the skill. Without `how` it read the file. */
export type Dependency = { run: string; file: string; how?: 'remembered' | 'skill' };

/** One message of a conversation before this one, and what came of it. */
export type Earlier = {
  run: string;
  goal: string;
  answer: string | null;
  /** Who said it. */
  by: Face;
  /** It had read text from outside: so may its answer be (RU8). */
  tainted: boolean;
};

/** What the runs hand to whoever walks through one. */
export type Walk = {
  head: RunHead;
  actor: Actor;
  request: RunRequest;
  /** All events so far, `started` first: more than that one in a run that goes on or that began at a step of another. */
  events: RunEvent[];
  earlier: Earlier[];
  emit: Emit;
  people: People;
  /** Aborted with a sentence that says why it is stopped, or with `Interrupted` when the server goes away. */
  signal: AbortSignal;
  /** Of the run above, whose call this one does. */
  lent: Lent | null;
};
/** `budget`: of the run above; its own is below it. */
export type Lent = { budget: Budget; taint: Taint; tools: readonly string[] };

/**
 * Walks through a run until it ended: the last thing that it tells is `ended`, unless the server goes away. When `signal` is aborted it
 * comes back soon.
 */
export type WalkRun = (walk: Walk) => Promise<void>;

/** What is found out before a run begins: which text it follows, at which versions, with which model and limits. */
export type Plan = {
  agent: RunHead['agent'];
  model: string | null;
  limits: RunHead['limits'];
  versions: Record<string, string>;
};
/** What kernel and file allow such a run, now. */
export type RunAllowance = (asked: { head: RunHead; actor: Actor }) => Promise<Limits>;
export type PlanRun = (plan: {
  actor: Actor;
  volume: { id: string; name: string; teamId: string | null };
  goal: string;
  request: RunRequest;
  /** Read at these versions instead of now. */
  at?: Record<string, string>;
}) => Promise<Plan>;
