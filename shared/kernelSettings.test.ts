import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { kernelSettings, readKernelSettings, runLimits, settingRows, type KernelSetting } from './kernelSettings.ts';

const folder = path.join(import.meta.dirname, '../system/kernel');
const system = {
  from: 'system',
  files: Object.fromEntries(
    fs.readdirSync(folder).map((file) => [file, fs.readFileSync(path.join(folder, file), 'utf8')]),
  ),
};
const team = (text: string, file = 'config.md') => ({ from: 'team/lab', files: { [file]: text } });
const row = (name: string, value: string) => `| setting | value |\n|---|---|\n| \`${name}\` | ${value} |\n`;
const read = (...folders: Parameters<typeof readKernelSettings>[0][number][]) =>
  readKernelSettings([system, ...folders]);

test('every setting has its row in the kernel that ships, with its value and its direction, and no row is without one', () => {
  for (const [name, { file, value, tighter }] of Object.entries(kernelSettings)) {
    const line = system.files[file]!.split('\n').filter(
      (words) => words.startsWith(`| \`${name}\` |`) && words.includes(`| ${tighter} |`),
    );
    expect([name, line.length]).toEqual([name, 1]);
    expect([name, read().values[name as KernelSetting]]).toEqual([name, value]);
  }
  const rows = Object.values(system.files).flatMap((text) => settingRows(text).map(({ name }) => name));
  expect(rows.filter((name) => !Object.hasOwn(kernelSettings, name))).toEqual([]);
  expect(rows).toHaveLength(Object.keys(kernelSettings).length);
  expect(read().remarks).toEqual([]);
});

test('a number that is edited is live; a team may tighten, never loosen', () => {
  const files = {
    ...system.files,
    'config.md': system.files['config.md']!.replace('| `iterations` | 15 |', '| `iterations` | 20 |'),
  };
  expect(readKernelSettings([{ from: 'system', files }]).values.iterations).toBe(20);
  expect(read(team(row('iterations', '8'))).values.iterations).toBe(8);
  const loose = read(team(row('iterations', '99')));
  expect(loose.values.iterations).toBe(15);
  expect(loose.remarks).toEqual([
    { volume: 'team/lab', file: 'config.md', line: 3, message: 'iterations may only be made tighter here: 15 stays.' },
  ]);
  expect(read(team(row('min_relevance', '90 %'), 'query-memory-spec.md')).values.min_relevance).toBe(0.9);
  expect(read(team(row('min_relevance', '0.1'), 'query-memory-spec.md')).values.min_relevance).toBe(0.3);
  // no limit is the loosest
  expect(read(team(row('money', '$0.50'))).values.money).toBe(0.5);
  expect(
    read(team(row('money', '0.5')), { from: 'user/ada', files: { 'config.md': row('money', 'none') } }).values.money,
  ).toBe(0.5);
  expect(runLimits(read(team(row('minutes', '2 min'))).values)).toEqual({
    iterations: 15, toolCalls: 50, minutes: 2, tokens: null, money: null, depth: 3, fanOut: 8,
  }); // prettier-ignore
});

test.each(['lots', '-3', '1.5', '15 %', '1e9', '', 'none', '999999999999999'])(
  'what is no value keeps the one before, and is told at its line: %s',
  (written) => {
    const { values, remarks } = read(team(row('tool_calls', written)));
    expect([values.tool_calls, remarks[0]?.line]).toEqual([50, 3]);
  },
);

test('numbers in other files, in code blocks and of unknown names change nothing; older spellings do', () => {
  expect(read(team(row('iterations', '3'), 'orchestration-rules.md')).values.iterations).toBe(15);
  expect(read(team('```\n' + row('iterations', '3') + '```\n')).values.iterations).toBe(15);
  expect(read(team(row('whatever', '3'))).remarks).toEqual([]);
  expect(read(team(row('constructor', '3'))).remarks).toEqual([]);
  expect(read(team(row('maxIterations', '5'))).values.iterations).toBe(5);
  expect(read(team(row('tool_calls', '1,000'))).values.tool_calls).toBe(50);
  const original = fs.readFileSync(path.join(folder, '../../samples/llmos-original/kernel/evolution-rules.md'), 'utf8');
  expect(read(team(original, 'evolution-rules.md'))).toEqual(read());
});
