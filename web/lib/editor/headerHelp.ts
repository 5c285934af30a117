// What helps while a header is written: which keys there are, which names fit a value, what a name leads to, and which names lead
// nowhere. Knows no editor.
import type { LibraryName } from '#shared/api/library.ts';
import { findHeader, type Diagnostic } from '#shared/definition.ts';
import { kindByPath, type DefinitionKind } from '#shared/definitionKind.ts';
import { builtInTools, deviceTools, isBuiltInTool, toolNamed } from '#shared/toolNames.ts';
import { readTyped, slugOf } from '#shared/typedDefinition.ts';

export type HelpNames = { names: readonly LibraryName[]; models: readonly string[] };
export type Choice = { label: string; detail: string };

const common: Record<string, string> = {
  name: 'How others call it',
  description: 'What it is for, and when to use it',
  version: 'Of this file, as you count',
  category: 'For sorting',
  keywords: 'Words by which it is found',
  origin: 'created, copied or evolved',
  evolved_from: 'What it was made from',
};
const keys: Partial<Record<DefinitionKind, Record<string, string>>> = {
  agent: {
    ...common,
    type: 'orchestrator, specialist ...',
    tools: 'Those it may use; all without this line',
    disallowedTools: 'Those it may not use',
    model: 'An alias, provider/model, or inherit',
    skills: 'Put before it when it starts',
    mcpServers: 'Servers whose tools it may use',
    maxIterations: 'Turns of the model at most',
    maxToolCalls: 'Calls of tools at most',
    maxMinutes: 'Minutes at work at most',
    maxTokens: 'Tokens at most',
    maxCost: 'US dollars at most',
    maxDepth: 'Levels of delegation at most',
    maxFanOut: 'Sub-agents at most',
    capabilities: 'What it can do, in short lines',
  },
  skill: {
    ...common,
    'allowed-tools': 'Tools that it needs',
    license: 'Of the skill',
    inputs: 'What it takes, if it runs by itself',
    outputs: 'What it gives, if it runs by itself',
    execution_mode: 'Where it runs',
    mcp_servers: 'Servers that it needs',
    compatibility: 'What it needs around it',
    metadata: 'Whatever else is to be kept with it',
    source_traces: 'The runs that it was made from',
    confidence: 'How sure it is: high or low',
  },
  tool: { ...common, parameters: 'What it takes, as JSON Schema', returns: 'What it gives' },
};

/** Where somebody writes: at a key, or in the value of one. Null: not in the header. */
export function contextAt(
  text: string,
  position: number,
): { at: 'key'; from: number } | { at: 'value'; key: string; from: number; list: boolean } | null {
  const header = findHeader(text);
  if (!header || position < header.from || position > header.to) return null;
  const start = text.lastIndexOf('\n', position - 1) + 1;
  const before = text.slice(start, position);
  if (/^[\w-]*$/.test(before) && start < header.to) return { at: 'key', from: start };
  const word = /[^\s,[\]"':]*$/.exec(before)![0];
  const from = position - word.length;
  const own = /^([\w-]+)[ \t]*:(.*)$/.exec(before);
  if (own && /\][^[]*$/.test(own[2]!)) return null; // the list is closed
  if (own) return { at: 'value', key: own[1]!, from, list: own[2]!.includes('[') };
  if (!/^\s*-\s+/.test(before)) return null;
  // an item of a list: its key is above
  const above = text.slice(header.from, start).split('\n').reverse();
  for (const line of above) {
    const key = /^([\w-]+)[ \t]*:\s*$/.exec(line);
    if (key) return { at: 'value', key: key[1]!, from, list: true };
    if (line.trim() !== '' && !/^\s*(-|#)/.test(line)) return null;
  }
  return null;
}

export function keyChoices(path: string, text: string): Choice[] {
  const kind = kindByPath(path);
  const present = new Set(readTyped({ path, text }).keys.map(({ key }) => key));
  return Object.entries(keys[kind] ?? keys.agent!)
    .filter(([key]) => !present.has(key))
    .map(([label, detail]) => ({ label, detail }));
}

const kindOfKey: Record<string, 'tool' | 'skill' | 'agent' | 'model'> = {
  tools: 'tool',
  'allowed-tools': 'tool',
  disallowedTools: 'tool',
  skills: 'skill',
  agent: 'agent',
  agents: 'agent',
  model: 'model',
};

export function valueChoices(key: string, { names, models }: HelpNames): Choice[] {
  const kind = kindOfKey[key];
  if (kind === 'model') return models.map((label) => ({ label, detail: 'model' }));
  const found = names
    .filter((one) => one.kind === kind)
    .map(({ id, name, description }) => ({ label: kind === 'skill' ? id : name, detail: description }));
  if (kind !== 'tool')
    return key === 'origin' ? ['created', 'copied', 'evolved'].map((label) => ({ label, detail: '' })) : found;
  const described = new Map(
    names.filter((one) => one.kind === 'tool').map(({ name, description }) => [toolNamed(name), description]),
  );
  return [...builtInTools, ...deviceTools].map((label) => ({ label, detail: described.get(label) ?? 'tool' }));
}

export type Link = { from: number; to: number; target: LibraryName };

/** Names of the header, and `@Name`, `/skill` and `` `name` `` in the text, that lead to a definition. */
export function linksIn(path: string, text: string, { names }: HelpNames): Link[] {
  const targets = new Map<string, LibraryName>();
  for (const one of names) for (const id of [one.id, slugOf(one.name)]) targets.set(`${one.kind} ${id}`, one);
  const read = readTyped({ path, text });
  const links: Link[] = [];
  for (const { key, items, value } of read.keys) {
    const kind = kindOfKey[key];
    if (!kind || kind === 'model') continue;
    const single = value && items.length === 0 ? partsOf(text, value) : items;
    for (const { value: name, from, to } of single) {
      const target = targets.get(`${kind} ${slugOf(kind === 'tool' ? toolNamed(name) : name)}`);
      if (target) links.push({ from, to, target });
    }
  }
  for (const match of read.body
    .slice(0, 200_000)
    .matchAll(/(?<![\w/])([@/])([A-Za-z][\w-]{1,60})|`([\w-]{2,60})`|\b([A-Z]\w+Agent)\b/g)) {
    const [, sign, called, quoted, bare] = match;
    const id = slugOf(called ?? quoted ?? bare ?? '');
    const kinds = sign === '@' || bare ? ['agent'] : sign === '/' ? ['skill'] : ['tool', 'skill', 'agent'];
    const target = kinds.map((kind) => targets.get(`${kind} ${id}`)).find((one) => one);
    if (target && target.id !== read.id)
      links.push({ from: read.bodyFrom + match.index, to: read.bodyFrom + match.index + match[0].length, target });
  }
  return links.sort((a, b) => a.from - b.from);
}

/** `Read, Write` as single names with their places. */
function partsOf(text: string, { from, to }: { from: number; to: number }) {
  return Array.from(text.slice(from, to).matchAll(/[^\s,"'[\]]+/g), (match) => ({
    value: match[0],
    from: from + match.index,
    to: from + match.index + match[0].length,
  }));
}

/** What is wrong in the file, and names that lead nowhere. */
export function remarksOn(path: string, text: string, help: HelpNames | null): Diagnostic[] {
  const read = readTyped({ path, text });
  if (!help || read.keys.length === 0) return read.diagnostics;
  const known = new Set(help.names.map(({ kind, id }) => `${kind} ${id}`));
  const remarks: Diagnostic[] = [];
  for (const { key, line, items, value } of read.keys) {
    const kind = kindOfKey[key];
    if (kind !== 'tool' && kind !== 'skill' && kind !== 'agent') continue;
    const single = value && items.length === 0 ? partsOf(text, value).map((part) => ({ ...part, line })) : items;
    for (const part of single) {
      const name = part.value.replace(/\(.*$/, '');
      const found =
        kind === 'tool'
          ? name === '*' ||
            isBuiltInTool(toolNamed(name)) ||
            name.startsWith('mcp__') ||
            known.has(`tool ${slugOf(name)}`)
          : known.has(`${kind} ${slugOf(name)}`);
      if (!found && /^[\w-]+$/.test(name))
        remarks.push({
          line: part.line, from: part.from, to: part.to, severity: 'warning',
          message: `No ${kind} is called ${name}. The rest works.`,
        }); // prettier-ignore
    }
  }
  return [...read.diagnostics, ...remarks].sort((a, b) => a.from - b.from).slice(0, 30);
}
