// A workflow is markdown with a graph in it: words for people, and one fenced block that says which executable skills run and what flows
// between them. The same text is edited by hand and on a canvas, by several people at once, so a change on the canvas is a small edit
// of the text: what it does not touch, comments included, stays as it is.
//
//     ```workflow
//     nodes:
//       read: { skill: read-csv, inputs: { path: data/sales.csv }, at: [0, 0] }
//       fit: { skill: linear-forecast, at: [280, 0] }
//     edges:
//       - read.rows -> fit.rows
//     ```
import { isMap, isSeq, LineCounter, parseDocument, type Document } from 'yaml';
import { findHeader, type Diagnostic } from './definition.ts';
import { diffText, type Edit } from './diff.ts';

export type WorkflowNode = {
  id: string;
  /** Name of an executable skill, looked up like any. */
  skill: string;
  /** Values for inputs that no edge brings. */
  inputs: Record<string, unknown>;
  /** Where it stands on the canvas; null: wherever there is room. */
  at: { x: number; y: number } | null;
  /** In the file, 1 is the first. */
  line: number;
};
export type WorkflowEdge = {
  from: { node: string; output: string };
  to: { node: string; input: string };
  line: number;
};
export type Workflow = { nodes: WorkflowNode[]; edges: WorkflowEdge[]; diagnostics: Diagnostic[]; hasBlock: boolean };

export const workflowLimits = { nodes: 200, edges: 1000, bytes: 256 * 1024 };

const name = /^[\p{L}\p{N}_-]{1,80}$/u;
const edgeForm =
  /^\s*([\p{L}\p{N}_-]+)\s*\.\s*([\p{L}\p{N}_-]+)\s*->\s*([\p{L}\p{N}_-]+)\s*\.\s*([\p{L}\p{N}_-]+)\s*$/u;
const empty = 'nodes: {}\nedges: []\n';

type Block = { from: number; to: number; line: number };

/** The text between the fences; null without a block. */
function findBlock(text: string): Block | null {
  const start = findHeader(text)?.bodyFrom ?? 0;
  const open = /^(`{3,})workflow[ \t]*\r?$/m;
  const found = open.exec(text.slice(start));
  if (!found) return null;
  const from = text.indexOf('\n', start + found.index) + 1;
  if (from === 0) return null;
  const close = new RegExp(`^${found[1]}[ \\t]*\\r?$`, 'm').exec(text.slice(from));
  return { from, to: close ? from + close.index : text.length, line: text.slice(0, from).split('\n').length };
}

/** Never throws: what cannot be used is a diagnostic at its line, the rest is there. */
export function readWorkflow(text: string): Workflow {
  const block = findBlock(text);
  const diagnostics: Diagnostic[] = [];
  if (!block) return { nodes: [], edges: [], diagnostics, hasBlock: false };
  const source = text.slice(block.from, block.to);
  const lines = new LineCounter();
  const lineAt = (offset: number) => block.line + Math.max(1, lines.linePos(offset).line) - 1;
  const report = (
    range: readonly number[] | null | undefined,
    message: string,
    severity: 'error' | 'warning' = 'error',
  ) => {
    const [from, to] = [range?.[0] ?? 0, range?.[1] ?? 1];
    diagnostics.push({
      line: lineAt(from),
      from: block.from + from,
      to: block.from + Math.max(from + 1, to),
      message,
      severity,
    });
  };
  const give = (nodes: WorkflowNode[] = [], edges: WorkflowEdge[] = []): Workflow => ({
    nodes,
    edges,
    diagnostics,
    hasBlock: true,
  });
  if (source.length > workflowLimits.bytes) return (report(null, 'The graph is larger than 256 KiB.'), give());

  const document = parse(source, lines);
  if (!document) return (report(null, 'The graph cannot be read as YAML.'), give());
  for (const problem of document.errors)
    report(problem.pos, problem.message.split('\n')[0]!.replace(/ at line .*$/, '.'));
  if (document.errors.length > 0 || document.contents === null) return give();
  if (!isMap(document.contents)) return (report(null, 'Write `nodes:` and `edges:`.'), give());

  const nodes = new Map<string, WorkflowNode>();
  const listed = document.get('nodes', true);
  if (isMap(listed))
    for (const item of listed.items.slice(0, workflowLimits.nodes)) {
      const id = String(item.key);
      const range = (item.key as { range?: number[] }).range;
      const value: unknown = (item.value as { toJS?: (doc: Document) => unknown } | null)?.toJS?.(document) ?? null;
      const node = typeof value === 'string' ? { skill: value } : (value as Record<string, unknown> | null);
      if (!name.test(id)) report(range, `“${id}” is no name for a node: use letters, digits, - and _.`);
      else if (typeof node?.['skill'] !== 'string') report(range, `The node ${id} names no skill.`);
      else
        nodes.set(id, {
          id,
          skill: node['skill'],
          inputs: inputsOf(node['inputs']),
          at: placeOf(node['at']),
          line: lineAt(range?.[0] ?? 0),
        });
    }
  else if (listed !== undefined && listed !== null) report(null, '`nodes` must be names with a skill each.');

  const edges: WorkflowEdge[] = [];
  const arrows = document.get('edges', true);
  if (isSeq(arrows))
    for (const item of arrows.items.slice(0, workflowLimits.edges)) {
      const range = (item as { range?: number[] }).range;
      const parts = edgeForm.exec(String((item as { value?: unknown }).value ?? ''));
      if (!parts) {
        report(range, 'An edge reads `node.output -> node.input`.');
        continue;
      }
      const [, fromNode, output, toNode, input] = parts as unknown as [string, string, string, string, string];
      const missing = [fromNode, toNode].find((id) => !nodes.has(id));
      const taken = edges.some(({ to }) => to.node === toNode && to.input === input);
      if (missing !== undefined) report(range, `There is no node ${missing}.`);
      else if (taken) report(range, `${toNode}.${input} has an edge already.`);
      else edges.push({ from: { node: fromNode, output }, to: { node: toNode, input }, line: lineAt(range?.[0] ?? 0) });
    }
  const read = give([...nodes.values()], edges);
  const circle = orderOf(read).circle;
  if (circle.length > 0) report(null, `These nodes wait for each other: ${circle.join(', ')}.`);
  return read;
}

/** Nodes in an order in which each comes after what it needs; `circle`: those that never can. */
export function orderOf({ nodes, edges }: Pick<Workflow, 'nodes' | 'edges'>): {
  order: WorkflowNode[];
  circle: string[];
} {
  const needs = new Map(nodes.map(({ id }) => [id, new Set<string>()]));
  for (const { from, to } of edges) needs.get(to.node)?.add(from.node);
  const order: WorkflowNode[] = [];
  for (let left = nodes; left.length > 0;) {
    const ready = left.filter(({ id }) => needs.get(id)!.size === 0);
    if (ready.length === 0) return { order, circle: left.map(({ id }) => id) };
    order.push(...ready);
    for (const { id } of ready) for (const wanted of needs.values()) wanted.delete(id);
    left = left.filter((node) => !ready.includes(node));
  }
  return { order, circle: [] };
}

export type WorkflowAct =
  | { type: 'add'; id: string; skill: string; at: { x: number; y: number } }
  | { type: 'remove'; id: string }
  | { type: 'move'; id: string; at: { x: number; y: number } }
  | { type: 'input'; id: string; input: string; value: unknown }
  | { type: 'connect'; from: { node: string; output: string }; to: { node: string; input: string } }
  | { type: 'disconnect'; to: { node: string; input: string } };

/**
 * What an act on the canvas does to the text, as small edits at offsets of `text`, in order. Empty where it would change nothing, or
 * where the graph cannot be read now: then the text is for a person to mend first.
 */
export function editWorkflow(text: string, act: WorkflowAct): Edit[] {
  const block = findBlock(text);
  const source = block ? text.slice(block.from, block.to) : '';
  const document = parse(source.trim() === '' ? empty : source);
  if (!document || document.errors.length > 0 || !isMap(document.contents)) return [];
  const moved = block && act.type === 'move' ? moveOnly(document, act) : null;
  if (moved) return [{ ...moved, at: moved.at + block!.from }];
  apply(document, act);
  const next = writeAs(document, source);
  if (block) return diffText(source, next).map((edit) => ({ ...edit, at: edit.at + block.from }));
  const gap = text === '' || text.endsWith('\n\n') ? '' : text.endsWith('\n') ? '\n' : '\n\n';
  return [{ at: text.length, remove: 0, insert: `${gap}\`\`\`workflow\n${next}\`\`\`\n` }];
}

/** Brackets with or without spaces inside, as the text has them already: who drags a node does not restyle the lines of others. */
function writeAs(document: Document, source: string): string {
  const isTightMap = /\{[^\s}]/.test(source);
  const next = document.toString({ lineWidth: 0, flowCollectionPadding: !isTightMap });
  if (isTightMap || /\[ +\S/.test(source)) return next;
  const tight = next.replace(/"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|#[^\n]*|\[ | \]/g, (found) =>
    found === '[ ' ? '[' : found === ' ]' ? ']' : found,
  );
  return isSame(tight, next) ? tight : next; // a bracket in the middle of words is left alone
}
const isSame = (a: string, b: string) => JSON.stringify(parse(a)?.toJS()) === JSON.stringify(parse(b)?.toJS());

/** The commonest act, dragging, touches just the two numbers. Null: the node has no place yet. */
function moveOnly(document: Document, { id, at }: { id: string; at: { x: number; y: number } }): Edit | null {
  const node: unknown = document.getIn(['nodes', id]);
  const range = isMap(node)
    ? (node.get('at', true) as { range?: [number, number, number] } | undefined)?.range
    : undefined;
  const insert = `[${Math.round(at.x)}, ${Math.round(at.y)}]`;
  return range ? { at: range[0], remove: range[1] - range[0], insert } : null;
}

function apply(document: Document, act: WorkflowAct): void {
  if (!isMap(document.get('nodes'))) document.set('nodes', document.createNode({}));
  if (!isSeq(document.get('edges'))) document.set('edges', document.createNode([]));
  const edges = document.get('edges', true);
  const dropEdges = (drop: (edge: RegExpExecArray) => boolean) => {
    if (!isSeq(edges)) return;
    edges.items = edges.items.filter((item) => {
      const parts = edgeForm.exec(String((item as { value?: unknown }).value ?? ''));
      return !parts || !drop(parts);
    });
    if (edges.items.length === 0) edges.flow = true;
  };
  const flowing = (value: unknown) => {
    const node = document.createNode(value);
    if (isMap(node) || isSeq(node)) node.flow = true;
    return node;
  };
  const place = ({ x, y }: { x: number; y: number }) => flowing([Math.round(x), Math.round(y)]);
  /** `fit: linear-forecast` is short for a map with the skill alone. */
  const opened = (id: string) => {
    const node: unknown = document.getIn(['nodes', id]);
    if (typeof node === 'string') document.setIn(['nodes', id], flowing({ skill: node }));
    return isMap(document.getIn(['nodes', id]));
  };
  switch (act.type) {
    case 'add': {
      const { x, y } = act.at;
      const nodes = document.get('nodes');
      if (isMap(nodes)) nodes.flow = false;
      const node = flowing({ skill: act.skill, at: [Math.round(x), Math.round(y)] });
      document.setIn(['nodes', act.id], node);
      break;
    }
    case 'remove':
      document.deleteIn(['nodes', act.id]);
      dropEdges(([, from, , to]) => from === act.id || to === act.id);
      break;
    case 'move':
      if (opened(act.id)) document.setIn(['nodes', act.id, 'at'], place(act.at));
      break;
    case 'input':
      if (!opened(act.id)) break;
      if (act.value === undefined) {
        if (isMap(document.getIn(['nodes', act.id, 'inputs'])))
          document.deleteIn(['nodes', act.id, 'inputs', act.input]);
      } else if (isMap(document.getIn(['nodes', act.id, 'inputs'])))
        document.setIn(['nodes', act.id, 'inputs', act.input], flowing(act.value));
      else document.setIn(['nodes', act.id, 'inputs'], flowing({ [act.input]: act.value }));
      break;
    case 'connect':
    case 'disconnect':
      dropEdges(([, , , to, input]) => to === act.to.node && input === act.to.input);
      if (act.type === 'connect' && isSeq(edges)) {
        edges.flow = false;
        edges.add(document.createNode(`${act.from.node}.${act.from.output} -> ${act.to.node}.${act.to.input}`));
      }
      break;
  }
}

function parse(source: string, lineCounter?: LineCounter): Document | null {
  try {
    const document = parseDocument(source, {
      version: '1.2', schema: 'core', merge: false, uniqueKeys: true, stringKeys: true, customTags: [], logLevel: 'silent',
      prettyErrors: false, ...(lineCounter ? { lineCounter } : {}),
    }); // prettier-ignore
    document.toJS({ maxAliasCount: 0 }); // aliases and what is nested too deep throw here, once
    return document;
  } catch {
    return null;
  }
}

function inputsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function placeOf(value: unknown): { x: number; y: number } | null {
  const [x, y] = Array.isArray(value) ? (value as unknown[]) : [];
  return Number.isFinite(x) && Number.isFinite(y) ? { x: x as number, y: y as number } : null;
}
