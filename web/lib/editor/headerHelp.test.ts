import { expect, test } from 'vitest';
import type { LibraryName } from '#shared/api/library.ts';
import { contextAt, keyChoices, linksIn, remarksOn, valueChoices } from './headerHelp.ts';

const one = (kind: LibraryName['kind'], name: string, id: string): LibraryName => ({
  kind, name, id, description: `About ${name}`, volume: 'system', path: `${kind}s/${name}.md`, fileId: id,
}); // prettier-ignore
const help = {
  names: [
    one('agent', 'PlanningAgent', 'planning-agent'),
    one('skill', 'CSV analysis', 'csv-analysis'),
    one('tool', 'read_file', 'read-file'),
  ],
  models: ['inherit', 'sonnet'],
};
const path = 'agents/a.md';
/** `|` is where somebody writes. */
const at = (text: string) => contextAt(text.replace('|', ''), text.indexOf('|'));
const file = (header: string, body = 'Body\n') => `---\n${header}\n---\n${body}`;

test('where one writes in a header: a key, a value, an item of a list', () => {
  expect(at('---\nna|\n---\n')).toEqual({ at: 'key', from: 4 });
  expect(at('---\nname: A\n|\n---\n')).toMatchObject({ at: 'key' });
  expect(at('---\nmodel: son|\n---\n')).toMatchObject({ at: 'value', key: 'model', list: false });
  expect(at('---\ntools: [read_file, wr|]\n---\n')).toMatchObject({ at: 'value', key: 'tools', from: 23, list: true });
  expect(at('---\ntools: [read_file]|\n---\n')).toBeNull();
  expect(at('---\ntools:\n  # these\n  - read_file\n  - wr|\n---\n')).toMatchObject({ key: 'tools', list: true });
  expect(at('---\ninputs:\n  - name: x\n    ty|\n---\n')).toBeNull();
  expect(at('---\nname: A\n---\nna|')).toBeNull();
  expect(at('na|')).toBeNull();
});

test('[LI3] keys that are missing and names that exist are offered', () => {
  const labels = keyChoices(path, file('name: A\ntools: []')).map(({ label }) => label);
  expect(labels).toContain('description');
  expect(labels).not.toContain('tools');
  expect(keyChoices('skills/x/SKILL.md', file('name: x')).map(({ label }) => label)).toContain('allowed-tools');
  expect(valueChoices('tools', help)).toContainEqual({ label: 'read_file', detail: 'About read_file' });
  expect(valueChoices('tools', help).map(({ label }) => label)).toContain('flash_board');
  expect(valueChoices('skills', help)).toEqual([{ label: 'csv-analysis', detail: 'About CSV analysis' }]);
  expect(valueChoices('model', help).map(({ label }) => label)).toEqual(['inherit', 'sonnet']);
  expect(valueChoices('whatever', help)).toEqual([]);
});

test('names lead to their definitions, in the header and in the text', () => {
  const text = file(
    'name: A\ntools: Read, Write\nskills:\n  - csv-analysis',
    'Ask @PlanningAgent, use `csv-analysis`; PlanningAgent plans. a/b\n',
  );
  expect(linksIn(path, text, help).map(({ from, to, target }) => [text.slice(from, to), target.id])).toEqual([
    ['Read', 'read-file'],
    ['csv-analysis', 'csv-analysis'],
    ['@PlanningAgent', 'planning-agent'],
    ['`csv-analysis`', 'csv-analysis'],
    ['PlanningAgent', 'planning-agent'],
  ]);
});

test('[LI3] names that lead nowhere are told at their line, gently; unknown keys are not', () => {
  const text = file(
    'name: A\ntools: [read-file, fly, mcp__x__y, "*"]\nskills:\n  - csv-analysis\n  - nothing\nx-mine: 1',
  );
  expect(remarksOn(path, text, help).map(({ line, message, severity }) => [line, message, severity])).toEqual([
    [3, 'No tool is called fly. The rest works.', 'warning'],
    [6, 'No skill is called nothing. The rest works.', 'warning'],
  ]);
  expect(remarksOn(path, text, null)).toEqual([]);
  expect(remarksOn(path, file('name: [x'), help)[0]).toMatchObject({ line: 2 });
});
