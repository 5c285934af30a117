// What a model at an endpoint can really do, found by trying, never by its name: two tool calls in one answer, JSON by a schema, what a
// streamed answer cost. A few short requests, once for each model.
import type { ProbeResult } from '#shared/api/models.ts';
import type { Strategy } from '#shared/run.ts';
import type { Endpoint, ListedModel, Llm } from '../platform/llm.ts';
import { ModelFailure, type ModelPart, type ToolSpec } from '../platform/model.ts';

const note: ToolSpec = {
  name: 'note',
  description: 'Notes a number.',
  parameters: {
    type: 'object',
    properties: { n: { type: 'integer' } },
    required: ['n'],
    additionalProperties: false,
  },
};
const words = 'Call the tool `note` with {"n": 1} and with {"n": 2}, both in this one answer. Do nothing else.';

/** Throws `ModelFailure` when the endpoint does not answer at all. */
export async function probeModel({
  llm,
  endpoint,
  model,
  signal,
}: {
  llm: Llm;
  endpoint: Endpoint;
  model: string;
  signal: AbortSignal;
}): Promise<Omit<ProbeResult, 'at'>> {
  const listed = await about({ llm, endpoint, model, signal });
  const native = await attempt({ llm, endpoint, model, strategy: 'native', signal });
  const schema = await attempt({ llm, endpoint, model, strategy: 'schema', signal });
  if (native.calls === 0 && schema.calls === 0) {
    // says whether it answers at all; throws when it does not
    await attempt({ llm, endpoint, model, strategy: 'fenced', signal, isLast: true });
  }
  return {
    tools: native.calls > 0,
    parallel: native.calls > 1,
    schema: schema.calls > 0,
    usage: native.usage || schema.usage,
    contextSize: listed?.contextSize ?? null,
    price: listed?.price ?? null,
    strategy: native.calls > 0 ? 'native' : schema.calls > 0 ? 'schema' : 'fenced',
  };
}

type Attempt = { calls: number; usage: boolean };

/** `refused` counts as "cannot": many servers answer 400 to what they do not know. */
async function attempt({
  llm,
  endpoint,
  model,
  strategy,
  signal,
  isLast = false,
}: {
  llm: Llm;
  endpoint: Endpoint;
  model: string;
  strategy: Strategy;
  signal: AbortSignal;
  isLast?: boolean;
}): Promise<Attempt> {
  const parts: ModelPart[] = [];
  try {
    const opened = llm.open({ endpoint, model, strategy, contextSize: null, price: null });
    const messages = [{ role: 'user', content: words } as const];
    for await (const part of opened.ask({ messages, tools: [note], maxTokens: 2000, signal })) parts.push(part);
  } catch (error) {
    const cannot = error instanceof ModelFailure && ['refused', 'broken'].includes(error.kind);
    if (!cannot || isLast) throw error;
  }
  return { calls: wholeCalls(parts), usage: parts.some((part) => part.type === 'usage' && !part.estimated) };
}

/** Calls of the right tool whose arguments are the numbers that were asked for. */
function wholeCalls(parts: ModelPart[]): number {
  const calls = new Map<number, { name: string; args: string }>();
  for (const part of parts) {
    if (part.type !== 'call') continue;
    const before = calls.get(part.index) ?? { name: '', args: '' };
    calls.set(part.index, { name: part.name ?? before.name, args: before.args + part.args });
  }
  const numbers = [...calls.values()].flatMap(({ name, args }) => {
    try {
      const { n } = JSON.parse(args) as { n: unknown };
      return name === note.name && (n === 1 || n === 2) ? [n] : [];
    } catch {
      return [];
    }
  });
  return new Set(numbers).size;
}

/** Not all endpoints list their models; that is no reason to give up. */
async function about({
  llm,
  endpoint,
  model,
  signal,
}: {
  llm: Llm;
  endpoint: Endpoint;
  model: string;
  signal: AbortSignal;
}): Promise<ListedModel | null> {
  try {
    return (await llm.list(endpoint, signal)).find(({ id }) => id === model) ?? null;
  } catch (error) {
    if (error instanceof ModelFailure && ['refused', 'broken'].includes(error.kind)) return null;
    throw error;
  }
}
