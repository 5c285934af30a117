// From the text of a file to what it defines (LI3). Tolerant: a file without a header, with a wrong one, or with values of the wrong
// kind is still a definition; what could not be used is a diagnostic at its line.
import { readApplet } from './appletFile.ts';
import { readDefinition, type Definition, type Diagnostic } from './definition.ts';
import { kindOf } from './definitionKind.ts';
import { readExecutable, readSchema } from './definitionFields.ts';
import type { DefinitionLimits, TypedDefinition } from './definitionTypes.ts';
import { guessHeader } from './guessedHeader.ts';
import { toolNamed } from './toolNames.ts';

const longestDescription = 1024;

/**
 * `SystemAgent`, `System Agent` and `system-agent` are one name. Letters of every language stay; at most 80.
 */
export function slugOf(name: string): string {
  return name
    .normalize('NFKC')
    .replace(/([\p{Ll}\p{N}])(\p{Lu})/gu, '$1-$2')
    .replace(/(?<=\p{Lu})(?=\p{Lu}\p{Ll})/gu, '-')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}]+/gu, '-')
    .slice(0, 80)
    .replace(/^-+|-+$/g, '');
}

/** `skills/check-a-claim/SKILL.md` -> `check-a-claim` */
export function stemOf(path: string): string {
  const parts = path.split('/');
  const file = parts.at(-1)!;
  if (/^skill\.md$/i.test(file) && parts.length > 1) return parts.at(-2)!;
  return file.replace(/\.workflow\.md$/i, '').replace(/(.)\.[^.]*$/, '$1');
}

export function readTyped({ path, text }: { path: string; text: string }): TypedDefinition {
  if (/\.(app|[jt]sx)$/i.test(path)) return readApplet({ path, text, id: slugOf, stem: stemOf(path) });
  const read = readDefinition(text);
  const guess = read.hasHeader && read.header === null ? guessHeader(text) : null;
  const header = read.header ?? guess;
  const kind = kindOf({ path, header });
  const body = text.slice(read.bodyFrom);
  const see = openHeader({ header, read });
  const name = see.word('name', 'agent_name', 'tool_name', 'title');
  const id =
    [see.word('id'), see.word('skill_id'), name, stemOf(path)].map((said) => slugOf(said ?? '')).find((slug) => slug) ??
    'untitled';
  const said = see.word('description');
  const definition: TypedDefinition = {
    kind,
    id,
    name: name ?? titleOf(body) ?? stemOf(path),
    description: oneLine(said ?? firstParagraph(body)),
    type: see.word('type'),
    category: see.word('category'),
    version: see.word('version'),
    tools: toolsOf(see, kind === 'skill' ? ['allowed-tools', 'tools'] : ['tools', 'allowed-tools']),
    refusedTools: toolsOf(see, ['disallowedTools', 'disallowed_tools']) ?? [],
    model: modelOf(see.word('model')),
    limits: limitsOf(see),
    skills: see.words('skills') ?? [],
    mcpServers: serversOf(see),
    capabilities: see.words('capabilities') ?? [],
    keywords: [
      ...new Set(['keywords', 'tags', 'triggers'].flatMap((key) => see.words(key) ?? []).map((word) => word.trim())),
    ],
    origin: originOf(see),
    executable: kind === 'skill' || kind === 'tool' ? readExecutable({ header, body, bodyLine: read.bodyLine }) : null,
    parameters: kind === 'tool' ? readSchema(header?.['parameters']) : null,
    returns: kind === 'tool' ? readSchema(header?.['returns']) : null,
    code: null,
    header,
    guessed: guess !== null,
    keys: read.keys,
    body,
    bodyFrom: read.bodyFrom,
    bodyLine: read.bodyLine,
    diagnostics: [...read.diagnostics, ...see.remarks()],
  };
  return definition;
}

type See = ReturnType<typeof openHeader>;

/** Reads values by what they are meant to be, and remarks on those that are something else. */
function openHeader({
  header,
  read,
}: {
  header: Record<string, unknown> | null;
  read: Pick<Definition, 'keys' | 'bodyFrom'>;
}) {
  const remarks: Diagnostic[] = [];
  const remark = (key: string, message: string) => {
    const place = read.keys.find((one) => one.key === key);
    const { line, from, to } = place
      ? { line: place.line, from: place.value?.from ?? place.from, to: place.value?.to ?? place.to }
      : { line: 1, from: 0, to: 3 };
    if (!remarks.some((one) => one.from === from)) remarks.push({ line, from, to, message, severity: 'warning' });
  };
  const valueOf = (key: string): unknown => (header && Object.hasOwn(header, key) ? (header[key] ?? null) : null);
  const isWord = (value: unknown): value is string | number | boolean =>
    typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';

  return {
    valueOf,
    remark,
    /** The first of these keys that has a single value. */
    word(...keys: string[]): string | null {
      for (const key of keys) {
        const value = valueOf(key);
        if (value === null) continue;
        if (isWord(value)) {
          const word = String(value).trim();
          if (word) return word;
          continue;
        }
        remark(key, `“${key}” should be one value.`);
      }
      return null;
    },
    /** A list, `a, b`, or one value. Null where nothing is said. */
    words(key: string): string[] | null {
      const value = valueOf(key);
      if (value === null) return null;
      if (isWord(value))
        return String(value)
          .split(/[,\n]/)
          .map((word) => word.trim())
          .filter((word) => word);
      if (Array.isArray(value)) {
        const words = value.flatMap((item: unknown) => {
          if (isWord(item)) return String(item).trim() || [];
          const name: unknown = item && typeof item === 'object' ? (item as Record<string, unknown>)['name'] : null;
          return typeof name === 'string' ? name.trim() : [];
        });
        if (words.length < value.length) remark(key, `“${key}” should be a list of names.`);
        return words;
      }
      remark(key, `“${key}” should be a list of names.`);
      return null;
    },
    number(...keys: string[]): number | undefined {
      for (const key of keys) {
        const value = valueOf(key);
        if (value === null) continue;
        const number = typeof value === 'string' ? Number(value.trim() || NaN) : value;
        if (typeof number === 'number' && Number.isFinite(number) && number >= 0) return number;
        remark(key, `“${key}” should be a number that is not below zero.`);
      }
      return undefined;
    },
    remarks: () => remarks.sort((a, b) => a.from - b.from).slice(0, 20),
  };
}

function toolsOf(see: See, keys: string[]): string[] | null {
  for (const key of keys) {
    const value = see.valueOf(key);
    if (value === null) continue;
    // Agent Skills part names by spaces, but not inside brackets: `Bash(git log:*) Read`
    const written =
      typeof value === 'string' ? (value.match(/[^\s,()]+(?:\([^)]{0,500}\))?/g) ?? []) : (see.words(key) ?? null);
    if (written === null) continue;
    if (written.includes('*')) return null;
    return [...new Set(written.map(toolNamed).filter((name) => name))];
  }
  return null;
}

const modelOf = (written: string | null) => (written === null || /^(inherit|default)$/i.test(written) ? null : written);

function limitsOf(see: See): DefinitionLimits {
  const limits: DefinitionLimits = {};
  const nested = see.valueOf('limits');
  const inside = (key: string): number | undefined => {
    const value: unknown =
      nested && typeof nested === 'object' && !Array.isArray(nested) ? (nested as Record<string, unknown>)[key] : null;
    return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
  };
  const set = (name: keyof DefinitionLimits, ...keys: string[]) => {
    const found = see.number(...keys) ?? inside(name) ?? keys.map(inside).find((value) => value !== undefined);
    if (found !== undefined) limits[name] = found;
  };
  set('iterations', 'maxIterations', 'maxTurns', 'max_iterations', 'max_turns');
  set('toolCalls', 'maxToolCalls', 'max_tool_calls');
  set('minutes', 'maxMinutes', 'max_minutes', 'timeoutMinutes');
  set('tokens', 'maxTokens', 'max_tokens');
  set('money', 'maxMoney', 'max_money', 'maxCost', 'max_cost');
  set('depth', 'maxDepth', 'max_depth');
  set('fanOut', 'maxFanOut', 'max_fan_out');
  return limits;
}

/** Claude Code takes names, or names with how they are started. */
function serversOf(see: See): string[] {
  for (const key of ['mcp_servers', 'mcpServers']) {
    const value = see.valueOf(key);
    if (value === null) continue;
    if (Array.isArray(value))
      return value.flatMap((item: unknown) =>
        item && typeof item === 'object' ? Object.keys(item) : typeof item === 'string' ? item : [],
      );
    return typeof value === 'object' ? Object.keys(value) : (see.words(key) ?? []);
  }
  return [];
}

function originOf(see: See): TypedDefinition['origin'] {
  const keys = { evolves_from: 'evolved', evolved_from: 'evolved', copied_from: 'copied' };
  for (const [key, how] of Object.entries(keys)) {
    const from = see.word(key);
    if (from && from !== 'null') return { how: see.word('origin') ?? how, from };
  }
  return { how: see.word('origin'), from: null };
}

const oneLine = (text: string) => {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > longestDescription ? `${line.slice(0, longestDescription - 1).trimEnd()}…` : line;
};

const titleOf = (body: string) => /^#[ \t]+(.+?)[ \t#]*$/m.exec(body.slice(0, 4000))?.[1]?.trim() ?? null;

/** The first words that are not a heading, a fence, a list, a table or a rule; without marks of emphasis and links. */
function firstParagraph(body: string): string {
  let fenced = false;
  for (const block of body.slice(0, 8000).split(/\r?\n[ \t]*\r?\n/)) {
    const marks = block.match(/^[ \t]*(```|~~~)/gm)?.length ?? 0;
    const skip = fenced || marks > 0;
    if (marks % 2 === 1) fenced = !fenced;
    if (skip) continue;
    const lines = block.split(/\r?\n/).filter((line) => !/^\s*(#|[-*_]{3,}\s*$|<!--|\|)/.test(line));
    const text = lines
      .map((line) => line.replace(/^\s*>\s?/, ''))
      .join(' ')
      .trim();
    if (text && !/^([-*+]|\d+[.)])\s/.test(text))
      return text.replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/(\*\*|__|`)/g, '');
  }
  return '';
}
