// What a list says of a run without reading its events.
import type { RunState, RunStatus, Said } from '#shared/run.ts';
import type { Used } from './figures.ts';

export type RunSummaryRow = {
  id: string;
  status: RunStatus;
  reason: string | null;
  answer: string | null;
  steps: number;
  calls: number;
  tokens: number;
  money: number | null;
  waiting: number;
  tainted: boolean;
  said: Said[];
  endedAt: Date | null;
  /** Null while it goes. */
  used: Used | null;
};

export function summaryOf(id: string, state: RunState): RunSummaryRow {
  const { status, reason, answer, spent, taint, unheard, endedAt } = state;
  return {
    id,
    status,
    reason,
    answer,
    steps: spent.steps,
    calls: spent.calls,
    tokens: spent.input + spent.output,
    money: spent.money,
    waiting: waitingCalls(state).length,
    tainted: taint.length > 0,
    said: unheard,
    endedAt: endedAt === null ? null : new Date(endedAt),
    used: endedAt === null ? null : usedBy(state),
  };
}

const callsOf = (state: RunState) => state.items.flatMap((item) => (item.kind === 'step' ? item.calls : []));

/** Calls that wait for a person. */
export const waitingCalls = (state: RunState) => callsOf(state).filter(({ status }) => status === 'asked');

export const callOf = (state: RunState, id: string) => callsOf(state).findLast((call) => call.id === id) ?? null;

/** Skills that it was given or read, and how often it called each tool. */
function usedBy(state: RunState): Used {
  const calls = callsOf(state);
  const read = calls
    .filter(({ tool, status }) => tool === 'use_skill' && status === 'ok')
    .flatMap(({ parts }) => parts.flatMap((part) => (part.kind === 'file' ? [part] : [])));
  const places = new Map(
    [...state.skills, ...read].map(({ volume, path }) => [`${volume}: ${path}`, { volume, path }]),
  );
  const tools: Used['tools'] = {};
  for (const { tool, status } of calls) {
    if (status !== 'ok' && status !== 'failed') continue; // refused or never done: nobody's fault
    const count = (tools[tool] ??= { ok: 0, failed: 0 });
    count[status]++;
  }
  return { skills: [...places.values()], tools };
}
