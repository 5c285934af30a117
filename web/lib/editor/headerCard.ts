// Which keys of a header a reader wants to see, in which order. Keys that nobody knows are shown after those, few and short.
export type CardRow = { label: string; value: string | string[]; more?: number; mono?: boolean };
export type Card = {
  name: string;
  kind: string | null;
  version: string | null;
  icon: 'agent' | 'skill' | 'tool' | 'file';
  rows: CardRow[];
};

const known: [key: string, label: string, mono?: boolean][] = [
  ['description', 'Does'],
  ['model', 'Model', true],
  ['origin', 'From'],
  ['maxIterations', 'Iterations'],
  ['max_iterations', 'Iterations'],
  ['tools', 'Tools'],
  ['skills', 'Skills'],
  ['capabilities', 'Can'],
  ['libraries', 'Libraries'],
  ['permissions', 'May'],
  ['input', 'Takes'],
  ['output', 'Gives'],
];
const elsewhere = new Set([
  'name',
  'id',
  'title',
  'type',
  'kind',
  'version',
  'created_at',
  'updated_at',
  'evolves_from',
  'agent_name',
  'skill_name',
  'tool_name',
]);
const mostChips = 12;

export function readCard(header: Record<string, unknown>, path: string): Card {
  const words = (key: string) =>
    typeof header[key] === 'string' || typeof header[key] === 'number' ? String(header[key]) : null;
  const file = path.slice(path.lastIndexOf('/') + 1).replace(/\.md$/, '');
  const rows: CardRow[] = [];
  const put = (key: string, label: string, mono = false) => {
    const row = readRow(label, header[key], mono);
    if (row) rows.push(row);
  };
  for (const [key, label, mono] of known) if (key in header) put(key, label, mono);
  const others = Object.keys(header).filter((key) => !elsewhere.has(key) && !known.some(([name]) => name === key));
  for (const key of others.slice(0, 6)) put(key, labelOf(key));
  return {
    name: words('name') ?? words('title') ?? words('agent_name') ?? words('skill_name') ?? file,
    kind: words('type') ?? words('kind') ?? words('agent_type'),
    version: words('version'),
    icon: /(^|\/)agents?\//.test(path)
      ? 'agent'
      : /(^|\/)skills?\//.test(path)
        ? 'skill'
        : /(^|\/)tools?\//.test(path)
          ? 'tool'
          : 'file',
    rows,
  };
}

function readRow(label: string, value: unknown, mono: boolean): CardRow | null {
  if (value === null || value === undefined || value === '') return null;
  if (Array.isArray(value)) {
    if (value.length === 0) return null;
    const more = Math.max(0, value.length - mostChips);
    return { label, value: value.slice(0, mostChips).map(short), ...(more && { more }) };
  }
  return { label, value: typeof value === 'object' ? short(value) : shorten(String(value), 400), mono };
}

function short(value: unknown): string {
  if (typeof value !== 'object' || value === null) return shorten(String(value), 80);
  const named = (value as Record<string, unknown>).name ?? (value as Record<string, unknown>).id;
  return shorten(typeof named === 'string' ? named : Object.keys(value).join(', '), 80);
}

const shorten = (words: string, most: number) => (words.length > most ? `${words.slice(0, most - 1)}…` : words);
const labelOf = (key: string) => shorten(`${key.charAt(0).toUpperCase()}${key.slice(1)}`.replaceAll('_', ' '), 24);
