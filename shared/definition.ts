// Definitions (agents, skills, tools) are markdown with a YAML header. Reading one never throws: a header that is wrong is a
// diagnostic at its line, and the file stays usable as text (LI3). Limits: docs/SECURITY.md "Content".
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, visit, type Node, type YAMLMap } from 'yaml';

export type Diagnostic = {
  /** 1 is the first line of the file. */ line: number;
  /** Offsets in the file. */ from: number;
  to: number;
  message: string;
  /** `warning`: the file works, but perhaps not as it is meant. */
  severity?: 'error' | 'warning';
};
/** Where a key of the header stands, as offsets in the file. */
export type HeaderKey = {
  key: string;
  line: number;
  from: number;
  to: number;
  /** Its value; null where there is nothing after the colon. */
  value: { from: number; to: number } | null;
  /** Of a list of single values: where each stands. */
  items: { value: string; line: number; from: number; to: number }[];
};
export type Definition = {
  /** Null: no header, or one that cannot be read. Keys as written, in their order. */
  header: Record<string, unknown> | null;
  hasHeader: boolean;
  /** Of the header's top level, in their order. */
  keys: HeaderKey[];
  diagnostics: Diagnostic[];
  /** Where the body starts, as an offset and as a line (1 is the first). */
  bodyFrom: number;
  bodyLine: number;
};

export const headerLimits = { bytes: 64 * 1024, depth: 32 };

/** Faults that are told; a header that has more is wrong in a way that more of them would not show. */
const mostDiagnostics = 20;

const fence = /^---[ \t]*\r?\n/;

/** Where the header lies, without its fences; null without one. Knows no YAML, costs nothing. */
export function findHeader(text: string): { from: number; to: number; bodyFrom: number; bodyLine: number } | null {
  const open = fence.exec(text);
  if (!open) return null;
  const from = open[0].length;
  let line = 2;
  for (let at = from; at <= text.length; line++) {
    const end = text.indexOf('\n', at);
    const words = text.slice(at, end < 0 ? text.length : end).trimEnd();
    if (words === '---' || words === '...')
      return { from, to: at, bodyFrom: end < 0 ? text.length : end + 1, bodyLine: line + 1 };
    if (end < 0) return null;
    at = end + 1;
  }
  return null;
}

export function readDefinition(text: string): Definition {
  const found = findHeader(text);
  if (!found) {
    const unclosed = fence.test(text) && /^---[ \t]*\r?\n[\w-]+[ \t]*:/.test(text);
    const diagnostics = unclosed
      ? [{ line: 1, from: 0, to: 3, message: 'The header is not closed: a line with --- is missing.' }]
      : [];
    return { header: null, hasHeader: false, keys: [], diagnostics, bodyFrom: 0, bodyLine: 1 };
  }
  const source = text.slice(found.from, found.to);
  const { header, keys, diagnostics } = readHeader(source, found.from);
  return { header, hasHeader: true, keys, diagnostics, bodyFrom: found.bodyFrom, bodyLine: found.bodyLine };
}

function readHeader(source: string, shift: number): Pick<Definition, 'header' | 'keys' | 'diagnostics'> {
  const diagnostics: Diagnostic[] = [];
  const lines = new LineCounter();
  const report = (from: number, to: number, message: string) => {
    if (diagnostics.length >= mostDiagnostics * 5) return;
    if (diagnostics.some((one) => one.message === message && Math.abs(one.from - shift - from) < 80)) return; // one fault, told once
    const { line } = lines.linePos(Math.min(from, Math.max(0, source.length - 1)));
    diagnostics.push({ line: Math.max(1, line) + 1, from: from + shift, to: Math.max(from + 1, to) + shift, message });
  };
  const give = (header: Record<string, unknown> | null, keys: HeaderKey[] = []) => ({
    header,
    keys,
    diagnostics: diagnostics.sort((a, b) => a.from - b.from).slice(0, mostDiagnostics),
  });
  const refuse = (message: string) => (report(0, 1, message), give(null));

  if (source.length > headerLimits.bytes || new TextEncoder().encode(source).length > headerLimits.bytes)
    return refuse('The header is larger than 64 KiB.');
  if (isTooDeep(source)) return refuse(`The header is nested deeper than ${headerLimits.depth} levels.`);
  try {
    const document = withoutStacks(() =>
      parseDocument(source, {
        version: '1.2',
        schema: 'core',
        merge: false,
        uniqueKeys: false, // looked for below: the parser compares each with each
        stringKeys: true,
        customTags: [],
        logLevel: 'silent',
        prettyErrors: false,
        lineCounter: lines,
      }),
    );
    for (const problem of [...document.errors, ...document.warnings])
      report(problem.pos[0], problem.pos[1], plainWords(problem.code, problem.message));
    let deep = false;
    visit(document, {
      Alias: (_key, node) =>
        report(node.range?.[0] ?? 0, node.range?.[1] ?? 1, 'Aliases (*name) are not read: write the value out.'),
      Node: (_key, node, path) => {
        if (path.filter((part) => !('key' in part) || isMap(part)).length > headerLimits.depth) deep = true;
        if (!isAlias(node) && node.tag && !node.tag.startsWith('tag:yaml.org,2002:'))
          report(node.range?.[0] ?? 0, node.range?.[1] ?? 1, `The tag ${node.tag} is not read.`);
        if (isMap(node))
          for (const key of repeatedKeys(node))
            report(key.range?.[0] ?? 0, key.range?.[1] ?? 1, plainWords('DUPLICATE_KEY', ''));
      },
    });
    if (deep) return refuse(`The header is nested deeper than ${headerLimits.depth} levels.`);
    if (diagnostics.length > 0) return give(null);
    if (document.contents === null) return give({});
    if (!isMap(document.contents)) return refuse('The header must be a list of keys and values.');
    const place = (node: Node) => ({ from: (node.range?.[0] ?? 0) + shift, to: (node.range?.[1] ?? 0) + shift });
    const lineOf = (offset: number) => lines.linePos(offset - shift).line + 1;
    const keys = document.contents.items.flatMap(({ key, value }): HeaderKey[] => {
      if (!isScalar(key)) return [];
      const at = place(key);
      const filled = value && !(isScalar(value) && value.range && value.range[0] === value.range[1]);
      const items = isSeq(value)
        ? value.items.flatMap((item) =>
            isScalar(item) ? { value: String(item.value), line: lineOf(place(item).from), ...place(item) } : [],
          )
        : [];
      return [
        { key: String(key.value), line: lineOf(at.from), ...at, value: filled ? place(value as Node) : null, items },
      ];
    });
    return give(ownKeys(document.toJS({ maxAliasCount: 0 }) as Record<string, unknown>), keys);
  } catch (error) {
    return refuse(
      error instanceof RangeError ? 'The header is nested too deep.' : 'The header cannot be read as YAML.',
    );
  }
}

/** The keys of a map that are there before it, in the same map. */
function* repeatedKeys({ items }: YAMLMap): Generator<Node> {
  const seen = new Set<unknown>();
  for (const { key } of items) {
    if (!isScalar(key)) continue;
    if (seen.has(key.value)) yield key;
    seen.add(key.value);
  }
}

/** The parser makes an error object of each fault: where in the program it did so costs more than the parsing, and nobody reads it. */
function withoutStacks<T>(act: () => T): T {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return act();
  } finally {
    Error.stackTraceLimit = before;
  }
}

/** A cheap look before the parser, which recurses. Counts brackets in strings too: twice the limit leaves room for them. */
function isTooDeep(source: string): boolean {
  let open = 0;
  for (const sign of source) {
    if (sign === '[' || sign === '{') open += 1;
    else if (sign === ']' || sign === '}') open = Math.max(0, open - 1);
    if (open > headerLimits.depth * 2) return true;
  }
  return source
    .split('\n')
    .some((line) => /^(?:\s*[-?:](?=\s))*/.exec(line)![0].replace(/\s/g, '').length > headerLimits.depth);
}

/** Without a prototype to confuse: `__proto__` is a key like another. */
function ownKeys(value: Record<string, unknown>): Record<string, unknown> {
  const plain: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const key of Object.keys(value)) plain[key] = value[key];
  return plain;
}

function plainWords(code: string, message: string): string {
  switch (code) {
    case 'DUPLICATE_KEY':
      return 'This key is here twice.';
    case 'TAB_AS_INDENT':
      return 'Indent with spaces: YAML takes no tabs here.';
    case 'BAD_INDENT':
      return 'The indentation does not fit the line above.';
    case 'MULTILINE_IMPLICIT_KEY':
    case 'BLOCK_AS_IMPLICIT_KEY':
      return 'A value with a colon needs quotes around it.';
    case 'MISSING_CHAR':
      return message.replace(/ at line .*$/s, '.');
    default:
      return message
        .split('\n')[0]!
        .replace(/ at line .*$/, '')
        .replace(/\.?$/, '.');
  }
}
