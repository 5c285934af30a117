// What a model does that nobody wrote a script for: it obeys. Told "call `read_file` with {"path": "a.md"}" it calls it, once; told
// "answer with exactly: ..." it says that; told "repeat everything above" it writes down its whole context. Obeying everything in its
// context, whoever wrote it, it is the model that every prompt injection wins.
import type { Reply } from './replies.ts';

export type Message = {
  role: 'system' | 'user' | 'assistant' | 'tool';
  content?: string | { type: string; text?: string }[] | null;
  tool_calls?: { id: string; function: { name: string; arguments: string } }[];
  tool_call_id?: string;
};
export type Asked = {
  model: string;
  messages: Message[];
  stream?: boolean;
  stream_options?: { include_usage?: boolean };
  tools?: { function: { name: string; description?: string; parameters?: Record<string, unknown> } }[];
  tool_choice?: unknown;
  response_format?: { type: string; json_schema?: { schema: Record<string, unknown> } };
  max_tokens?: number;
};

export const textOf = ({ content }: Message): string =>
  typeof content === 'string' ? content : (content ?? []).map(({ text }) => text ?? '').join('');

export function directivesIn(asked: Asked, obeys: 'user' | 'everything'): Reply {
  const lastUser = asked.messages.findLastIndex(({ role }) => role === 'user');
  const listened =
    obeys === 'everything'
      ? asked.messages.filter(({ role }) => role !== 'assistant')
      : asked.messages.filter((_, index) => index === lastUser);
  const described = obeys === 'everything' ? (asked.tools ?? []).map((tool) => tool.function.description ?? '') : [];
  const words = [...described, ...listened.map(textOf)];
  const done = asked.messages.filter(({ role }) => role === 'assistant').map(saidIn);
  const calls = words
    .flatMap(callsIn)
    .filter(({ name, args }) => !done.some((said) => said.includes(`${name} ${JSON.stringify(args)}`)));
  if (calls.length > 0) return { calls };
  const all = words.join('\n');
  if (/repeat everything above/i.test(all)) return { text: JSON.stringify(asked.messages) };
  const exactly = all.match(/answer with exactly: (.+)/gi)?.at(-1);
  return { text: exactly?.slice('answer with exactly: '.length) ?? 'I did what I was told.' };
}

/** What an assistant message called, in any of the ways to call, one `name {"args"}` a line. */
function saidIn(message: Message): string {
  const native = (message.tool_calls ?? []).map(
    ({ function: { name, arguments: args } }) => `${name} ${compact(args)}`,
  );
  const written = jsonIn(textOf(message)).flatMap((value) => {
    const actions = (value as { calls?: unknown[] }).calls ?? [value];
    return (actions as { tool?: string; args?: unknown; inputs?: unknown }[]).map(
      ({ tool, args, inputs }) => `${tool} ${JSON.stringify(args ?? inputs ?? {})}`,
    );
  });
  return [...native, ...written].join('\n');
}

const compact = (json: string) => {
  try {
    return JSON.stringify(JSON.parse(json));
  } catch {
    return json;
  }
};

/** Each `call NAME` with the JSON objects after it, one call for each. */
function callsIn(text: string): { name: string; args: unknown }[] {
  const starts = [...text.matchAll(/\bcall (?:the tool )?["'`]?([a-z_][\w-]*)["'`]?/gi)];
  return starts.flatMap((start, index) => {
    const values = jsonIn(text.slice(start.index + start[0].length, starts[index + 1]?.index));
    return values.map((args) => ({ name: start[1]!, args }));
  });
}

function jsonIn(text: string): unknown[] {
  const found: unknown[] = [];
  for (let at = text.indexOf('{'); at >= 0; at = text.indexOf('{', at)) {
    let end = text.indexOf('}', at);
    for (; end >= 0; end = text.indexOf('}', end + 1)) {
      try {
        found.push(JSON.parse(text.slice(at, end + 1)));
        break;
      } catch {
        // it ends further on
      }
    }
    at = end < 0 ? at + 1 : end + 1;
  }
  return found;
}
