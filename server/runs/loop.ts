// The loop: a definition and a goal become messages, a model answers, its calls are done, their results go back, until it is done,
// stopped or has used what it may. Its only output is events, and they are all it remembers: what a model reads is made from the state
// that the reducer makes (RU2), so a run that was interrupted goes on by calling this function again.
import { kernelDefaults } from '#shared/kernelSettings.ts';
import type { Actor } from '#shared/permissions.ts';
import type { RunHead, RunState } from '#shared/run.ts';
import type { Clock } from '../platform/clock.ts';
import { ModelFailure, type ChatMessage, type Model } from '../platform/model.ts';
import type { Budget } from './budget.ts';
import { doCalls, sayCalls, tellTaint, type CallSurroundings } from './calls.ts';
import { openDialogue, type Dialogue } from './dialogue.ts';
import { Interrupted, lastAnswer, lastWords, whyEnded, type LoopEnd } from './endings.ts';
import type { LoopDefinition, PromptSkill } from './prompt.ts';
import type { Spill } from './results.ts';
import { hear, noTaint, rememberTaint, type Taint } from './taint.ts';
import { openTelling, type Telling } from './telling.ts';
import type { Emit, People, Tool } from './types.ts';

export type LoopInput = {
  head: RunHead;
  definition: LoopDefinition;
  /** What was said in the conversation before the goal. The goal itself is `head.goal`. */
  messages: ChatMessage[];
  model: Model;
  tools: Tool[];
  /** Shared with the children; `createBudget` for a run that nobody started but a person. */
  budget: Budget;
  people: People;
  emit: Emit;
  /** Abort it to stop the run, with a sentence as its reason; with `Interrupted` when the server stops: calls then stay open. */
  signal: AbortSignal;
  clock: Clock;
  /** How long an approval is waited for. */
  approvalMs?: number;
  /** The person of the run, with its rights as they are now (RU4). */
  actor: Actor;
  /** Of this run so far, when it is resumed: calls without a result are seen to first. */
  past?: RunState | null;
  skills?: PromptSkill[];
  facts?: string[];
  /** A child gets its parent's: what one reads, the other may carry out. */
  taint?: Taint;
  spill?: Spill;
  failed?: (error: unknown) => void;
  /** Milliseconds of silence after which a model is given up. */
  patience?: number;
};

/** Answers without words or calls, or cut off, before the run gives up. */
const patienceWithAnswers = 2;

class TimeUp extends Error {}

/**
 * Writes the events between `started` and `ended`; the caller writes those two. Rejects only when an event cannot be made durable: then
 * the run is interrupted where it is.
 */
export async function runLoop(input: LoopInput): Promise<LoopEnd> {
  const { head, budget, emit, signal, clock, past = null, model } = input;
  const telling = openTelling({ emit, past });
  const tools = new Map(input.tools.map((tool) => [tool.name, tool]));
  const taint = input.taint ?? noTaint();
  rememberTaint({ taint, past, tools, head, spoke: input.messages.length > 0 });
  const time = watchTime(budget);
  const around: CallSurroundings = {
    head,
    actor: input.actor,
    tools,
    budget,
    taint,
    people: input.people,
    telling,
    clock,
    approvalMs: input.approvalMs ?? kernelDefaults.approval_minutes! * 60_000,
    signal: AbortSignal.any([signal, time.signal]),
    spill: input.spill ?? (async () => null),
    longestResult: Math.max(2000, Math.min(16_000, Math.floor(model.contextSize ?? Infinity))),
    failed: input.failed ?? (() => undefined),
  };
  const dialogue = openDialogue({ input, around });
  let end: LoopEnd;
  try {
    end = await goOn({ input, around, dialogue });
  } catch (error) {
    if (!around.signal.aborted && !(error instanceof ModelFailure)) throw error;
    await telling.settled();
    end = { ...whyEnded({ error, signal, budget }), answer: lastWords(telling.state) };
  } finally {
    time.stop();
  }
  if (!(signal.reason instanceof Interrupted)) await closeCalls(telling);
  return end;
}

type Going = { input: LoopInput; around: CallSurroundings; dialogue: Dialogue };

async function goOn({ input, around, dialogue }: Going): Promise<LoopEnd> {
  const { telling, budget, signal } = around;
  const failed = (reason: string): LoopEnd => ({ outcome: 'failed', reason, answer: lastWords(telling.state) });
  let [step, poor, limits] = [lastStepOf(telling.state), 0, 0];

  await tellTaint(around);
  const used = input.skills ?? [];
  if (used.length > 0 && telling.state.skills.length === 0)
    await telling.tell({
      type: 'skills',
      used: used.map(({ name, volume, path, why }) => ({ name, volume, path, why })),
    });
  if (openCalls(telling.state).length > 0) {
    const { end } = await doCalls(around);
    await telling.settled();
    if (end) return failed(end);
  }

  for (;;) {
    signal.throwIfAborted();
    await steer(input, around);
    const full = budget.takeStep();
    if (full) return failed(full);
    void telling.tell({ type: 'turn', step: ++step, model: input.model.name, strategy: input.model.strategy });
    await telling.settled(); // the results of the turn before, too
    const answer = await dialogue.turn(step);
    if (typeof answer === 'string' || answer.calls.length === 0) await telling.settled();
    if (typeof answer === 'string') return failed(answer);

    const { text, calls, end } = answer;
    if (calls.length > 0) {
      poor = 0;
      await sayCalls({ calls, step, cut: end === 'length', around });
      const done = await doCalls(around);
      const isOver = done.end ?? (done.limited && limits++ > 0 ? done.limited : null);
      if (isOver === null) continue;
      await telling.settled();
      return failed(isOver);
    }
    if (end === 'refusal') return failed('The model refused to go on.');
    if (end !== 'length' && text.trim() !== '') {
      if (await steer(input, around)) continue;
      return { outcome: 'done', reason: 'It answered.', answer: lastAnswer(telling.state) };
    }
    if (++poor > patienceWithAnswers)
      return failed(end === 'length' ? 'Its answer was cut off again and again.' : 'The model gave no answer.');
  }
}

async function steer({ people }: LoopInput, { telling, taint, head }: CallSurroundings): Promise<boolean> {
  const words = people.steering();
  for (const { by, text } of words) {
    hear({ taint, by, head });
    await telling.tell({ type: 'steer', by, text });
  }
  return words.length > 0;
}

/** Aborts when the minutes are used. Time that people take does not count, so it looks again. */
function watchTime(budget: Budget): { signal: AbortSignal; stop(): void } {
  const over = new AbortController();
  let timer: ReturnType<typeof setTimeout>;
  const look = () => {
    const left = budget.timeLeft();
    if (left <= 0) over.abort(new TimeUp());
    else timer = setTimeout(look, Math.min(Math.max(left, 5), 2 ** 30));
  };
  look();
  return { signal: over.signal, stop: () => clearTimeout(timer) };
}

/** Whatever happened, no call is left without a result (RU3). */
async function closeCalls(telling: Telling): Promise<void> {
  for (const { id } of openCalls(telling.state))
    await telling.tell({
      type: 'result',
      call: id,
      ok: false,
      text: 'Not done: the run ended before.',
      parts: [],
      ms: 0,
    });
}

const openCalls = (state: RunState) =>
  state.items.flatMap((item) => (item.kind === 'step' ? item.calls.filter(({ result }) => result === null) : []));
const lastStepOf = (state: RunState): number =>
  Math.max(0, ...state.items.map((item) => (item.kind === 'step' ? item.step : 0)));
