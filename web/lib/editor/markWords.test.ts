import { expect, test } from 'vitest';
import { markWords } from './markWords.ts';

test('the words that differ are marked, and all words are there', () => {
  expect(
    markWords('- Handle outliers (IQR, then ask)', '- Handle outliers: name the rule').filter(
      (part) => !part.differs,
    )[0]?.text,
  ).toContain('- Handle outliers');
  for (const [before, after] of [
    ['a b c', 'a x c'],
    ['', 'new'],
    ['old', ''],
    ['same', 'same'],
  ]) {
    const parts = markWords(before!, after!);
    expect(parts.map((part) => part.text).join('')).toBe(after);
    expect(parts.some((part) => part.differs)).toBe(before !== after && after !== '');
  }
});
