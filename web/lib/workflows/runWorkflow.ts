// Runs a workflow in this browser: node after node, each with what its edges bring and its own values, in the person's own Python.
import type { Executable } from '#shared/definitionTypes.ts';
import { orderOf, type Workflow, type WorkflowNode } from '#shared/workflow.ts';

export type NodeRun = {
  status: 'waiting' | 'running' | 'done' | 'failed' | 'skipped';
  /** What it gave, by name. */
  outputs: Record<string, unknown>;
  /** What it printed. */
  printed: string;
  /** Why it failed or was skipped, in a sentence. */
  why: string | null;
  plots: { mime: string; data: Uint8Array; title: string | null }[];
  /** Paths that it wrote. */
  wrote: string[];
  ms: number | null;
};
export const waitingNode = (): NodeRun => ({
  status: 'waiting', outputs: {}, printed: '', why: null, plots: [], wrote: [], ms: null,
}); // prettier-ignore

/** What the part that has Python does with an order; `made` is the JSON that the code left, null when it left none. */
export type Perform = (order: {
  code: string;
  /** For a traceback. */
  name: string;
  /** Words among its values: what names a file of the volume is there for the code to read. */
  values: string[];
  signal: AbortSignal;
  print: (text: string) => void;
}) => Promise<{
  ok: boolean;
  why: string | null;
  made: string | null;
  plots: NodeRun['plots'];
  wrote: string[];
  ms: number;
}>;

/** Where the code leaves its result, in the file system of Python. */
export const resultPath = '.workflow-result.json';

/** Never rejects: what goes wrong with a node is its state, and what needs it is skipped. */
export async function runWorkflow({
  workflow,
  skillOf,
  perform,
  tell,
  signal,
}: {
  workflow: Workflow;
  /** Null: there is no such skill, or it does not run. */
  skillOf: (name: string) => Promise<Executable | null>;
  perform: Perform;
  tell: (id: string, run: NodeRun) => void;
  signal: AbortSignal;
}): Promise<Map<string, NodeRun>> {
  const runs = new Map(workflow.nodes.map(({ id }) => [id, waitingNode()]));
  const set = (id: string, change: Partial<NodeRun>) => {
    const next = { ...runs.get(id)!, ...change };
    runs.set(id, next);
    tell(id, next);
  };
  for (const node of workflow.nodes) set(node.id, {});
  const { order, circle } = orderOf(workflow);
  for (const id of circle) set(id, { status: 'skipped', why: 'It waits for itself.' });
  for (const node of order) {
    const why = signal.aborted ? 'It was stopped.' : missingFor(workflow, node, runs);
    if (why !== null) {
      set(node.id, { status: 'skipped', why });
      continue;
    }
    const started = performance.now();
    set(node.id, { status: 'running' });
    try {
      const skill = await skillOf(node.skill);
      if (!skill) throw new Error(`There is no skill “${node.skill}” with code to run.`);
      if (skill.language !== 'python')
        throw new Error(`“${node.skill}” is written in ${skill.language}: only Python runs here.`);
      const inputs = inputsFor({ workflow, node, runs, skill });
      let printed = '';
      const print = (text: string) => set(node.id, { printed: (printed += text).slice(-20_000) });
      const outcome = await perform({
        code: codeFor(skill, inputs),
        name: `${node.skill}.py`,
        values: wordsIn(inputs),
        signal,
        print,
      });
      if (!outcome.ok) throw new Failure(outcome.why ?? 'It failed.', outcome);
      const outputs = outputsOf(outcome.made);
      set(node.id, { status: 'done', outputs, plots: outcome.plots, wrote: outcome.wrote, ms: outcome.ms });
    } catch (error) {
      const made = error instanceof Failure ? { plots: error.outcome.plots, wrote: error.outcome.wrote } : {};
      const why = error instanceof Error ? error.message : String(error);
      set(node.id, { status: 'failed', why, ms: performance.now() - started, ...made });
    }
  }
  return runs;
}

class Failure extends Error {
  readonly outcome: Awaited<ReturnType<Perform>>;
  constructor(message: string, outcome: Awaited<ReturnType<Perform>>) {
    super(message);
    this.outcome = outcome;
  }
}

function missingFor({ edges }: Workflow, node: WorkflowNode, runs: Map<string, NodeRun>): string | null {
  for (const { from, to } of edges) {
    if (to.node !== node.id) continue;
    const before = runs.get(from.node)!;
    if (before.status !== 'done') return `It needs ${from.node}, which did not finish.`;
    if (!Object.hasOwn(before.outputs, from.output)) return `${from.node} gave no “${from.output}”.`;
  }
  return null;
}

/** Defaults of the skill, then the values of the node, then what flows in. */
function inputsFor({
  workflow,
  node,
  runs,
  skill,
}: {
  workflow: Workflow;
  node: WorkflowNode;
  runs: Map<string, NodeRun>;
  skill: Executable;
}): Record<string, unknown> {
  const inputs: Record<string, unknown> = {};
  for (const field of skill.inputs) if (field.fallback !== undefined) inputs[field.name] = field.fallback;
  Object.assign(inputs, node.inputs);
  for (const { from, to } of workflow.edges)
    if (to.node === node.id) inputs[to.input] = runs.get(from.node)!.outputs[from.output];
  const missing = skill.inputs.filter(({ name, required }) => required && inputs[name] === undefined);
  if (missing.length > 0)
    throw new Error(`It needs ${missing.map(({ name }) => `“${name}”`).join(', ')}: write a value or draw an edge.`);
  return inputs;
}

/** The strings anywhere in a value. */
function wordsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(wordsIn) : [];
}

/** A string literal of JSON is one of Python too. The skill's own lines come first, so that a traceback names them rightly. */
export function codeFor(skill: Pick<Executable, 'code' | 'entry'>, inputs: Record<string, unknown>): string {
  return `${skill.code.trimEnd()}

import inspect as _inspect, json as _json
_made = ${skill.entry}(_json.loads(${JSON.stringify(JSON.stringify(inputs))}))
if _inspect.isawaitable(_made):
    _made = await _made
with open(${JSON.stringify(resultPath)}, "w") as _file:
    _json.dump(_made, _file, default=str)
None
`;
}

/** A skill gives an object; anything else flows as `result`. */
function outputsOf(made: string | null): Record<string, unknown> {
  if (made === null) return {};
  const value = JSON.parse(made) as unknown;
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : { result: value };
}
