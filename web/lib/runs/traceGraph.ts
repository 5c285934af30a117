// A family of runs as a graph: who started whom, who branched from whom, and who read what another wrote. Pure; positions are in
// columns (depth) and rows, the view makes pixels of them.
import type { RunSummary } from '#shared/api/runs.ts';
import { readRun, type RunEvent, type RunState, type RunStatus } from '#shared/run.ts';

export type FamilyRun = { summary: RunSummary; events: readonly RunEvent[] };
export type Dot = 'ok' | 'failed' | 'refused' | 'asked' | 'acting' | 'waiting';
export type GraphNode = {
  id: string;
  label: string;
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
export function traceGraph(family: readonly FamilyRun[], until: string | null): Graph {
  const ids = new Set(family.map((one) => one.summary.id));
  const above = ({ parent, branchOf }: RunSummary) =>
    parent && ids.has(parent) ? parent : branchOf && ids.has(branchOf.run) ? branchOf.run : null;
  const roots = family.filter((one) => above(one.summary) === null);
  const nodes: GraphNode[] = [];
  const edges: GraphEdge[] = [];
  const states = new Map<string, RunState>();
  let row = 0;

  function place(one: FamilyRun, column: number): void {
    const { summary, events } = one;
    if (states.has(summary.id)) return;
    const state = readRun(until === null ? events : events.filter((event) => event.at <= until));
    states.set(summary.id, state);
    const dots = state.items.flatMap((item) =>
      item.kind === 'step' ? item.calls.map((call): Dot => call.status) : [],
    );
    const began = until === null ? state.head !== null || events.length === 0 : state.head !== null;
    nodes.push({
      id: summary.id,
      label: summary.agent ?? 'LLMos',
      column,
      row,
      status: began ? (events.length === 0 ? summary.status : state.status) : null,
      steps: state.spent.steps,
      dots,
    });
    const children = family
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
  roots.forEach((root, i) => {
    if (i > 0) row += 1;
    place(root, 0);
  });
  edges.push(...needs(states));
  return { nodes, edges, columns: Math.max(1, ...nodes.map((node) => node.column + 1)), rows: row + 1 };
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
