import { expect, test } from 'vitest';
import { pairBlocks } from './renderedBlocks.ts';

test('rendered blocks that changed stand beside each other', () => {
  expect(
    pairBlocks(['<h1>a</h1>', '<p>b</p>', '<p>c</p>'], ['<h1>a</h1>', '<p>B</p>', '<p>new</p>', '<p>c</p>']),
  ).toEqual([
    { kind: 'same', before: ['<h1>a</h1>'], after: ['<h1>a</h1>'] },
    { kind: 'changed', before: ['<p>b</p>'], after: ['<p>B</p>', '<p>new</p>'] },
    { kind: 'same', before: ['<p>c</p>'], after: ['<p>c</p>'] },
  ]);
});
