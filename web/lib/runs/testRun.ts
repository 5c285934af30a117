// For tests only: events as the server tells them, and a server that answers from a table.
import type { FromBrowser, ToBrowser } from '#shared/live.ts';
import type { RunAct, RunEvent, RunHead } from '#shared/run.ts';
import type { Api } from '#lib/api.ts';

export const ada = { id: 'id-ada', login: 'ada', name: 'Ada Okafor', colour: 1 };
export const ben = { id: 'id-ben', login: 'ben', name: 'Ben', colour: 2 };

export const headOf = (id: string, more: Partial<RunHead> = {}): RunHead => ({
  id,
  volume: 'team/lab',
  goal: 'Find why it drifts',
  agent: { kind: 'agent', id: 'planner', name: 'Planner', volume: 'team/lab', path: 'agents/Planner.md', oid: null },
  by: ada,
  model: 'fake/scripted',
  conversation: null,
  private: false,
  parent: null,
  branchOf: null,
  depth: 0,
  limits: { iterations: 15, toolCalls: 50, minutes: 10, tokens: null, money: 1, depth: 3, fanOut: 8 },
  versions: {},
  ...more,
});

/** One event each second. */
export const eventsOf = (acts: RunAct[], from = 1): RunEvent[] =>
  acts.map((act, i) => ({ ...act, seq: from + i, at: new Date(Date.UTC(2026, 0, 1, 0, 0, from + i)).toISOString() }));

export const call = (step: number, id: string, tool = 'read_file', args: unknown = { path: 'a.md' }): RunAct => ({
  type: 'call',
  step,
  call: id,
  tool,
  args,
  effect: 'read',
});
export const turn = (step: number): RunAct => ({ type: 'turn', step, model: 'fake/scripted', strategy: 'native' });

export type Asked = { route: string; params: Record<string, string>; body?: unknown; query?: unknown };

export function testOutside(answers: Record<string, (input: Asked) => unknown>) {
  const asked: Asked[] = [];
  const said: FromBrowser[] = [];
  const listeners = new Set<(message: ToBrowser) => void>();
  const api = (async (route: string, input: Omit<Asked, 'route'>) => {
    const request = { ...input, route };
    asked.push(request);
    const answer = answers[route];
    if (!answer) throw new Error(`nobody answers ${route}`);
    return answer(request);
  }) as unknown as Api;
  return {
    asked,
    said,
    api,
    send: (message: FromBrowser) => void said.push(message),
    listen: (listener: (message: ToBrowser) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    hear: (message: ToBrowser) => [...listeners].forEach((listener) => listener(message)),
    listening: () => listeners.size,
  };
}
/** Lets what was promised come true. */
export const settle = () => new Promise((resolve) => setTimeout(resolve, 0));
