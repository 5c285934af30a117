// When the words of a run no longer fit into the model: what happened is told once more in few words, by the model itself. The goal, the
// plan and the last turn with its calls stay as they are. If the model cannot, long results are cut to their beginning and end.
import type { RunItem } from '#shared/run.ts';
import type { ChatMessage } from '../platform/model.ts';
import { countTokens, messagesOf } from './messages.ts';
import { shorten } from './results.ts';

/** Items before `upto` are told by `summary`. */
export type Compacted = { upto: number; summary: string };

export const summaryRequest = `You shorten the record of an agent's work so that it can go on. Write what a successor must know: what was asked, what was decided and why, what was found (with exact names, numbers and paths), what was changed, what failed, and what is left to do. No introduction. At most 600 words.`;

/** Where the summary may end: everything before the last step. Null: there is nothing before it. */
export function compactable(items: readonly RunItem[], from: number): number | null {
  const upto = items.findLastIndex((item) => item.kind === 'step');
  return upto > from ? upto : null;
}

/** The record to be shortened, itself short enough to be read. `most`: tokens. */
export function recordOf({
  items,
  before,
  earlier,
  most,
}: {
  items: readonly RunItem[];
  /** What was said before the goal. */
  before: readonly ChatMessage[];
  earlier: string | null;
  most: number;
}): string {
  const messages = [...before, ...messagesOf(items)];
  const each = Math.max(200, Math.floor((most * 3) / Math.max(1, messages.length)));
  const lines = messages.map((message) => {
    const calls = message.role === 'assistant' ? message.calls.map(({ name, args }) => `calls ${name} ${args}`) : [];
    return `[${message.role}] ${shorten([message.content, ...calls].filter(Boolean).join('\n'), each)}`;
  });
  return shorten([...(earlier ? [`[before] ${earlier}`] : []), ...lines].join('\n\n'), most * 3);
}

/** The last list of what is to be done that the agent wrote; it stays word for word. */
export function planOf(items: readonly RunItem[]): string | null {
  const plan = items.findLast((item) => item.kind === 'step' && isPlan(item.text));
  return plan?.kind === 'step' ? shorten(plan.text.trim(), 4000) : null;
}

const isPlan = (text: string): boolean =>
  /\b(plan|steps|todo|plano|schritte)\b/i.test(text) && (text.match(/^\s*(?:[-*]|\d+[.)])\s+\S/gm)?.length ?? 0) >= 2;

export function summaryMessage({ summary, plan }: { summary: string; plan: string | null }): ChatMessage {
  const pinned = plan === null || summary.includes(plan) ? '' : `\n\nThe plan, as you wrote it:\n${plan}`;
  return { role: 'user', content: `What has happened so far, shortened:\n${summary}${pinned}` };
}

/** Without a model: results, the longest first, are cut until everything fits. */
export function cutResults(messages: ChatMessage[], most: number): ChatMessage[] {
  let [cut, longest] = [messages, 8000];
  while (countTokens(cut) > most && longest >= 250) {
    cut = cut.map((message) =>
      message.role === 'tool' ? { ...message, content: shorten(message.content, longest) } : message,
    );
    longest = Math.floor(longest / 2);
  }
  return cut;
}
