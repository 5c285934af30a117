// The only fake of the project: a model provider that speaks the common wire (`/v1/chat/completions`, `/v1/models`,
// `/v1/embeddings`) over real HTTP and says what a script tells it, with every fault that providers have. By hand:
//   node e2e/fakes/model.ts --port 4010 [--obedient] [--script rules.json]
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { embed } from './embedding.ts';
import { directivesIn, textOf, type Asked } from './obedience.ts';
import { complete, framesOf, sizeOf, type Abilities, type Reply } from './replies.ts';

export type { Abilities, Reply } from './replies.ts';
export type { Asked } from './obedience.ts';

/**
 * `turns`: the answers one after the other, counted from the user's message that `when` is about: the first when it was just said, the
 * second after the results of the calls of the first. A function gets what was asked and the number of the turn, from 0.
 */
export type Rule = {
  when: string | RegExp | ((text: string, asked: Asked) => boolean);
  turns: Reply[] | ((asked: Asked, turn: number) => Reply);
  /** Only for this model. */
  model?: string;
};

export type FakeModel = {
  /** What a provider is configured with: `http://127.0.0.1:<port>/v1`. */
  url: string;
  /** For ALLOWED_HOSTS. */
  host: string;
  /** Newest last: what was asked, with its headers. */
  seen: (Asked & { headers: http.IncomingHttpHeaders; path: string })[];
  /** The newest rule that fits is followed. */
  on: (when: Rule['when'], turns: Rule['turns'], model?: string) => void;
  /** The next requests get these, whatever they ask. */
  next: (...replies: Reply[]) => void;
  /** `everything`: does what any instruction in its context says, whoever wrote it. `user`: only what the last user message says. */
  obey: (what: 'user' | 'everything') => void;
  reset: () => void;
  close: () => Promise<void>;
};

const all: Abilities = { tools: true, parallel: true, schema: true, usage: true, contextSize: 32_768 };
export const models: Record<string, Abilities> = {
  scripted: all,
  'scripted-serial': { ...all, parallel: false },
  'scripted-schema': { ...all, tools: false },
  'scripted-plain': { tools: false, parallel: false, schema: false, usage: false, contextSize: null },
};

/** `key`: what a client must send; null: anybody may ask. */
export async function startFakeModel({
  port = 0,
  key = null,
  obeys = 'user',
}: { port?: number; key?: string | null; obeys?: 'user' | 'everything' } = {}): Promise<FakeModel> {
  let rules: Rule[] = [];
  let queue: Reply[] = [];
  let obedience = obeys;
  const seen: FakeModel['seen'] = [];

  function replyTo(asked: Asked): Reply {
    const waiting = queue.shift();
    if (waiting) return waiting;
    for (const index of asked.messages.keys().toArray().reverse()) {
      const message = asked.messages[index]!;
      if (message.role !== 'user') continue;
      const said = textOf(message);
      const rule = rules.find(
        ({ when, model }) =>
          (!model || model === asked.model) &&
          (typeof when === 'function'
            ? when(said, asked)
            : typeof when === 'string'
              ? said.includes(when)
              : when.test(said)),
      );
      if (!rule) continue;
      const turn = asked.messages.slice(index).filter(({ role }) => role === 'assistant').length;
      if (typeof rule.turns === 'function') return rule.turns(asked, turn);
      return rule.turns[turn] ?? { text: 'That is all.' };
    }
    return directivesIn(asked, obedience);
  }

  const server = http.createServer((request, response) => {
    void answer(request, response).catch(() => response.destroy());
  });
  async function answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url!, 'http://fake');
    const body = await bodyOf(request);
    if (key !== null && request.headers.authorization !== `Bearer ${key}`)
      return json(response, 401, { error: { message: 'Incorrect API key provided.', code: 'invalid_api_key' } });
    if (pathname === '/v1/models') {
      const data = Object.entries(models).map(([id, { contextSize }]) => ({
        id,
        object: 'model',
        owned_by: 'scripted',
        ...(contextSize && { context_length: contextSize }),
      }));
      return json(response, 200, { object: 'list', data });
    }
    if (pathname === '/v1/embeddings') {
      const { input, model } = body as { input: string | string[]; model: string };
      const data = [input].flat().map((text, index) => ({ object: 'embedding', index, embedding: embed(text) }));
      return json(response, 200, { object: 'list', model, data, usage: { prompt_tokens: 1, total_tokens: 1 } });
    }
    if (pathname !== '/v1/chat/completions') return json(response, 404, { error: { message: `No ${pathname} here.` } });
    const asked = body as Asked;
    seen.push({ ...asked, headers: request.headers, path: pathname });
    const abilities = models[asked.model];
    if (!abilities)
      return json(response, 404, {
        error: { message: `The model ${asked.model} does not exist.`, code: 'model_not_found' },
      });
    await send({ request, response, asked, abilities, reply: replyTo(asked) });
  }

  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${host}/v1`,
    host,
    seen,
    on: (when, turns, model) => void (rules = [{ when, turns, ...(model && { model }) }, ...rules]),
    next: (...replies) => void queue.push(...replies),
    obey: (what) => void (obedience = what),
    reset() {
      rules = [];
      queue = [];
      obedience = obeys;
      seen.length = 0;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function send({
  request,
  response,
  asked,
  abilities,
  reply,
}: {
  request: http.IncomingMessage;
  response: http.ServerResponse;
  asked: Asked;
  abilities: Abilities;
  reply: Reply;
}): Promise<void> {
  if (reply.waitMs) await pause(reply.waitMs);
  if (reply.hang === 'at once') return;
  if (reply.status) {
    for (const [name, value] of Object.entries(reply.headers ?? {})) response.setHeader(name, value);
    const message = reply.error ?? 'The provider is busy.';
    return json(response, reply.status, { error: { message, code: reply.code ?? null, type: 'error' } });
  }
  const tooLong = abilities.contextSize !== null && sizeOf(asked) > abilities.contextSize;
  if (tooLong || reply.overflow) {
    const message = `This model's maximum context length is ${abilities.contextSize ?? 4096} tokens. However, your messages resulted in ${sizeOf(asked)} tokens.`;
    return json(response, 400, { error: { message, code: 'context_length_exceeded', type: 'invalid_request_error' } });
  }
  if (!asked.stream) return json(response, 200, complete({ asked, abilities, reply }));

  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  response.flushHeaders();
  response.socket?.setNoDelay(true);
  let sent = 0;
  for (const frame of framesOf({ asked, abilities, reply })) {
    if (request.socket.destroyed) return;
    if (reply.hang !== undefined && sent >= Number(reply.hang)) return;
    if (reply.breakAfter !== undefined && sent >= reply.breakAfter) return void response.destroy();
    if (reply.errorAfter !== undefined && sent >= reply.errorAfter) {
      const error = { message: reply.error ?? 'The provider fell over.', code: reply.code ?? 502 };
      response.end(`data: ${JSON.stringify({ error })}\n\n`);
      return;
    }
    const bytes = Buffer.from(frame);
    const step = reply.bytes ?? bytes.length;
    for (let at = 0; at < bytes.length; at += step) {
      response.write(bytes.subarray(at, at + step));
      if (reply.bytes) await new Promise(setImmediate); // each write a packet of its own
    }
    sent++;
    if (reply.paceMs) await pause(reply.paceMs);
  }
  response.end(reply.noDone ? '' : 'data: [DONE]\n\n');
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function json(response: http.ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

async function bodyOf(request: http.IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const text = Buffer.concat(parts).toString('utf8');
  return text === '' ? {} : JSON.parse(text);
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { port: { type: 'string', default: '4010' }, obedient: { type: 'boolean' }, script: { type: 'string' } },
  });
  const fake = await startFakeModel({ port: Number(values.port), obeys: values.obedient ? 'everything' : 'user' });
  const rules = values.script
    ? (JSON.parse(fs.readFileSync(values.script, 'utf8')) as { when: string; turns: Reply[] }[])
    : [];
  for (const { when, turns } of rules) fake.on(when, turns);
  process.stdout.write(`LLM_BASE_URL=${fake.url} LLM_MODEL=scripted ALLOWED_HOSTS=${fake.host}\n`);
}
