// How a model without tools of its own calls them: as JSON that a schema forces, or in fenced ```tool blocks. Each form says how the
// conversation is written down for it, and reads words and calls out of what it streams.
import type { ChatMessage, JsonSchema, ModelPart, ToolSpec } from './model.ts';

type Said = Extract<ModelPart, { type: 'text' | 'call' }>;
export type Written = { role: 'system' | 'user' | 'assistant'; content: string };
export type CallForm = {
  write(ask: { messages: ChatMessage[]; tools: ToolSpec[] }): { messages: Written[]; schema: JsonSchema | null };
  read(): { push(text: string): Said[]; end(): Said[] };
};

type Action = { tool: string; args: unknown };
type Calls = Extract<ChatMessage, { role: 'assistant' }>['calls'];

export const schemaForm: CallForm = {
  write: ({ messages, tools }) => ({
    messages: writtenDown(messages, `${listed(tools)}\n\n${schemaWords}`, (content, calls) =>
      JSON.stringify({ say: content, calls: calls.map(actionOf) }),
    ),
    schema: {
      type: 'object',
      properties: {
        say: { type: 'string' },
        calls: { type: 'array', items: { anyOf: tools.map(({ name, parameters }) => actionSchema(name, parameters)) } },
      },
      required: ['say', 'calls'],
      additionalProperties: false,
    },
  }),
  read() {
    let all = '';
    let shown = 0;
    const say = createSayReader();
    return {
      push(text) {
        all += text;
        const words = say.push(text);
        shown += words.length;
        return words ? [{ type: 'text', text: words }] : [];
      },
      end() {
        const value = parseLoosely(all) as { say?: unknown; calls?: unknown } | undefined;
        if (value === undefined || value === null || typeof value !== 'object')
          return shown === 0 && all.trim() ? [{ type: 'text', text: all }] : [];
        const words = typeof value.say === 'string' ? value.say.slice(shown) : '';
        const actions = Array.isArray(value.calls) ? value.calls : 'tool' in value ? [value] : [];
        return [
          ...(words ? [{ type: 'text', text: words } as const] : []),
          ...actions.map((action, index) => callOf(action, index)),
        ];
      },
    };
  },
};

export const fencedForm: CallForm = {
  write: ({ messages, tools }) => ({
    messages: writtenDown(messages, `${listed(tools)}\n\n${fencedWords}`, (content, calls) =>
      [content, ...calls.map((call) => block(actionOf(call)))].filter(Boolean).join('\n\n'),
    ),
    schema: null,
  }),
  read() {
    let waiting = '';
    let inBlock = false;
    let index = 0;
    const drain = (isEnd: boolean): Said[] => {
      const said: Said[] = [];
      const text = (words: string) => words && said.push({ type: 'text', text: words });
      for (;;) {
        const mark = inBlock ? closing.exec(waiting) : opening.exec(waiting);
        if (mark) {
          const before = waiting.slice(0, mark.index);
          waiting = waiting.slice(mark.index + mark[0].length);
          if (inBlock) said.push(callOf(parseLoosely(before) ?? before, index++));
          else text(before);
          inBlock = !inBlock;
          continue;
        }
        if (isEnd) {
          if (inBlock && waiting.trim()) said.push(callOf(parseLoosely(waiting) ?? waiting, index++));
          else if (!inBlock) text(waiting);
          waiting = '';
        } else if (!inBlock) {
          // the last line may become a fence
          const from = waiting.lastIndexOf('\n') + 1;
          const keep = mayOpen.test(waiting.slice(from)) ? from : waiting.length;
          text(waiting.slice(0, keep));
          waiting = waiting.slice(keep);
        }
        return said;
      }
    };
    return {
      push(text) {
        waiting += text;
        return drain(false);
      },
      end: () => drain(true),
    };
  },
};

const opening = /(?:^|(?<=\n))[ \t]*```(?:tool|tool_call|tool-call)[ \t]*\r?\n/;
const closing = /(?:^|\n)[ \t]*```[ \t]*(?=\r?\n|$)/;
const mayOpen = /^[ \t]*(`{0,3}|```[a-z_-]*[ \t]*\r?)$/;

const schemaWords = `Answer with one JSON object and nothing else: {"say": "what you tell the person", "calls": [{"tool": "name", "args": {}}]}.
With calls you get their results and go on. When you are done, "calls" is empty and "say" is your answer.`;
const fencedWords = `To use a tool, write a fenced block, and nothing after the last one:

\`\`\`tool
{"tool": "name", "inputs": {}}
\`\`\`

You get the results and go on. When you are done, answer without such a block.`;

const listed = (tools: ToolSpec[]) =>
  [
    'You can use these tools:',
    ...tools.map((tool) => `- ${tool.name}: ${tool.description}\n  ${JSON.stringify(tool.parameters)}`),
  ].join('\n');

const actionSchema = (name: string, parameters: JsonSchema): JsonSchema => ({
  type: 'object',
  properties: { tool: { type: 'string', enum: [name] }, args: parameters },
  required: ['tool', 'args'],
  additionalProperties: false,
});

const actionOf = ({ name, args }: Calls[number]): Action => ({ tool: name, args: parseLoosely(args) ?? args });
const block = ({ tool, args }: Action) => `\`\`\`tool\n${JSON.stringify({ tool, inputs: args })}\n\`\`\``;

/** Rules go to the end of the first message of the system; results come as words of the user, those of one turn together. */
function writtenDown(
  messages: ChatMessage[],
  rules: string,
  assistant: (content: string, calls: Calls) => string,
): Written[] {
  const names = new Map(
    messages.flatMap((message) =>
      message.role === 'assistant' ? message.calls.map(({ id, name }) => [id, name] as const) : [],
    ),
  );
  const written: Written[] = messages[0]?.role === 'system' ? [] : [{ role: 'system', content: rules }];
  let results = false;
  for (const message of messages) {
    const last = written.at(-1);
    if (message.role === 'tool') {
      const words = `Result of \`${names.get(message.callId) ?? 'a tool'}\`:\n${message.content}`;
      if (results && last) last.content += `\n\n${words}`;
      else written.push({ role: 'user', content: words });
    } else if (message.role === 'assistant')
      written.push({
        role: 'assistant',
        content: message.calls.length > 0 ? assistant(message.content, message.calls) : message.content,
      });
    else {
      const isFirst = written.length === 0 && message.role === 'system';
      written.push({ role: message.role, content: isFirst ? `${message.content}\n\n${rules}` : message.content });
    }
    results = message.role === 'tool';
  }
  return written;
}

function callOf(action: unknown, index: number): Said {
  const call = { type: 'call', index, id: null } as const;
  if (typeof action !== 'object' || action === null) {
    // no JSON: the loop says so to the model, with the name where it can be made out
    const name = /"(?:tool|name|tool_name)"\s*:\s*"([\w-]+)"/.exec(String(action))?.[1] ?? null;
    return { ...call, name, args: String(action) };
  }
  const { tool, name, tool_name, function: inner, ...rest } = action as Record<string, unknown>;
  const named = [tool, name, tool_name, inner].find((value) => typeof value === 'string');
  const { args, inputs, input, arguments: given, parameters, ...others } = rest;
  const found = args ?? inputs ?? input ?? given ?? parameters ?? others;
  return {
    ...call,
    name: named ? String(named) : null,
    args: typeof found === 'string' ? found : JSON.stringify(found),
  };
}

/** JSON as models write it: perhaps in a fence, perhaps with a comma too many. Undefined: it is none. */
function parseLoosely(text: string): unknown {
  const bare = text
    .trim()
    .replace(/^```\w*\s*/, '')
    .replace(/\s*```$/, '');
  for (const candidate of [bare, bare.replace(/,(\s*[}\]])/g, '$1')]) {
    try {
      return JSON.parse(candidate);
    } catch {
      // the next way of reading it, or none
    }
  }
  return undefined;
}

/** Shows the value of `say` while it is written, when it comes first. */
function createSayReader(): { push(text: string): string } {
  let head: string | null = '';
  let pending = '';
  let over = false;
  return {
    push(text) {
      if (over) return '';
      if (head !== null) {
        head += text;
        const start = /^\s*(?:```\w*\s*)?\{\s*"say"\s*:\s*"/.exec(head);
        if (!start) {
          if (head.length > 64) over = true;
          return '';
        }
        pending = head.slice(start[0].length);
        head = null;
      } else pending += text;
      const end = /^(?:[^"\\]|\\(?:u[\da-fA-F]{4}|[^u]))*/.exec(pending)![0];
      over = pending[end.length] === '"';
      // half of a character waits for its other half
      const half = over ? null : /(?:[\ud800-\udbff]|\\u[dD][89abAB][\da-fA-F]{2})$/.exec(end);
      const whole = half ? end.slice(0, half.index) : end;
      pending = pending.slice(whole.length);
      try {
        return JSON.parse(`"${whole.replace(/[\u0000-\u001f]/g, (c) => JSON.stringify(c).slice(1, -1))}"`) as string;
      } catch {
        over = true;
        return '';
      }
    },
  };
}
