import { expect, test } from 'vitest';
import { headerAndBody, pairBlocks } from './renderedBlocks.ts';

test('rendered blocks that changed stand beside each other', () => {
  expect(
    pairBlocks(['<h1>a</h1>', '<p>b</p>', '<p>c</p>'], ['<h1>a</h1>', '<p>B</p>', '<p>new</p>', '<p>c</p>']),
  ).toEqual([
    { kind: 'same', before: ['<h1>a</h1>'], after: ['<h1>a</h1>'] },
    { kind: 'changed', before: ['<p>b</p>'], after: ['<p>B</p>', '<p>new</p>'] },
    { kind: 'same', before: ['<p>c</p>'], after: ['<p>c</p>'] },
  ]);
});

test('the header is told from the body', () => {
  expect(headerAndBody('---\nname: A\n---\n# T\n')).toEqual({ header: 'name: A', body: '# T\n' });
  expect(headerAndBody('# T\n---\nx\n---\n')).toEqual({ header: null, body: '# T\n---\nx\n---\n' });
});
