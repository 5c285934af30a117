// Definitions in the form of others: agents as Claude Code reads them from `.claude/agents`, skills in the Agent Skills standard. A file
// that already has the form goes out byte for byte.
import { stringify } from 'yaml';
import { setHeaderKeys } from './definitionEditing.ts';
import type { TypedDefinition } from './definitionTypes.ts';
import { isBuiltInTool, type OwnTool } from './toolNames.ts';

/** What Claude Code calls the same. The others are reached through the workspace's own MCP server, `llmos` in `.mcp.json`. */
const claudeTools: Partial<Record<OwnTool, string[]>> = {
  read_file: ['Read'],
  write_file: ['Write'],
  edit_file: ['Edit'],
  list_directory: ['Glob'],
  search_files: ['Grep', 'Glob'],
  delegate_to_agent: ['Task'],
  use_skill: ['Skill'],
  execute_python: ['Bash'],
  ask_person: ['AskUserQuestion'],
};
const claudeModels = /^(sonnet|opus|haiku|claude-[\w.-]+)$/;

export function toolForClaude(name: string): string[] {
  if (!isBuiltInTool(name)) return [name];
  return claudeTools[name] ?? [`mcp__llmos__${name}`];
}

/** `anthropic/claude-sonnet-4.5` and other providers' names say nothing to Claude Code: then it uses its own. */
const modelForClaude = (model: string | null) => (model && claudeModels.test(model) ? model : null);

/** Ids of Claude Code and Agent Skills: small ASCII letters, digits, hyphens, at most 64. */
export function portableId(id: string): string {
  const ascii = id
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return ascii.slice(0, 64).replace(/-+$/, '') || 'unnamed';
}

/** Text of `.claude/agents/<id>.md`. */
export function agentForClaude({ text, definition }: { text: string; definition: TypedDefinition }): string {
  const { name, description, model, refusedTools } = definition;
  const id = portableId(definition.id);
  const tools = definition.tools && [...new Set(definition.tools.flatMap(toolForClaude))].join(', ');
  const refused = [...new Set(refusedTools.flatMap(toolForClaude))].join(', ');
  const wanted = {
    name: id,
    description: description || `${name}, an agent of this workspace.`,
    ...(tools === null ? {} : { tools }),
    ...(refused ? { disallowedTools: refused } : {}),
    model: modelForClaude(model),
  };
  const header = definition.header ?? {};
  const changes = Object.fromEntries(Object.entries(wanted).filter(([key, value]) => value !== (header[key] ?? null)));
  const changed = definition.guessed ? null : setHeaderKeys(text, changes);
  if (changed !== null) return changed;
  const kept = Object.entries(wanted).filter(([, value]) => value !== null);
  return withHeader(Object.fromEntries(kept), definition.body);
}

const standardKeys = ['name', 'description', 'license', 'compatibility', 'allowed-tools', 'metadata'];

/** Folder name and text of its SKILL.md. What the standard does not know goes under `metadata`. */
export function skillForStandard({ text, definition }: { text: string; definition: TypedDefinition }): {
  folder: string;
  text: string;
} {
  const { header, body, name } = definition;
  const folder = portableId(definition.id);
  const description = (definition.description || `${name}, a skill of this workspace.`).slice(0, 1024);
  const isStandard =
    header !== null &&
    !definition.guessed &&
    header['name'] === folder &&
    header['description'] === description &&
    Object.keys(header).every((key) => standardKeys.includes(key));
  if (isStandard) return { folder, text };
  const rest = Object.entries(header ?? {}).filter(([key]) => !standardKeys.includes(key) && key !== 'tools');
  const own = header?.['metadata'];
  const metadata = {
    ...(typeof own === 'object' && own !== null && !Array.isArray(own) ? own : {}),
    ...(name === folder ? {} : { title: name }),
    ...Object.fromEntries(rest.map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)])),
  };
  const tools = definition.tools && [...new Set(definition.tools.flatMap(toolForClaude))].join(' ');
  return {
    folder,
    text: withHeader(
      {
        name: folder,
        description,
        ...(typeof header?.['license'] === 'string' ? { license: header['license'] } : {}),
        ...(typeof header?.['compatibility'] === 'string' ? { compatibility: header['compatibility'] } : {}),
        ...(tools ? { 'allowed-tools': tools } : {}),
        ...(Object.keys(metadata).length > 0 ? { metadata } : {}),
      },
      body,
    ),
  };
}

const withHeader = (header: Record<string, unknown>, body: string) =>
  `---\n${stringify(header, { lineWidth: 0 })}---\n${body.startsWith('\n') ? '' : '\n'}${body}`;
