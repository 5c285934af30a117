// Every word by which a test can be made longer is in the long programme, and the other way round.
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.join(import.meta.dirname, '..');

test('the long programme names what the tests read, and nothing else', () => {
  const words = new Set<string>();
  for (const folder of ['server', 'shared', 'web/lib'])
    for (const name of fs.readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' }))
      if (name.endsWith('.test.ts'))
        for (const [, word] of fs
          .readFileSync(path.join(root, folder, name), 'utf8')
          .matchAll(/process\.env\['((?:FUZZ_|KILLS|GC_)\w*)'\]/g))
          words.add(word!);
  words.delete('FUZZ_FIRST_SEED'); // which seed to look at again
  const programme = /const longProgramme = \{([^}]*)\}/.exec(
    fs.readFileSync(path.join(root, 'scripts/test.mjs'), 'utf8'),
  )![1]!;
  expect([...programme.matchAll(/^\s*(\w+):/gm)].map((match) => match[1]!).sort()).toEqual([...words].sort());
});
