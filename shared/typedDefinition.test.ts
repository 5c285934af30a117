import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { kindByPath } from './definitionKind.ts';
import { readTyped, slugOf, stemOf } from './typedDefinition.ts';
import { builtInTools, isBuiltInTool, toolNamed } from './toolNames.ts';

const samples = path.join(import.meta.dirname, '..', 'samples');
const original = path.join(samples, 'llmos-original');
const read = (file: string, root = original) =>
  readTyped({ path: file, text: fs.readFileSync(path.join(root, file), 'utf8') });
const readAll = (folder: string) =>
  fs.readdirSync(path.join(original, folder)).map((file) => read(`${folder}/${file}`));
const md = (header: string, body = '# Body\n') => `---\n${header}\n---\n${body}`;
const agent = (header: string, body?: string) => readTyped({ path: 'agents/a.md', text: md(header, body) });

test('[LI3] the 13 agents, 19 skills, 4 tools, 3 applets and the kernel of the original load without a complaint', () => {
  const agents = readAll('agents');
  const skills = readAll('skills');
  const tools = readAll('tools');
  const applets = readAll('applets');
  const kernel = readAll('kernel');
  expect([agents.length, skills.length, tools.length, applets.length, kernel.length]).toEqual([13, 19, 4, 3, 9]);
  for (const [kind, list] of Object.entries({ agent: agents, skill: skills, tool: tools, applet: applets }))
    for (const one of list) {
      expect([one.kind, one.diagnostics]).toEqual([kind, []]);
      expect(one.description.length, one.id).toBeGreaterThan(20);
      expect(one.id).toMatch(/^[a-z0-9-]+$/);
    }
  for (const list of [agents, skills, tools, applets]) expect(new Set(list.map(({ id }) => id)).size).toBe(list.length);
  expect(agents.map(({ id }) => id)).toEqual([
    'applet-debugger-agent',
    'execution-strategy-agent',
    'hardware-control-agent',
    'lens-selector-agent',
    'memory-analysis-agent',
    'memory-consolidation-agent',
    'mutation-agent',
    'pattern-matcher-agent',
    'planning-agent',
    'project-agent-planner',
    'robot-ai-agent',
    'system-agent',
    'ux-designer',
  ]);
  expect(kernel.filter(({ kind }) => kind === 'kernel')).toHaveLength(8); // its README is about the folder
});

test('[LI3] what the original agents say is understood: tools in every spelling, limits, origin, model', () => {
  expect(read('agents/SystemAgent.md')).toMatchObject({
    name: 'SystemAgent',
    type: 'orchestrator',
    model: 'anthropic/claude-sonnet-4.5',
    limits: { iterations: 20 },
    origin: { how: 'created', from: null },
    version: '2.0',
    tools: [
      'write_file',
      'read_file',
      'execute_python',
      'list_directory',
      'discover_agents',
      'delegate_to_agent',
      'generate_applet',
      'validate-project-agents',
    ],
  });
  expect(read('agents/PlanningAgent.md')).toMatchObject({
    limits: { iterations: 1 },
    tools: ['read_file', 'list_directory', 'discover_agents'],
    origin: { how: null, from: null },
  });
  expect(read('agents/AppletDebuggerAgent.md').tools).toEqual([]);
  expect(read('agents/HardwareControlAgent.md')).toMatchObject({ tools: null, name: 'Hardware Control Agent' });
  expect(read('agents/UXDesigner.md').keywords).toContain('wizard');
  expect(read('agents/HardwareControlAgent.md').description).not.toMatch(/^#/); // its first paragraph
});

test('[LI3] executable skills give their code, what goes in and what comes out', () => {
  const rc = read('skills/circuit-rc-node.md');
  expect(rc.executable).toMatchObject({ language: 'python', mode: 'browser-wasm', entry: 'execute' });
  expect(read('skills/quantum-openqasm-browser.md').executable!.entry).toBe('execute_skill');
  expect(rc.executable!.inputs[1]).toEqual({
    name: 'capacitance',
    type: 'number',
    description: 'Capacitance in Farads (e.g., 1e-6 for 1µF)',
    required: true,
    fallback: 0.000001,
  });
  expect(rc.executable!.outputs.map(({ name }) => name)).toEqual([
    'voltage_data',
    'time_constant',
    'steady_state_voltage',
    'netlist',
  ]);
  const text = fs.readFileSync(path.join(original, 'skills/circuit-rc-node.md'), 'utf8');
  expect(text.split('\n')[rc.executable!.line - 1]).toBe(rc.executable!.code.split('\n')[0]);
  const runs = readAll('skills').filter(({ executable }) => executable);
  expect(runs.map(({ id }) => id)).toEqual([
    'circuit-rc-node',
    'database-query-node',
    'quantum-cardiac-cepstrum',
    'quantum-openqasm-browser',
    'quantum-qft-openqasm',
    'quantum-solver',
    'quantum-vqe-node',
    'system-quantum-circuit-improver',
    'threejs-cube-node',
    'weather-analysis-node',
  ]);
  for (const { executable } of runs) expect(executable!.inputs.length).toBeGreaterThan(0);
  expect(read('skills/weather-analysis-node.md').mcpServers).toEqual(['weather-api']);
});

test('[LI3] tools become JSON Schema, applets their source', () => {
  expect(read('tools/query-memory.md').parameters).toEqual({
    type: 'object',
    properties: {
      query: { type: 'string', description: "Natural language query describing what you're looking for" },
      limit: { type: 'number', description: 'Maximum number of results to return', default: 5 },
      min_similarity: { type: 'number', description: 'Minimum similarity score (0-1) for results', default: 0.3 },
      include_patterns: {
        type: 'boolean',
        description: 'Whether to include extracted patterns in results',
        default: true,
      },
    },
    required: ['query'],
  });
  expect(Object.keys(read('tools/fix-applet.md').returns!['properties'] as object)).toContain('fixedCode');
  expect(read('applets/budget-calculator.app')).toMatchObject({
    id: 'budget-calculator',
    name: 'Budget Calculator',
    keywords: ['finance', 'budget', 'calculator', 'money'],
  });
  expect(read('applets/budget-calculator.app').code).toMatch(/^function Component/);
  const source =
    '/**\n * @name Tide table\n * Shows the tides of a harbour,\n * hour by hour.\n *\n * More.\n */\nexport default 1;\n';
  expect(readTyped({ path: 'applets/tides.tsx', text: source })).toMatchObject({
    kind: 'applet',
    id: 'tides',
    code: source,
  });
  expect(readTyped({ path: 'applets/x.app', text: '{' }).diagnostics).toHaveLength(1);
});

test('[LI3] agents of Claude Code and folders of Agent Skills load', () => {
  expect(read('workspace-agents/coder.md')).toMatchObject({
    kind: 'agent',
    id: 'expert-coder',
    model: 'sonnet',
    tools: ['read_file', 'write_file', 'edit_file', 'execute_python', 'search_files'],
  });
  const claude = md(
    'name: code-reviewer\ndescription: Reviews code\ntools: Read, Grep, Glob, Bash(git log:*), mcp__github__search\ndisallowedTools: Write, Edit\nmodel: inherit\nmaxTurns: 12\nskills:\n  - api-conventions\nmcpServers:\n  - slack\n  - local:\n      command: x\npermissionMode: plan\ncolor: blue',
  );
  expect(readTyped({ path: '.claude/agents/code-reviewer.md', text: claude })).toMatchObject({
    kind: 'agent',
    id: 'code-reviewer',
    tools: ['read_file', 'search_files', 'execute_python', 'mcp__github__search'],
    refusedTools: ['write_file', 'edit_file'],
    model: null,
    limits: { iterations: 12 },
    skills: ['api-conventions'],
    mcpServers: ['slack', 'local'],
    diagnostics: [],
  });
  const skill = md(
    'name: pdf\ndescription: Work with PDF files.\nlicense: MIT\nallowed-tools: Read Bash(python:*) Write\nmetadata:\n  author: x',
  );
  expect(readTyped({ path: 'document-skills/pdf/SKILL.md', text: skill })).toMatchObject({
    kind: 'skill',
    id: 'pdf',
    tools: ['read_file', 'execute_python', 'write_file'],
    diagnostics: [],
  });
  for (const name of ['check-a-claim', 'weekly-summary'])
    expect(read(`lab/skills/${name}/SKILL.md`, samples)).toMatchObject({ kind: 'skill', id: name, diagnostics: [] });
  expect(read('lab/agents/NoteKeeper.md', samples)).toMatchObject({ id: 'note-keeper', skills: ['weekly-summary'] });
});

test.each([
  ['agents/a.md', 'agent'],
  ['projects/forecast/components/agents/a.md', 'agent'],
  ['.claude/agents/a.md', 'agent'],
  ['agents/README.md', 'plain'],
  ['agents/deep/a.md', 'plain'],
  ['skills/a.md', 'skill'],
  ['skills/a/SKILL.md', 'skill'],
  ['skills/a/references/more.md', 'plain'],
  ['tools/a.md', 'tool'],
  ['kernel/config.md', 'kernel'],
  ['elsewhere/kernel/config.md', 'plain'],
  ['memory/long_term/a.md', 'memory'],
  ['projects/x/memory/traces/2026/01/t.md', 'trace'],
  ['memory/traces/skills/a.md', 'trace'],
  ['workflows/a.md', 'workflow'],
  ['a.workflow.md', 'workflow'],
  ['applets/a.tsx', 'applet'],
  ['web/a.tsx', 'plain'],
  ['anywhere/a.app', 'applet'],
  ['notes/a.md', 'plain'],
  ['agents/data.csv', 'plain'],
] as const)('%s is %s by its place', (file, kind) => expect(kindByPath(file)).toBe(kind));

test.each([
  ['agent_name: x', 'agent'],
  ['type: agent', 'agent'],
  ['skill_id: x', 'skill'],
  ['type: tool', 'tool'],
  ['trace_id: t', 'trace'],
  ['type: workflow', 'workflow'],
  ['type: specialist', 'plain'],
])('elsewhere the header decides: %s is %s', (header, kind) =>
  expect(readTyped({ path: 'notes/a.md', text: md(header) }).kind).toBe(kind),
);

test('the id is the first of id, skill_id, name, agent_name, tool_name and the name of the file, in one spelling', () => {
  expect(agent('id: X 1\nskill_id: y\nname: z').id).toBe('x-1');
  expect(agent('skill_id: y\nname: z').id).toBe('y');
  expect(agent('name: "Ärztliche Übersicht"').id).toBe('ärztliche-übersicht');
  expect(agent('tool_name: do_it').id).toBe('do-it');
  expect(agent('name: "!!!"').id).toBe('a');
  expect(agent('id: 7').id).toBe('7');
  expect(
    ['SystemAgent', 'System Agent', 'system_agent', 'UXDesigner', 'RobotAIAgent', 'ESP32 Robot'].map(slugOf),
  ).toEqual(['system-agent', 'system-agent', 'system-agent', 'ux-designer', 'robot-ai-agent', 'esp32-robot']);
  expect(stemOf('skills/a-b/SKILL.md')).toBe('a-b');
  expect(stemOf('.app')).toBe('.app');
  expect(readTyped({ path: 'agents/Helper.md', text: 'Just words.' })).toMatchObject({
    kind: 'agent',
    id: 'helper',
    name: 'Helper',
    description: 'Just words.',
    tools: null,
    diagnostics: [],
  });
});

test('values of the wrong kind are remarks at their line, and the rest works', () => {
  const odd = agent('name: [a, b]\ntools: {x: 1}\nmaxIterations: many\nkeywords: 7\nmodel: 4\ndescription: Fine');
  expect(odd).toMatchObject({ id: 'a', description: 'Fine', tools: null, keywords: ['7'], model: '4', limits: {} });
  expect(odd.diagnostics.map(({ line, severity }) => [line, severity])).toEqual([
    [2, 'warning'],
    [3, 'warning'],
    [4, 'warning'],
  ]);
  expect(agent('whatever: 1\nanother_key: {deep: [1]}').diagnostics).toEqual([]);
});

test('a header that is no YAML is told, and read line by line as other programs do', () => {
  const broken = agent(
    'name: scout\ndescription: Use this when: somebody asks\ntools: Read, Write\nmodel: sonnet\nkeywords:\n  - "a b"\n  - c',
  );
  expect(broken).toMatchObject({
    id: 'scout',
    guessed: true,
    description: 'Use this when: somebody asks',
    tools: ['read_file', 'write_file'],
    keywords: ['a b', 'c'],
  });
  expect(broken.diagnostics[0]).toMatchObject({ line: 3 });
});

test('the first paragraph serves as description: no headings, code, lists or marks', () => {
  const body =
    '# Title\n\n```js\nnot this\n\nnor this\n```\n\n- a list\n\n> **Helps** with [tables](x.md)\n> of `numbers`.\n\nMore.';
  expect(agent('name: a', body).description).toBe('Helps with tables of numbers.');
  expect(agent('name: a', '').description).toBe('');
});

test('every spelling of a tool is one name, and unknown ones stay as they are', () => {
  expect(['read-file', 'read_file', 'readFile', 'Read', 'READ_FILE', ' read file '].map(toolNamed)).toEqual(
    Array.from({ length: 6 }, () => 'read_file'),
  );
  expect(['LS', 'MultiEdit', 'Task', 'Skill', 'discover-subagents', 'AskUserQuestion'].map(toolNamed)).toEqual([
    'list_directory',
    'edit_file',
    'delegate_to_agent',
    'use_skill',
    'discover_agents',
    'ask_person',
  ]);
  expect(['drive', 'mcp__db__Query', 'WebFetch', 'constructor'].map(toolNamed)).toEqual([
    'drive',
    'mcp__db__Query',
    'WebFetch',
    'constructor',
  ]);
  for (const name of builtInTools) expect([toolNamed(name), isBuiltInTool(name)]).toEqual([name, true]);
});

test('[LI3] [SY13] a name, a list of tools and a first comment that were made to hurt cost what their size costs', () => {
  expect(['HTTPServer', 'APIKeyÄÖÜber', 'A'.repeat(90)].map(slugOf)).toEqual([
    'http-server',
    'api-key-äö-über',
    'a'.repeat(80),
  ]);
  const texts = (size: number): [string, string][] => [
    ['agents/x.md', `---\nname: ${'A'.repeat(size)}\n---\n`],
    ['agents/x.md', `---\nname: x\ntools: ${'a('.repeat(size / 2)}\n---\n`],
    ['applets/x.tsx', `${'\t'.repeat(size)}\nx`],
  ];
  const cost = (size: number) => {
    const before = process.cpuUsage();
    for (const [path, text] of texts(size)) readTyped({ path, text });
    return process.cpuUsage(before).user / 1000;
  };
  cost(1000);
  expect(cost(60_000)).toBeLessThan(2000); // milliseconds of work, whatever else the machine does; it was 12,000
});
