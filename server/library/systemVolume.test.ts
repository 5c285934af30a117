// What ships in system/ against the software: every name in it exists, every tool is told in three places and the same in each.
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { kernelSettings, runLimits } from '#shared/kernelSettings.ts';
import { builtInTools, deviceTools, isBuiltInTool, toolNamed } from '#shared/toolNames.ts';
import { readTyped, slugOf } from '#shared/typedDefinition.ts';

type Specification = { name: string; description: string; effect: string; parameters: object };

const root = path.join(import.meta.dirname, '../../system');
const texts = new Map(
  fs
    .readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => [file.split(path.sep).join('/'), fs.readFileSync(path.join(root, file), 'utf8')]),
);
const read = (kind: string) =>
  [...texts]
    .map(([file, text]) => ({ file, text, ...readTyped({ path: file, text }) }))
    .filter((one) => one.kind === kind);
const [agents, skills, tools] = [read('agent'), read('skill'), read('tool')];
const kernel = (file: string) => texts.get(`kernel/${file}`)!;
const firstCells = (text: string, column: number) =>
  text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .flatMap((line) => /`(\w+)`/.exec(line.split('|')[column] ?? '')?.[1] ?? []);

test('[LI3] agents and skills of the system say who they are and when to use them, without a complaint', () => {
  expect(agents.length).toBeGreaterThanOrEqual(12);
  expect(skills.length).toBeGreaterThanOrEqual(10);
  for (const one of [...agents, ...skills, ...tools]) {
    expect([one.file, one.diagnostics]).toEqual([one.file, []]);
    expect(one.description.length).toBeGreaterThan(40);
  }
  for (const { file, name, description, body } of skills) {
    expect([file, name]).toEqual([`skills/${name}/SKILL.md`, slugOf(name)]);
    expect(description.length).toBeLessThanOrEqual(1024);
    expect(body.length / 4, `${name} is at most about 2,000 tokens`).toBeLessThan(2000);
  }
  const ids = [...agents, ...skills].map(({ kind, id }) => `${kind} ${id}`);
  expect(new Set(ids).size).toBe(ids.length);
  expect(texts.get('README.md')).toContain('fifteen agents');
  expect(agents).toHaveLength(15);
});

test('every tool, skill and agent that is named in the system exists', () => {
  const skillIds = new Set(skills.map(({ id }) => id));
  const agentNames = new Set(agents.map(({ name }) => name));
  for (const { file, tools: named, refusedTools, skills: wanted } of agents) {
    expect([file, [...(named ?? []), ...refusedTools].filter((tool) => !isBuiltInTool(tool))]).toEqual([file, []]);
    expect([file, wanted.filter((skill) => !skillIds.has(slugOf(skill)))]).toEqual([file, []]);
  }
  for (const [file, text] of texts) {
    const named = text.match(/\b[A-Z]\w*Agent\b/g) ?? [];
    const examples = ['TideAnalyst'];
    expect([file, named.filter((name) => !agentNames.has(name) && !examples.includes(name))]).toEqual([file, []]);
    const links = Array.from(text.matchAll(/\]\((?!https?:)([^)#]+\.md)\)/g), ([, link]) => link!);
    for (const link of links)
      expect([file, texts.has(path.posix.join(path.posix.dirname(file), link))]).toEqual([file, true]);
    for (const [, skill] of text.matchAll(/[Tt]he skill\s+`([\w-]+)`/g))
      expect([file, skillIds.has(skill!)]).toEqual([file, true]);
  }
});

test('the map of concepts, the registry, the page of each tool and the software name the same tools', () => {
  const all = [...builtInTools, ...deviceTools].sort();
  const [map] = kernel('concept-to-tool-map.md').split('## Concepts made of several tools');
  expect([...new Set(firstCells(map!, 2))].sort()).toEqual(all);
  expect(firstCells(kernel('tool-registry.md'), 1).sort()).toEqual(all);
  expect(tools.map(({ name }) => name).sort()).toEqual(all);
  const [, composed] = kernel('concept-to-tool-map.md').split('## Concepts made of several tools');
  const named = Array.from(composed!.split('## Other')[0]!.matchAll(/`([a-z]+_[a-z_]+)`/g), ([, name]) => name!);
  expect(named.filter((name) => name !== 'evolved_from' && !isBuiltInTool(name))).toEqual([]);
  const spellings = composed!
    .split('## Other')[1]!
    .match(/`[A-Za-z-]+`/g)!
    .map((word) => toolNamed(word.slice(1, -1)));
  expect(spellings.filter((name) => !isBuiltInTool(name))).toEqual([]);
  expect(spellings.length).toBeGreaterThan(10);
});

test('the registry says of each tool what its page says: what it takes, and its effect', () => {
  for (const { name, parameters, header } of tools) {
    const row = kernel('tool-registry.md')
      .split('\n')
      .find((line) => line.includes(`tools/${name}.md`))!
      .split('|');
    const takes = Array.from(row[2]!.matchAll(/`(\w+)`/g), ([, key]) => key);
    expect([name, takes]).toEqual([name, Object.keys(parameters!['properties'] as object)]);
    expect([name, row[4]!.trim()]).toEqual([name, header!['effect']]);
  }
});

test('[RU6] every number of the kernel is read by the software: by name, outside of the file that lists them', () => {
  const server = path.join(root, '../server');
  const code = fs
    .readdirSync(server, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !/test/i.test(path.basename(file)))
    .map((file) => fs.readFileSync(path.join(server, file), 'utf8'));
  const limits = runLimits.toString(); // what a budget holds a run to
  const readers = (name: string) => [limits, ...code].filter((text) => new RegExp(`\\.${name}\\b`).test(text)).length;
  expect(readers('no_such_number')).toBe(0);
  expect(Object.keys(kernelSettings).filter((name) => readers(name) === 0)).toEqual([]);
});

const tables = path.join(import.meta.dirname, '../runs/tools');
test('the page of each tool says what the software tells a model', async () => {
  const { toolTable } = (await import(`${tables}/toolTable.ts`)) as { toolTable: Specification[] };
  const { deviceTable } = (await import(`${tables}/deviceTable.ts`)) as { deviceTable: Specification[] };
  const told = [...toolTable, ...deviceTable];
  expect(told.map(({ name }) => name)).toEqual([...builtInTools, ...deviceTools]);
  for (const { name, description, effect, parameters } of told) {
    const page = tools.find((tool) => tool.name === name)!;
    expect({ description: page.header!['description'], effect: page.header!['effect'], parameters: page.header!['parameters'] }).toEqual({
      description, effect, parameters,
    }); // prettier-ignore
  }
});

test('a copy of the system volume or of the lab works in Claude Code, with the same command', () => {
  for (const file of ['.claude/commands/llmos.md', '.mcp.json', 'AGENTS.md'])
    expect(fs.readFileSync(path.join(root, '../samples/lab', file), 'utf8')).toBe(
      fs.readFileSync(path.join(root, file), 'utf8'),
    );
  const { mcpServers } = JSON.parse(fs.readFileSync(path.join(root, '.mcp.json'), 'utf8')) as {
    mcpServers: Record<string, { url: string; headers: { Authorization: string } }>;
  };
  expect(mcpServers['llmos']!.url).toMatch(/\/mcp$/);
  expect(mcpServers['llmos']!.headers.Authorization).toBe('Bearer ${LLMOS_TOKEN}');
});
