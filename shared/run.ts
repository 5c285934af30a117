// A run is an append-only list of events: the live screen, the trace file, the audit and the bill are made from it by the one
// reducer below, the same on server and browser (RU2). Events carry no secret and no model's raw frame; times are ISO strings.
import type { Face } from './live.ts';

/** What a call may do to the world. Outside effects and destruction wait for a person (RU7). */
export type Effect = 'read' | 'write' | 'external' | 'destructive';
export type Outcome = 'done' | 'failed' | 'stopped';
export type Strategy = 'native' | 'schema' | 'fenced';

/** A definition as a run saw it: found again at exactly this version. */
export type DefinitionRef = {
  kind: string;
  id: string;
  name: string;
  volume: string;
  path: string;
  oid: string | null;
};

/** Hard ends of a run, shared with its sub-agents (RU6). `tokens` and `money` (US dollars) null: not limited. */
export type Limits = {
  iterations: number;
  toolCalls: number;
  minutes: number;
  tokens: number | null;
  money: number | null;
  depth: number;
  fanOut: number;
};

export type RunHead = {
  id: string;
  volume: string;
  goal: string;
  agent: DefinitionRef | null;
  by: Face;
  /** `provider/model` as resolved; null until a model was found. */
  model: string | null;
  conversation: string | null;
  /** Only its person sees it. */
  private: boolean;
  parent: { run: string; call: string } | null;
  branchOf: { run: string; step: number } | null;
  depth: number;
  limits: Limits;
  /** Volume name -> commit that it read when it started. */
  versions: Record<string, string>;
};

/** What a screen can show of a result beside its words. */
export type ResultPart =
  | { kind: 'plot'; mime: 'image/png' | 'image/svg+xml'; base64: string; title?: string }
  | { kind: 'table'; columns: string[]; rows: (string | number | boolean | null)[][]; more?: number }
  | {
      kind: 'file';
      volume: string;
      path: string;
      change: 'created' | 'edited' | 'read' | 'deleted';
      added?: number;
      removed?: number;
    }
  | { kind: 'run'; run: string; agent: string }
  | { kind: 'json'; value: unknown };

/** `left`: characters behind `text`. */
export type BoundFile = { path: string; text: string; left: number };

export type RunAct =
  | { type: 'started'; head: RunHead }
  /** A turn of the model begins; `step` counts from 1. */
  | { type: 'turn'; step: number; model: string; strategy: Strategy }
  | { type: 'text'; step: number; text: string }
  | { type: 'thinking'; step: number; text: string }
  /** A whole call, its arguments as they will be used. `repaired`: they were not valid as the model wrote them. */
  | { type: 'call'; step: number; call: string; tool: string; args: unknown; effect: Effect; repaired?: boolean }
  /**
   * `hash`: of tool, arguments and file; an approval is bound to it (RU7). `file`: what the arguments name, as it would be used, or the
   * beginning of it. `personOnly`: nobody but the run's person may approve it (RU8).
   */
  | {
      type: 'approval-asked';
      call: string;
      why: string;
      hash: string;
      file?: BoundFile;
      expiresAt: string;
      personOnly?: true;
    }
  | { type: 'approval'; call: string; verdict: 'approved' | 'refused' | 'expired'; by: Face | null; note?: string }
  | { type: 'question'; call: string; text: string; choices: string[] }
  | { type: 'answer'; call: string; by: Face; text: string }
  /** The call begins to act: after this line a crash means that it may have happened. */
  | { type: 'acting'; call: string }
  | { type: 'output'; call: string; text: string }
  | { type: 'result'; call: string; ok: boolean; text: string; parts: ResultPart[]; ms: number; untrusted?: boolean }
  | { type: 'child'; call: string; run: string; agent: string }
  | { type: 'usage'; step: number; input: number; output: number; money: number | null; ms: number }
  | { type: 'skills'; used: { name: string; volume: string; path: string; why: string }[] }
  /** A person's words, not read yet. */
  | { type: 'said'; by: Face; text: string }
  /** They are read: put before the next turn. */
  | { type: 'steer'; by: Face; text: string }
  | { type: 'taint'; source: string }
  | { type: 'notice'; level: 'info' | 'warning'; text: string }
  /** `limits`: which hold from now on. */
  | { type: 'resumed'; by: Face | null; limits?: Limits }
  | { type: 'trace'; volume: string; path: string; commits: string[] }
  | { type: 'ended'; outcome: Outcome; reason: string; answer: string };

export type RunEvent = RunAct & { seq: number; at: string };

export type CallState = {
  id: string;
  tool: string;
  args: unknown;
  effect: Effect;
  repaired: boolean;
  status: 'waiting' | 'asked' | 'acting' | 'ok' | 'failed' | 'refused';
  approval: {
    why: string;
    hash: string;
    file?: BoundFile;
    expiresAt: string;
    personOnly?: true;
    verdict: 'approved' | 'refused' | 'expired' | null;
    by: Face | null;
  } | null;
  question: { text: string; choices: string[]; answer: string | null; by: Face | null } | null;
  output: string;
  result: string | null;
  parts: ResultPart[];
  untrusted: boolean;
  children: string[];
  startedAt: string;
  ms: number | null;
};
export type StepState = {
  step: number;
  model: string;
  strategy: Strategy;
  text: string;
  thinking: string;
  calls: CallState[];
  startedAt: string;
};
export type RunItem =
  | ({ kind: 'step' } & StepState)
  | { kind: 'steer'; by: Face; text: string; at: string }
  | { kind: 'notice'; level: 'info' | 'warning'; text: string; at: string }
  | { kind: 'resumed'; by: Face | null; at: string };

export type Said = { by: Face; text: string };
export type RunStatus = 'running' | 'waiting' | Outcome;
export type RunState = {
  head: RunHead | null;
  /** Of the last event that went in. */
  seq: number;
  status: RunStatus;
  reason: string | null;
  answer: string | null;
  items: RunItem[];
  skills: { name: string; volume: string; path: string; why: string }[];
  taint: string[];
  /** What people said and no turn has read. */
  unheard: Said[];
  spent: { steps: number; calls: number; input: number; output: number; money: number | null };
  trace: { volume: string; path: string; commits: string[] } | null;
  startedAt: string | null;
  endedAt: string | null;
};

export const emptyRun = (): RunState => ({
  head: null,
  seq: 0,
  status: 'running',
  reason: null,
  answer: null,
  items: [],
  skills: [],
  taint: [],
  unheard: [],
  spent: { steps: 0, calls: 0, input: 0, output: 0, money: null },
  trace: null,
  startedAt: null,
  endedAt: null,
});

export const readRun = (events: Iterable<RunEvent>): RunState => {
  let state = emptyRun();
  for (const event of events) state = reduceRun(state, event);
  return state;
};

/** Pure: what it is given stays as it is. An event that came before changes nothing, so a reconnect may repeat some. */
export function reduceRun(state: RunState, event: RunEvent): RunState {
  if (event.seq <= state.seq) return state;
  const next = { ...state, seq: event.seq };
  switch (event.type) {
    case 'started':
      return { ...next, head: event.head, startedAt: event.at, status: 'running' };
    case 'turn': {
      const { step, model, strategy } = event;
      const item: RunItem = {
        kind: 'step',
        step,
        model,
        strategy,
        text: '',
        thinking: '',
        calls: [],
        startedAt: event.at,
      };
      return {
        ...next,
        status: 'running',
        items: [...state.items, item],
        spent: { ...state.spent, steps: state.spent.steps + 1 },
      };
    }
    case 'text':
      return inStep(next, event.step, (item) => ({ ...item, text: item.text + event.text }));
    case 'thinking':
      return inStep(next, event.step, (item) => ({ ...item, thinking: item.thinking + event.text }));
    case 'call': {
      const { call: id, tool, args, effect, repaired = false } = event;
      const made: CallState = {
        id, tool, args, effect, repaired, status: 'waiting', approval: null, question: null, output: '', result: null, parts: [],
        untrusted: false, children: [], startedAt: event.at, ms: null,
      }; // prettier-ignore
      const counted = { ...next, spent: { ...state.spent, calls: state.spent.calls + 1 } };
      return inStep(counted, event.step, (item) => ({ ...item, calls: [...item.calls, made] }));
    }
    case 'approval-asked': {
      const { why, hash, file, expiresAt, personOnly } = event;
      const asked = { why, hash, ...(file && { file }), expiresAt, ...(personOnly && { personOnly }) };
      const approval = { ...asked, verdict: null, by: null };
      return { ...inCall(next, event.call, (call) => ({ ...call, status: 'asked', approval })), status: 'waiting' };
    }
    case 'approval': {
      const { verdict, by } = event;
      const told = inCall(next, event.call, (call) => ({
        ...call,
        status: verdict === 'approved' ? 'waiting' : 'refused',
        approval: call.approval && { ...call.approval, verdict, by },
      }));
      return settled(told);
    }
    case 'question': {
      const question = { text: event.text, choices: event.choices, answer: null, by: null };
      return { ...inCall(next, event.call, (call) => ({ ...call, status: 'asked', question })), status: 'waiting' };
    }
    case 'answer': {
      const { text: answer, by } = event;
      const question = (call: CallState) => call.question && { ...call.question, answer, by };
      return settled(inCall(next, event.call, (call) => ({ ...call, status: 'waiting', question: question(call) })));
    }
    case 'acting':
      return inCall(next, event.call, (call) => ({ ...call, status: 'acting' }));
    case 'output':
      return inCall(next, event.call, (call) => ({ ...call, output: call.output + event.text }));
    case 'result': {
      const { ok, text: result, parts, ms, untrusted = false } = event;
      const status = (call: CallState) => (call.status === 'refused' ? 'refused' : ok ? 'ok' : 'failed');
      return settled(
        inCall(next, event.call, (call) => ({ ...call, status: status(call), result, parts, ms, untrusted })),
      );
    }
    case 'child':
      return inCall(next, event.call, (call) => ({ ...call, children: [...call.children, event.run] }));
    case 'usage': {
      const { input, output, money } = event;
      const spent = state.spent;
      const sum = money === null ? spent.money : (spent.money ?? 0) + money;
      return { ...next, spent: { ...spent, input: spent.input + input, output: spent.output + output, money: sum } };
    }
    case 'skills':
      return { ...next, skills: [...state.skills, ...event.used] };
    case 'said':
      return { ...next, unheard: [...state.unheard, { by: event.by, text: event.text }] };
    case 'steer': {
      const { by, text, at } = event;
      const said = state.unheard.findIndex((one) => one.by.id === by.id && one.text === text);
      const unheard = said < 0 ? state.unheard : state.unheard.toSpliced(said, 1);
      return { ...next, unheard, items: [...state.items, { kind: 'steer', by, text, at }] };
    }
    case 'taint':
      return { ...next, taint: [...new Set([...state.taint, event.source])] };
    case 'notice':
      return {
        ...next,
        items: [...state.items, { kind: 'notice', level: event.level, text: event.text, at: event.at }],
      };
    case 'resumed': {
      const item: RunItem = { kind: 'resumed', by: event.by, at: event.at };
      const head = state.head && event.limits ? { ...state.head, limits: event.limits } : state.head;
      return { ...next, head, status: 'running', reason: null, endedAt: null, items: [...state.items, item] };
    }
    case 'trace':
      return { ...next, trace: { volume: event.volume, path: event.path, commits: event.commits } };
    case 'ended':
      return { ...next, status: event.outcome, reason: event.reason, answer: event.answer, endedAt: event.at };
  }
}

function inStep(state: RunState, step: number, change: (item: StepState) => StepState): RunState {
  const at = state.items.findLastIndex((item) => item.kind === 'step' && item.step === step);
  if (at < 0) return state;
  const items = [...state.items];
  items[at] = { ...change(items[at] as StepState), kind: 'step' };
  return { ...state, items };
}

function inCall(state: RunState, id: string, change: (call: CallState) => CallState): RunState {
  const at = state.items.findLastIndex((item) => item.kind === 'step' && item.calls.some((call) => call.id === id));
  if (at < 0) return state;
  const step = state.items[at] as StepState;
  const calls = step.calls.map((call) => (call.id === id ? change(call) : call));
  const items = [...state.items];
  items[at] = { ...step, kind: 'step', calls };
  return { ...state, items };
}

/** It goes on once nobody is waited for any more. */
function settled(state: RunState): RunState {
  if (state.status !== 'waiting') return state;
  const asked = state.items.some((item) => item.kind === 'step' && item.calls.some(({ status }) => status === 'asked'));
  return asked ? state : { ...state, status: 'running' };
}
