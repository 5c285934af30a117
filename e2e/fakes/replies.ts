// From a scripted reply to what goes over the wire. A call is written as this model can: natively, as JSON when a schema was asked for,
// or in fenced blocks; so one script serves every way to call.
import type { Asked } from './obedience.ts';

export type Abilities = {
  /** Off: it ignores `tools`, as many small servers do. */
  tools: boolean;
  parallel: boolean;
  schema: boolean;
  usage: boolean;
  /** In tokens of four characters; null: endless, and nowhere told. */
  contextSize: number | null;
};

export type ScriptedCall = { name: string; args: unknown; id?: string };

/** What is said, and what goes wrong with it. Numbers of `...After` and `hang` count frames. */
export type Reply = {
  text?: string;
  thinking?: string;
  /** How thinking is told: the two names of the field, or inside the text. */
  thinkingAs?: 'reasoning_content' | 'reasoning' | 'tags';
  calls?: ScriptedCall[];
  /** Characters of text or arguments in one frame; 8 unless told. */
  piece?: number;
  /** Bytes of one packet: 1 splits every character and every JSON value. */
  bytes?: number;
  paceMs?: number;
  waitMs?: number;
  /** Pieces of several calls take turns. */
  interleave?: boolean;
  /** With each piece, with the first, never; or the same id for all calls. */
  ids?: 'first' | 'each' | 'never' | 'same';
  names?: 'first' | 'each';
  /** Arguments as an object, not as text. */
  argsAsObject?: boolean;
  /** Every call under index 0, or under none. */
  indexes?: 'right' | 'zero' | 'none';
  /** The answer ends with `length` after this many characters of the last arguments, or of the text. */
  lengthAt?: number;
  finish?: string | null;
  usage?: { prompt_tokens: number; completion_tokens: number } | null;
  status?: number;
  headers?: Record<string, string>;
  error?: string;
  code?: string | number;
  errorAfter?: number;
  breakAfter?: number;
  hang?: 'at once' | number;
  overflow?: boolean;
  noDone?: boolean;
  /** Comment lines between the frames, as some send to keep the line open. */
  comments?: boolean;
  /** A frame that is no JSON. */
  garbage?: boolean;
};

type Parts = { asked: Asked; abilities: Abilities; reply: Reply };

export const sizeOf = ({ messages, tools }: Asked) =>
  Math.ceil((JSON.stringify(messages).length + JSON.stringify(tools ?? []).length) / 4);

const isForced = (asked: Asked) => asked.response_format?.type === 'json_schema';
const native = ({ asked, abilities }: Parts) => abilities.tools && (asked.tools?.length ?? 0) > 0;

/** What is said in words by this model, calls written into them when it has no other way. */
function wordsOf(parts: Parts): string {
  const { asked, abilities, reply } = parts;
  const { text = '', calls = [] } = reply;
  const written = calls.map(({ name, args }) => ({ tool: name, args }));
  if (isForced(asked) && abilities.schema && !native(parts)) return JSON.stringify({ say: text, calls: written });
  if (calls.length === 0 || native(parts)) return text;
  const blocks = written.map((call) => `\`\`\`tool\n${JSON.stringify({ tool: call.tool, inputs: call.args })}\n\`\`\``);
  return [text, ...blocks].filter(Boolean).join('\n\n');
}

function callsOf(parts: Parts): (Required<ScriptedCall> & { text: string; index: number })[] {
  if (!native(parts)) return [];
  const { reply, abilities } = parts;
  const calls = abilities.parallel ? (reply.calls ?? []) : (reply.calls ?? []).slice(0, 1);
  return calls.map(({ name, args, id }, index) => ({
    name,
    args,
    id: id ?? `call_${Math.random().toString(36).slice(2, 10)}`,
    text: typeof args === 'string' ? args : JSON.stringify(args),
    index,
  }));
}

const finishOf = ({ reply }: Parts, calls: unknown[]) =>
  reply.finish !== undefined
    ? reply.finish
    : reply.lengthAt !== undefined
      ? 'length'
      : calls.length > 0
        ? 'tool_calls'
        : 'stop';

const usageOf = ({ asked, reply }: Parts, written: number) =>
  reply.usage ?? { prompt_tokens: sizeOf(asked), completion_tokens: Math.ceil(written / 4) };

export function complete(parts: Parts): unknown {
  const calls = callsOf(parts);
  const words = wordsOf(parts);
  const tool_calls = calls.map(({ id, name, text }) => ({ id, type: 'function', function: { name, arguments: text } }));
  const message = { role: 'assistant', content: words || null, ...(calls.length > 0 && { tool_calls }) };
  return {
    ...headOf(parts.asked, 'chat.completion'),
    choices: [{ index: 0, message, finish_reason: finishOf(parts, calls) }],
    ...(parts.abilities.usage && { usage: usageOf(parts, words.length) }),
  };
}

const headOf = ({ model }: Asked, object: string) => ({
  id: 'chatcmpl-scripted',
  object,
  created: 1_800_000_000,
  model,
});

export function* framesOf(parts: Parts): Generator<string> {
  const { asked, abilities, reply } = parts;
  const frame = (choices: unknown[], more = {}) =>
    `${reply.comments ? ': PROCESSING\n\n' : ''}data: ${JSON.stringify({ ...headOf(asked, 'chat.completion.chunk'), choices, ...more })}\n\n`;
  const delta = (content: unknown, finish_reason: string | null = null) =>
    frame([{ index: 0, delta: content, finish_reason }]);
  const calls = callsOf(parts);
  const { thinking = '', thinkingAs = 'reasoning_content', piece = 8 } = reply;
  const cut = (text: string, isLast: boolean) =>
    isLast && reply.lengthAt !== undefined ? text.slice(0, reply.lengthAt) : text;
  const words = cut(wordsOf(parts), calls.length === 0);

  yield delta({ role: 'assistant', content: '' });
  if (reply.garbage) yield 'data: {"choices": [{"delta"\n\n';
  const said = thinking && thinkingAs === 'tags' ? `<think>${thinking}</think>${words}` : words;
  if (thinking && thinkingAs !== 'tags') for (const text of cutUp(thinking, piece)) yield delta({ [thinkingAs]: text });
  for (const text of cutUp(said, piece)) yield delta({ content: text });

  const streams = calls.map((call, at) => piecesOf(call, reply, cut(call.text, at === calls.length - 1)));
  const inTurn = reply.interleave ? taken(streams) : streams.flat();
  for (const tool_call of inTurn) yield delta({ tool_calls: [tool_call] });

  const finish = finishOf(parts, calls);
  if (finish !== null) yield delta({}, finish);
  const wanted = asked.stream_options?.include_usage && abilities.usage && reply.usage !== null;
  if (wanted)
    yield frame([], { usage: usageOf(parts, said.length + calls.reduce((sum, { text }) => sum + text.length, 0)) });
}

function piecesOf(
  call: { id: string; name: string; text: string; args: unknown; index: number },
  reply: Reply,
  text: string,
) {
  const { ids = 'first', names = 'first', indexes = 'right', piece = 8 } = reply;
  const texts = reply.argsAsObject ? [call.args] : cutUp(text, piece);
  return (texts.length > 0 ? texts : ['']).map((args, at) => ({
    ...(indexes !== 'none' && { index: indexes === 'zero' ? 0 : call.index }),
    ...((ids === 'each' || (ids === 'first' && at === 0)) && { id: call.id }),
    ...(ids === 'same' && at === 0 && { id: 'call_0' }),
    ...(at === 0 && { type: 'function' }),
    function: { ...((names === 'each' || at === 0) && { name: call.name }), arguments: args },
  }));
}

/** By characters, never inside one: splitting those is what `bytes` is for. */
function cutUp(text: string, size: number): string[] {
  const characters = [...text];
  return Array.from({ length: Math.ceil(characters.length / size) }, (_, at) =>
    characters.slice(at * size, (at + 1) * size).join(''),
  );
}

function taken<T>(streams: T[][]): T[] {
  const longest = Math.max(0, ...streams.map(({ length }) => length));
  return Array.from({ length: longest }, (_, at) =>
    streams.flatMap((stream) => (at < stream.length ? [stream[at]!] : [])),
  ).flat();
}
