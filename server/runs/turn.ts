// One turn of a model, read as it streams: words go out at once, calls when they are whole. What a provider does wrong is thrown as
// `ModelFailure`; a stream that hangs, or does not hear that it should stop, is left alone.
import { ModelFailure, type ChatMessage, type Model, type ModelPart, type ToolSpec } from '../platform/model.ts';
import { CallPieces, type WrittenCall } from './callPieces.ts';
import type { Telling } from './telling.ts';

export type TurnAnswer = {
  text: string;
  calls: WrittenCall[];
  end: 'stop' | 'calls' | 'length' | 'refusal';
  usage: { input: number; output: number };
  ms: number;
};

/** Characters of one answer, thoughts included. */
const longestAnswer = 2 * 1024 * 1024;

/**
 * `input`: what the prompt is guessed to cost, for a provider that does not say. `patience`: ms of silence. `used`: call ids so far.
 * Throws ModelFailure, or the reason of the signal. `spent` hears what was received, also when it throws.
 */
export async function readTurn({
  model,
  messages,
  tools,
  maxTokens,
  signal,
  step,
  telling,
  input,
  used,
  patience,
  spent,
}: {
  model: Model;
  messages: ChatMessage[];
  tools: ToolSpec[];
  maxTokens: number | undefined;
  signal: AbortSignal;
  step: number;
  telling: Telling;
  input: number;
  used: Set<string>;
  patience: number;
  spent: (usage: { input: number; output: number }) => void;
}): Promise<TurnAnswer> {
  const began = performance.now();
  const said = telling.stream((text) => ({ type: 'text', step, text }), { hide: true });
  const thought = telling.stream((text) => ({ type: 'thinking', step, text }), { hide: true });
  const pieces = new CallPieces();
  const silence = new AbortController();
  const asked = AbortSignal.any([signal, silence.signal]);
  let [text, size, bytes] = ['', 0, 0];
  let usage: { input: number; output: number } | null = null;
  let end: TurnAnswer['end'] | null = null;
  let heard = false;
  const guess = () => ({ input, output: Math.ceil(bytes / 3.5) });
  try {
    signal.throwIfAborted();
    const ask = { messages, tools, signal: asked, ...(maxTokens === undefined ? {} : { maxTokens }) };
    for await (const part of withPatience(model.ask(ask), { signal, patience })) {
      heard = true;
      if (part.type === 'usage') usage = { input: part.input, output: part.output };
      else if (part.type === 'end') end = part.reason;
      else {
        const piece = part.type === 'call' ? part.args : part.text;
        size += piece.length;
        bytes += Buffer.byteLength(piece);
        if (size > longestAnswer) throw new ModelFailure('broken', 'The model would not stop writing.');
        if (part.type === 'call') pieces.add(part);
        else if (part.type === 'thinking') thought.add(part.text);
        else {
          text += part.text;
          said.add(part.text);
        }
      }
    }
    if (end === null && !heard) throw new ModelFailure('broken', 'The model sent nothing.');
    if (end === null) throw new ModelFailure('broken', 'The answer of the model broke off.');
  } catch (error) {
    if (usage || heard) spent(usage ?? guess());
    throw error;
  } finally {
    silence.abort();
    thought.end();
    said.end();
  }
  const cost = usage ?? guess();
  spent(cost);
  const calls = pieces.whole({ step, used });
  return { text, calls, end, usage: cost, ms: Math.round(performance.now() - began) };
}

/** The parts as they come, unless nothing comes for too long or the signal says stop: then it throws, whatever the source does. */
async function* withPatience(
  parts: AsyncIterable<ModelPart>,
  { signal, patience }: { signal: AbortSignal; patience: number },
): AsyncGenerator<ModelPart> {
  const iterator = parts[Symbol.asyncIterator]();
  let over: { error: unknown } | null = null;
  let stop: (error: unknown) => void = () => undefined;
  const end = (error: unknown) => {
    over = { error };
    stop(error);
  };
  const onAbort = () => end(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  const silence = `The model said nothing for ${Math.round(patience / 1000)} s.`;
  const timer = setTimeout(() => end(new ModelFailure('unavailable', silence)), patience);
  try {
    for (;;) {
      if (over) throw (over as { error: unknown }).error;
      timer.refresh();
      const { done, value } = await new Promise<IteratorResult<ModelPart>>((resolve, reject) => {
        stop = reject;
        iterator.next().then(resolve, reject);
      });
      if (done) return;
      yield value;
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    void Promise.resolve(iterator.return?.()).catch(() => undefined); // may hang with the source
  }
}
