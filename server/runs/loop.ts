// The loop: a definition and a goal become messages, a model answers, its calls are done, their results go back, until it is done,
// stopped or has used what it may. Its only output is events, and they are all it remembers: what a model reads is made from the state
// that the reducer makes (RU2), so a run that was interrupted goes on by calling this function again.
import type { Actor } from '#shared/permissions.ts';
import type { Outcome, RunHead, RunState } from '#shared/run.ts';
import { hideSecrets } from '#shared/secrets.ts';
import type { Clock } from '../platform/clock.ts';
import { ModelFailure, type ChatMessage, type Model } from '../platform/model.ts';
import type { Budget } from './budget.ts';
import { doCalls, Interrupted, reachOf, sayCalls, tellTaint, type CallSurroundings } from './calls.ts';
import {
  compactable,
  cutResults,
  planOf,
  recordOf,
  summaryMessage,
  summaryRequest,
  type Compacted,
} from './compaction.ts';
import { countTokens, messagesOf } from './messages.ts';
import { systemPrompt, type LoopDefinition, type PromptSkill } from './prompt.ts';
import type { Spill } from './results.ts';
import { noTaint, type Taint } from './taint.ts';
import { openTelling, type Telling } from './telling.ts';
import { readTurn, type TurnAnswer } from './turn.ts';
import type { Emit, People, Tool } from './types.ts';

export { Interrupted } from './calls.ts';

export type LoopEnd = { outcome: Outcome; reason: string; answer: string };

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
  /** The person of the run, with its rights as they are now (RU4). */
  actor: Actor;
  /** Of this run so far, when it is resumed: calls without a result are seen to first. */
  past?: RunState | null;
  /** The steps of the run from which this one was branched, up to the one where it begins. */
  branch?: RunState | null;
  skills?: PromptSkill[];
  facts?: string[];
  /** A child gets its parent's: what one reads, the other may carry out. */
  taint?: Taint;
  spill?: Spill;
  failed?: (error: unknown) => void;
  /** Milliseconds of silence after which a model is given up. */
  patience?: number;
};

/** Room that a prompt leaves for the answer, as a share of the context. */
const answerShare = 0.2;
/** Answers without words or calls, or cut off, before the run gives up. */
const patienceWithAnswers = 2;

class TimeUp extends Error {}

/**
 * Writes the events between `started` and `ended`; the caller writes those two. Rejects only when an event cannot be made durable: then
 * the run is interrupted where it is.
 */
export async function runLoop(input: LoopInput): Promise<LoopEnd> {
  const { head, budget, emit, signal, clock, past = null, branch = null, model } = input;
  const telling = openTelling({ emit, past });
  const tools = new Map(input.tools.map((tool) => [tool.name, tool]));
  const taint = input.taint ?? noTaint();
  remember({ taint, past, branch, tools, head, conversation: input.messages });
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
    signal: AbortSignal.any([signal, time.signal]),
    spill: input.spill ?? (async () => null),
    longestResult: Math.max(2000, Math.min(16_000, Math.floor(model.contextSize ?? Infinity))),
    failed: input.failed ?? (() => undefined),
  };
  const conversation = openConversation({ input, around, tools });
  let end: LoopEnd;
  try {
    end = await goOn({ input, around, conversation });
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

type Going = { input: LoopInput; around: CallSurroundings; conversation: Conversation };

async function goOn({ input, around, conversation }: Going): Promise<LoopEnd> {
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
    if (end) return failed(end);
  }

  for (;;) {
    signal.throwIfAborted();
    await steer(input, telling);
    const full = budget.takeStep();
    if (full) return failed(full);
    void telling.tell({ type: 'turn', step: ++step, model: input.model.name, strategy: input.model.strategy });
    const answer = await conversation.turn(step);
    if (typeof answer === 'string' || answer.calls.length === 0) await telling.settled();
    if (typeof answer === 'string') return failed(answer);

    const { text, calls, end } = answer;
    if (calls.length > 0) {
      poor = 0;
      await sayCalls({ calls, step, cut: end === 'length', around });
      const done = await doCalls(around);
      if (done.end) return failed(done.end);
      if (done.limited && limits++ > 0) return failed(done.limited);
      continue;
    }
    if (end === 'refusal') return failed('The model refused to go on.');
    if (end !== 'length' && text.trim() !== '') {
      if (await steer(input, telling)) continue;
      return { outcome: 'done', reason: 'It answered.', answer: lastAnswer(telling.state) };
    }
    if (++poor > patienceWithAnswers)
      return failed(end === 'length' ? 'Its answer was cut off again and again.' : 'The model gave no answer.');
  }
}

type Conversation = ReturnType<typeof openConversation>;

/** What is said to the model, and how it is made to fit. */
function openConversation({
  input,
  around,
  tools,
}: {
  input: LoopInput;
  around: CallSurroundings;
  tools: Map<string, Tool>;
}) {
  const { head, model, branch, patience = 120_000 } = input;
  const { telling, budget, signal } = around;
  const system: ChatMessage = {
    role: 'system',
    content: systemPrompt({
      definition: input.definition,
      head,
      tools: input.tools,
      skills: input.skills ?? [],
      facts: input.facts ?? [],
    }),
  };
  const specs = input.tools.map(({ name, description, parameters }) => ({ name, description, parameters }));
  const overhead = Math.ceil(JSON.stringify(specs).length / 3.5);
  const before = input.messages.map((message): ChatMessage => ({ ...message, content: hideSecrets(message.content) }));
  const goal: ChatMessage = { role: 'user', content: hideSecrets(head.goal) };
  const replayed = branch ? messagesOf(branch.items) : [];
  const usedIds = new Set([...callIds(branch ?? null), ...callIds(input.past ?? null)]);
  const room = model.contextSize === null ? Infinity : Math.floor(model.contextSize * (1 - answerShare)) - overhead;
  let compacted: Compacted | null = null;
  let compactedAt = -1;

  /** Without the turn that is about to be taken. */
  const itemsBefore = (step: number) =>
    telling.state.items.filter((item) => !(item.kind === 'step' && item.step === step));

  function messages(step: number): ChatMessage[] {
    const items = itemsBefore(step);
    const start = compacted
      ? [summaryMessage({ summary: compacted.summary, plan: planOf(items.slice(0, compacted.upto)) })]
      : [];
    const last: ChatMessage[] =
      budget.stepsLeft() === 0
        ? [{ role: 'user', content: 'This is the last step that you have. Finish now, and say what is left undone.' }]
        : [];
    return [
      system,
      ...(compacted ? [] : before),
      goal,
      ...(compacted ? [] : replayed),
      ...start,
      ...messagesOf(items.slice(compacted?.upto ?? 0)),
      ...last,
    ];
  }

  async function ask({
    said,
    step,
    withTools,
    to,
  }: {
    said: ChatMessage[];
    step: number;
    withTools: boolean;
    to: Telling;
  }): Promise<TurnAnswer | string> {
    const guess = countTokens(said) + (withTools ? overhead : 0);
    const reserved = budget.reserveTurn({ input: guess, price: model.price });
    if (typeof reserved === 'string') return reserved;
    let [money, spent]: [number | null, { input: number; output: number } | null] = [null, null];
    const began = performance.now();
    const note = (usage: { input: number; output: number }) => {
      spent = usage;
      money = reserved.settle(usage);
    };
    const { maxTokens } = reserved;
    try {
      return await readTurn({
        model,
        messages: said,
        tools: withTools ? specs : [],
        maxTokens,
        signal,
        step,
        telling: to,
        input: guess,
        used: usedIds,
        patience,
        spent: note,
      });
    } finally {
      if (spent === null)
        reserved.settle({ input: 0, output: 0 }); // nothing came: nothing was billed
      else
        void telling.tell({
          type: 'usage',
          step,
          ...(spent as { input: number; output: number }),
          money,
          ms: Math.round(performance.now() - began),
        });
    }
  }

  /** Once for each time that it is too long. False: there is nothing to shorten, or it was done a moment ago. */
  async function compact(step: number): Promise<boolean> {
    const steps = itemsBefore(step);
    const upto = compactable(steps, compacted?.upto ?? 0);
    if (compactedAt === step || (upto === null && before.length + replayed.length === 0)) return false;
    compactedAt = step;
    const end = upto ?? compacted?.upto ?? 0;
    const record = recordOf({
      items: steps.slice(compacted?.upto ?? 0, end),
      before: compacted ? [] : [...before, ...replayed],
      earlier: compacted?.summary ?? null,
      most: Math.min(24_000, Math.floor((model.contextSize ?? 16_000) / 2)),
    });
    const said: ChatMessage[] = [
      { role: 'system', content: summaryRequest },
      { role: 'user', content: `The goal:\n${goal.content}\n\nThe record:\n${record}` },
    ];
    const silent: Telling = {
      ...telling,
      state: telling.state,
      stream: () => ({ add: () => undefined, end: () => undefined }),
    };
    const answer = await ask({ said, step, withTools: false, to: silent }).catch((error: unknown) => {
      if (!(error instanceof ModelFailure)) throw error;
      return error.message;
    });
    const summary =
      typeof answer === 'string' || answer.text.trim() === '' ? record.slice(0, 6000) : hideSecrets(answer.text.trim());
    compacted = { upto: end, summary };
    await telling.tell({
      type: 'notice',
      level: 'info',
      text: 'It became too long for the model: what happened before was summarised.',
    });
    return true;
  }

  return {
    /** A string: why it cannot go on. */
    async turn(step: number): Promise<TurnAnswer | string> {
      let said = messages(step);
      if (countTokens(said) > room && (await compact(step))) said = messages(step);
      if (countTokens(said) > room) said = cutResults(said, room);
      try {
        return await ask({ said, step, withTools: tools.size > 0, to: telling });
      } catch (error) {
        if (!(error instanceof ModelFailure) || error.kind !== 'context') throw error;
        await compact(step);
        const shorter = cutResults(messages(step), Math.floor(countTokens(said) / 2));
        return ask({ said: shorter, step, withTools: tools.size > 0, to: telling });
      }
    },
  };
}

async function steer({ people }: LoopInput, telling: Telling): Promise<boolean> {
  const words = people.steering();
  for (const { by, text } of words) await telling.tell({ type: 'steer', by, text });
  return words.length > 0;
}

/** What the past let in and out, as far as its calls tell. */
function remember({
  taint,
  past,
  branch,
  tools,
  head,
  conversation,
}: {
  taint: Taint;
  past: RunState | null;
  branch: RunState | null;
  tools: Map<string, Tool>;
  head: RunHead;
  conversation: ChatMessage[];
}): void {
  if (conversation.length > 0) taint.private = true;
  for (const state of [past, branch]) {
    for (const source of state?.taint ?? []) if (!taint.sources.includes(source)) taint.sources.push(source);
    for (const item of state?.items ?? []) {
      for (const call of item.kind === 'step' ? item.calls : []) {
        const tool = tools.get(call.tool);
        if (!['ok', 'failed', 'acting'].includes(call.status) || typeof call.args !== 'object' || call.args === null)
          continue;
        const reach = tool
          ? reachOf(tool, call.args as Record<string, unknown>, head)
          : { private: true, outside: true };
        taint.private ||= reach.private === true || call.children.length > 0;
        taint.outside ||= reach.outside === true;
      }
    }
  }
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

function whyEnded({
  error,
  signal,
  budget,
}: {
  error: unknown;
  signal: AbortSignal;
  budget: Budget;
}): Omit<LoopEnd, 'answer'> {
  if (signal.reason instanceof Interrupted) return { outcome: 'failed', reason: 'interrupted' };
  if (signal.aborted) {
    const reason = typeof signal.reason === 'string' ? signal.reason : 'It was stopped.';
    return { outcome: 'stopped', reason };
  }
  if (budget.timeLeft() <= 0) return { outcome: 'failed', reason: `It has used its ${budget.limits.minutes} minutes.` };
  return { outcome: 'failed', reason: failureWords(error as ModelFailure) };
}

function failureWords({ kind, message, retryAfter }: ModelFailure): string {
  switch (kind) {
    case 'context':
      return 'The words do not fit into the model, even shortened.';
    case 'rate-limited':
      return `The provider asks to slow down${retryAfter ? `; try again in ${retryAfter} s` : ''}.`;
    case 'unauthenticated':
      return 'The provider does not accept the key. Look at the models of the settings.';
    case 'refused':
      return `The provider refused: ${message}`;
    case 'unavailable':
      return `The model cannot be reached: ${message}`;
    case 'broken':
      return `The answer of the model cannot be used: ${message}`;
  }
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
const callIds = (state: RunState | null): string[] =>
  (state?.items ?? []).flatMap((item) => (item.kind === 'step' ? item.calls.map(({ id }) => id) : []));
const lastStepOf = (state: RunState): number =>
  Math.max(0, ...state.items.map((item) => (item.kind === 'step' ? item.step : 0)));

/** The last answer with what it continues, when it was cut off and went on. */
function lastAnswer(state: RunState): string {
  let answer = '';
  for (const item of [...state.items].reverse()) {
    if (item.kind === 'notice') continue;
    if (item.kind !== 'step' || item.calls.length > 0) break;
    answer = item.text + answer;
  }
  return answer.trim();
}

const lastWords = (state: RunState): string => {
  const step = state.items.findLast((item) => item.kind === 'step' && item.text.trim() !== '');
  return step?.kind === 'step' ? step.text.trim() : '';
};
