// A run as the trace that is written of it: who, what, with which tools and files, what came out. Nothing that looks like a key gets in.
import type { CallState, ResultPart, RunState, StepState } from '#shared/run.ts';
import { hideSecrets } from '#shared/secrets.ts';
import { writeTrace, type Trace, type TraceLink } from '#shared/trace.ts';
import type { RunRow } from './runStore.ts';
import type { Dependency } from './walk.ts';

export type TraceLinks = {
  parent: string | null;
  previous: string | null;
  type: TraceLink;
  dependsOn: Dependency[];
};
type FilePart = Extract<ResultPart, { kind: 'file' }>;

const longest = { text: 20_000, arg: 200, result: 400, steps: 200 };

export function traceOf({
  row,
  state,
  links,
  endedAt,
}: {
  row: RunRow;
  /** As it is once it has ended. */
  state: RunState;
  links: TraceLinks;
  endedAt: number;
}): Trace {
  const { head } = row;
  const calls = callsOf(state);
  const files = filesOf(calls, head.volume);
  const status = state.status === 'done' || state.status === 'stopped' ? state.status : 'failed';
  return {
    traceId: row.id,
    parentTraceId: links.parent,
    previousTraceId: links.previous,
    linkType: links.type,
    depth: head.depth,
    dependsOn: links.dependsOn.map(({ run, file }) => ({ traceId: run, outputFile: file })),
    lifecycleState: 'active',
    goal: cut(head.goal, 2000),
    status,
    reason: state.reason,
    agentName: head.agent?.name ?? null,
    agentPath: head.agent && `${head.agent.volume}: ${head.agent.path}`,
    model: head.model,
    toolsUsed: [...new Set(calls.filter(({ status }) => status === 'ok').map(({ tool }) => tool))],
    filesCreated: files('created'),
    filesModified: files('edited'),
    skillsUsed: state.skills.map(({ name }) => name),
    versions: head.versions,
    tokens: state.spent.input + state.spent.output,
    cost: state.spent.money,
    durationMs: Math.max(0, endedAt - row.createdAt.getTime()),
    // success is evidence, never the word of who did it
    outcome: { verdict: 'unknown', evidence: [] },
    taint: state.taint,
    createdAt: row.createdAt.toISOString(),
    by: head.by.login,
    tags: learned(calls, 'tags'),
    body: {
      request: cut(head.goal, longest.text),
      plan: planOf(state),
      steps: stepsOf(state),
      response: cut(state.answer ?? '', longest.text),
      outputs: [...files('created'), ...files('edited')],
      learnings: [...learned(calls, 'learnings'), ...learned(calls, 'decisions')],
    },
  };
}

/** A key of which a piece is cut off is still hidden: first hidden, then cut. */
export const traceText = (trace: Trace): string => writeTrace(deepHide(trace));

function deepHide<T>(value: T): T {
  if (typeof value === 'string') return hideSecrets(value) as T;
  if (Array.isArray(value)) return value.map(deepHide) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, deepHide(one)])) as T;
}

const stepsIn = (state: RunState): StepState[] => state.items.filter((item) => item.kind === 'step');
const callsOf = (state: RunState): CallState[] => stepsIn(state).flatMap(({ calls }) => calls);

/** Paths of the run's own volume stand alone. */
function filesOf(calls: CallState[], volume: string) {
  const parts = calls.flatMap((call) => call.parts.filter((part): part is FilePart => part.kind === 'file'));
  const place = (part: FilePart) => (part.volume === volume ? part.path : `${part.volume}: ${part.path}`);
  const created = new Set(parts.filter(({ change }) => change === 'created').map(place));
  return (change: FilePart['change']) => {
    const found = new Set(parts.filter((part) => part.change === change).map(place));
    return [...found].filter((path) => change === 'created' || !created.has(path));
  };
}

/** What was said before anything was done. */
function planOf(state: RunState): string {
  const [first] = stepsIn(state);
  return first && first.calls.length > 0 ? cut(first.text.trim(), 4000) : '';
}

function stepsOf(state: RunState): string[] {
  const lines = state.items.flatMap((item): string[] => {
    if (item.kind === 'steer') return [`${item.by.name} said: ${cut(item.text, longest.result)}`];
    if (item.kind === 'resumed') return [item.by ? `${item.by.name} let it go on.` : 'It went on.'];
    if (item.kind === 'notice') return [];
    return item.calls.map(callLine);
  });
  if (lines.length <= longest.steps) return lines;
  const half = longest.steps / 2;
  return [...lines.slice(0, half), `… ${lines.length - longest.steps} more …`, ...lines.slice(-half)];
}

function callLine({ tool, args, status, ms, result, approval, children }: CallState): string {
  const how = {
    ok: 'done',
    failed: 'failed',
    refused: 'refused',
    waiting: 'not done',
    asked: 'not answered',
    acting: 'interrupted',
  };
  const who = approval?.verdict === 'approved' && approval.by ? `, approved by ${approval.by.name}` : '';
  const runs = children.length > 0 ? `, run ${children.join(', ')}` : '';
  const why = status === 'ok' || result === null ? '' : `: ${oneLine(result, longest.result)}`;
  return `**${tool}** \`${oneLine(JSON.stringify(args) ?? '', longest.arg).replaceAll('`', 'ˋ')}\` ${how[status]}${ms === null ? '' : ` in ${ms} ms`}${who}${runs}${why}`;
}

/** What `log_trace` was told. */
function learned(calls: CallState[], key: 'learnings' | 'decisions' | 'tags'): string[] {
  const told = calls.filter(({ tool, status }) => tool === 'log_trace' && status === 'ok');
  const lines = told.flatMap(({ args }) => (args as Record<string, unknown> | null)?.[key] ?? []);
  return (lines as unknown[]).filter((line) => typeof line === 'string').map((line) => oneLine(line, 1000));
}

const cut = (text: string, most: number): string => (text.length <= most ? text : `${text.slice(0, most - 1)}…`);
const oneLine = (text: string, most: number): string => cut(text.trim().replace(/\s+/g, ' '), most);
