import { expect, test } from 'vitest';
import { freeName, presetOf, presets, wordsOfProbe } from './presets.ts';

test('each preset is an address that can be saved, and an unknown one is another one', () => {
  for (const { baseUrl, id, name } of presets) {
    if (id === 'other') continue;
    expect(URL.canParse(baseUrl)).toBe(true);
    expect(name).toMatch(/^[a-z0-9-]+$/);
  }
  expect(presetOf('nothing').id).toBe('other');
});

test('what was found by trying is said in words', () => {
  const found = { tools: true, parallel: true, schema: true, usage: true, contextSize: 128_000, price: null, at: '' };
  expect(wordsOfProbe({ ...found, strategy: 'native' })).toEqual(['calls tools', 'several at once', '128k context']);
  expect(wordsOfProbe({ ...found, strategy: 'fenced', contextSize: null, usage: false })).toEqual([
    'calls tools in text',
    'tokens are estimated',
  ]);
});

test('a second provider of one kind gets a name of its own', () => {
  expect(freeName('openai', ['openai', 'openai-2'])).toBe('openai-3');
});
