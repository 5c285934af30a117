// A trace: what a run did, as a markdown file that people, agents and the memory read. The header links it to other traces; the body tells.
// Traces of earlier forms of LLMos (`task` or `goal`, `success`, `failure`, `completed`) are read too.
import { stringify } from 'yaml';
import { readDefinition } from './definition.ts';

export type TraceLink = 'hierarchical' | 'sequential' | 'dependency' | 'parallel';
export type TraceStatus = 'done' | 'failed' | 'stopped' | 'unknown';
export type LifecycleState = 'active' | 'consolidated' | 'archived';
export type TraceOutcome = { verdict: 'success' | 'failure' | 'unknown'; evidence: string[] };

export type Trace = {
  traceId: string;
  parentTraceId: string | null;
  previousTraceId: string | null;
  linkType: TraceLink;
  depth: number;
  dependsOn: { traceId: string; outputFile: string | null }[];
  lifecycleState: LifecycleState;
  goal: string;
  status: TraceStatus;
  /** Why it ended, for people. */
  reason: string | null;
  agentName: string | null;
  agentPath: string | null;
  model: string | null;
  toolsUsed: string[];
  filesCreated: string[];
  filesModified: string[];
  skillsUsed: string[];
  /** Volume -> commit. */
  versions: Record<string, string>;
  tokens: number | null;
  /** US dollars. */
  cost: number | null;
  durationMs: number | null;
  outcome: TraceOutcome;
  /** Where text from outside came from. */
  taint: string[];
  createdAt: string | null;
  by: string | null;
  tags: string[];
  body: TraceBody;
};
export type TraceBody = {
  request: string;
  plan: string;
  steps: string[];
  response: string;
  outputs: string[];
  learnings: string[];
};

const links: readonly string[] = ['hierarchical', 'sequential', 'dependency', 'parallel'];
const lifecycles: readonly string[] = ['active', 'consolidated', 'archived'];
const statuses: Record<string, TraceStatus> = {
  done: 'done', success: 'done', succeeded: 'done', completed: 'done', complete: 'done', success_with_recovery: 'done', ok: 'done',
  failed: 'failed', failure: 'failed', error: 'failed', interrupted: 'failed',
  stopped: 'stopped', cancelled: 'stopped', canceled: 'stopped', aborted: 'stopped',
}; // prettier-ignore

export function writeTrace(trace: Trace): string {
  const { body } = trace;
  const header = {
    type: 'trace',
    trace_id: trace.traceId,
    parent_trace_id: trace.parentTraceId,
    previous_trace_id: trace.previousTraceId,
    link_type: trace.linkType,
    depth: trace.depth,
    depends_on: trace.dependsOn.map(({ traceId, outputFile }) => ({ trace_id: traceId, output_file: outputFile })),
    lifecycle_state: trace.lifecycleState,
    goal: trace.goal,
    status: trace.status,
    reason: trace.reason,
    agent_name: trace.agentName,
    agent_path: trace.agentPath,
    model: trace.model,
    by: trace.by,
    tools_used: trace.toolsUsed,
    files_created: trace.filesCreated,
    files_modified: trace.filesModified,
    skills_used: trace.skillsUsed,
    versions: trace.versions,
    tokens: trace.tokens,
    cost: trace.cost,
    duration_ms: trace.durationMs,
    outcome: trace.outcome,
    taint: trace.taint,
    tags: trace.tags,
    created_at: trace.createdAt,
  };
  const yaml = stringify(header, { lineWidth: 0, aliasDuplicateObjects: false });
  const title = oneLine(trace.goal, 120) || 'A run';
  const sections: [string, string][] = [
    ['Request', body.request],
    ['Plan', body.plan],
    ['Steps', body.steps.map((step, i) => `${i + 1}. ${indent(step)}`).join('\n')],
    ['Response', body.response],
    ['Outputs', list(body.outputs)],
    ['Learnings', list(body.learnings)],
  ];
  const written = sections.filter(([, text]) => text.trim() !== '');
  return [
    `---\n${yaml}---\n`,
    `# ${title}\n`,
    // a heading of what is quoted must not look like one of ours
    ...written.map(([name, text]) => `## ${name}\n\n${quoteHeadings(text.trim())}\n`),
  ].join('\n');
}

/** Null: nothing in it says that it is a trace. Whatever is missing or odd is left out, never an error. */
export function readTrace(text: string): Trace | null {
  const { header, bodyFrom } = readDefinition(text);
  if (!header) return null;
  const traceId = words(header['trace_id']) ?? words(header['experience_id']);
  const goal = words(header['goal']) ?? words(header['task']) ?? words(header['primary_goal']);
  if (traceId === null && goal === null) return null;
  const body = readBody(text.slice(bodyFrom));
  const status = words(header['status']) ?? words(header['final_outcome']) ?? '';
  const link = words(header['link_type']) ?? '';
  const lifecycle = words(header['lifecycle_state']) ?? '';
  return {
    traceId: traceId ?? '',
    parentTraceId: words(header['parent_trace_id']),
    previousTraceId: words(header['previous_trace_id']),
    linkType: (links.includes(link) ? link : 'hierarchical') as TraceLink,
    depth: number(header['depth']) ?? 0,
    dependsOn: many(header['depends_on']).flatMap((one) => {
      const id = words(isRecord(one) ? one['trace_id'] : one);
      return id === null ? [] : [{ traceId: id, outputFile: isRecord(one) ? words(one['output_file']) : null }];
    }),
    lifecycleState: (lifecycles.includes(lifecycle) ? lifecycle : 'active') as LifecycleState,
    goal: goal ?? oneLine(body.request, 300),
    status: statuses[status.toLowerCase()] ?? 'unknown',
    reason: words(header['reason']),
    agentName: words(header['agent_name']),
    agentPath: words(header['agent_path']),
    model: words(header['model']),
    toolsUsed: texts(header['tools_used'] ?? header['components_used']),
    filesCreated: texts(header['files_created']),
    filesModified: texts(header['files_modified']),
    skillsUsed: texts(header['skills_used']),
    versions: isRecord(header['versions'])
      ? Object.fromEntries(Object.entries(header['versions']).flatMap(([volume, oid]) => (words(oid) ? [[volume, words(oid)!]] : [])))
      : {}, // prettier-ignore
    tokens: number(header['tokens']),
    cost: number(header['cost']),
    durationMs: number(header['duration_ms']) ?? number(header['execution_time_ms']),
    outcome: readOutcome(header['outcome']),
    taint: texts(header['taint']),
    createdAt: time(header['created_at'] ?? header['timestamp']),
    by: words(header['by']),
    tags: texts(header['tags']),
    body,
  };
}

/** Where the trace of a run lies: found by time, readable by its goal. */
export function tracePath({ id, goal, createdAt }: { id: string; goal: string; createdAt: Date }): string {
  const at = createdAt.toISOString();
  const [year, month] = [at.slice(0, 4), at.slice(5, 7)];
  const slug = goal.normalize('NFKD').toLowerCase().replace(/[^a-z0-9]+/g, '-').slice(0, 48).replace(/^-+|-+$/g, ''); // prettier-ignore
  const when = at.slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  return `memory/traces/${year}/${month}/${when}-${slug ? `${slug}-` : ''}${id.slice(0, 8)}.md`;
}

const names: Record<string, keyof TraceBody> = {
  request: 'request', task: 'request', goal: 'request', plan: 'plan', steps: 'steps', 'steps executed': 'steps',
  response: 'response', results: 'response', result: 'response', outputs: 'outputs', output: 'outputs',
  learnings: 'learnings', 'key learnings': 'learnings', 'learnings or issues': 'learnings',
}; // prettier-ignore

function readBody(text: string): TraceBody {
  const found: Partial<Record<keyof TraceBody, string>> = {};
  for (const part of text.split(/^(?=## )/m)) {
    const [, name = '', content = ''] = /^## ([^\n]*)\n?([\s\S]*)$/.exec(part) ?? [];
    const key = names[name.trim().toLowerCase()];
    if (key) found[key] = [found[key], unquoteHeadings(content.trim())].filter(Boolean).join('\n\n');
  }
  return {
    request: found.request ?? '',
    plan: found.plan ?? '',
    steps: items(found.steps ?? ''),
    response: found.response ?? '',
    outputs: items(found.outputs ?? ''),
    learnings: items(found.learnings ?? ''),
  };
}

/** Of a list with bullets or numbers; what is indented belongs to the item above it. */
function items(text: string): string[] {
  const found: string[] = [];
  for (const line of text.split('\n')) {
    const item = /^(?:[-*+]|\d+[.)])\s+(.*)$/.exec(line);
    if (item) found.push(item[1]!);
    else if (line.trim() !== '' && found.length > 0) found[found.length - 1] += `\n${line.replace(/^ {1,4}/, '')}`;
    else if (line.trim() !== '') found.push(line.trim());
  }
  return found.map((one) => one.trim()).filter((one) => one !== '');
}

function readOutcome(value: unknown): TraceOutcome {
  const verdict = words(isRecord(value) ? value['verdict'] : value);
  const evidence = isRecord(value) ? texts(value['evidence']) : [];
  return { verdict: verdict === 'success' || verdict === 'failure' ? verdict : 'unknown', evidence };
}

const list = (lines: string[]) => lines.map((line) => `- ${indent(line)}`).join('\n');
const indent = (text: string) => text.trim().split('\n').join('\n   ');
const quoteHeadings = (text: string) => text.replace(/^(\\*## )/gm, '\\$1');
const unquoteHeadings = (text: string) => text.replace(/^\\(\\*## )/gm, '$1');
const oneLine = (text: string, most: number) => {
  const line = text.trim().replace(/\s+/g, ' ');
  return line.length <= most ? line : `${line.slice(0, most - 1).trimEnd()}…`;
};
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const words = (value: unknown): string | null => {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null;
};
const number = (value: unknown): number | null => {
  const read = typeof value === 'string' ? Number(value) : value;
  return typeof read === 'number' && Number.isFinite(read) && value !== '' ? read : null;
};
const many = (value: unknown): unknown[] => (Array.isArray(value) ? value : value == null ? [] : [value]);
/** A list, or "a, b". Objects say their name. */
const texts = (value: unknown): string[] =>
  (typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : []).flatMap(
    (one) => words(isRecord(one) ? (one['name'] ?? one['path']) : one) ?? [],
  );
const time = (value: unknown): string | null => {
  const read = words(value);
  const at = read === null ? NaN : Date.parse(read);
  return Number.isNaN(at) ? null : new Date(at).toISOString();
};
