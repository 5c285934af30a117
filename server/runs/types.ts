// The words between the loop, its tools and the slices that provide them. A tool never throws into the loop (RU3): what it throws
// becomes a failed result; what a person must see is in `parts`, what the model reads in `text`.
import type { z } from 'zod';
import type { MemoryQuestion } from '#shared/api/memory.ts';
import type { BrowserAnswer, BrowserTool, Face } from '#shared/live.ts';
import type { Actor } from '#shared/permissions.ts';
import type { BoundFile, Effect, Outcome, ResultPart, RunAct, RunEvent, RunHead, Said } from '#shared/run.ts';
import type { JsonSchema } from '../platform/model.ts';
import type { Budget } from './budget.ts';
import type { Taint } from './taint.ts';

export type ToolResult = {
  ok: boolean;
  text: string;
  parts?: ResultPart[];
  /** It came from outside the workspace: web, MCP, boards, unreviewed imports (RU8). Says from where. */
  untrusted?: string;
};

/** Tools of elsewhere for one run: those of its team's MCP servers. `notices`: what its people should know of them. */
export type ToolsOfElsewhere = (question: {
  teamId: string | null;
}) => Promise<{ tools: Tool[]; notices: string[]; close: () => Promise<void> }>;

/** What a call lets in or out, beside its effect (RU8). */
export type Reach = {
  /** It shows the model what not everybody may read: files, memory, devices of people and teams. */
  private?: boolean;
  /** Its arguments leave the workspace and its answer comes from there, also when it only reads: web, MCP servers. */
  outside?: boolean;
  /** Whom it shows something that they could not see without this run; a person decides. */
  shows?: string;
};

export type ToolContext = {
  run: RunHead;
  /** Of this call. */
  call: string;
  /** The person of the run, with no more rights than it has (RU4). */
  actor: Actor;
  signal: AbortSignal;
  /** Streams what the call says while it acts. */
  output: (text: string) => void;
  /** Asks the people of the run and waits; the question and the answer are events. */
  /** A person saw exactly these arguments and approved them. */
  approved: boolean;
  /** And this, of what stands beside them (`binds`); null: nothing was bound. */
  bound: string | null;
  ask: (question: { text: string; choices: string[] }) => Promise<{ by: Face; text: string }>;
  /** Says that another run does this call. */
  child: (child: { run: string; agent: string }) => Promise<void>;
  /** Tells the people of the run something that the model need not know. */
  notice: (notice: { level: 'info' | 'warning'; text: string }) => Promise<void>;
  /** What is left for the run and all its children (RU6). */
  budget: Budget;
  /** What got into the run, and what went out (RU8). A child begins with it and its own is added afterwards. */
  taint: Taint;
};

export type Bound = { what: string; words: string | null; file?: BoundFile };

export type Tool = {
  /** snake_case; unique in a run. */
  name: string;
  description: string;
  parameters: JsonSchema;
  effect: Effect | ((args: Record<string, unknown>) => Effect);
  /** Arguments as other systems write them, in the words of `parameters`. */
  fit?(args: Record<string, unknown>): Record<string, unknown>;
  reach?: Reach | ((args: Record<string, unknown>, context: { run: RunHead }) => Reach);
  /**
   * What it would act with beside its arguments, e.g. the text of a file that they name: an approval holds for just this, and `act` compares
   * it with `bound`. `words` and `file`: for the person.
   */
  binds?(args: Record<string, unknown>): Promise<Bound | null>;
  /** What it would write that tells agents from then on what to do, as `path in volume`; null: nothing of the kind. */
  governs?(args: Record<string, unknown>): Promise<string | null>;
  /** May run beside other calls of its turn, as reads do. */
  together?: boolean;
  /** Acted again after a restart it goes on where it was, and does nothing twice. */
  continues?: boolean;
  act(args: Record<string, unknown>, context: ToolContext): Promise<ToolResult>;
};

/** What the loop tells. Resolves when the event is durable: a call acts only after its line is (RU1). */
export type Emit = (act: RunAct) => Promise<RunEvent>;

export type Verdict = { verdict: 'approved' | 'refused' | 'expired'; by: Face | null; note?: string };

/**
 * People, as the loop meets them. The loop writes all events itself (`approval-asked`, `approval`, `question`, `answer`, `steer`); here
 * it only waits. After a restart it comes back with the same `call` and `hash`, and waits again.
 */
export type People = {
  /** `signal` ends the waiting: the run was stopped, or the time is up. */
  approve(asked: {
    call: string;
    tool: string;
    args: unknown;
    why: string;
    /** Of tool and arguments; a verdict counts for these only (RU7). */
    hash: string;
    expiresAt: string;
    signal: AbortSignal;
  }): Promise<Verdict>;
  answer(asked: {
    call: string;
    text: string;
    choices: string[];
    signal: AbortSignal;
  }): Promise<{ by: Face; text: string }>;
  /** What people said since the last time, put before the next turn. */
  steering(): readonly Said[];
};

export type BrowserCall = {
  /** The run, its call, and whose browser. */
  run: string;
  call: string;
  personId: string;
  tool: BrowserTool;
  args: Record<string, unknown>;
  volume: string;
  /** Files of the volume that the code may read. */
  paths: string[];
  ms: number;
  signal: AbortSignal;
  output: (text: string) => void;
};
/** `unavailable`: nothing was done, and the model is told why. */
export type BrowserResult = BrowserAnswer | { unavailable: string };
/** A browser tab of the person whose run it is, which does what must not be done here. */
export type BrowserCalls = { call(asked: BrowserCall): Promise<BrowserResult> };

/** Starts a run for a call of another one, and waits for its end. */
export type StartChild = (child: {
  /** A name, or a path. */
  agent: string;
  goal: string;
  parent: RunHead;
  call: string;
  actor: Actor;
  /** The names of the tools that the parent has; a child has no others. */
  tools: readonly string[];
  budget: Budget;
  taint: Taint;
  signal: AbortSignal;
  /** It is there and can be looked at. */
  started: (run: { run: string; agent: string }) => Promise<void>;
}) => Promise<{ run: string; agent: string; outcome: Outcome; reason: string; answer: string }>;

/** What is remembered of earlier work, within what the actor may read. */
export type MemoryAnswer = {
  matches: { path: string; relevance: number; type: string; excerpt: string; metadata: Record<string, unknown> }[];
  query_summary: string;
  total_searched: number;
  search_time_ms: number;
  /** Something of it came from outside, and from where (RU8). */
  untrusted: string | null;
};
/** `only`: nothing of other volumes may come into this run; null: all that the actor may read. */
export type AskMemory = (asked: {
  question: z.output<typeof MemoryQuestion>;
  actor: Actor;
  /** Whose paths stand without its name. */
  volume: string;
  only: string[] | null;
}) => Promise<MemoryAnswer>;
