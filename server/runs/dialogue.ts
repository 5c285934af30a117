// What is said to a model in the turns of one run, and how it is made to fit: the definition, what was said before, the goal, then what the
// events say was done. What becomes too long is summarised, then cut.
import { hideSecrets } from '#shared/secrets.ts';
import type { RunState } from '#shared/run.ts';
import { ModelFailure, type ChatMessage } from '../platform/model.ts';
import type { CallSurroundings } from './calls.ts';
import {
  compactable,
  cutResults,
  planOf,
  recordOf,
  summaryMessage,
  summaryRequest,
  type Compacted,
} from './compaction.ts';
import type { LoopInput } from './loop.ts';
import { countTokens, messagesOf } from './messages.ts';
import { systemPrompt } from './prompt.ts';
import type { Telling } from './telling.ts';
import { readTurn, type TurnAnswer } from './turn.ts';

/** Room that a prompt leaves for the answer, as a share of the context. */
const answerShare = 0.2;
export type Dialogue = ReturnType<typeof openDialogue>;

export function openDialogue({ input, around }: { input: LoopInput; around: CallSurroundings }) {
  const { head, model, patience = 120_000 } = input;
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
  const usedIds = new Set(callIds(input.past ?? null));
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
    if (compactedAt === step || (upto === null && before.length === 0)) return false;
    compactedAt = step;
    const end = upto ?? compacted?.upto ?? 0;
    const record = recordOf({
      items: steps.slice(compacted?.upto ?? 0, end),
      before: compacted ? [] : before,
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
        return await ask({ said, step, withTools: specs.length > 0, to: telling });
      } catch (error) {
        if (!(error instanceof ModelFailure) || error.kind !== 'context') throw error;
        await compact(step);
        const shorter = cutResults(messages(step), Math.floor(countTokens(said) / 2));
        return ask({ said: shorter, step, withTools: specs.length > 0, to: telling });
      }
    },
  };
}

const callIds = (state: RunState | null): string[] =>
  (state?.items ?? []).flatMap((item) => (item.kind === 'step' ? item.calls.map(({ id }) => id) : []));
