import { expect, test } from 'vitest';
import { strokesOf } from './typedAhead.ts';

test('what is typed ahead: letters are one text, Backspace takes the last sign, other keys keep their place', () => {
  expect(strokesOf([])).toEqual([]);
  expect(strokesOf(['>', 'r', 'u', 'n', 'Enter'])).toEqual([{ text: '>run' }, { key: 'Enter' }]);
  expect(strokesOf(['a', '😀', 'Backspace', 'b'])).toEqual([{ text: 'ab' }]);
  expect(strokesOf(['a', 'Backspace', 'Backspace', 'ArrowDown', ' '])).toEqual([
    { key: 'Backspace' },
    { key: 'ArrowDown' },
    { text: ' ' },
  ]);
});
