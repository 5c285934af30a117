// A family of runs as a graph: who started whom, who branched from whom, and who built on what another wrote, in the family or beside it.
// Pure; positions are in columns (depth) and rows, the view makes pixels of them.
import type { RunLink, RunSummary } from '#shared/api/runs.ts';
import { readRun, type RunEvent, type RunState, type RunStatus } from '#shared/run.ts';

/** Without events: one beside the family, known by its summary alone. */
export type FamilyRun = { summary: RunSummary; events: readonly RunEvent[] };
/** `to` built on `from`. */
export type Dependency = { from: string; to: string } & Pick<RunLink, 'file' | 'how'>;
export type Dot = 'ok' | 'failed' | 'refused' | 'asked' | 'acting' | 'waiting';
export type GraphNode = {
  id: string;
  label: string;
  goal: string;
  column: number;
  row: number;
  /** Null: it had not begun at that time. */
  status: RunStatus | null;
  steps: number;
  dots: Dot[];
};
export type GraphEdge = { from: string; to: string; kind: 'started' | 'branch' | 'needs'; words: string };
export type Graph = { nodes: GraphNode[]; edges: GraphEdge[]; columns: number; rows: number };

/** `until`: an ISO time; null: as it is now. */
export function traceGraph(
  { runs, dependencies }: { runs: readonly FamilyRun[]; dependencies: readonly Dependency[] },
  until: string | null,
): Graph {
  const ids = new Set(runs.map((one) => one.summary.id));
  const above = ({ parent, branchOf }: RunSummary) =>
    parent && ids.has(parent) ? parent : branchOf && ids.has(branchOf.run) ? branchOf.run : null;
  const beside = ({ summary, events }: FamilyRun) => events.length === 0 && above(summary) === null;
  const nodes: GraphNode[] = [];
  const edges: GraphEdge[] = [];
  const states = new Map<string, RunState>();
  let row = 0;

  function add(one: FamilyRun, column: number): void {
    const state = readRun(until === null ? one.events : one.events.filter((event) => event.at <= until));
    states.set(one.summary.id, state);
    nodes.push(nodeOf({ one, state, column, row, until }));
  }
  function place(one: FamilyRun, column: number): void {
    const { summary } = one;
    if (states.has(summary.id)) return;
    add(one, column);
    const children = runs
      .filter((other) => above(other.summary) === summary.id)
      .sort((a, b) => a.summary.createdAt.localeCompare(b.summary.createdAt));
    children.forEach((child, i) => {
      if (i > 0) row += 1;
      const isBranch = child.summary.parent !== summary.id;
      edges.push({
        from: summary.id,
        to: child.summary.id,
        kind: isBranch ? 'branch' : 'started',
        words: isBranch ? `branched at step ${child.summary.branchOf!.step}` : 'started',
      });
      place(child, column + 1);
    });
  }
  const begin = () => {
    if (nodes.length > 0) row += 1;
  };
  for (const root of runs.filter((one) => above(one.summary) === null && !beside(one))) {
    begin();
    place(root, 0);
  }
  // what was built on stands one column before, what builds on it one after
  const columnOf = (id: string) => nodes.find((node) => node.id === id)?.column ?? 0;
  for (const other of runs.filter((one) => !states.has(one.summary.id))) {
    const { id } = other.summary;
    const from = dependencies.find((one) => one.to === id)?.from;
    const to = dependencies.find((one) => one.from === id)?.to;
    begin();
    add(other, to !== undefined ? columnOf(to) - 1 : columnOf(from ?? '') + 1);
  }
  const first = Math.min(0, ...nodes.map(({ column }) => column));
  for (const node of nodes) node.column -= first;

  // of two runs whose events are here, these tell when it was read
  const isTold = ({ from, to }: Dependency) => until !== null && told(from) && told(to);
  const told = (id: string) => runs.some(({ summary, events }) => summary.id === id && events.length > 0);
  const begun = new Set(nodes.filter(({ status }) => status !== null).map(({ id }) => id));
  const built = dependencies
    .filter((one) => begun.has(one.from) && begun.has(one.to) && !isTold(one))
    .map(({ from, to, file, how }): GraphEdge => ({ from, to, kind: 'needs', words: `${hows[how]} ${file}` }));
  const drawn = new Set(built.map(({ from, to }) => `${from} ${to}`));
  edges.push(...built, ...needs(states).filter(({ from, to }) => !drawn.has(`${from} ${to}`)));
  return { nodes, edges, columns: Math.max(1, ...nodes.map((node) => node.column + 1)), rows: row + 1 };
}

const hows = { read: 'reads', remembered: 'remembers', skill: 'uses a skill made from it,' };

function nodeOf({
  one: { summary, events },
  state,
  column,
  row,
  until,
}: {
  one: FamilyRun;
  state: RunState;
  column: number;
  row: number;
  until: string | null;
}): GraphNode {
  const { id, agent, goal } = summary;
  const calls = state.items.flatMap((item) => (item.kind === 'step' ? item.calls : []));
  const place = { id, label: agent ?? 'LLMos', goal, column, row, dots: calls.map((call): Dot => call.status) };
  if (events.length > 0)
    return { ...place, status: state.head === null ? null : state.status, steps: state.spent.steps };
  const began = until === null || summary.createdAt <= until;
  return { ...place, status: began ? summary.status : null, steps: summary.steps };
}

/** A file that one run wrote and another read later. */
function needs(states: ReadonlyMap<string, RunState>): GraphEdge[] {
  const wrote = new Map<string, { run: string; at: string }[]>();
  const touched = [...states].flatMap(([run, state]) =>
    state.items.flatMap((item) =>
      item.kind === 'step'
        ? item.calls.flatMap((call) =>
            call.parts.flatMap((part) => (part.kind === 'file' ? [{ run, at: call.startedAt, part }] : [])),
          )
        : [],
    ),
  );
  const keyOf = ({ volume, path }: { volume: string; path: string }) => `${volume}\n${path}`;
  for (const { run, at, part } of touched)
    if (part.change === 'created' || part.change === 'edited')
      wrote.set(keyOf(part), [...(wrote.get(keyOf(part)) ?? []), { run, at }]);
  const edges = new Map<string, GraphEdge>();
  for (const { run, at, part } of touched) {
    if (part.change !== 'read') continue;
    const last = wrote.get(keyOf(part))?.findLast((one) => one.run !== run && one.at <= at);
    if (last) edges.set(`${last.run} ${run}`, { from: last.run, to: run, kind: 'needs', words: `reads ${part.path}` });
  }
  return [...edges.values()];
}
