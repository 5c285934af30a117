// What a list says of a run without reading its events.
import type { RunState, RunStatus } from '#shared/run.ts';

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
  endedAt: Date | null;
};

export function summaryOf(id: string, state: RunState): RunSummaryRow {
  const { status, reason, answer, spent, taint, endedAt } = state;
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
    endedAt: endedAt === null ? null : new Date(endedAt),
  };
}

const callsOf = (state: RunState) => state.items.flatMap((item) => (item.kind === 'step' ? item.calls : []));

/** Calls that wait for a person. */
export const waitingCalls = (state: RunState) => callsOf(state).filter(({ status }) => status === 'asked');

export const callOf = (state: RunState, id: string) => callsOf(state).findLast((call) => call.id === id) ?? null;
