// For tests of the loop: a model that says what it is told to, people who answer, events in memory.
import type { RunAct, RunEvent, RunHead } from '#shared/run.ts';
import { readRun } from '#shared/run.ts';
import type { Face } from '#shared/live.ts';
import type { Actor } from '#shared/permissions.ts';
import { ModelFailure, type ChatMessage, type Model, type ModelAsk, type ModelPart } from '../platform/model.ts';
import { createBudget, defaultLimits } from './budget.ts';
import { runLoop, type LoopInput } from './loop.ts';
import type { People, Tool } from './types.ts';

export const ada: Face = { id: '00000000-0000-4000-8000-000000000001', login: 'ada', name: 'Ada', colour: 1 };
export const adaActor: Actor = {
  personId: ada.id,
  login: 'ada',
  isAdmin: false,
  scopes: null,
  onlyVolume: null,
  sessionId: null,
  tokenId: null,
};

export const headOf = (head: Partial<RunHead> = {}): RunHead => ({
  id: 'run-1',
  volume: 'team/lab',
  goal: 'Find out how warm it was.',
  agent: null,
  by: ada,
  model: 'fake/one',
  conversation: null,
  private: false,
  parent: null,
  branchOf: null,
  depth: 0,
  limits: defaultLimits,
  versions: {},
  ...head,
});

/** What a model says in one turn: its words, its calls, or its parts one by one. A failure is thrown where it stands. */
export type Say =
  string | { calls: [name: string, args: unknown, id?: string][]; text?: string } | (ModelPart | Error)[];

export const partsOf = (say: Say): (ModelPart | Error)[] => {
  if (Array.isArray(say)) return say;
  const usage: ModelPart = { type: 'usage', input: 100, output: 20 };
  if (typeof say === 'string') return [{ type: 'text', text: say }, usage, { type: 'end', reason: 'stop' }];
  const calls = say.calls.map(([name, args, id], index): ModelPart => ({
    type: 'call',
    index,
    id: id ?? null,
    name,
    args: typeof args === 'string' ? args : JSON.stringify(args),
  }));
  return [
    ...(say.text ? [{ type: 'text', text: say.text } as const] : []),
    ...calls,
    usage,
    { type: 'end', reason: 'calls' },
  ];
};

export type FakeModel = Model & { asked: ModelAsk[] };

/** Past the end of the script it says `otherwise`, or fails. A function sees the messages first. */
export function scriptedModel(
  script: (Say | ((messages: ChatMessage[]) => Say))[],
  { otherwise, ...model }: Partial<Model> & { otherwise?: Say | (() => Say) } = {},
): FakeModel {
  const asked: ModelAsk[] = [];
  return {
    name: 'fake/one',
    strategy: 'native',
    contextSize: null,
    price: null,
    ...model,
    asked,
    async *ask(ask) {
      asked.push({ ...ask, messages: structuredClone(ask.messages) });
      const next = script.shift() ?? otherwise;
      if (next === undefined) throw new ModelFailure('broken', 'the script is over');
      for (const part of partsOf(typeof next === 'function' ? next(ask.messages) : next)) {
        if (part instanceof Error) throw part;
        yield part;
      }
    },
  };
}

export const noPeople: People = {
  approve: async () => ({ verdict: 'refused', by: ada }),
  answer: async () => ({ by: ada, text: 'yes' }),
  steering: () => [],
};

export const toolOf = (tool: Partial<Tool> & { name: string }): Tool => ({
  description: `Does ${tool.name}.`,
  parameters: { type: 'object' },
  effect: 'read',
  act: async () => ({ ok: true, text: `${tool.name} done` }),
  ...tool,
});

/** Runs it to its end and gives what came of it. */
export async function play(given: Partial<LoopInput> & { model: Model }) {
  const acts: RunEvent[] = [];
  const clock = given.clock ?? { now: () => Date.now() };
  const head = given.head ?? headOf();
  let seq = given.past?.seq ?? 0;
  const emit = async (act: RunAct) => {
    const event: RunEvent = { ...structuredClone(act), seq: ++seq, at: new Date(clock.now()).toISOString() };
    acts.push(event);
    await new Promise(setImmediate); // it takes a while until it is durable
    return event;
  };
  const end = await runLoop({
    head,
    definition: { name: 'Tester', body: 'You test.' },
    messages: [],
    tools: [],
    budget: createBudget({ limits: head.limits, clock }),
    people: noPeople,
    emit,
    signal: new AbortController().signal,
    clock,
    actor: adaActor,
    failed: (error) => {
      throw error;
    },
    ...given,
  });
  const started: RunEvent = { type: 'started', head, seq: 0.5, at: new Date(clock.now()).toISOString() };
  return {
    end,
    events: acts,
    state: given.past ? acts.reduce((state) => state, given.past) : readRun([started, ...acts]),
    of: <T extends RunAct['type']>(type: T) =>
      acts.filter((event) => event.type === type) as (RunEvent & { type: T })[],
  };
}
