import { loadPyodide } from 'pyodide';
import { expect, test } from 'vitest';
import type { Executable } from '#shared/definitionTypes.ts';
import { readWorkflow } from '#shared/workflow.ts';
import { resultPath, runWorkflow, type NodeRun, type Perform } from './runWorkflow.ts';

const skill = (code: string, inputs: Executable['inputs'] = []): Executable => ({
  language: 'python', code, entry: 'execute', line: 1, mode: null, inputs, outputs: [],
}); // prettier-ignore
const needs = (name: string, fallback?: unknown) => ({
  name,
  type: 'number',
  description: '',
  required: true,
  fallback,
});

const skills: Record<string, Executable> = {
  numbers: skill(
    'def execute(inputs):\n    print("counting")\n    return {"rows": [1, 2, inputs["last"]], "word": "ä 🌱"}',
  ),
  double: skill('def execute(inputs):\n    return {"rows": [x * inputs["factor"] for x in inputs["rows"]]}', [
    needs('rows'),
    needs('factor', 2),
  ]),
  total: skill('async def execute(inputs):\n    return sum(inputs["rows"])', [needs('rows')]),
  breaks: skill('def execute(inputs):\n    raise ValueError("no")'),
};

/** The same Python as in the browser, here in Node. */
const pyodide = await loadPyodide();
const perform: Perform = async ({ code, print }) => {
  pyodide.setStdout({ batched: (line) => print(`${line}\n`) });
  try {
    await pyodide.runPythonAsync(code);
    const made = pyodide.FS.readFile(resultPath, { encoding: 'utf8' }) as string;
    return { ok: true, why: null, made, plots: [], wrote: [], ms: 1 };
  } catch (error) {
    const why = String((error as Error).message)
      .trim()
      .split('\n')
      .at(-1)!;
    return { ok: false, why, made: null, plots: [], wrote: [], ms: 1 };
  }
};

const graph = (nodes: string, edges: string[]) =>
  readWorkflow(`\`\`\`workflow\nnodes:\n${nodes}\nedges:\n${edges.map((edge) => `  - ${edge}`).join('\n')}\n\`\`\`\n`);
async function run(workflow: ReturnType<typeof graph>, signal = new AbortController().signal) {
  const told: string[] = [];
  const runs = await runWorkflow({
    workflow,
    skillOf: async (name) => skills[name] ?? null,
    perform,
    tell: (id: string, { status }: NodeRun) => told.push(`${id} ${status}`),
    signal,
  });
  return { runs, told };
}

test('what a node gives flows to those that need it, with defaults and own values beside it', async () => {
  const { runs, told } = await run(
    graph('  sum: total\n  twice: double\n  one: { skill: numbers, inputs: { last: 4 } }', [
      'one.rows -> twice.rows',
      'twice.rows -> sum.rows',
    ]),
  );
  expect(runs.get('one')).toMatchObject({ status: 'done', printed: 'counting\n', outputs: { word: 'ä 🌱' } });
  expect(runs.get('sum')).toMatchObject({ status: 'done', outputs: { result: 14 } });
  const ran = told.filter((line) => line.endsWith('done')).map((line) => line.split(' ')[0]);
  expect(ran).toEqual(['one', 'twice', 'sum']);
});

test('a node that fails stops what needs it, and nothing else', async () => {
  const { runs } = await run(
    graph(
      '  bad: breaks\n  after: total\n  none: nowhere\n  lone: { skill: numbers, inputs: { last: 1 } }\n  hungry: double',
      ['bad.rows -> after.rows'],
    ),
  );
  expect(runs.get('bad')).toMatchObject({ status: 'failed', why: 'ValueError: no' });
  expect(runs.get('after')).toMatchObject({ status: 'skipped', why: 'It needs bad, which did not finish.' });
  expect(runs.get('none')).toMatchObject({ status: 'failed', why: 'There is no skill “nowhere” with code to run.' });
  expect(runs.get('hungry')!.why).toContain('It needs “rows”');
  expect(runs.get('lone')!.status).toBe('done');
});

test('the words among the values of a node are named, wherever they stand in them', async () => {
  const named: string[][] = [];
  await runWorkflow({
    workflow: graph(
      '  one: { skill: numbers, inputs: { last: 4, path: data/a.csv, where: { of: [data/b.csv] } } }',
      [],
    ),
    skillOf: async (name) => skills[name] ?? null,
    perform: async (order) => (named.push(order.values), perform(order)),
    tell: () => undefined,
    signal: new AbortController().signal,
  });
  expect(named).toEqual([['data/a.csv', 'data/b.csv']]);
});

test('stopped, the rest is skipped', async () => {
  const stop = new AbortController();
  stop.abort();
  const { runs } = await run(graph('  one: { skill: numbers, inputs: { last: 4 } }', []), stop.signal);
  expect(runs.get('one')).toMatchObject({ status: 'skipped', why: 'It was stopped.' });
});
