import { expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import { findHeader, readDefinition } from './definition.ts';

const file = (header: string, body = '# Body\n') => `---\n${header}\n---\n${body}`;

test('[LI3] a header is read with its keys as written, and the body starts after it', () => {
  const text = file(
    'name: PlanningAgent\nmaxIterations: 1\ntools:\n  - read-file\n  - list-directory\nevolves_from: null\nversion: 1.0.0',
  );
  const definition = readDefinition(text);
  expect(definition.diagnostics).toEqual([]);
  expect({ ...definition.header }).toEqual({
    name: 'PlanningAgent',
    maxIterations: 1,
    tools: ['read-file', 'list-directory'],
    evolves_from: null,
    version: '1.0.0',
  });
  expect(text.slice(definition.bodyFrom)).toBe('# Body\n');
  expect(definition.bodyLine).toBe(10);
});

test('[LI3] no header, a rule at the top, and carriage returns are ordinary text', () => {
  expect(readDefinition('# Only text\n')).toMatchObject({
    header: null,
    hasHeader: false,
    diagnostics: [],
    bodyLine: 1,
  });
  expect(readDefinition('---\nA line, not a header').diagnostics).toEqual([]);
  expect({ ...readDefinition('---\r\nname: A\r\n---\r\nBody').header }).toEqual({ name: 'A' });
  expect(findHeader('---\nname: A\n---')).toMatchObject({ bodyFrom: 15 });
});

test.each([
  ['name: A\nname: B', 3, 'twice'],
  ['name: A\ndescription: "open', 3, ''],
  ['name: A\n\tx: 1', 3, ''],
  ['a: &x 1\nb: *x', 3, 'Aliases'],
  ['a: !!js/function x', 2, ''],
  ['a: !secret x', 2, ''],
  ['name: A\ndescription: what: then', 3, ''],
])('[LI3] %j is a diagnostic at line %i, never an exception', (header, line, words) => {
  const text = file(header);
  const { diagnostics, header: read, bodyFrom } = readDefinition(text);
  expect(read).toBeNull();
  expect(diagnostics.map((d) => d.line)).toContain(line);
  expect(diagnostics.map((d) => d.message).join()).toContain(words);
  expect(text.slice(bodyFrom)).toBe('# Body\n');
});

test('[LI3] a header that never closes says so at its first line', () => {
  expect(readDefinition('---\nname: A\n\n# Body').diagnostics).toMatchObject([{ line: 1 }]);
});

test.each([
  ['a: ' + '['.repeat(30_000)],
  ['a: ' + '{a: '.repeat(10_000)],
  [Array.from({ length: 80 }, (_, i) => `${' '.repeat(i)}k:`).join('\n')],
  ['- '.repeat(20_000) + 'x'],
  ['? '.repeat(20_000) + 'x'],
  [`a: ${'x'.repeat(70_000)}`],
  [Array.from({ length: 9 }, (_, i) => `k${i}: &a${i} [${i ? `*a${i - 1}, `.repeat(9) : 'x'}]`).join('\n')],
])('a header made to hurt is refused at once (%#)', (header) => {
  const { header: read, diagnostics } = readDefinition(file(header));
  expect(read).toBeNull();
  expect(diagnostics.length).toBeGreaterThan(0);
});

test('[LI3] a key that is in a map twice is a diagnostic wherever that map stands, the same key in another map is none', () => {
  const messages = (header: string) => readDefinition(file(header)).diagnostics.map((d) => [d.line, d.message]);
  expect(messages(`a:\n  b: 1\n  c: {x: 1, y: 2, x: 3}\n  d: ${'far '.repeat(30)}\n  b: 2`)).toEqual([
    [4, 'This key is here twice.'],
    [6, 'This key is here twice.'],
  ]);
  expect(messages('a: {x: 1}\nb: {x: 1}\nx: [{x: 1}, {x: 2}]')).toEqual([]);
});

test('[LI3] [SY13] what is wrong thousands of times in a header costs less than the parser makes of it by itself', () => {
  const headers = [
    `tools: ${']'.repeat(20_000)}`,
    `x: a\n${'}'.repeat(20_000)}`,
    `a: ${'[]'.repeat(10_000)}`,
    Array.from({ length: 4000 }, (_, i) => `k${i}:`).join('\n'),
  ];
  const cost = (act: () => unknown) => {
    const before = process.cpuUsage();
    act();
    return process.cpuUsage(before).user;
  };
  const [mine, its] = [[0], [0]];
  for (const header of headers) {
    mine.push(cost(() => expect(readDefinition(file(header)).diagnostics.length).toBeLessThanOrEqual(20)));
    its.push(cost(() => parseDocument(header, { stringKeys: true, prettyErrors: false, logLevel: 'silent' })));
  }
  const sum = (costs: number[]) => costs.reduce((all, one) => all + one);
  expect(sum(mine)).toBeLessThan(sum(its));
});

test('a merge key and a prototype are keys like others', () => {
  const { header } = readDefinition(file('<<: {a: 1}\n__proto__: {polluted: true}\nname: A'));
  expect(Object.keys(header!)).toEqual(['<<', '__proto__', 'name']);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});
