// QueryMemory over many traces: `node bench/memory.ts [traces]`. The real database, the real model for the question; the traces' own vectors
// are made up (measuring 20,000 texts would take minutes and changes nothing in what is timed). Prints a table, asserts nothing.
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { MemoryQuestion } from '../shared/api/memory.ts';
import { readMemoryEntry } from '../shared/memoryEntry.ts';
import type { Actor } from '../shared/permissions.ts';
import { openMemory } from '../server/memory/memory.ts';
import { createMemoryStore } from '../server/memory/memoryStore.ts';
import { packVector } from '../server/memory/vectors.ts';
import { migrateDatabase, openDatabase } from '../server/platform/database.ts';
import { createEmbeddings } from '../server/platform/embeddings.ts';
import { openEmbeddedPostgres } from '../server/platform/embeddedPostgres.ts';
import { createLog } from '../server/platform/log.ts';

const traces = Number(process.argv[2] ?? 20_000);
const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'llmos-bench-memory-'));
const postgres = await openEmbeddedPostgres({ directory });
const database = await openDatabase({ url: postgres.url });
await migrateDatabase(database);
const store = createMemoryStore(database);
const embeddings = createEmbeddings();
const volume = { id: crypto.randomUUID(), name: 'team/lab' };

const things = ['sales', 'weather', 'robot', 'greenhouse', 'invoice', 'circuit', 'survey', 'budget', 'paper', 'board'];
const verbs = ['Analyse', 'Summarise', 'Draw', 'Clean', 'Compare', 'Forecast', 'Repair', 'Explain', 'Measure', 'Plan'];
const goal = (n: number) => `${verbs[n % 10]} the ${things[Math.floor(n / 10) % 10]} data of week ${n % 52}, part ${n}`;
const text = (n: number) =>
  `---\ntrace_id: t-${n}\ngoal: ${goal(n)}\noutcome: { verdict: success }\ncreated_at: 2026-05-01T10:00:00Z\n---\n# Steps\nread_file, execute_python\n`;

const filled = performance.now();
for (let from = 0; from < traces; from += 500) {
  await database.transaction(async (transaction) => {
    const inside = createMemoryStore(transaction);
    const rows = Array.from({ length: Math.min(500, traces - from) }, (_, i) => {
      const [n, place] = [from + i, `memory/traces/2026/05/${from + i}.md`];
      const body = text(n);
      return {
        fileId: crypto.randomUUID(),
        volumeId: volume.id,
        path: place,
        blob: `${n}`,
        body,
        at: new Date(),
        entry: readMemoryEntry({ path: place, text: body }),
      };
    });
    await inside.put(rows);
    for (const { fileId, blob } of rows)
      await inside.measure({
        fileId,
        blob,
        vector: packVector(Float32Array.from({ length: 512 }, () => (Math.random() - 0.5) / 13)),
      });
  });
}
console.log(`filled ${traces} traces in ${((performance.now() - filled) / 1000).toFixed(1)} s`);

const memory = openMemory({
  database,
  files: {
    markdown: async () =>
      [...(await store.known())].map(([fileId, { blob, path: at }]) => ({
        fileId,
        volumeId: volume.id,
        path: at,
        blob,
        updatedAt: new Date(),
      })),
    readBlob: async () => null,
  },
  embed: embeddings.embed,
  readable: async () => [volume],
  told: () => {},
  log: createLog({ level: 'error' }),
});
await memory.settled();
const ask = async (query: string) => {
  const started = performance.now();
  await memory.query({ question: MemoryQuestion.parse({ query, scope: 'global' }), actor: { personId: 'x' } as Actor });
  return performance.now() - started;
};
const first = await ask('the first question loads model and vectors');
// words are read in the background; until they are there the database compares them
const early: number[] = [];
for (const until = performance.now() + 6000; performance.now() < until;)
  early.push(await ask(`${goal(early.length * 7)} at once`));
const times: number[] = [];
const before = process.cpuUsage();
for (let i = 0; i < 60; i++) times.push(await ask(`${goal(i * 331)} once more ${i}`));
const used = process.cpuUsage(before);
const at = (of: number[], share: number) =>
  of.toSorted((a, b) => a - b)[Math.floor(share * (of.length - 1))]!.toFixed(1);
console.log(
  `| traces | first ms | p50 of the first 6 s | p50 ms | p95 ms | worst ms | cpu ms |\n|---|---|---|---|---|---|---|\n` +
    `| ${traces} | ${first.toFixed(0)} | ${at(early, 0.5)} | ${at(times, 0.5)} | ${at(times, 0.95)} | ${at(times, 1)} | ${((used.user + used.system) / 60_000).toFixed(1)} |`,
);
await memory.close();
await embeddings.close();
await database.close();
await postgres.stop();
fs.rmSync(directory, { recursive: true, force: true });
