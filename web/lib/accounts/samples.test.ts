import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { labCounts, labRows, originalCounts } from './samples.ts';

const samples = path.join(import.meta.dirname, '../../../samples');
const filesOf = (sample: string) =>
  fs
    .readdirSync(path.join(samples, sample), { recursive: true, withFileTypes: true })
    .flatMap((entry) =>
      entry.isFile() ? [path.relative(path.join(samples, sample), path.join(entry.parentPath, entry.name))] : [],
    );

test('what the first visit says of the sample team is what is in it', () => {
  const files = filesOf('lab');
  expect(files).toContain('README.md'); // what opens first
  for (const row of labRows) {
    const file = files.find(
      (name) => name === `${row.folder}/${row.name}.md` || name === `${row.folder}/${row.name}/SKILL.md`,
    );
    expect(file, row.name).toBeDefined();
    const description = /^description: (.*)$/m.exec(fs.readFileSync(path.join(samples, 'lab', file!), 'utf8'))?.[1];
    if (description) expect(description.startsWith(row.what), `${row.name}: ${description}`).toBe(true);
  }
  expect(labCounts).toEqual({
    agents: files.filter((name) => name.startsWith('agents/')).length,
    skills: files.filter((name) => name.endsWith('SKILL.md')).length,
    files: files.length,
  });
});

test('what the first visit says of the original LLMos is what its sample holds', () => {
  const files = filesOf('llmos-original');
  const own = files.filter((name) => !/^(LICENSE|NOTICE\.txt)$/.test(name));
  expect(originalCounts).toEqual({
    agents: files.filter((name) => name.startsWith('agents/')).length,
    skills: files.filter((name) => name.startsWith('skills/')).length,
    files: own.length,
  });
});
