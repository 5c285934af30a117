// docs/SPEC.md against the tests: every promise names files, and each of them quotes it; no test quotes a promise that is not there.
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.join(import.meta.dirname, '..');
const spec = fs.readFileSync(path.join(root, 'docs/SPEC.md'), 'utf8');
const promises = spec
  .split(/^- (?=\*\*)/m)
  .slice(1)
  .map((text) => ({
    rule: /^\*\*(\w+)\*\*/.exec(text)![1]!,
    files: [...text.matchAll(/`([\w/.-]+\.(?:test|spec)\.ts)`/g)].map((match) => match[1]!),
  }));

const quotedIn = (file: string) =>
  new Set(
    [...fs.readFileSync(path.join(root, file), 'utf8').matchAll(/\[((?:[A-Z]{2}\d+(?:, ?)?)+)\]/g)].flatMap((match) =>
      match[1]!.split(/, ?/),
    ),
  );

test.each(promises)('$rule is quoted by the tests that hold it', ({ rule, files }) => {
  expect(files, 'a promise that no test holds').not.toEqual([]);
  for (const file of files) expect([file, quotedIn(file).has(rule)]).toEqual([file, true]);
});

test('no test quotes a promise that is not written down', () => {
  const known = new Set(promises.map(({ rule }) => rule));
  const tests = ['server', 'shared', 'web', 'e2e'].flatMap((folder) =>
    fs
      .readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(test|spec)\.ts$/.test(name) && !name.includes('node_modules'))
      .map((name) => path.join(folder, name)),
  );
  expect(tests.length).toBeGreaterThan(50);
  const unknown = tests.flatMap((file) =>
    [...quotedIn(file)]
      .filter((rule) => /^(SY|GI|RV|AC|PY|AP)/.test(rule) && !known.has(rule))
      .map((rule) => `${file}: ${rule}`),
  );
  expect(unknown).toEqual([]);
});
