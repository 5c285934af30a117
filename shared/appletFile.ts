// An applet is a component in a `.tsx` file whose first comment says what it is, or the older `.app`: JSON with its source inside.
import type { Diagnostic } from './definition.ts';
import type { TypedDefinition } from './definitionTypes.ts';

type Plain = Record<string, unknown>;

export function readApplet({
  path,
  text,
  id,
  stem,
}: {
  path: string;
  text: string;
  id: (name: string) => string;
  stem: string;
}): TypedDefinition {
  const { header, code, diagnostics } = /\.app$/i.test(path) ? readApp(text) : readSource(text);
  const word = (key: string): string | null => {
    const value = header?.[key];
    return typeof value === 'string' && value.trim() ? value.trim() : null;
  };
  const words = (key: string): string[] => {
    const value = header?.[key];
    if (Array.isArray(value)) return value.filter((item): item is string => typeof item === 'string');
    return typeof value === 'string' ? value.split(',').map((item) => item.trim()) : [];
  };
  const applets = path.split('/').slice(0, -1).includes('applets') || /\.app$/i.test(path);
  return {
    kind: applets ? 'applet' : 'plain',
    // the file's own name is the id: what is written inside an `.app` was made by a machine (`applet-budget-calculator-001`)
    id: id(stem) || 'untitled',
    name: word('name') ?? stem,
    description: (word('description') ?? '').slice(0, 1024),
    type: word('type'),
    category: word('category'),
    version: word('version'),
    tools: null,
    refusedTools: [],
    model: null,
    limits: {},
    skills: [],
    mcpServers: [],
    capabilities: words('capabilities'),
    keywords: [...words('tags'), ...words('keywords')],
    origin: { how: word('origin'), from: word('evolves_from') ?? word('evolved_from') ?? word('copied_from') },
    executable: null,
    parameters: null,
    returns: null,
    code,
    header,
    guessed: false,
    keys: [],
    body: code ?? text,
    bodyFrom: 0,
    bodyLine: 1,
    diagnostics,
  };
}

type Read = { header: Plain | null; code: string | null; diagnostics: Diagnostic[] };

function readApp(text: string): Read {
  const wrong = (message: string): Read => ({
    header: null,
    code: null,
    diagnostics: [{ line: 1, from: 0, to: Math.min(1, text.length), message }],
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return wrong(`This is no JSON: ${error instanceof Error ? error.message : 'it cannot be read'}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return wrong('An .app file is JSON with “metadata” and “code”.');
  const { metadata, code } = value as Plain;
  if (typeof code !== 'string') return wrong('An .app file has its source under “code”.');
  const header =
    typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata) ? (metadata as Plain) : null;
  return { header, code, diagnostics: [] };
}

/** `@name Budget`, `@description ...` in the first comment; without marks its first paragraph is the description. */
function readSource(text: string): Read {
  const comment = /^(?:\/\*\*?([\s\S]*?)\*\/|((?:[ \t]*\/\/.*(?:\r?\n|$))+))/.exec(text.slice(0, 16_000).trimStart());
  if (!comment) return { header: null, code: text, diagnostics: [] };
  const lines = (comment[1] ?? comment[2] ?? '')
    .split(/\r?\n/)
    .map((line) => line.replace(/^\s*(\*|\/\/)? ?/, '').trimEnd());
  const header: Plain = Object.create(null) as Plain;
  let last = 'description';
  for (const line of lines) {
    const mark = /^@([a-zA-Z_]\w*)\s*(.*)$/.exec(line);
    if (mark) {
      last = mark[1]!;
      header[last] = mark[2]!;
    } else if (line === '') {
      if (header['description']) last = '';
    } else if (last) header[last] = [header[last], line.trim()].filter((part) => part).join(' ');
  }
  return { header, code: text, diagnostics: [] };
}
