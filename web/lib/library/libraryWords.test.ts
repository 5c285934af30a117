import { expect, test } from 'vitest';
import { readTyped } from '#shared/typedDefinition.ts';
import { hidingWords, template } from './libraryWords.ts';

const place = (volume: string) => ({ volume, volumeId: '', path: '', fileId: '' });

test('[LI2] a row says what it hides, or what hides it', () => {
  expect(hidingWords({ hides: [], hiddenBy: null })).toBeNull();
  expect(hidingWords({ hides: [place('team/lab'), place('system')], hiddenBy: null })).toBe('hides team and system');
  expect(hidingWords({ hides: [], hiddenBy: place('user/ada') })).toBe('hidden by user');
});

test('what “New” makes is a definition without a complaint', () => {
  for (const kind of ['agent', 'skill', 'tool'] as const) {
    const made = template(kind);
    const path = made.file('my-name');
    expect(path.startsWith(made.folder)).toBe(true);
    expect(readTyped({ path, text: made.text('my-name') })).toMatchObject({ kind, id: 'my-name', diagnostics: [] });
  }
});
