// What ships in system/, tried: each agent in a run of its own on the whole server, with a scripted provider, at a call that its job is
// about; each skill given to a run, and read by one. A browser beside it says that Python and applets went well.
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import WebSocket from 'ws';
import { parse } from 'yaml';
import type { ToBrowser } from '#shared/live.ts';
import { readRun, type RunEvent, type RunState } from '#shared/run.ts';
import { builtInTools, type BuiltInTool } from '#shared/toolNames.ts';
import { readTrace } from '#shared/trace.ts';
import { textOf } from '../../e2e/fakes/obedience.ts';
import { startFakeModel, type FakeModel } from '../../e2e/fakes/model.ts';
import { startWorld, type World } from '../../e2e/world.ts';

const system = path.join(import.meta.dirname, '../../system');
/** Read here without the reader of definitions: what the file says, not what the software makes of it. */
function read(file: string) {
  const [, header, body] = /^---\n(.*?)\n---\n(.*)$/s.exec(fs.readFileSync(path.join(system, file), 'utf8'))!;
  const words = parse(header!) as { name: string; tools?: string[]; disallowedTools?: string[]; skills?: string[] };
  return { ...words, file, body: body!.trim() };
}
const agents = fs.readdirSync(path.join(system, 'agents')).map((name) => read(`agents/${name}`));
const skills = fs.readdirSync(path.join(system, 'skills')).map((name) => read(`skills/${name}/SKILL.md`));

const applet = `import { useState } from 'react';
export default function Counter() {
  const [n, setN] = useState(0);
  return <button onClick={() => setN(n + 1)}>{n}</button>;
}
`;
const skillText =
  '---\nname: tide-tables\ndescription: Read the tide tables of the harbour, whose second line holds the units.\n---\nSkip line 2.\n';
const learned =
  '---\ntype: domain_knowledge\nconfidence: low\n---\n\n- The station reports local time. (memory/traces/a.md)\n';

/** One call for each: its tool, what it is given, and what has to be in the result. */
const jobs: Record<string, [tool: BuiltInTool, args: Record<string, unknown>, result: RegExp]> = {
  AppletDebuggerAgent: ['generate_applet', { name: 'mended', code: applet }, /applets\/mended\.tsx.*It runs/s],
  CoderAgent: ['edit_file', { path: 'scripts/sum.py', old: 'a - b', new: 'a + b' }, /1 lines added, 1 removed/],
  DataAnalystAgent: ['execute_python', { code: 'print(sum([1, 2]))', files: ['data/tides.csv'] }, /The browser ran it/],
  HardwareControlAgent: ['read_file', { path: 'tools/bench-board.md' }, /Pin 4 drives the pump/],
  MemoryAnalysisAgent: ['query_memory', { query: 'tides', memory_type: 'domain_knowledge' }, /tide tables have two/],
  MemoryConsolidationAgent: ['write_file', { path: 'memory/long_term/station.md', content: learned }, /Wrote memory/],
  PatternDetectorAgent: [
    'query_memory',
    { query: 'CoderAgent at its job', memory_type: 'traces' },
    /memory\/traces\/.*try-coder/,
  ],
  PlanningAgent: ['discover_agents', { query: 'compute statistics of a table' }, /DataAnalystAgent/],
  ResearchAgent: ['search_files', { query: 'pump' }, /tools\/bench-board\.md:\d+/],
  ReviewerAgent: ['read_file', { path: 'scripts/sum.py' }, /def add/],
  RobotAgent: ['execute_python', { code: 'print("left 0.1, right 0.1")' }, /The browser ran it/],
  SkillWriterAgent: ['write_file', { path: 'skills/tide-tables/SKILL.md', content: skillText }, /in user\/ada/],
  SystemAgent: ['delegate_to_agent', { agent: 'WriterAgent', task: 'A part of it: say it well' }, /It is said well/],
  UXDesigner: ['generate_applet', { name: 'counter', code: applet }, /applets\/counter\.tsx.*It runs/s],
  WriterAgent: [
    'write_file',
    { path: 'notes/report.md', content: '# Report\n' },
    /Wrote notes\/report\.md in team\/lab/,
  ],
};

let model: FakeModel;
let world: World;
let cookie = '';
let tab: WebSocket;
const asked: string[] = [];

async function call(key: string, body?: unknown): Promise<any> {
  const [method, address] = key.split(' ') as [string, string];
  const isText = typeof body === 'string';
  const response = await fetch(`${world.origin}/api/v1${address}`, {
    method,
    headers: { origin: world.origin, cookie, 'content-type': isText ? 'text/plain' : 'application/json' },
    ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
  });
  const [set] = response.headers.getSetCookie();
  if (set) cookie = set.split(';')[0]!;
  const text = await response.text();
  if (!response.ok) throw new Error(`${key}: ${response.status} ${text}`);
  return response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text;
}

async function run(goal: string, more: Record<string, unknown>): Promise<{ state: RunState; events: RunEvent[] }> {
  const { id } = await call('POST /runs', { volume: 'team/lab', goal, ...more });
  for (const end = performance.now() + 20_000; ; await new Promise((done) => setTimeout(done, 25))) {
    const { events } = (await call(`GET /runs/${id}`)) as { events: RunEvent[] };
    const state = readRun(events);
    if (state.endedAt !== null) return { state, events };
    if (performance.now() > end) throw new Error(`it does not end: ${JSON.stringify(events.slice(-3))}`);
  }
}
const resultsOf = (events: RunEvent[]) => events.filter((event) => event.type === 'result');
const fileIn = (volume: string, file: string): Promise<string> =>
  call(`GET /volumes/${encodeURIComponent(volume)}/files/${file}`);

beforeAll(async () => {
  model = await startFakeModel();
  world = await startWorld({
    LLM_BASE_URL: model.url,
    LLM_MODEL: 'scripted',
    ALLOWED_HOSTS: model.host,
    EMBEDDINGS: 'off',
    RATE_LIMITS: 'off',
  });
  await call('POST /auth/sign-up', { login: 'ada', password: 'correct horse battery', name: 'Ada' });
  await call('POST /teams', { slug: 'lab', name: 'Lab' });
  for (const [file, text] of [
    ['data/tides.csv', 'hour,height\n0,1.2\n6,3.4\n'],
    ['scripts/sum.py', 'def add(a, b):\n    return a - b\n'],
    ['tools/bench-board.md', '# The board\n\nPin 4 drives the pump.\n'],
    ['memory/long_term/tides.md', '---\ntype: domain_knowledge\n---\n\n- The tide tables have two lines of header.\n'],
  ])
    await call(`PUT /volumes/team%2Flab/files/${file}`, text);
  tab = new WebSocket(`${world.origin.replace('http', 'ws')}/live`, { headers: { cookie, origin: world.origin } });
  tab.on('message', (data) => {
    const message = JSON.parse(String(data)) as ToBrowser;
    if (message.type !== 'browser-call') return;
    asked.push(message.tool);
    const answer = { ok: true, text: 'The browser ran it.', parts: [], files: [] };
    void call(`POST /browser-calls/${message.id}`, answer);
  });
  await new Promise((done) => tab.once('open', done));
  tab.send(JSON.stringify({ type: 'able', tools: ['python', 'applet'] }));
}, 120_000);
afterAll(async () => {
  tab.close();
  await world.close();
  await model.close();
});

test('every agent of the system volume is tried here', () => {
  expect(Object.keys(jobs).sort()).toEqual(agents.map(({ name }) => name).sort());
});

test.each(agents)('[RU4] [LI2] $name runs from the system volume, with its text, the tools of its file, and no other', async (agent) => {
  const [tool, args, result] = jobs[agent.name]!;
  const granted = (agent.tools ?? builtInTools).filter((name) => !agent.disallowedTools?.includes(name));
  expect(granted, 'the call is one of its own').toContain(tool);
  const foreign = builtInTools.find((name) => !granted.includes(name));
  model.reset();
  model.on('A part of it', [{ text: 'It is said well.' }]);
  const goal = `Try ${agent.name} at its job`;
  model.on(goal, [
    { text: 'I begin.', calls: [{ name: tool, args }] },
    ...(foreign ? [{ calls: [{ name: foreign, args: {} }] }] : []),
    { text: `${agent.name} is through.` },
  ]);
  const { state, events } = await run(goal, { agent: agent.name });

  expect(state).toMatchObject({ status: 'done', answer: `${agent.name} is through.` });
  expect(state.head!.agent).toMatchObject({ name: agent.name, volume: 'system', path: agent.file });
  const [first] = model.seen.filter(({ messages }) => messages.some((one) => textOf(one).includes(goal)));
  expect(first!.tools!.map((one) => one.function.name).sort()).toEqual([...granted].sort());
  const prompt = textOf(first!.messages[0]!);
  expect(prompt.startsWith(agent.body)).toBe(true);
  for (const named of agent.skills ?? [])
    expect(prompt).toContain(skills.find(({ name }) => name === named)!.body);
  expect(state.skills.length).toBeLessThanOrEqual(3);

  const results = resultsOf(events);
  expect(results[0]).toMatchObject({ ok: true, text: expect.stringMatching(result) });
  expect(results).toHaveLength(foreign ? 2 : 1);
  if (foreign) expect(results[1]).toMatchObject({ ok: false, text: expect.stringContaining(tool) });
  expect(events.filter(({ type }) => type === 'acting')).toHaveLength(1);
  const trace = readTrace(await fileIn(state.trace!.volume, state.trace!.path));
  expect(trace).toMatchObject({ traceId: state.head!.id, goal, status: 'done', agentName: agent.name, by: 'ada' });
  expect(trace!.toolsUsed).toContain(tool);
}); // prettier-ignore

test('[RU4] what they wrote is there: files in the team, a definition with its person alone', async () => {
  expect(await fileIn('team/lab', 'scripts/sum.py')).toContain('a + b');
  expect(await fileIn('team/lab', 'applets/counter.tsx')).toBe(applet);
  expect(await fileIn('user/ada', 'skills/tide-tables/SKILL.md')).toBe(skillText);
  await expect(fileIn('team/lab', 'skills/tide-tables/SKILL.md')).rejects.toThrow('404');
  expect(asked.sort()).toEqual(['applet', 'applet', 'python', 'python']);
});

test('[LI2] every skill that ships is read whole through use_skill, from the system volume', async () => {
  model.reset();
  const calls = skills.map(({ name }) => ({ name: 'use_skill', args: { skill: name } }));
  model.on('Read all skills', [{ calls }, { text: 'All read.' }]);
  const { state, events } = await run('Read all skills', { agent: 'SystemAgent' });
  expect(state.status).toBe('done');
  const said = model.seen.at(-1)!.messages.filter(({ role }) => role === 'tool').map(textOf); // prettier-ignore
  expect(said).toHaveLength(skills.length);
  for (const [at, { name, body, file }] of skills.entries()) {
    expect([name, said[at]!.includes(body)]).toEqual([name, true]);
    const part = { kind: 'file', volume: 'system', path: file, change: 'read' };
    expect(resultsOf(events).flatMap(({ parts }) => parts)).toContainEqual(part);
  }
});

test.each(skills)('[LI4] $name is given to a run that names it, and the run says so', async ({ name, file, body }) => {
  model.reset();
  model.on('Follow this skill', [{ text: 'Followed.' }]);
  const { state } = await run('Follow this skill', { agent: 'WriterAgent', skills: [name] });
  expect(state.status).toBe('done');
  expect(state.skills).toContainEqual({ name, volume: 'system', path: file, why: expect.stringMatching(/./) });
  expect(state.skills.length).toBeLessThanOrEqual(3);
  expect(textOf(model.seen[0]!.messages[0]!)).toContain(body);
});
