// @vitest-environment node
import { JSDOM } from 'jsdom';
import { expect, test } from 'vitest';
import { blocksOf, headerAndBody, pairBlocks } from './renderedBlocks.ts';

const { window } = new JSDOM('');
const pair = (...texts: [string, string]) => {
  const [before, after] = texts.map((html) => {
    const box = window.document.createElement('div');
    box.innerHTML = html;
    return blocksOf(box);
  });
  return pairBlocks(before!, after!);
};
/** Rows as their words: removed and added in changed ones. */
const words = (rows: ReturnType<typeof pairBlocks>) =>
  rows.map(({ kind, before, after }) => {
    const text = (blocks: string[]) => blocks.map((html) => html.replace(/<[^>]*>|\n/g, '')).join('|');
    return kind === 'same' ? text(after) : `-${text(before)} +${text(after)}`;
  });

test('rendered blocks that changed stand beside each other, wherever they stood in the text', () => {
  expect(
    pair(
      '<h1 data-line="1">a</h1><p data-line="3">b</p><p data-line="4">c</p>',
      '<h1 data-line="1">a</h1><p data-line="3">B</p><p>new</p><p data-line="9">c</p>',
    ),
  ).toEqual([
    { kind: 'same', before: ['<h1>a</h1>'], after: ['<h1>a</h1>'] },
    { kind: 'changed', before: ['<p>b</p>'], after: ['<p>B</p>', '<p>new</p>'] },
    { kind: 'same', before: ['<p>c</p>'], after: ['<p>c</p>'] },
  ]);
});

test('of a list the items that changed are marked, the others keep their numbers', () => {
  const rows = pair(
    '<ol start="2">\n<li>two</li>\n<li>three</li>\n<li>four</li>\n</ol>',
    '<ol start="2">\n<li>new</li>\n<li>two</li>\n<li>Three</li>\n<li>four</li>\n</ol>',
  );
  expect(words(rows)).toEqual(['- +new', 'two', '-three +Three', 'four']);
  expect(rows[1]).toEqual({
    kind: 'same',
    before: ['<ol start="2" class="rd-item"><li>two</li></ol>'],
    after: ['<ol start="3" class="rd-item"><li>two</li></ol>'],
  });
});

test('of a list in a list too, at its depth', () => {
  const inner = (word: string) =>
    `<ul><li>one\n<ul>\n<li class="task">a</li>\n<li>${word}</li>\n</ul>\n</li><li>two</li></ul>`;
  const rows = pair(inner('b'), inner('c'));
  expect(words(rows)).toEqual(['one', 'a', '-b +c', 'two']);
  expect(rows[2]!.after).toEqual([
    '<ul class="rd-item"><li class="rd-around"><ul class="rd-item"><li>c</li></ul></li></ul>',
  ]);
});

test('an item that goes on after the list inside of it stays whole', () => {
  const item = (word: string) => `<ul><li><p>one</p><ul><li>a</li></ul><p>${word}</p></li><li>two</li></ul>`;
  expect(words(pair(item('b'), item('c')))).toEqual(['-oneab +oneac', 'two']);
});

test('the header is told from the body', () => {
  expect(headerAndBody('---\nname: A\n---\n# T\n')).toEqual({ header: 'name: A', body: '# T\n' });
  expect(headerAndBody('# T\n---\nx\n---\n')).toEqual({ header: null, body: '# T\n---\nx\n---\n' });
});
