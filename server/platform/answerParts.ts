// From the frames of a stream to the parts of an answer: words, thoughts, calls, what it cost and why it ended, in one order, whatever
// the provider leaves out or repeats.
import type OpenAI from 'openai';
import { createCallPieces } from './callPieces.ts';
import { ModelFailure, type ModelPart } from './model.ts';
import { beginningAtEnd, type TextGate } from './textGate.ts';

type Reader = { push(text: string): ModelPart[]; end(): ModelPart[] };
type Delta = OpenAI.Chat.ChatCompletionChunk.Choice.Delta & { reasoning?: unknown; reasoning_content?: unknown };

/** `sent`: characters of the request, to estimate what it cost when the provider does not say. */
export async function* partsOf({
  stream,
  reader,
  gate,
  sent,
}: {
  stream: AsyncIterable<OpenAI.Chat.ChatCompletionChunk>;
  reader: Reader | null;
  gate: () => TextGate;
  sent: number;
}): AsyncGenerator<ModelPart> {
  const [words, thoughts, args] = [gate(), gate(), new Map<number, TextGate>()];
  const pieces = createCallPieces();
  const tags = createThinkingTags();
  let [finish, usage, frames, received, calls] = ['', null as OpenAI.CompletionUsage | null, 0, 0, 0];
  let refused = false;

  const read = (text: string): ModelPart[] =>
    text === ''
      ? []
      : tags.push(text).flatMap((part) => (part.type === 'text' && reader ? reader.push(part.text) : [part]));

  for await (const chunk of stream) {
    frames++;
    if (chunk.usage) usage = chunk.usage;
    const choice = chunk.choices?.[0];
    if (!choice) continue;
    if (choice.finish_reason) finish = choice.finish_reason;
    const delta: Partial<Delta> = choice.delta ?? {};
    const thinking = delta.reasoning_content ?? delta.reasoning;
    if (typeof thinking === 'string' && thinking) {
      received += thinking.length;
      const text = thoughts.push(thinking);
      if (text) yield { type: 'thinking', text };
    }
    if (typeof delta.refusal === 'string' && delta.refusal) refused = true;
    const said = (typeof delta.content === 'string' ? delta.content : '') + (delta.refusal ?? '');
    received += said.length;
    for (const part of read(words.push(said))) {
      if (part.type === 'call') calls++;
      yield part;
    }
    for (const piece of delta.tool_calls ?? []) {
      const { index, args: text, ...named } = pieces.read(piece);
      received += text.length;
      if (!args.has(index)) args.set(index, gate());
      yield { type: 'call', index, ...named, args: args.get(index)!.push(text) };
    }
  }
  if (frames === 0) throw new ModelFailure('broken', 'The provider answered without a stream. Is its base URL right?');

  const thought = thoughts.flush();
  if (thought) yield { type: 'thinking', text: thought };
  const rest = [
    ...read(words.flush()),
    ...tags.end().flatMap((part) => (reader && part.type === 'text' ? reader.push(part.text) : [part])),
  ];
  for (const part of [...rest, ...(reader?.end() ?? [])]) {
    if (part.type === 'call') calls++;
    yield part;
  }
  for (const [index, held] of args) {
    const text = held.flush();
    if (text) yield { type: 'call', index, id: null, name: null, args: text };
  }
  yield usage
    ? { type: 'usage', input: usage.prompt_tokens ?? 0, output: usage.completion_tokens ?? 0 }
    : { type: 'usage', input: Math.ceil(sent / 4), output: Math.ceil(received / 4), estimated: true };
  const called = calls + pieces.count() > 0;
  yield { type: 'end', reason: refused ? 'refusal' : reasonOf(finish, called) };
}

function reasonOf(finish: string, called: boolean): Extract<ModelPart, { type: 'end' }>['reason'] {
  if (finish === 'length' || finish === 'max_tokens') return 'length';
  if (finish === 'content_filter') return 'refusal';
  return called ? 'calls' : 'stop';
}

/** Some models think aloud between `<think>` and `</think>` before they answer. */
function createThinkingTags(): { push(text: string): ModelPart[]; end(): ModelPart[] } {
  let state: 'start' | 'thinking' | 'answer' = 'start';
  let held = '';
  const [open, close] = ['<think>', '</think>'];
  const drain = (isEnd: boolean): ModelPart[] => {
    const parts: ModelPart[] = [];
    if (state === 'start') {
      const begun = held.trimStart();
      if (!isEnd && open.startsWith(begun)) return [];
      state = begun.startsWith(open) ? 'thinking' : 'answer';
      if (state === 'thinking') held = begun.slice(open.length);
    }
    if (state === 'thinking') {
      const end = held.indexOf(close);
      const safe = end >= 0 ? end : held.length - (isEnd ? 0 : beginningAtEnd(held, close));
      if (safe > 0) parts.push({ type: 'thinking', text: held.slice(0, safe) });
      held = held.slice(safe);
      if (end < 0) return parts;
      held = held.slice(close.length);
      state = 'answer';
    }
    if (held) parts.push({ type: 'text', text: held });
    held = '';
    return parts;
  };
  return {
    push(text) {
      if (state === 'answer') return [{ type: 'text', text }];
      held += text;
      return drain(false);
    },
    end: () => drain(true),
  };
}
