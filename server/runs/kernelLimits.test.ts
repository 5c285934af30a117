import { expect, test } from 'vitest';
import fs from 'node:fs';
import path from 'node:path';
import { createKernelLimits, readLimits } from './kernelLimits.ts';

const shipped = fs.readFileSync(path.join(import.meta.dirname, '../../system/kernel/config.md'), 'utf8');

test('[RU6] the kernel that ships says the limits that runs have', () => {
  expect(readLimits(shipped)).toEqual({ iterations: 15, toolCalls: 50, minutes: 10, depth: 3, fanOut: 8 });
});

test('[RU6] a kernel of a volume tightens what the system says and never loosens it; other files set nothing', async () => {
  const texts: Record<string, string> = {
    s: shipped,
    t: '| setting | value |\n|---|---|\n| `iterations` | 5 |\n| minutes | 90 |\n| money | $0.50 |\n| depth | many |\n',
    o: '| iterations | 1 |\n',
  };
  const file = (fileId: string, volume: string, at = 'kernel/config.md') => ({ fileId, volume, path: at });
  const files = [
    file('s', 'system'),
    file('t', 'team/lab'),
    file('o', 'team/lab', 'kernel/other.md'),
    file('o', 'user/x'),
  ];
  const limits = createKernelLimits({
    library: { list: async () => files as never },
    living: async (fileId) => texts[fileId] ?? null,
  });
  expect(await limits({ actor: {} as never, volume: 'team/lab' })).toEqual({
    iterations: 5, toolCalls: 50, minutes: 10, money: 0.5, depth: 3, fanOut: 8,
  }); // prettier-ignore
});
