import { expect, test } from 'vitest';
import type { Api } from '#lib/api.ts';
import type { Order, Outcome } from './python.svelte.ts';
import { answerOf, createPythonPerform } from './runCalls.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const outcome = (more: Partial<Outcome> = {}): Outcome => ({
  ok: true,
  ended: 'done',
  value: null,
  trouble: null,
  words: null,
  output: '',
  plots: [],
  tables: [],
  files: [],
  gone: [],
  notes: [],
  ms: 1,
  ...more,
});

/** A server with these texts, and a Python that remembers what it was asked. */
function world(texts: Record<string, string>, result = outcome()) {
  const read: string[] = [];
  const orders: Order[] = [];
  const api = Object.assign(
    async () => ({ files: Object.keys(texts).map((path) => ({ path, kind: 'text', size: texts[path]!.length })) }),
    {
      whole: async (_route: string, { params }: { params: { path: string } }) => {
        read.push(params.path);
        return { data: texts[params.path], headers: new Headers({ etag: '"1"' }) };
      },
    },
  ) as unknown as Api;
  const run = async (order: Order) => {
    orders.push(order);
    order.onOutput?.('out', 'step\n');
    return result;
  };
  return { perform: createPythonPerform({ api, python: { run } }), read, orders };
}
const context = { output: () => undefined, signal: new AbortController().signal };

test('[PY6] a call of a run gets an interpreter of its run, and only the files that the server lists', async () => {
  const { perform, read, orders } = world({ 'a.csv': 'x', 'secret.md': 'y' });
  const said: string[] = [];
  const call = { run: 'r1', volume: 'team/lab', paths: ['a.csv', 'gone.csv'], args: { code: 'open("secret.md")' } };
  await perform(call, { ...context, output: (text) => said.push(text) });
  expect(read).toEqual(['a.csv']);
  expect(orders[0]).toMatchObject({ lane: 'runs', session: 'r1', timeoutMs: 120_000 });
  expect(orders[0]!.onInput).toBeUndefined();
  expect(said).toEqual(['step\n']);
});

test('[PY6] of many files only those that the code names, or the call asks for, are read', async () => {
  const names = Array.from({ length: 30 }, (_, at) => `data/${at}.csv`);
  const { perform, read } = world(Object.fromEntries(names.map((name) => [name, 'x'])));
  await perform(
    { run: 'r', volume: 'v', paths: names, args: { code: 'open("data/3.csv")', files: ['data/7.csv', '../x', 5] } },
    context,
  );
  expect(read.sort()).toEqual(['data/3.csv', 'data/7.csv']);
});

test('[PY6] the answer says in words what was shown and written, and holds charts, tables and files', () => {
  const answer = answerOf({
    given: [{ path: 'same.txt', data: bytes('same'), etag: null }],
    outcome: outcome({
      output: 'hello\n',
      value: '42',
      plots: [{ mime: 'image/svg+xml', data: bytes('<svg/>'), title: 'Forecast' }],
      tables: [{ columns: ['a'], rows: [[1]], total: 9, title: null }],
      files: [
        { path: 'same.txt', data: bytes('same') },
        { path: 'out.csv', data: bytes('a\n1\n') },
        { path: 'pic.png', data: new Uint8Array([137, 0, 1]) },
      ],
    }),
  });
  expect(answer.text).toBe(
    'hello\n42\n[A chart was shown: Forecast.]\n[A table was shown: 9 rows of a.]\n[Written: out.csv, pic.png.]',
  );
  expect(answer.parts).toEqual([
    { kind: 'plot', mime: 'image/svg+xml', base64: 'PHN2Zy8+', title: 'Forecast' },
    { kind: 'table', columns: ['a'], rows: [[1]], more: 8 },
  ]);
  expect(answer.files).toEqual([
    { path: 'out.csv', text: 'a\n1\n' },
    { path: 'pic.png', base64: 'iQAB' },
  ]);
});

test('[PY6] failures are answers', async () => {
  const trouble = { type: 'E', message: 'm', traceback: 'Traceback\nE: m\n', line: 1 };
  expect(answerOf({ given: [], outcome: outcome({ ok: false, trouble }) })).toMatchObject({
    ok: false,
    text: 'Traceback\nE: m',
  });
  expect(answerOf({ given: [], outcome: outcome({ ok: false, ended: 'late' }) }).text).toContain(
    'did not end within 120 s',
  );
  expect(answerOf({ given: [], outcome: outcome({ ok: false, ended: 'failed', words: 'No Python.' }) }).text).toBe(
    'No Python.',
  );
  expect(await world({}).perform({ run: 'r', volume: 'v', paths: [], args: {} }, context)).toMatchObject({ ok: false });
});
