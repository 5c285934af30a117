// The words between the loop, its tools and the slices that provide them. A tool never throws into the loop (RU3): what it throws
// becomes a failed result; what a person must see is in `parts`, what the model reads in `text`.
import type { Face } from '#shared/live.ts';
import type { Actor } from '#shared/permissions.ts';
import type { Effect, ResultPart, RunAct, RunEvent, RunHead } from '#shared/run.ts';
import type { JsonSchema } from '../platform/model.ts';

export type ToolResult = {
  ok: boolean;
  text: string;
  parts?: ResultPart[];
  /** It came from outside the workspace: web, MCP, boards, unreviewed imports (RU8). Says from where. */
  untrusted?: string;
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
};

export type Tool = {
  /** snake_case; unique in a run. */
  name: string;
  description: string;
  parameters: JsonSchema;
  effect: Effect | ((args: Record<string, unknown>) => Effect);
  act(args: Record<string, unknown>, context: ToolContext): Promise<ToolResult>;
};

/** What the loop tells. Resolves when the event is durable: a call acts only after its line is (RU1). */
export type Emit = (act: RunAct) => Promise<RunEvent>;

export type Verdict = { verdict: 'approved' | 'refused' | 'expired'; by: Face | null; note?: string };

/** People, as the loop meets them. Both survive a restart. */
export type People = {
  approve(asked: { call: string; tool: string; args: unknown; why: string; signal: AbortSignal }): Promise<Verdict>;
  answer(asked: {
    call: string;
    text: string;
    choices: string[];
    signal: AbortSignal;
  }): Promise<{ by: Face; text: string }>;
  /** What people said since the last time, put before the next turn. */
  steering(): { by: Face; text: string }[];
};
