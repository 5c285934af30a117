// The way to MCP servers of elsewhere: the stock client, by the one way out, with an end to everything that a server may send, claim or
// hold back. What it says is data: definitions are trimmed before anybody reads them, and nothing of it runs here.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { isProblem, Problem } from '#shared/errors.ts';
import type { Egress } from './egress.ts';
import { createEgressFetch } from './egressFetch.ts';
import type { JsonSchema } from './model.ts';
import { withoutSecrets } from './textGate.ts';

export type ToolDefinition = { name: string; description: string; parameters: JsonSchema };
/** `whole`: everything that the server says about it, as text: what a pin is a hash of. */
export type ListedTool = ToolDefinition & { whole: string };
export type McpConnection = {
  /** Throws `Problem`. */
  list(signal?: AbortSignal): Promise<ListedTool[]>;
  /** What the tool answered, in words; `ok` false: it says that it failed. Throws `Problem`. */
  call(asked: {
    tool: string;
    args: Record<string, unknown>;
    signal?: AbortSignal;
  }): Promise<{ ok: boolean; text: string }>;
  close(): Promise<void>;
};
export type McpClient = {
  /** `name`: for people. Throws `Problem` when it cannot be reached or is no MCP server. */
  connect(server: { name: string; url: string; token: string | null }): Promise<McpConnection>;
};

const mostTools = 100;
const mostDefinition = 16 * 1024;
const mostText = 256 * 1024;
const mostBytes = 4 * 2 ** 20;

export function createMcpClient({
  egress,
  version,
  listMs = 15_000,
  callMs = 60_000,
}: {
  egress: Egress;
  version: string;
  listMs?: number;
  callMs?: number;
}): McpClient {
  const fetch = createEgressFetch({
    egress,
    keep: (name) => /^(accept|content-type|authorization|last-event-id|mcp-[\w-]+)$/.test(name),
    firstMs: callMs,
    idleMs: callMs,
    maxBytes: mostBytes,
  });

  return {
    async connect({ name, url, token }) {
      const told = (error: unknown): never => {
        throw problemOf(error, { name, token });
      };
      const client = new Client(
        { name: 'llmos', version },
        {
          versionNegotiation: { mode: 'auto' },
          listMaxPages: 10,
          // what a server claims about its answers is not compiled here: a schema can be made to run for ever
          jsonSchemaValidator: {
            getValidator: () => (input) => ({ valid: true, data: input as never, errorMessage: undefined }),
          },
        },
      );
      const transport = new StreamableHTTPClientTransport(new URL(url), {
        fetch: fetch as never,
        reconnectionOptions: {
          maxRetries: 0,
          initialReconnectionDelay: 1000,
          maxReconnectionDelay: 1000,
          reconnectionDelayGrowFactor: 1,
        },
        ...(token !== null && { requestInit: { headers: { authorization: `Bearer ${token}` } } }),
      });
      const close = () => client.close().catch(() => undefined);
      try {
        await client.connect(transport, { timeout: listMs });
      } catch (error) {
        await close();
        return told(error);
      }
      return {
        close,
        async list(signal) {
          const { tools } = await client
            .listTools(undefined, { timeout: listMs, maxTotalTimeout: listMs, ...(signal && { signal }) })
            .catch(told);
          if (tools.length > mostTools)
            throw new Problem('too-large', `${name} has ${tools.length} tools; at most ${mostTools} can be used.`);
          return tools.map((tool) => definitionOf(tool, name));
        },
        async call({ tool, args, signal }) {
          const options = { timeout: callMs, maxTotalTimeout: callMs, ...(signal && { signal }) };
          const {
            content = [],
            isError,
            structuredContent,
          } = await client.callTool({ name: tool, arguments: args }, options).catch(told);
          const words = content.map(wordsOf).join('\n');
          const text = words || (structuredContent === undefined ? '' : JSON.stringify(structuredContent));
          const safe = withoutSecrets(text, [token]);
          const cut =
            safe.length > mostText
              ? `${safe.slice(0, mostText)}\n[${safe.length - mostText} more characters were cut]`
              : safe;
          return { ok: isError !== true, text: cut };
        },
      };
    },
  };
}

function definitionOf(
  tool: { name: string; description?: string | undefined; inputSchema: unknown },
  server: string,
): ListedTool {
  const whole = JSON.stringify(sorted(tool));
  if (whole.length > mostDefinition)
    throw new Problem(
      'too-large',
      `${server} describes its tool ${tool.name.slice(0, 60)} with ${whole.length} characters; at most ${mostDefinition} are read.`,
    );
  return {
    name: tool.name,
    description: (tool.description ?? '').slice(0, 2000),
    parameters: plainSchema(tool.inputSchema) as JsonSchema,
    whole,
  };
}

/** Keys in one order, so that a server that only shuffles them has not changed. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}

/** Without patterns, which can be made to run for ever, and without references, which can lead anywhere. */
function plainSchema(schema: unknown, depth = 0): unknown {
  if (Array.isArray(schema)) return schema.slice(0, 200).map((inner) => plainSchema(inner, depth + 1));
  if (typeof schema !== 'object' || schema === null) return schema;
  if (depth > 16) return {};
  const left = Object.entries(schema)
    .filter(
      ([key, value]) =>
        !(['pattern', 'format', '$ref', '$dynamicRef', '$id'].includes(key) && typeof value === 'string'),
    )
    .filter(([key]) => !['patternProperties', '$schema', '__proto__'].includes(key))
    .map(([key, value]) => [key, plainSchema(value, depth + 1)] as const);
  return { ...(depth === 0 && { type: 'object' }), ...Object.fromEntries(left) };
}

function wordsOf(block: {
  type: string;
  text?: unknown;
  resource?: unknown;
  mimeType?: unknown;
  uri?: unknown;
}): string {
  if (block.type === 'text') return String(block.text);
  const { text } = (block.resource ?? {}) as { text?: unknown };
  if (typeof text === 'string') return text;
  return `[${[block.type, block.mimeType, block.uri].filter(Boolean).join(' ').slice(0, 300)}]`;
}

function problemOf(error: unknown, { name, token }: { name: string; token: string | null }): Problem {
  for (let inner: unknown = error, depth = 0; inner instanceof Error && depth < 6; inner = inner.cause, depth++)
    if (isProblem(inner)) return new Problem(inner.code, `${name}: ${inner.message}`);
  const words = withoutSecrets(error instanceof Error ? error.message : String(error), [token]).replace(/\s+/g, ' ');
  const status = (error as { status?: unknown; code?: unknown }).status ?? (error as { code?: unknown }).code;
  if (status === 401 || /unauthori[sz]ed|\b401\b/i.test(words))
    return new Problem('invalid', `${name} does not accept the token.`);
  if (/timed? ?out/i.test(words)) return new Problem('unavailable', `${name} did not answer in time.`);
  return new Problem('unavailable', `${name} failed: ${words.slice(0, 300)}`);
}
