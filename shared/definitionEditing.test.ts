import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { readDefinition } from './definition.ts';
import { setHeaderKey, setHeaderKeys, type HeaderValue } from './definitionEditing.ts';

const set = (text: string, key: string, value: HeaderValue | null) => setHeaderKey({ text, key, value });

test('[LI3] a key changes, and every other byte stays', () => {
  const text =
    '---\r\n# who\r\nname:   "Old"   # the name\r\ntools:\r\n    - Read\r\n    # and\r\n    - Write\r\n\r\nx-unknown: {a: [1,  2]}\r\nempty:\r\n---\r\nBody\r\n';
  expect(set(text, 'name', 'New')).toBe(text.replace('"Old"', 'New'));
  expect(set(text, 'x-unknown', 'now: this')).toBe(text.replace('{a: [1,  2]}', '"now: this"'));
  expect(set(text, 'empty', 7)).toBe(text.replace('empty:', 'empty: 7'));
  expect(set(text, 'empty', null)).toBe(text.replace('empty:\r\n', ''));
  expect(set(text, 'version', '1.0')).toBe(text.replace('---\r\nBody', 'version: "1.0"\r\n---\r\nBody'));
  expect(set(text, 'tools', ['a', 'b c'])).toBe(text.replace('- Read\r\n    # and\r\n    - Write', '- a\r\n    - b c'));
  expect(set(text, 'tools', 'Read')).toBe(text.replace('\r\n    - Read\r\n    # and\r\n    - Write', ' Read'));
  expect(set(text, 'tools', null)).toBe(text.replace('tools:\r\n    - Read\r\n    # and\r\n    - Write\r\n', ''));
});

test('a file without a header gets one; what is no YAML is refused', () => {
  expect(set('Body\n', 'name', 'A')).toBe('---\nname: A\n---\nBody\n');
  expect(set('Body\n', 'name', null)).toBe('Body\n');
  expect(set('---\nname: A\n', 'name', 'B')).toBeNull();
  expect(set('---\na: b: c\n---\n', 'name', 'B')).toBeNull();
  expect(set('---\n{name: A}\n---\nBody', 'name', 'B')).toBe('---\n{name: B}\n---\nBody');
  expect(set('---\n{name: A}\n---\nBody', 'other', 'B')).toBeNull();
  expect(set('---\nname: A\n---\n', 'no: key', 'B')).toBeNull();
  expect(setHeaderKeys('---\nname: A\n---\n', { name: 'B', origin: 'evolved' })).toBe(
    '---\nname: B\norigin: evolved\n---\n',
  );
});

const samples = path.join(import.meta.dirname, '..', 'samples');
const files = fs
  .readdirSync(samples, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.md'))
  .map((file) => fs.readFileSync(path.join(samples, file), 'utf8'));

test('[LI3] in every real file a key can be set, taken out and added, without another change', () => {
  expect(files.length).toBeGreaterThan(50);
  for (const text of files) {
    const { header } = readDefinition(text);
    for (const key of [...Object.keys(header ?? {}), 'added']) {
      const changed = set(text, key, 'a new value');
      expect(changed).not.toBeNull();
      // no line but those of this key is different
      const [before, after] = [new Set(text.split('\n')), changed!.split('\n')];
      const fresh = after.filter((line) => !before.has(line));
      expect(fresh.length).toBeLessThanOrEqual(header ? 1 : 3);
      expect(set(text, key, null)).not.toBeNull();
    }
    if (header) expect(set(set(text, 'added', 'x')!, 'added', null)).toBe(text);
  }
});

test(
  '[LI3] whatever YAML somebody writes: it is changed byte for byte outside of the key, or refused',
  { timeout: 600_000 },
  () => {
    const rounds = Number(process.env['FUZZ_HEADERS'] ?? 600);
    const word = fc.string({ unit: fc.constantFrom(...'abz: #-[]{}"\'\n,&*!|>%@`\\é😀'), maxLength: 12 });
    const scalar = fc.oneof(word, fc.integer(), fc.boolean(), fc.constant(null), fc.double({ noNaN: true }));
    const key = fc.stringMatching(/^[a-z][a-z_-]{0,8}$/);
    const value = fc.oneof(scalar, fc.array(word, { maxLength: 4 }), fc.dictionary(key, scalar, { maxKeys: 3 }));
    let accepted = 0;
    fc.assert(
      fc.property(
        fc.dictionary(key, value, { minKeys: 1, maxKeys: 6 }),
        fc.boolean(),
        fc.nat(),
        fc.oneof(word, fc.integer(), fc.boolean(), fc.array(word, { maxLength: 3 })),
        word,
        (header, windows, pick, next, body) => {
          const yaml = stringify(header, { defaultStringType: pick % 2 ? 'PLAIN' : 'QUOTE_DOUBLE' });
          const lines = `---\n# first\n${yaml}---\n${body}`;
          const text = windows ? lines.replace(/\r?\n/g, '\r\n') : lines;
          const before = readDefinition(text);
          if (!before.header) return;
          const names = Object.keys(before.header);
          const name = names[pick % names.length]!;
          const changed = set(text, name, next);
          if (changed === null) return;
          accepted++;
          const after = readDefinition(changed);
          expect(after.header![name]).toEqual(next);
          for (const other of names) if (other !== name) expect(after.header![other]).toEqual(before.header[other]);
          const place = before.keys.find((one) => one.key === name)!;
          expect(changed.startsWith(text.slice(0, place.to))).toBe(true);
          expect(changed.slice(after.bodyFrom)).toBe(text.slice(before.bodyFrom));
        },
      ),
      { numRuns: rounds },
    );
    expect(accepted).toBeGreaterThan(rounds * 0.66); // refusing everything would be easy
  },
);
