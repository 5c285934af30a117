import { expect, test } from 'vitest';
import { textFrom } from '../volumes/content.ts';
import { placeArrived } from './arriving.ts';

const file = (path: string, text: string | Buffer) => ({ path, content: Buffer.from(text) });
const claude = (name: string) => `---\nname: ${name}\ndescription: Does it.\ntools: Read, Grep\n---\nYou are it.\n`;
const place = (files: ReturnType<typeof file>[], as = {}) => {
  const { placed, left } = placeArrived({ files, as, textFrom });
  return {
    placed: Object.fromEntries(placed.map(({ from, path, kind }) => [from, `${kind} ${path}`])),
    files: placed.flatMap(({ files: all }) => all.map(({ path }) => path)),
    left: Object.fromEntries(left.map(({ path, why }) => [path, why])),
    guessed: placed.filter(({ guessed }) => guessed).map(({ from }) => from),
  };
};

test('[LI3] a `.claude/agents` folder and whatever is around it goes where lookup finds it', () => {
  expect(
    place([
      file('repo-main/.claude/agents/reviewer.md', claude('reviewer')),
      file('repo-main/.claude/agents/deep/tester.md', claude('tester')),
      file('repo-main/.claude/commands/llmos.md', '---\nname: llmos\n---\nDo it.'),
      file('repo-main/README.md', '# About'),
      file('repo-main/logo.png', Buffer.from([0, 1, 2])),
    ]),
  ).toEqual({
    placed: {
      'repo-main/.claude/agents/reviewer.md': 'agent agents/reviewer.md',
      'repo-main/.claude/agents/deep/tester.md': 'agent agents/tester.md',
    },
    files: ['agents/reviewer.md', 'agents/tester.md'],
    left: {
      'repo-main/.claude/commands/llmos.md': 'Commands of Claude Code stay there.',
      'repo-main/README.md': 'It is about a folder, not a definition.',
      'repo-main/logo.png': 'It is no text.',
    },
    guessed: [],
  });
});

test('[LI3] a folder of an Agent Skill comes whole, from wherever it lies', () => {
  const skill = '---\nname: pdf-forms\ndescription: Fills forms.\n---\nRead references/more.md.\n';
  const parts = (root: string) => [
    file(`${root}SKILL.md`, skill),
    file(`${root}references/more.md`, 'More.'),
    file(`${root}scripts/fill.py`, 'print(1)'),
    file(`${root}logo.png`, Buffer.from([0, 1])),
  ];
  const whole = ['SKILL.md', 'references/more.md', 'scripts/fill.py', 'logo.png'].map(
    (end) => `skills/pdf-forms/${end}`,
  );
  for (const root of ['pdf-forms/', 'x/.claude/skills/pdf-forms/', ''])
    expect(place(parts(root))).toMatchObject({ files: whole, left: {}, guessed: [] });
});

test('[LI3] a lone file is what its header says, else an agent unless a person says otherwise', () => {
  const one = file('reviewer.md', claude('reviewer'));
  expect(place([one])).toMatchObject({
    placed: { 'reviewer.md': 'agent agents/reviewer.md' },
    guessed: ['reviewer.md'],
  });
  expect(place([one], { 'reviewer.md': 'skill' }).placed).toEqual({ 'reviewer.md': 'skill skills/reviewer/SKILL.md' });
  expect(place([one], { 'reviewer.md': 'tool' }).placed).toEqual({ 'reviewer.md': 'tool tools/reviewer.md' });
  expect(place([file('old.md', '---\nskill_id: old\n---\nx')])).toMatchObject({
    placed: { 'old.md': 'skill skills/old/SKILL.md' },
    guessed: [],
  });
  expect(place([file('notes.md', 'Just words.')]).left).toEqual({
    'notes.md': 'It defines nothing: its header has no name.',
  });
  expect(place([file('Clock.tsx', 'export default () => null;')]).placed).toEqual({
    'Clock.tsx': 'applet applets/Clock.tsx',
  });
});

test('[LI3] names that cannot be, and two for one place, are left out with the reason', () => {
  const { left, files } = place([
    file('agents/a:b.md', claude('a')),
    file('one/agents/same.md', claude('same')),
    file('two/agents/same.md', claude('same')),
    file('x/agents/../../../etc/passwd.md', claude('evil')),
  ]);
  expect(files.filter((path) => path.includes('..') || path.includes(':'))).toEqual([]);
  expect(left['two/agents/same.md']).toBe('Another one goes to agents/same.md.');
  expect(left['agents/a:b.md']).toMatch(/colon/);
});
