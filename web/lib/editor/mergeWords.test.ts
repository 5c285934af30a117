import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { mergeWords } from './mergeWords.ts';

function merged(base: string, living: string, mine: string) {
  const doc = new Y.Doc();
  const text = doc.getText('content');
  text.insert(0, living);
  const result = mergeWords({ text, base, mine, origin: 'test' });
  return { words: text.toString(), ...result };
}

test('[SY5] words of another epoch come in by text, beside what the others wrote', () => {
  const base = '# One\n\nalpha beta gamma\n\nend\n';
  expect(
    merged(base, '# One\n\nalpha beta gamma\n\nend and more\n', '# One, mine\n\nalpha beta gamma\n\nend\n').words,
  ).toBe('# One, mine\n\nalpha beta gamma\n\nend and more\n');
});

test('[SY5] where both wrote the same words, both texts stay', () => {
  const { words, both } = merged('say hello now\n', 'say goodbye now\n', 'say welcome now\n');
  expect(both).toBe(1);
  expect(words).toContain('goodbye');
  expect(words).toContain('welcome');
});

test('[SY5] the same words on both sides are there once', () => {
  expect(merged('a\n', 'a b\n', 'a b\n')).toMatchObject({ words: 'a b\n', changed: false, both: 0 });
});
