import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { agentForClaude, portableId, skillForStandard } from './definitionExport.ts';
import { readTyped } from './typedDefinition.ts';

const samples = path.join(import.meta.dirname, '..', 'samples');
const read = (file: string) => {
  const text = fs.readFileSync(path.join(samples, file), 'utf8');
  return { text, definition: readTyped({ path: file, text }) };
};
const folder = (name: string) => fs.readdirSync(path.join(samples, name)).map((file) => read(`${name}/${file}`));

test('[LI3] every original agent goes out as Claude Code reads it, and comes back as the same agent', () => {
  for (const one of [...folder('llmos-original/agents'), ...folder('llmos-original/workspace-agents')]) {
    const text = agentForClaude(one);
    const back = readTyped({ path: '.claude/agents/x.md', text });
    expect(back.header!['name']).toMatch(/^[a-z0-9-]{1,64}$/);
    expect(typeof back.header!['description']).toBe('string');
    expect([back.body, back.id]).toEqual([one.definition.body, one.definition.id]);
    expect(['string', 'undefined']).toContain(typeof back.header!['tools']);
    expect([undefined, 'sonnet']).toContain(back.header!['model']);
    // what it does not know stays
    if (one.definition.header?.['capabilities'])
      expect(back.header!['capabilities']).toEqual(one.definition.header['capabilities']);
  }
  expect(
    readTyped({ path: 'agents/x.md', text: agentForClaude(read('lab/agents/NoteKeeper.md')) }).header,
  ).toMatchObject({
    name: 'note-keeper',
    tools: 'Read, Write, Glob',
    skills: ['weekly-summary'],
  });
  const memory = agentForClaude(read('llmos-original/agents/MemoryAnalysisAgent.md'));
  expect(memory).toContain('tools: Read, Write, mcp__llmos__query_memory, build_trace_graph, Bash');
});

test('[LI3] every original skill goes out as a folder of the standard; one that is so already is the same to the byte', () => {
  const folders = folder('llmos-original/skills').map((one) => {
    const out = skillForStandard(one);
    const { header, body } = readTyped({ path: `${out.folder}/SKILL.md`, text: out.text });
    expect(header!['name']).toBe(out.folder);
    expect(String(header!['description']).length).toBeLessThanOrEqual(1024);
    for (const key of Object.keys(header!))
      expect(['name', 'description', 'license', 'compatibility', 'allowed-tools', 'metadata']).toContain(key);
    expect(body.trimStart()).toBe(one.definition.body.trimStart());
    for (const value of Object.values((header!['metadata'] ?? {}) as object)) expect(typeof value).toBe('string');
    return out.folder;
  });
  expect(new Set(folders).size).toBe(19);
  const claim = read('lab/skills/check-a-claim/SKILL.md');
  expect(skillForStandard(claim)).toEqual({ folder: 'check-a-claim', text: claim.text });
});

test('names that others can read', () => {
  expect(['ärztliche-übersicht', '日本', 'x'.repeat(80), 'a_b'].map(portableId)).toEqual([
    'arztliche-ubersicht',
    'unnamed',
    'x'.repeat(64),
    'a-b',
  ]);
});
