// Convergence under everything at once: 2 to 8 clients, partial delivery, duplicates, disconnects, kills of the server, outages of
// the database in the middle of an append, compaction, versions, merges by programs, readers that are too slow.
import { expect, test } from 'vitest';
import { fuzz } from './testFuzz.ts';

const seeds = Number(process.env['FUZZ_SEEDS'] ?? 500);
const first = Number(process.env['FUZZ_FIRST_SEED'] ?? 1);

test(
  `[SY2] ${seeds} rounds of 200 operations: replicas, log and versions are equal, each acknowledged edit is there once`,
  {
    timeout: 120_000 + seeds * 1000,
  },
  async () => {
    const failed: string[] = [];
    let next = first;
    // Rounds wait for timers most of the time: several at once.
    const lane = async () => {
      while (next < first + seeds && failed.length < 3) {
        const seed = next++;
        await fuzz({ seed, operations: 200 }).catch((error: Error) => failed.push(`seed ${seed}: ${error.stack}`));
      }
    };
    await Promise.all(Array.from({ length: 8 }, lane));
    expect(failed).toEqual([]);
  },
);
