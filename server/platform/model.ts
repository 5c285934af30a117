// The words between whoever asks a model and the wire to it. Providers, keys, probes and the ways in which models call tools stay
// behind `Model`: the same parts come from one with native tools, one that writes JSON, and one that writes fenced blocks.
import type { Strategy } from '#shared/run.ts';

export type JsonSchema = Record<string, unknown>;
export type ToolSpec = { name: string; description: string; parameters: JsonSchema };

export type ChatMessage =
  | { role: 'system' | 'user'; content: string }
  | { role: 'assistant'; content: string; calls: { id: string; name: string; args: string }[] }
  /** The result of a call; exactly one for each (RU3). */
  | { role: 'tool'; callId: string; content: string };

/** Pieces as they stream. A call comes in pieces under its `index`; `id` and `name` may come once, repeatedly or never. */
export type ModelPart =
  | { type: 'text'; text: string }
  | { type: 'thinking'; text: string }
  | { type: 'call'; index: number; id: string | null; name: string | null; args: string }
  /** Once a turn, before `end`. `estimated`: the provider did not say. */
  | { type: 'usage'; input: number; output: number; estimated?: true }
  | { type: 'end'; reason: 'stop' | 'calls' | 'length' | 'refusal' };

export type ModelAsk = {
  messages: ChatMessage[];
  tools: ToolSpec[];
  /** The most tokens of the answer. */
  maxTokens?: number;
  signal: AbortSignal;
};

export type Model = {
  /** `provider/model` */
  name: string;
  strategy: Strategy;
  /** Tokens, as probed or told; null: unknown. */
  contextSize: number | null;
  /** US dollars per million tokens; null: unknown. */
  price: { input: number; output: number } | null;
  /**
   * Streams one turn. Retries by itself only before the first byte, honouring Retry-After; throws `ModelFailure` for everything that
   * the provider did wrong, also inside a 200 stream.
   */
  ask(ask: ModelAsk): AsyncIterable<ModelPart>;
};

/** `context`: the prompt is too long for the model. `retryAfter`: seconds. */
export class ModelFailure extends Error {
  readonly kind: 'context' | 'rate-limited' | 'unauthenticated' | 'refused' | 'unavailable' | 'broken';
  readonly retryAfter: number | null;
  constructor(kind: ModelFailure['kind'], message: string, retryAfter: number | null = null) {
    super(message);
    this.name = 'ModelFailure';
    this.kind = kind;
    this.retryAfter = retryAfter;
  }
}
