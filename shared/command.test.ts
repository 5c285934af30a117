import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readCommand, type Known } from './command.ts';
import { readWriting, writeChoice, writeCommand } from './commandWriting.ts';

const known: Known = {
  isAgent: (name) => ['planningagent', 'system agent'].includes(name.toLowerCase()),
  isFile: (path) => ['notes/a.md', 'data/the sales.csv', 'README'].includes(path),
};
/** Only what differs from an empty command. */
const read = (text: string, known?: Known) => {
  const { goal, agent, skills, paths, model, private: mine, budget, problems } = readCommand(text, known);
  return {
    goal,
    ...(agent !== null && { agent }),
    ...(skills.length > 0 && { skills }),
    ...(paths.length > 0 && { paths }),
    ...(model !== null && { model }),
    ...(mine !== null && { private: mine }),
    ...(Object.keys(budget).length > 0 && { budget }),
    ...(problems.length > 0 && { problems: problems.map(({ from, to, blocks }) => [text.slice(from, to), blocks]) }),
  };
};

test.each([
  ['Write a poem', { goal: 'Write a poem' }],
  ['/llmos "Find why it drifts" @PlanningAgent', { goal: 'Find why it drifts', agent: 'PlanningAgent' }],
  ['  /LLMOS “Curly” @"System Agent"', { goal: 'Curly', agent: 'System Agent' }],
  ['/llmos find why it drifts @PlanningAgent', { goal: 'find why it drifts', agent: 'PlanningAgent' }],
  ['/llmos', { goal: '' }],
  ['/llmos "say \\"no\\" and \\\\"', { goal: 'say "no" and \\' }],
  ['/llmos "one" two @notes/a.md', { goal: 'one two', paths: ['notes/a.md'] }],
  ['/llmos the words "a" and "b"', { goal: 'the words "a" and "b"' }],
  [
    '/llmos --private --model openai/gpt-5 "goal" --money 0.5',
    { goal: 'goal', private: true, model: 'openai/gpt-5', budget: { money: 0.5 } },
  ],
  [
    '/llmos "goal" --model="a b" --calls 3 --turns 2 --minutes 1.5 --tokens 900',
    { goal: 'goal', model: 'a b', budget: { toolCalls: 3, iterations: 2, minutes: 1.5, tokens: 900 } },
  ],
  ['/llmos goal --shared', { goal: 'goal', private: false }],
  [
    '/data-analysis of @data/x.csv please',
    { goal: 'of data/x.csv please', skills: ['data-analysis'], paths: ['data/x.csv'] },
  ],
  ['/data-analysis', { goal: 'Use the skill data-analysis.', skills: ['data-analysis'] }],
  ['/llmos "x" --skill data-analysis --skill other --skill other', { goal: 'x', skills: ['data-analysis', 'other'] }],
  ['/etc/hosts is a file', { goal: '/etc/hosts is a file' }],
  ['//llmos as words', { goal: '/llmos as words' }],
])('a command: %s', (text, wanted) => expect(read(text)).toEqual(wanted));

test.each([
  ['@PlanningAgent make a plan', { goal: 'make a plan', agent: 'PlanningAgent' }],
  ['Make a plan, @PlanningAgent', { goal: 'Make a plan', agent: 'PlanningAgent' }],
  ['Let @PlanningAgent decide it', { goal: 'Let PlanningAgent decide it', agent: 'PlanningAgent' }],
  ['Read @notes/a.md, then (@README)', { goal: 'Read notes/a.md, then (README)', paths: ['notes/a.md', 'README'] }],
  ['Sum @"data/the sales.csv"!', { goal: 'Sum data/the sales.csv!', paths: ['data/the sales.csv'] }],
  ['Mail ada@example.org about \\@home', { goal: 'Mail ada@example.org about @home' }],
  ['Why is `@property` there?\n```py\n@cached\n```', { goal: 'Why is `@property` there?\n```py\n@cached\n```' }],
  ['Say git log --oneline to them', { goal: 'Say git log --oneline to them' }],
  ['What does git log --oneline', { goal: 'What does git log --oneline' }],
  ['Make a plan --private --model local/x', { goal: 'Make a plan', private: true, model: 'local/x' }],
  ['two\nlines\n\n@notes/a.md', { goal: 'two\nlines\n\nnotes/a.md', paths: ['notes/a.md'] }],
])('plain words: %s', (text, wanted) => expect(read(text, known)).toEqual(wanted));

test('a word after @ that names nothing here stays a word, and it is said', () => {
  expect(read('@Plannr, go', known)).toEqual({ goal: '@Plannr, go', problems: [['@Plannr', false]] });
  expect(read('@Plannr go')).toEqual({ goal: 'go', agent: 'Plannr' });
});

test.each([
  ['/llmos "goal" --fast', [['--fast', true]]],
  ['/llmos "goal" --model', [['--model', true]]],
  ['/llmos "goal" --money much', [['--money much', true]]],
  ['/llmos "goal" --money -1', [['--money -1', true]]],
  ['/llmos "goal" --private=1', [['--private=1', true]]],
  ['/llmos "goal', [['"goal', false]]],
  ['/llmos "goal" --constructor', [['--constructor', true]]],
])('a problem has a place: %s', (text, problems) => expect(read(text).problems).toEqual(problems));

test('any text is read without an exception, and problems lie inside of it', () => {
  const piece = fc.constantFrom(
    '@',
    '"',
    '/llmos',
    '/x',
    '--model',
    '--private',
    ' ',
    '\n',
    '`',
    '```',
    '\\',
    'a.md',
    'Ada',
    '“',
    '=',
    '(',
    '@"',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'grapheme' }),
        fc.array(piece).map((all) => all.join('')),
      ),
      (text) => {
        for (const given of [undefined, known])
          for (const { from, to } of readCommand(text, given).problems)
            if (!(from >= 0 && from < to && to <= text.length)) throw new Error(`${from} to ${to} of ${text.length}`);
        for (const at of [0, text.length, text.length >> 1]) {
          const writing = readWriting(text, at);
          if (writing) writeChoice(text, writing, 'a b');
        }
      },
    ),
    { numRuns: 3000 },
  );
});

test('what is written as a command is read as the same goal and agent', () => {
  const name = fc.constantFrom('PlanningAgent', 'System Agent', 'Größe');
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.option(name), (words, agent) => {
      const goal = words.trim().replace(/^\/+/, '') || 'x';
      const command = readCommand(writeCommand({ goal, agent }));
      expect([command.goal, command.agent]).toEqual([goal, agent]);
    }),
  );
});

test.each([
  ['/da|', { kind: 'command', typed: 'da' }, 'data-analysis', '/data-analysis |'],
  ['ask @Pl|an now', { kind: 'mention', typed: 'Pl' }, 'PlanningAgent', 'ask @PlanningAgent |now'],
  ['@|', { kind: 'mention', typed: '' }, 'a b.md', '@"a b.md" |'],
  ['see @"the s|"', { kind: 'mention', typed: 'the s' }, 'the sales.csv', 'see @"the sales.csv" |'],
  ['/llmos "x" --pr|', { kind: 'flag', typed: 'pr' }, 'private', '/llmos "x" --private |'],
  ['/llmos "x" --model op| @A', { kind: 'model', typed: 'op' }, 'openai/gpt', '/llmos "x" --model openai/gpt |@A'],
  ['a@b|', null, '', ''],
  ['x /da|', null, '', ''],
])('what is being written: %s', (shown, wanted, choice, after) => {
  const caret = shown.indexOf('|');
  const text = shown.replace('|', '');
  const writing = readWriting(text, caret);
  expect(writing && { kind: writing.kind, typed: writing.typed }).toEqual(wanted);
  if (!writing) return;
  const made = writeChoice(text, writing, choice);
  expect(`${made.text.slice(0, made.caret)}|${made.text.slice(made.caret)}`).toBe(after);
});
