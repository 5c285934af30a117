import fc from 'fast-check';
import { expect, test } from 'vitest';
import { editWorkflow, orderOf, readWorkflow, type WorkflowAct } from './workflow.ts';

const text = `---
type: workflow
name: Forecast
---
# Forecast

Reads the sales and draws next month.

\`\`\`workflow
# what we agreed on in May
nodes:
  read: { skill: read-csv, inputs: { path: data/sales.csv }, at: [0, 0] }
  fit: linear-forecast
  # the picture goes to the wiki
  draw: { skill: draw-chart, at: [560, 0] }
edges:
  - read.rows -> fit.rows
  - fit.next -> draw.values
\`\`\`

More words.
`;

const change = (before: string, act: WorkflowAct) => {
  let [after, shift] = [before, 0];
  for (const { at, remove, insert } of editWorkflow(before, act)) {
    after = after.slice(0, at + shift) + insert + after.slice(at + shift + remove);
    shift += insert.length - remove;
  }
  return after;
};

test('a graph is read with its places, values and edges', () => {
  const { nodes, edges, diagnostics } = readWorkflow(text);
  expect(diagnostics).toEqual([]);
  expect(nodes.map(({ id, skill, at, inputs, line }) => ({ id, skill, at, inputs, line }))).toEqual([
    { id: 'read', skill: 'read-csv', at: { x: 0, y: 0 }, inputs: { path: 'data/sales.csv' }, line: 12 },
    { id: 'fit', skill: 'linear-forecast', at: null, inputs: {}, line: 13 },
    { id: 'draw', skill: 'draw-chart', at: { x: 560, y: 0 }, inputs: {}, line: 15 },
  ]);
  expect(edges).toEqual([
    { from: { node: 'read', output: 'rows' }, to: { node: 'fit', input: 'rows' }, line: 17 },
    { from: { node: 'fit', output: 'next' }, to: { node: 'draw', input: 'values' }, line: 18 },
  ]);
});

test('what is wrong is told at its line, and the rest is there', () => {
  const wrong = (from: string, to: string) => readWorkflow(text.replace(from, to));
  expect(wrong('fit.next -> draw', 'fit.next -> paint').diagnostics).toMatchObject([
    { line: 18, message: 'There is no node paint.' },
  ]);
  expect(wrong('- fit.next -> draw.values', '- fit.next to draw').diagnostics).toMatchObject([{ line: 18 }]);
  expect(wrong('fit: linear-forecast', 'fit: { at: [1, 2] }').diagnostics[0]).toMatchObject({
    line: 13,
    message: 'The node fit names no skill.',
  });
  expect(
    wrong('- fit.next -> draw.values', '- fit.next -> read.path\n  - fit.x -> fit.rows').diagnostics.map(
      ({ message }) => message,
    ),
  ).toEqual(['fit.rows has an edge already.', 'These nodes wait for each other: read, fit.']);
  expect(wrong('nodes:', 'nodes: [').diagnostics.length).toBeGreaterThan(0);
  expect(readWorkflow('just words')).toMatchObject({ nodes: [], hasBlock: false });
});

test('nodes run after what they need', () => {
  expect(orderOf(readWorkflow(text)).order.map(({ id }) => id)).toEqual(['read', 'fit', 'draw']);
});

test('an act on the canvas is a small edit: comments, words and the place of everything else stay', () => {
  const moved = change(text, { type: 'move', id: 'read', at: { x: 12.4, y: 30 } });
  expect(moved).toBe(text.replace('at: [0, 0]', 'at: [12, 30]'));
  expect(readWorkflow(change(text, { type: 'move', id: 'fit', at: { x: 1, y: 2 } })).nodes[1]).toMatchObject({
    skill: 'linear-forecast',
    at: { x: 1, y: 2 },
  });
  const more = change(text, { type: 'add', id: 'mail', skill: 'send-mail', at: { x: 1, y: 1 } });
  expect(more).toContain('# the picture goes to the wiki');
  expect(readWorkflow(more).nodes.map(({ id }) => id)).toEqual(['read', 'fit', 'draw', 'mail']);
  const wired = change(more, {
    type: 'connect',
    from: { node: 'fit', output: 'next' },
    to: { node: 'mail', input: 'text' },
  });
  expect(readWorkflow(wired).edges).toHaveLength(3);
  const rewired = change(wired, {
    type: 'connect',
    from: { node: 'read', output: 'rows' },
    to: { node: 'mail', input: 'text' },
  });
  expect(readWorkflow(rewired).edges.filter(({ to }) => to.node === 'mail')).toMatchObject([
    { from: { node: 'read' } },
  ]);
  const gone = readWorkflow(change(rewired, { type: 'remove', id: 'read' }));
  expect([gone.nodes.length, gone.edges.length, gone.diagnostics]).toEqual([3, 1, []]);
  const valued = change(text, { type: 'input', id: 'fit', input: 'months', value: 3 });
  expect(readWorkflow(valued).nodes[1]!.inputs).toEqual({ months: 3 });
  expect(
    readWorkflow(change(valued, { type: 'input', id: 'fit', input: 'months', value: undefined })).nodes[1]!.inputs,
  ).toEqual({});
});

test('an act leaves the brackets of every other line as they are written', () => {
  const write = (lines: string) => `\`\`\`workflow\n${lines}\`\`\`\n`;
  const act: WorkflowAct = { type: 'input', id: 'b', input: 'n', value: 7 };
  for (const [a, b] of [
    ['{ skill: x, at: [0, 0], inputs: { of: [1, [2]] } }', '{ skill: x, inputs: { n: 1 } }'],
    ['{ skill: x, at: [ 0, 0 ] }', '{ skill: x, inputs: { n: 1 } }'],
    ['{skill: x, at: [0, 0]}', '{skill: x, inputs: {n: 1}}'],
    ['{ skill: x, inputs: { of: "a [ b ] c" } } # [ d ]', '{ skill: x, inputs: { n: 1 } }'],
  ]) {
    const before = write(`nodes:\n  a: ${a}\n  b: ${b}\nedges: []\n`);
    expect(change(before, act)).toBe(before.replace('n: 1', 'n: 7'));
  }
  // words that happen to hold brackets keep them
  const words = write(
    'nodes:\n  a:\n    skill: x\n    inputs:\n      of: see [ here ]\n  b: { skill: x, at: [0, 0] }\nedges: []\n',
  );
  expect(readWorkflow(change(words, act)).nodes[0]!.inputs).toEqual({ of: 'see [ here ]' });
});

test('the first node makes the block, and a graph that cannot be read is left alone', () => {
  const made = change('# Empty\n', { type: 'add', id: 'a', skill: 's', at: { x: 0, y: 0 } });
  expect(made).toMatch(/^# Empty\n\n```workflow\nnodes:\n {2}a: /);
  expect(readWorkflow(made)).toMatchObject({ nodes: [{ id: 'a' }], diagnostics: [] });
  expect(editWorkflow('```workflow\nnodes: [\n```\n', { type: 'remove', id: 'a' })).toEqual([]);
});

test('property: any row of acts leaves a text that reads as the graph that was made, with the words around it', () => {
  const id = fc.constantFrom('a', 'b', 'c', 'd');
  const at = fc.record({ x: fc.integer({ min: -999, max: 999 }), y: fc.integer({ min: -999, max: 999 }) });
  const act: fc.Arbitrary<WorkflowAct> = fc.oneof(
    fc.record({ type: fc.constant('add' as const), id, skill: fc.constantFrom('x', 'y'), at }),
    fc.record({ type: fc.constant('remove' as const), id }),
    fc.record({ type: fc.constant('move' as const), id, at }),
    fc.record({
      type: fc.constant('input' as const),
      id,
      input: fc.constantFrom('p', 'q'),
      value: fc.oneof(fc.string(), fc.integer(), fc.constant(undefined)),
    }),
    fc.record({
      type: fc.constant('connect' as const),
      from: fc.record({ node: id, output: fc.constant('o') }),
      to: fc.record({ node: id, input: fc.constantFrom('p', 'q') }),
    }),
    fc.record({
      type: fc.constant('disconnect' as const),
      to: fc.record({ node: id, input: fc.constantFrom('p', 'q') }),
    }),
  );
  fc.assert(
    fc.property(fc.array(act, { maxLength: 25 }), (acts) => {
      let now = '# Words before\n\n```workflow\nnodes: {}\nedges: []\n```\n\nWords after.\n';
      const places = new Map<string, { x: number; y: number } | null>();
      for (const one of acts) {
        now = change(now, one);
        if (one.type === 'add' || (one.type === 'move' && places.has(one.id))) places.set(one.id, one.at);
        if (one.type === 'remove') places.delete(one.id);
        const read = readWorkflow(now);
        expect(new Map(read.nodes.map((node) => [node.id, node.at]))).toEqual(places);
      }
      expect(now.startsWith('# Words before\n\n```workflow\n') && now.endsWith('```\n\nWords after.\n')).toBe(true);
    }),
    { numRuns: 150 },
  );
});

test('hostile blocks are read in no time and harm nothing', () => {
  const bomb = '```workflow\na: &a [x,x,x]\nb: &b [*a,*a,*a]\nnodes: {}\n```\n';
  expect(readWorkflow(bomb).nodes).toEqual([]);
  const deep = `\`\`\`workflow\nnodes: ${'['.repeat(5000)}\n\`\`\`\n`;
  expect(readWorkflow(deep).nodes).toEqual([]);
  expect(readWorkflow('```workflow\nnodes:\n  __proto__: { skill: x }\n```\n').nodes.length).toBeLessThanOrEqual(1);
});
