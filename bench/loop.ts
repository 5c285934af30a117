// What a turn of a run costs beside the model: a provider that takes no time, two reads in each turn, events durable in a real PostgreSQL
// before anything acts. `node bench/loop.ts [runs]` prints a table; nothing is asserted.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { readRun } from '../shared/run.ts';
import { migrateDatabase, openDatabase } from '../server/platform/database.ts';
import { openEmbeddedPostgres } from '../server/platform/embeddedPostgres.ts';
import type { Model, ModelPart } from '../server/platform/model.ts';
import { createBudget } from '../server/runs/budget.ts';
import { runLoop } from '../server/runs/loop.ts';
import { startRuns } from '../server/runs/testRuns.ts';
import { adaActor, toolOf } from '../server/runs/testLoop.ts';

const runs = Number(process.argv[2] ?? 30);
const turns = 14;
/** Of one answer: 800 characters in pieces of 8. */
const pieces = 100;
const tools = ['read_file', 'search_files'].map((name) =>
  toolOf({ name, act: async () => ({ ok: true, text: 'a line of a file\n'.repeat(100) }) }),
);

function openModel(paceMs: number): Model & { waited: number } {
  const model = {
    name: 'bench/none',
    strategy: 'native' as const,
    contextSize: null,
    price: { input: 1, output: 1 },
    waited: 0,
    async *ask(): AsyncGenerator<ModelPart> {
      for (let i = 0; i < pieces; i++) {
        if (paceMs > 0 && i % 10 === 0) {
          const from = performance.now();
          await new Promise((resolve) => setTimeout(resolve, paceMs * 10));
          model.waited += performance.now() - from;
        }
        yield { type: 'text', text: 'abcd ef ' };
      }
      if (++asked % turns !== 0)
        for (const [index, { name }] of tools.entries())
          yield { type: 'call', index, id: null, name, args: JSON.stringify({ path: `notes/${asked}.md` }) };
      yield { type: 'usage', input: 1000, output: 200 };
      yield { type: 'end', reason: asked % turns === 0 ? 'stop' : 'calls' };
    },
  };
  let asked = 0;
  return model;
}

const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'llmos-bench-'));
const postgres = await openEmbeddedPostgres({ directory: path.join(directory, 'postgres') });
const database = await openDatabase({ url: postgres.url });
await migrateDatabase(database);

let over = Promise.withResolvers<void>();
const middle = (times: number[], at: number) =>
  times.toSorted((a, b) => a - b)[Math.floor((times.length - 1) * at)]!.toFixed(2);
const rows: string[] = [];

for (const [what, paceMs] of [
  ['the provider takes no time', 0],
  ['the provider streams for 200 ms', 2],
] as const) {
  const times: { wall: number[]; cpu: number[] } = { wall: [], cpu: [] };
  const model = openModel(paceMs);
  const world = await startRuns({
    postgresUrl: postgres.url,
    database: Object.assign(database, { url: postgres.url }),
    limited: false,
    async walk({ head, events, emit, people, signal }) {
      const clock = { now: () => Date.now() };
      model.waited = 0;
      const [from, used] = [performance.now(), process.cpuUsage()];
      const end = await runLoop({
        head, model, tools, people, emit, signal, clock,
        definition: { name: 'Bench', body: 'You measure.' },
        messages: [],
        budget: createBudget({ limits: head.limits, clock }),
        actor: adaActor,
        past: readRun(events),
      }); // prettier-ignore
      const { user, system } = process.cpuUsage(used);
      times.wall.push((performance.now() - from - model.waited) / turns);
      times.cpu.push((user + system) / 1000 / turns);
      await emit({ type: 'ended', ...end });
      over.resolve();
    },
  });
  for (let i = 0; i < runs; i++) {
    over = Promise.withResolvers<void>();
    const id = await world.start('ada');
    await over.promise;
    const { status } = await world.runs.row(id);
    if (status !== 'done') throw new Error(`the run ended as ${status}`);
  }
  await world.close();
  const [wall, cpu] = [times.wall.slice(2), times.cpu.slice(2)]; // the first two warm up
  rows.push(`| ${what} | ${middle(cpu, 0.5)} | ${middle(cpu, 0.95)} | ${middle(wall, 0.5)} | ${middle(wall, 0.95)} |`);
}
console.log(
  `${runs} runs of ${turns} turns, ${pieces} pieces of text and 2 calls in each; load ${os.loadavg()[0]!.toFixed(1)} on ${os.cpus().length} cores\n`,
);
console.log('| a turn, ms | CPU, middle | p95 | wall beside the provider, middle | p95 |\n|---|---|---|---|---|');
console.log(rows.join('\n'));
await database.close();
await postgres.stop();
fs.rmSync(directory, { recursive: true, force: true });
