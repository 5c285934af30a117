import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { kindByPath } from './definitionKind.ts';
import { readTrace, tracePath, writeTrace, type Trace } from './trace.ts';

const kernel = path.join(import.meta.dirname, '../samples/llmos-original/kernel');
/** The examples of a trace that the original LLMos gives in its kernel, as the files that they describe. */
const examplesIn = (file: string) =>
  [...fs.readFileSync(path.join(kernel, file), 'utf8').matchAll(/^```yaml\n(---\n[\s\S]*?)^```$/gm)].map((m) => m[1]!);

const trace: Trace = {
  traceId: 'a', parentTraceId: 'b', previousTraceId: null, linkType: 'parallel', depth: 1,
  dependsOn: [{ traceId: 'c', outputFile: 'output/x.csv' }], lifecycleState: 'active', goal: 'Say: "yes" # now', status: 'done',
  reason: 'It answered.', agentName: 'Ada’s agent', agentPath: 'agents/A.md', model: 'x/y', toolsUsed: ['read_file'],
  filesCreated: ['a.md'], filesModified: [], skillsUsed: ['csv'], versions: { 'team/lab': 'f'.repeat(40) }, tokens: 12, cost: 0.01,
  durationMs: 1200, outcome: { verdict: 'unknown', evidence: [] }, taint: ['https://x.example'], createdAt: '2026-01-02T03:04:05.000Z',
  by: 'ada', tags: [],
  body: { request: 'Say yes.\n\n## Steps\n\nnot ours', plan: '', steps: ['read\nmore', 'write'], response: '---\nyes', outputs: ['a.md'], learnings: ['Ask first.'] },
}; // prettier-ignore

test('[RU10] a trace is read as it was written', () => {
  expect(readTrace(writeTrace(trace))).toEqual(trace);
});

test('[RU10] whatever people and models say in it stays in its place', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', ' ', '\n', '#', '-', ':', '"', '1.', '\\', '`', '## Plan\n', 'é'),
  });
  fc.assert(
    fc.property(text, text, fc.array(text, { maxLength: 3 }), (goal, response, tools) => {
      const given = { ...trace, goal, toolsUsed: tools, body: { ...trace.body, response, plan: response } };
      const read = readTrace(writeTrace(given))!;
      expect(read.traceId).toBe('a');
      expect(read.body.response).toBe(read.body.plan);
      expect(read.body.response.replace(/\s+/g, ' ')).toBe(response.trim().replace(/\s+/g, ' '));
      expect(read.body.learnings).toEqual(['Ask first.']);
    }),
  );
});

test('[RU10] both earlier forms are read', () => {
  const linked = examplesIn('trace-linking.md').map(readTrace);
  const [full] = linked.filter((one) => one?.agentName === 'SignalProcessorAgent');
  expect(full).toMatchObject({
    traceId: 'trace-20240115-143022-abc123',
    goal: 'Apply FFT to audio signal',
    status: 'done',
    parentTraceId: 'trace-20240115-142800-xyz789',
    linkType: 'hierarchical',
    depth: 1,
    dependsOn: [{ traceId: 'trace-20240115-143000-def456', outputFile: 'output/audio_data.npy' }],
    lifecycleState: 'active',
    createdAt: '2024-01-15T14:30:22.000Z',
    body: {
      request: '[Complete prompt sent to agent]',
      outputs: ['File: output/fft_result.npy', 'File: output/spectrum.png'],
    },
  });
  const [schema, entry] = examplesIn('memory-schema.md').map((text) =>
    readTrace(
      text
        .replace('{count}', '3')
        .replaceAll(/\{([^}]*)\}/g, '$1')
        .replace(/success\|[\w|]+/, 'success'),
    ),
  );
  expect(schema).toMatchObject({
    goal: 'Original user request',
    status: 'done',
    durationMs: 12345,
    toolsUsed: ['tool_name_1', 'tool_name_2'],
    filesCreated: ['path/to/file1.py', 'path/to/file2.md'],
    body: {
      plan: 'execution plan details',
      steps: ['step 1 - status', 'step 2 - status'],
      learnings: ['what worked', 'what to improve'],
    },
  });
  // the entry of the log: a count of files is no list of them
  expect(entry).toMatchObject({
    goal: 'goal',
    status: 'done',
    toolsUsed: ['agent 1', 'agent 2', 'tool 1'],
    filesCreated: [],
  });
  for (const [outcome, status] of [
    ['failure', 'failed'],
    ['success_with_recovery', 'done'],
  ])
    expect(readTrace(`---\nexperience_id: exp_7\nprimary_goal: Fly\nfinal_outcome: ${outcome}\n---\n`)).toMatchObject({
      traceId: 'exp_7', goal: 'Fly', status,
    }); // prettier-ignore
  expect(readTrace('---\ntask: Make a sine wave\nstatus: completed\ntimestamp: 2024-01-01\n---\n')).toMatchObject({
    goal: 'Make a sine wave', status: 'done', createdAt: '2024-01-01T00:00:00.000Z',
  }); // prettier-ignore
});

test('[RU10] what is no trace is none, and nothing throws', () => {
  for (const text of ['', 'words', '---\nname: x\n---\n', '---\n: [\n---\n', '---\ntrace_id: [1, 2]\n---\n'])
    expect(readTrace(text)).toBeNull();
  expect(readTrace('---\ntrace_id: 7\nstatus: Success\ndepends_on: x\nversions: no\ncost: much\n---\n')).toMatchObject({
    traceId: '7',
    status: 'done',
    dependsOn: [{ traceId: 'x', outputFile: null }],
    versions: {},
    cost: null,
  });
});

test('a trace lies where the library looks for traces', () => {
  const at = tracePath({
    id: '01234567-89ab',
    goal: 'Überblick: was  ist neu?',
    createdAt: new Date('2026-03-04T05:06:07Z'),
  });
  expect(at).toBe('memory/traces/2026/03/20260304-050607-u-berblick-was-ist-neu-01234567.md');
  expect(kindByPath(at)).toBe('trace');
});
