import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { outcomeOf, readMemoryEntry } from './memoryEntry.ts';

const trace = `---
trace_id: t-2
parent_trace_id: t-1
link_type: hierarchical
depends_on:
  - trace_id: t-0
    output_file: out.csv
lifecycle_state: consolidated
goal: "Analyze this CSV data and create a forecast"
outcome:
  verdict: success
  evidence: [checks]
created_at: 2026-05-01T10:00:00Z
---
# Run
## Learnings
- The file has a header in line 2.
## Response
Done.
`;

test('[ME2] a trace is read with its state, outcome, time and links', () => {
  expect(readMemoryEntry({ path: 'projects/sales/memory/traces/2026/05/a.md', text: trace })).toMatchObject({
    type: 'traces',
    title: 'Analyze this CSV data and create a forecast',
    state: 'consolidated',
    outcome: 'success',
    project: 'sales',
    traceId: 't-2',
    at: '2026-05-01T10:00:00.000Z',
    links: [
      { kind: 'parent', to: 't-1' },
      { kind: 'dependency', to: 't-0' },
    ],
  });
  expect(readMemoryEntry({ path: 'memory/traces/a.md', text: trace })!.gist).toContain('header in line 2');
});

test('[ME1] both old dialects are read, and no word of an agent about itself counts as success', () => {
  const old = '---\ntimestamp: "2024-01-01T12:00:00.000Z"\ntask: Make a sine wave\nstatus: success\n---\n# x\n';
  expect(readMemoryEntry({ path: 'projects/a/memory/short_term/x.md', text: old })).toMatchObject({
    type: 'traces', title: 'Make a sine wave', outcome: 'success', at: '2024-01-01T12:00:00.000Z',
  }); // prettier-ignore
  expect(outcomeOf({ status: 'completed' })).toBe('unknown');
  expect(outcomeOf({ success_rating: '30%' })).toBe('unknown');
  expect(outcomeOf({ final_outcome: 'failure' })).toBe('failure');
});

test('every file of the original volume is read, and what is no memory is none', () => {
  const root = path.join(import.meta.dirname, '../samples/llmos-original');
  const types = new Map<string, number>();
  for (const name of fs.readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.md')) continue;
    const entry = readMemoryEntry({ path: name, text: fs.readFileSync(path.join(root, name), 'utf8') });
    types.set(entry?.type ?? 'none', (types.get(entry?.type ?? 'none') ?? 0) + 1);
    if (entry) expect(entry.gist.length, name).toBeGreaterThan(10);
  }
  expect(types.get('agent_templates')).toBeGreaterThanOrEqual(13);
  expect(types.get('skills')).toBeGreaterThanOrEqual(19);
  expect(types.get('domain_knowledge')).toBeGreaterThanOrEqual(5);
  expect(types.get('none')).toBeGreaterThan(5);
});

test('a hostile header costs nothing and hides nothing', () => {
  expect(readMemoryEntry({ path: 'memory/x.md', text: '---\n: [}\n---\nSome words of the body.' })).toMatchObject({
    type: 'domain_knowledge', excerpt: 'Some words of the body.',
  }); // prettier-ignore
});

test('of a trace the excerpt says what was learned and answered, not how the file begins', () => {
  const trace = (body: string) =>
    `---\ntrace_id: t1\ngoal: Plan my week\n---\n\n# Plan my week\n\n## Request\nPlan my week\n${body}`;
  const excerptOf = (body: string) =>
    readMemoryEntry({ path: 'memory/traces/2026/11/t1.md', text: trace(body) })!.excerpt;
  const steps = '\n## Plan\nI look first.\n\n## Steps\n1. **read_file** `{}` done in 3 ms\n';
  const answered = `${steps}\n## Response\nThe plan is in **plan.md**.\n`;
  expect(excerptOf(answered)).toBe('The plan is in plan.md.');
  expect(excerptOf(`${answered}\n## Learnings\n- Ask first.\n`)).toBe('Ask first. The plan is in plan.md.');
  expect(excerptOf(steps)).toBe('I look first.');
});

test('what is emphasised loses its signs in the excerpt, a name keeps its underscores', () => {
  const text = '---\ntype: domain_knowledge\n---\n\n_Always_ call `read_file` before __write__ and naïve_größe_.\n';
  const entry = readMemoryEntry({ path: 'memory/long_term/names.md', text });
  expect(entry!.excerpt).toBe('Always call read_file before write and naïve_größe.');
});

test('[ME2] a note names the traces that it comes from by path, as the schema says, or as `source_traces`', () => {
  const linked = (key: string) =>
    readMemoryEntry({
      path: 'memory/long_term/pump.md',
      text: `---\ntype: domain_knowledge\n${key}: [memory/traces/2026/11/a.md, t-2]\n---\n\n- Never both at once.\n`,
    })!.links;
  const wanted = [
    { kind: 'source', to: 'memory/traces/2026/11/a.md' },
    { kind: 'source', to: 't-2' },
  ];
  expect(linked('sources')).toEqual(wanted);
  expect(linked('source_traces')).toEqual(wanted);
});
