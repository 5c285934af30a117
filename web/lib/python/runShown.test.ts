import { expect, test } from 'vitest';
import { blockAt } from './runShown.ts';

const text = ['# A', '```python', 'a = 1', '```', '```js', 'x', '```', '~~~py', 'b = 2', 'print(b)', '~~~', 'end'].join(
  '\n',
);

test('the block of a markdown text that the caret is in, else the first one', () => {
  expect(blockAt(text, 9)).toMatchObject({ code: 'b = 2\nprint(b)', from: 9, number: 2 });
  expect(blockAt(text, 2)).toMatchObject({ code: 'a = 1', from: 3, number: 1 });
  expect(blockAt(text, 6)).toMatchObject({ code: 'a = 1' });
  expect(blockAt('```js\nx\n```', 2)).toBeNull();
  expect(blockAt('```python\nx = 1', 2)).toMatchObject({ code: 'x = 1' });
});
