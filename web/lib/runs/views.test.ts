import { expect, test } from 'vitest';
import type { RunSummary } from '#shared/api/runs.ts';
import { readRun, type CallState, type RunAct } from '#shared/run.ts';
import { argParts, jsonMarks, showHidden, filePart, type ArgPart } from './argsText.ts';
import { editLines, editOf } from './edit.ts';
import { feedOf, lastStep } from './feed.ts';
import { money } from '#lib/ui/words.ts';
import { aboutCall, clock, duration, left, outcomeOf, sentenceOfRun, short, titleOfCall } from './runWords.ts';
import { ada, call, eventsOf, headOf, turn } from './testRun.ts';
import { traceGraph } from './traceGraph.ts';

const stateOf = (acts: RunAct[]) => readRun(eventsOf([{ type: 'started', head: headOf('r1') }, ...acts]));

test('calls without a word between them are one block, under one name until somebody else speaks', () => {
  const state = stateOf([
    turn(1),
    { type: 'text', step: 1, text: 'First.' },
    call(1, 'a'),
    call(1, 'b'),
    turn(2),
    call(2, 'c'),
    turn(3),
    { type: 'text', step: 3, text: 'Then.' },
    { type: 'steer', by: ada, text: 'Shorter.' },
    turn(4),
  ]);
  const shape = feedOf(state).map((block) =>
    block.kind === 'agent'
      ? block.entries.map((entry) =>
          entry.kind === 'calls' ? entry.calls.map((one) => one.call.id).join('') : entry.kind,
        )
      : block.kind,
  );
  expect(shape).toEqual([['text', 'abc', 'text'], 'steer', ['waiting']]);
  expect(lastStep(state)).toBe(4);
});

test('only the last words of a run that goes on are live', () => {
  const acts: RunAct[] = [
    turn(1),
    { type: 'text', step: 1, text: 'One' },
    turn(2),
    { type: 'text', step: 2, text: 'Two' },
  ];
  const live = (all: RunAct[]) =>
    feedOf(stateOf(all))
      .flatMap((block) => (block.kind === 'agent' ? block.entries : []))
      .map((entry) => 'live' in entry && entry.live);
  expect(live(acts)).toEqual([false, true]);
  expect(live([...acts, { type: 'ended', outcome: 'done', reason: '', answer: 'Two' }])).toEqual([false, false]);
});

test.each([
  [{ a: 1, b: 'x"y' }, '{ "a": 1, "b": "x\\"y" }'],
  [[], '[]'],
  [{ list: [1, null, true] }, '{ "list": [1, null, true] }'],
  [
    { first: 'a long word that fills the line', second: 'another one as long' },
    '{\n  "first": "a long word that fills the line",\n  "second": "another one as long"\n}',
  ],
])('arguments as JSON that is the same JSON: %j', (value, text) => {
  const shown = jsonMarks(value)
    .map((mark) => mark.text)
    .join('');
  expect(shown).toBe(text);
  expect(JSON.parse(shown)).toEqual(value);
});

test('[RU7] a sign that hides or turns what stands around it is written out', () => {
  expect(showHidden('pay \u202e001')).toEqual([
    { text: 'pay ', kind: 'string' },
    { text: 'U+202E', kind: 'hidden' },
    { text: '001', kind: 'string' },
  ]);
  const parts = argParts({ path: 'a\u200b.md', content: 'one\ntwo\u2066', '\u202ekey': 1 });
  const hidden = parts.flatMap((part) => part.marks.filter((mark) => mark.kind === 'hidden').map((mark) => mark.text));
  expect(hidden).toEqual(['U+200B', 'U+202E', 'U+2066']);
  expect(parts.map((part) => part.kind)).toEqual(['json', 'text']);
  expect(
    argParts({ n: '\u0000' })[0]!
      .marks.map((mark) => mark.text)
      .join(''),
  ).toContain('U+0000');
});

test('[RU7] the file that a call names is shown with what hides in it, and says what is left out in a look that it cannot have', () => {
  const { name, marks } = filePart({ path: 'bench/go.py', text: 'go()\u2066', left: 12 }) as ArgPart & { kind: 'text' };
  expect(name).toBe('bench/go.py');
  expect(marks.map(({ kind }) => kind)).toEqual(['sign', 'hidden', 'more']);
  expect(marks.at(-1)!.text).toContain('12 more characters');
  expect(filePart({ path: 'a.py', text: 'x', left: 0 }).marks).toEqual([{ text: 'x', kind: 'sign' }]);
});

test('an edit is shown as the lines it changes', () => {
  const edit = editOf('edit_file', { path: 'a', old_text: 'one\ntwo\nthree\n', new_text: 'one\n2\nthree\n' })!;
  expect(editLines(edit).map(({ sign, text }) => sign + text)).toEqual([' one', '−two', '+2', ' three']);
  expect(editOf('write_file', { old_text: 'a', new_text: 'b' })).toBeNull();
  expect(editLines({ before: 'a', after: 'b' }).map(({ sign }) => sign)).toEqual(['−', '+']);
});

test('numbers are short and have units', () => {
  expect([duration(41), duration(1830), duration(134_000)]).toEqual(['41\u00a0ms', '1.8\u00a0s', '2:14']);
  expect([clock(0), clock(134_000), clock(3_734_000)]).toEqual(['0:00', '2:14', '1:02:14']);
  expect([money(0), money(0.21), money(1), money(0.0004), money(12.5)]).toEqual([
    '$0',
    '$0.21',
    '$1',
    '$0.0004',
    '$12.50',
  ]);
  expect([short(950), short(1200), short(38_400), short(1_200_000)]).toEqual(['950', '1.2k', '38k', '1.2M']);
  const now = Date.parse('2026-01-01T00:00:00Z');
  expect(left('2026-01-01T00:01:42Z', now)).toBe('1:42 left');
  expect(left('2026-01-02T00:00:00Z', now)).toBe('24\u00a0h left');
  expect(left('2025-12-31T23:59:59Z', now)).toBe('time is over');
});

test('a call says what it is about and what came of it', () => {
  const made = (more: Partial<CallState>): CallState => ({
    id: 'c', tool: 'x', args: {}, effect: 'read', repaired: false, status: 'ok', approval: null, question: null, output: '', result: null, parts: [], untrusted: false, children: [], startedAt: '', ms: 1, ...more,
  }); // prettier-ignore
  expect(aboutCall({ args: { code: 'import x\n# note\ny = 1' } })).toBe('y = 1');
  expect(aboutCall({ args: null })).toBe('');
  expect(titleOfCall(made({ tool: 'write_file', args: { path: 'a.md' } }))).toBe('Write a.md');
  expect(titleOfCall(made({ tool: 'json_command' }))).toBe('Call json command');
  expect(outcomeOf(made({ parts: [{ kind: 'table', columns: [], rows: [[1], [2]], more: 4810 }] }))).toBe('4,812 rows');
  expect(
    outcomeOf(made({ parts: [{ kind: 'file', volume: 'v', path: 'p', change: 'edited', added: 3, removed: 1 }] })),
  ).toBe('+3 −1');
  expect(outcomeOf(made({ result: '3 matches' }))).toBe('3 matches');
  expect(outcomeOf(made({ tool: 'list_directory', result: '.claude/\nagents/\nREADME.md (12 bytes)' }))).toBe(
    '3 entries',
  );
  expect(
    outcomeOf(
      made({ status: 'refused', approval: { why: '', hash: '', expiresAt: '', verdict: 'expired', by: null } }),
    ),
  ).toBe('nobody answered');
});

test('a screen reader hears that somebody is waited for, and why a run failed', () => {
  expect(sentenceOfRun(stateOf([turn(1)]), 0)).toBe('Running');
  expect(sentenceOfRun(stateOf([turn(1)]), 2)).toBe('2 steps wait for a person');
  expect(sentenceOfRun(stateOf([{ type: 'ended', outcome: 'failed', reason: 'interrupted', answer: '' }]), 0)).toBe(
    'Failed: The server stopped in the middle of it. What was said and done until then is kept.',
  );
});

const summary = (id: string, more: Partial<RunSummary> = {}): RunSummary => ({
  id, volume: 'team/lab', goal: 'g', agent: id, by: ada, status: 'done', reason: null, private: false, conversation: null, parent: null, branchOf: null, model: null, steps: 1, calls: 1,
  tokens: 0, money: null, waiting: 0, tainted: false, createdAt: `2026-01-01T00:00:0${id.slice(1)}Z`, endedAt: null, ...more,
}); // prettier-ignore

test('the graph has parents, children, branches, and who read what another wrote; and is what it was at a time', () => {
  const file = (change: 'created' | 'read') => ({ kind: 'file' as const, volume: 'team/lab', path: 'plan.md', change });
  const story = (id: string, change: 'created' | 'read' | null, from: number) =>
    eventsOf([
      { type: 'started', head: headOf(id) }, turn(1), call(1, `${id}c`),
      { type: 'result', call: `${id}c`, ok: true, text: '', parts: change ? [file(change)] : [], ms: 1 },
      { type: 'ended', outcome: 'done', reason: '', answer: '' },
    ], from); // prettier-ignore
  const family = [
    { summary: summary('r1'), events: story('r1', null, 1) },
    { summary: summary('r2', { parent: 'r1' }), events: story('r2', 'created', 10) },
    { summary: summary('r3', { parent: 'r1' }), events: story('r3', 'read', 20) },
    { summary: summary('r4', { branchOf: { run: 'r1', step: 1 } }), events: story('r4', null, 30) },
  ];
  const graph = traceGraph({ runs: family, dependencies: [] }, null);
  expect(graph.nodes.map(({ id, column, row, status }) => [id, column, row, status])).toEqual([
    ['r1', 0, 0, 'done'],
    ['r2', 1, 0, 'done'],
    ['r3', 1, 1, 'done'],
    ['r4', 1, 2, 'done'],
  ]);
  expect(graph.edges.map(({ from, to, kind }) => `${from} ${kind} ${to}`)).toEqual([
    'r1 started r2',
    'r1 started r3',
    'r1 branch r4',
    'r2 needs r3',
  ]);
  const before = traceGraph({ runs: family, dependencies: [] }, '2026-01-01T00:00:11.000Z');
  expect(before.nodes.map(({ status }) => status)).toEqual(['done', 'running', null, null]);
  expect(before.edges.some(({ kind }) => kind === 'needs')).toBe(false);
});

test('runs beside the family that it built on, or that built on it, are drawn with a link that says how', () => {
  const family = [
    { summary: summary('r2'), events: eventsOf([{ type: 'started', head: headOf('r2') }, turn(1)], 20) },
    { summary: summary('r1'), events: [] },
    { summary: summary('r3'), events: [] },
    { summary: summary('r4'), events: [] },
  ];
  const dependencies = [
    { from: 'r1', to: 'r2', file: 'memory/traces/a.md', how: 'remembered' as const },
    { from: 'r3', to: 'r2', file: 'data/rain.csv', how: 'read' as const },
    { from: 'r2', to: 'r4', file: 'skills/x/SKILL.md', how: 'skill' as const },
    { from: 'r9', to: 'r2', file: 'not ours to see', how: 'read' as const },
  ];
  const { nodes, edges, columns, rows } = traceGraph({ runs: family, dependencies }, null);
  expect(nodes.map(({ id, column, row }) => [id, column, row])).toEqual([
    ['r2', 1, 0],
    ['r1', 0, 1],
    ['r3', 0, 2],
    ['r4', 2, 3],
  ]);
  expect([columns, rows]).toEqual([3, 4]);
  expect(edges.map(({ from, to, kind, words }) => [from, to, kind, words])).toEqual([
    ['r1', 'r2', 'needs', 'remembers memory/traces/a.md'],
    ['r3', 'r2', 'needs', 'reads data/rain.csv'],
    ['r2', 'r4', 'needs', 'uses a skill made from it, skills/x/SKILL.md'],
  ]);
  // before the last one began, it and its link are not there
  const early = traceGraph({ runs: family, dependencies }, '2026-01-01T00:00:03.500Z');
  expect(early.nodes.map(({ id, status }) => [id, status === null])).toContainEqual(['r4', true]);
  expect(early.edges.some(({ to }) => to === 'r4')).toBe(false);
});
