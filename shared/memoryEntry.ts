// What a file of a volume is to memory: its type, what it is about, when it was, how it ended, and which other files it names. One
// reader for our own traces, for consolidated learnings, and for what older systems left (both their dialects).
import { readDefinition } from './definition.ts';
import { kindOf } from './definitionKind.ts';
import { readTrace } from './trace.ts';

export const memoryTypes = ['agent_templates', 'workflow_patterns', 'domain_knowledge', 'skills', 'traces'] as const;
export type MemoryType = (typeof memoryTypes)[number];
export type LifecycleState = 'active' | 'consolidated' | 'archived';
export type MemoryOutcome = 'success' | 'failure' | 'unknown';

/** `to`: a trace id or a path, as written. */
export type MemoryLink = {
  kind: 'parent' | 'previous' | 'dependency' | 'parallel' | 'source' | 'evolved-from';
  to: string;
};

export type MemoryEntry = {
  type: MemoryType;
  title: string;
  /** What is compared by meaning: what it is about, in a few sentences. */
  gist: string;
  /** For people, at most 400 characters. */
  excerpt: string;
  /** Of its header; null: the file says nothing. */
  at: string | null;
  state: LifecycleState;
  outcome: MemoryOutcome;
  /** `projects/<name>` that it lies in; null outside. */
  project: string | null;
  traceId: string | null;
  links: MemoryLink[];
  /** What a filter may ask for: the short values of the header. */
  metadata: Record<string, string | number | boolean | string[]>;
};

/** Null: the file is no memory. Never throws. */
export function readMemoryEntry({ path, text }: { path: string; text: string }): MemoryEntry | null {
  const definition = readDefinition(text);
  const header = definition.header ?? {};
  const type = typeOf(path, header);
  if (!type) return null;
  const body = text.slice(definition.bodyFrom);
  const title =
    words(header['goal'] ?? header['task'] ?? header['primary_goal'] ?? header['title'] ?? header['name']) ??
    /^#{1,2}[ \t]+(.+)$/m.exec(body)?.[1]?.trim() ??
    path.split('/').at(-1)!.replace(/\.md$/i, '');
  const about = words(header['description'] ?? header['summary'] ?? header['output_summary']) ?? '';
  const plain = plainText(body);
  const learnings = /^#{1,4}[ \t]*(?:learnings?|lessons|insights)\b.*\n([\s\S]*?)(?=^#{1,4}[ \t]|$(?![\s\S]))/im.exec(
    body,
  )?.[1];
  const keywords = [...list(header['keywords']), ...list(header['tags']), ...list(header['triggers'])].join(', ');
  const gist = [title, about, keywords, learnings ? plainText(learnings).slice(0, 300) : plain.slice(0, 300)]
    .filter(Boolean)
    .join('. ');
  return {
    type,
    title: title.slice(0, 300),
    gist: gist.slice(0, 1000),
    excerpt: (about || (type === 'traces' && whatCame(text)) || plain).slice(0, 400),
    at: timeOf(header['created_at'] ?? header['timestamp'] ?? header['date'] ?? header['started_at']),
    state: stateOf(path, header),
    outcome: outcomeOf(header),
    project: /(?:^|\/)projects\/([^/]+)\//.exec(path)?.[1] ?? null,
    traceId: words(header['trace_id']),
    links: linksOf(header),
    metadata: metadataOf(header),
  };
}

/** What came of a run says more of it than how its trace begins: what was learned, then what it answered. */
function whatCame(text: string): string {
  const body = readTrace(text)?.body;
  return body ? plainText([...body.learnings, body.response].join('\n')) || plainText(body.plan) : '';
}

function typeOf(path: string, header: Record<string, unknown>): MemoryType | null {
  const low = path.toLowerCase();
  if (!low.endsWith('.md')) return null;
  if (low.includes('/agent_templates/')) return 'agent_templates';
  if (low.includes('/workflow_patterns/') || low.includes('/patterns/')) return 'workflow_patterns';
  const kind = kindOf({ path, header });
  if (kind === 'trace' || /(^|\/)memory\/short_term\//.test(low)) return 'traces';
  if (kind === 'agent') return 'agent_templates';
  if (kind === 'skill') return 'skills';
  if (kind === 'workflow') return 'workflow_patterns';
  if (kind === 'memory' || /(^|\/)(memory(_log)?\.md$|domains\/|knowledge\/)/.test(low)) return 'domain_knowledge';
  return null;
}

function stateOf(path: string, header: Record<string, unknown>): LifecycleState {
  const told = header['lifecycle_state'];
  if (told === 'consolidated' || told === 'archived' || told === 'active') return told;
  return /(^|\/)archived?\//i.test(path) ? 'archived' : 'active';
}

/** Evidence first, then the plain word of the file; a rating that the agent gave itself is no success (EV4). */
export function outcomeOf(header: Record<string, unknown>): MemoryOutcome {
  const told = header['outcome'];
  const verdict =
    typeof told === 'object' && told !== null
      ? (told as Record<string, unknown>)['verdict']
      : (told ?? header['final_outcome'] ?? header['status']);
  if (typeof verdict !== 'string') return 'unknown';
  const word = verdict.toLowerCase();
  if (/^(fail|failed|failure|error|stopped|aborted)/.test(word)) return 'failure';
  if (/^(success|succeeded|passed)/.test(word)) return 'success';
  return 'unknown';
}

function linksOf(header: Record<string, unknown>): MemoryLink[] {
  const links: MemoryLink[] = [];
  const add = (kind: MemoryLink['kind'], to: unknown) => {
    const name = words(to);
    if (name) links.push({ kind, to: name });
  };
  add(header['link_type'] === 'parallel' ? 'parallel' : 'parent', header['parent_trace_id']);
  add('previous', header['previous_trace_id']);
  for (const one of array(header['depends_on']))
    add('dependency', typeof one === 'object' && one !== null ? (one as Record<string, unknown>)['trace_id'] : one);
  for (const key of ['source_traces', 'sources']) for (const one of array(header[key])) add('source', one);
  for (const key of ['evolved_from', 'evolves_from', 'copied_from'])
    for (const one of array(header[key])) add('evolved-from', one);
  return links.slice(0, 100);
}

function metadataOf(header: Record<string, unknown>): MemoryEntry['metadata'] {
  const metadata: MemoryEntry['metadata'] = {};
  for (const [key, value] of Object.entries(header).slice(0, 60)) {
    if (typeof value === 'number' || typeof value === 'boolean') metadata[key] = value;
    else if (typeof value === 'string') metadata[key] = value.slice(0, 300);
    else if (Array.isArray(value) && value.every((item) => typeof item === 'string'))
      metadata[key] = value.slice(0, 30);
  }
  return metadata;
}

const array = (value: unknown): unknown[] =>
  Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
const list = (value: unknown): string[] => array(value).filter((one): one is string => typeof one === 'string');
const words = (value: unknown): string | null => {
  const text = typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
  return text.trim().replace(/\s+/g, ' ') || null;
};

function timeOf(value: unknown): string | null {
  const text = value instanceof Date ? value.toISOString() : words(value);
  const time = text === null ? NaN : Date.parse(text);
  return Number.isFinite(time) ? new Date(time).toISOString() : null;
}

function plainText(markdown: string): string {
  return markdown
    .replace(/```[\s\S]*?(```|$)/g, ' ')
    .replace(/^#{1,6}[ \t]+/gm, '')
    .replace(/[*`>|]+|(?<![\p{L}\p{N}])_+|_+(?![\p{L}\p{N}])/gu, '') // read_file stays what it is
    .replace(/\s+/g, ' ')
    .trim();
}
