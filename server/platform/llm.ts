// The wire to models: Chat Completions, which all providers speak, streamed through the `openai` package and the one way out. A turn
// goes in as messages and tools and comes out as the parts of model.ts, whichever way this model calls tools.
import OpenAI from 'openai';
import { partsOf } from './answerParts.ts';
import { fencedForm, schemaForm, type Written } from './callForms.ts';
import type { Egress } from './egress.ts';
import { createEgressFetch } from './egressFetch.ts';
import { mayPass, toFailure } from './llmFailures.ts';
import { ModelFailure, type Model, type ModelAsk } from './model.ts';
import { createTextGate } from './textGate.ts';

export type Endpoint = {
  /** Its name, for people. */
  provider: string;
  /** With its `/v1`, or what stands in its place. */
  baseUrl: string;
  apiKey: string | null;
};
export type ListedModel = {
  id: string;
  /** Tokens; null: it does not say. */
  contextSize: number | null;
  price: Model['price'];
};
export type Llm = {
  open(model: Omit<Model, 'ask' | 'name'> & { endpoint: Endpoint; model: string; name?: string }): Model;
  /** What an endpoint offers. Throws `ModelFailure`. */
  list(endpoint: Endpoint, signal?: AbortSignal): Promise<ListedModel[]>;
  /** One vector for each text. Throws `ModelFailure`. */
  embed(asked: { endpoint: Endpoint; model: string; texts: string[]; signal?: AbortSignal }): Promise<number[][]>;
};

type Params = OpenAI.Chat.ChatCompletionCreateParamsStreaming;
type Message = OpenAI.Chat.ChatCompletionMessageParam;

const tries = 3;
const longestWait = 30;

/** `wait`: for tests. Two more tries before the first byte; a Retry-After of more than 30 s is the asker's to wait for. */
export function createLlm({
  egress,
  firstMs,
  idleMs,
  wait = pause,
}: {
  egress: Egress;
  firstMs?: number;
  idleMs?: number;
  wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}): Llm {
  const fetch = createEgressFetch({
    egress,
    keep: (name) => ['authorization', 'content-type', 'accept'].includes(name),
    maxBytes: 64 * 2 ** 20,
    restMs: 15,
    ...(firstMs && { firstMs }),
    ...(idleMs && { idleMs }),
  });
  const clientOf = ({ baseUrl, apiKey }: Endpoint) =>
    new OpenAI({
      baseURL: baseUrl,
      apiKey: apiKey ?? 'none',
      // what stands in the environment of this process is meant for other programs, and its log would hold prompts
      adminAPIKey: null,
      organization: null,
      project: null,
      webhookSecret: null,
      logLevel: 'off',
      maxRetries: 0,
      timeout: 15 * 60_000,
      fetch,
    });
  const secretsOf = ({ apiKey }: Endpoint) => (apiKey === null ? [] : [apiKey]);

  async function patiently<T>(endpoint: Endpoint, signal: AbortSignal, act: () => Promise<T>): Promise<T> {
    for (let tried = 1; ; tried++) {
      try {
        return await act();
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        const failure = toFailure(error, { provider: endpoint.provider, secrets: secretsOf(endpoint) });
        const seconds = failure.retryAfter ?? 0.5 * 2 ** (tried - 1) * (0.75 + Math.random() / 2);
        if (tried === tries || !mayPass(failure) || seconds > longestWait) throw failure;
        await wait(seconds * 1000, signal);
      }
    }
  }

  return {
    open({ endpoint, model, name = `${endpoint.provider}/${model}`, strategy, contextSize, price }) {
      const client = clientOf(endpoint);
      const dialect: Dialect = { maxTokens: 'max_tokens', usage: true };
      return {
        name,
        strategy,
        contextSize,
        price,
        async *ask({ messages, tools, maxTokens, signal }) {
          signal.throwIfAborted();
          const form =
            tools.length === 0 || strategy === 'native' ? null : strategy === 'schema' ? schemaForm : fencedForm;
          const written = form?.write({ messages, tools });
          const params = {
            model,
            messages: written ? (written.messages satisfies Written[]) : messages.map(messageOf),
            ...(!form &&
              tools.length > 0 && { tools: tools.map((tool) => ({ type: 'function', function: tool }) as const) }),
            ...(written?.schema && {
              response_format: {
                type: 'json_schema',
                json_schema: { name: 'answer', schema: written.schema },
              } as const,
            }),
          };
          const stream = await patiently(endpoint, signal, () => begin({ client, params, maxTokens, dialect, signal }));
          const gate = () => createTextGate(secretsOf(endpoint));
          try {
            yield* partsOf({ stream, reader: form?.read() ?? null, gate, sent: JSON.stringify(params).length });
          } catch (error) {
            if (signal.aborted) throw signal.reason;
            throw toFailure(error, { provider: endpoint.provider, secrets: secretsOf(endpoint) });
          }
          // the library ends an aborted stream without a word
          signal.throwIfAborted();
        },
      };
    },

    async list(endpoint, signal = AbortSignal.timeout(20_000)) {
      const { data } = await patiently(endpoint, signal, () => clientOf(endpoint).models.list({ signal }));
      return (data as unknown as Record<string, unknown>[]).map(listed);
    },

    async embed({ endpoint, model, texts, signal = AbortSignal.timeout(60_000) }) {
      const input = { model, input: texts, encoding_format: 'float' } as const;
      const { data } = await patiently(endpoint, signal, () => clientOf(endpoint).embeddings.create(input, { signal }));
      if (data.length !== texts.length || data.some(({ embedding }) => !Array.isArray(embedding)))
        throw new ModelFailure('broken', `${endpoint.provider} sent other vectors than it was asked for.`);
      return data.toSorted((a, b) => a.index - b.index).map(({ embedding }) => embedding);
    },
  };
}

/** Where servers of the same wire differ; learned from what they refuse. */
type Dialect = { maxTokens: 'max_tokens' | 'max_completion_tokens'; usage: boolean };

async function begin({
  client,
  params,
  maxTokens,
  dialect,
  signal,
}: {
  client: OpenAI;
  params: Omit<Params, 'stream'>;
  maxTokens: number | undefined;
  dialect: Dialect;
  signal: AbortSignal;
}) {
  for (;;) {
    const asked: Params = {
      ...params,
      stream: true,
      ...(dialect.usage && { stream_options: { include_usage: true } }),
      ...(maxTokens !== undefined && { [dialect.maxTokens]: maxTokens }),
    };
    try {
      return await client.chat.completions.create(asked, { signal });
    } catch (error) {
      const refused =
        error instanceof OpenAI.APIError && (error.status === 400 || error.status === 422) ? error.message : '';
      if (dialect.usage && /stream_options|include_usage/.test(refused)) dialect.usage = false;
      else if (dialect.maxTokens === 'max_tokens' && /max_completion_tokens/.test(refused))
        dialect.maxTokens = 'max_completion_tokens';
      else throw error;
    }
  }
}

function messageOf(message: ModelAsk['messages'][number]): Message {
  if (message.role === 'tool') return { role: 'tool', tool_call_id: message.callId, content: message.content };
  if (message.role !== 'assistant' || message.calls.length === 0)
    return { role: message.role, content: message.content } as Message;
  const tool_calls = message.calls.map(
    ({ id, name, args }) => ({ id, type: 'function', function: { name, arguments: args } }) as const,
  );
  return { role: 'assistant', content: message.content || null, tool_calls };
}

/** OpenRouter, vLLM, llama.cpp and Gemini each say in their own words how much fits in. */
function listed(entry: Record<string, unknown>): ListedModel {
  const meta = (entry['meta'] ?? {}) as Record<string, unknown>;
  const sizes = [
    entry['context_length'],
    entry['max_model_len'],
    entry['context_window'],
    meta['n_ctx'],
    meta['n_ctx_train'],
  ];
  const pricing = (entry['pricing'] ?? {}) as Record<string, unknown>;
  const [input, output] = [pricing['prompt'], pricing['completion']].map((price) => Number(price ?? NaN) * 1e6);
  return {
    id: String(entry['id']).replace(/^models\//, ''),
    contextSize: sizes.find((size): size is number => typeof size === 'number' && size > 0) ?? null,
    price: input! >= 0 && output! >= 0 ? { input: input!, output: output! } : null,
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal.addEventListener('abort', stop, { once: true });
  });
}
