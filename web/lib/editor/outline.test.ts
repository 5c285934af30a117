import { expect, test } from 'vitest';
import { countWords, readOutline } from './outline.ts';

test('headings with their lines, but not those in code', () => {
  const text =
    '---\nname: A\n---\n# One #\n\n```md\n# no\n```\n~~~\n```\n# no\n~~~\n### **Two** and `three`\n#nothing\n';
  expect(readOutline(text, { from: 16, firstLine: 4 })).toEqual([
    { level: 1, words: 'One', line: 4 },
    { level: 3, words: 'Two and three', line: 13 },
  ]);
});

test('words are counted as people count them', () => {
  expect(countWords("It's well-known, naïve: 3 times. 日本語")).toBe(8);
  expect(countWords('')).toBe(0);
});
