// What a turn of a run costs beside the model: a provider that takes no time, two reads in each turn, events durable in a real PostgreSQL
// before anything acts. `node bench/loop.ts [runs]` prints a table; nothing is asserted. What a provider costs us without any loop (its pace,
// or its bytes read and thrown away) is measured beside it, turn by turn, and taken off.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { readRun } from '../shared/run.ts';
import { migrateDatabase, openDatabase } from '../server/platform/database.ts';
import { createEgress } from '../server/platform/egress.ts';
import { openEmbeddedPostgres } from '../server/platform/embeddedPostgres.ts';
import { createLlm } from '../server/platform/llm.ts';
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

const provider = fork(new URL('pacedProvider.mjs', import.meta.url), [String(pieces), String(turns)], { execArgv: [] });
const [port] = (await once(provider, 'message')) as [number];

type Paced = Model & {
  waited: number;
  /** One turn that nobody reads. */
  alone: () => Promise<void>;
};

/** Over HTTP, as it is in the product. */
function openWire(paceMs: number): Paced {
  const llm = createLlm({ egress: createEgress({ allowedHosts: [`127.0.0.1:${port}`] }) });
  const baseUrl = `http://127.0.0.1:${port}/v1`;
  const endpoint = { provider: 'bench', baseUrl, apiKey: `sk-${'0123456789abcdef'.repeat(10)}` };
  const price = { input: 1, output: 1 };
  const name = `paced-${paceMs}`;
  const alone = () =>
    new Promise<void>((done) => {
      const request = http.request(baseUrl, { method: 'POST', agent: false }, (answer) =>
        answer.resume().once('end', done),
      );
      request.end(JSON.stringify({ model: name, uncounted: true }));
    });
  return { ...llm.open({ endpoint, model: name, strategy: 'native', contextSize: null, price }), waited: NaN, alone };
}

function openModel(paceMs: number): Paced {
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
      if (counts && ++asked % turns !== 0)
        for (const [index, { name }] of tools.entries())
          yield { type: 'call', index, id: null, name, args: JSON.stringify({ path: `notes/${asked}.md` }) };
      yield { type: 'usage', input: 1000, output: 200 };
      yield { type: 'end', reason: asked % turns === 0 ? 'stop' : 'calls' };
    },
  };
  let asked = 0;
  let counts = true;
  return Object.assign(model, {
    async alone() {
      counts = false;
      for await (const _ of model.ask());
      counts = true;
    },
  });
}

const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'llmos-bench-'));
const postgres = await openEmbeddedPostgres({ directory: path.join(directory, 'postgres') });
const database = await openDatabase({ url: postgres.url });
await migrateDatabase(database);

let over = Promise.withResolvers<void>();
const middle = (times: number[], at: number) =>
  Number.isNaN(times[0]) ? '' : times.toSorted((a, b) => a - b)[Math.floor((times.length - 1) * at)]!.toFixed(2);
const rows: string[] = [];

for (const [what, open, paceMs] of [
  ['the provider takes no time', openModel, 0],
  ['the provider streams for 200 ms', openModel, 2],
  ['the same over HTTP', openWire, 2],
] as const) {
  const times: Record<'wall' | 'cpu' | 'alone', number[]> = { wall: [], cpu: [], alone: [] };
  const model = open(paceMs);
  const world = await startRuns({
    postgresUrl: postgres.url,
    database: Object.assign(database, { url: postgres.url }),
    limited: false,
    async walk({ head, events, emit, people, signal }) {
      const clock = { now: () => Date.now() };
      if (model.waited) model.waited = 0;
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
      const before = process.cpuUsage();
      for (let i = 0; i < turns; i++) await model.alone();
      const alone = process.cpuUsage(before);
      times.alone.push((alone.user + alone.system) / 1000 / turns);
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
  const [wall, cpu, alone] = [times.wall, times.cpu, times.alone].map((all) => all.slice(2)); // the first two warm up
  const ours = cpu!.map((all, i) => all - alone![i]!);
  const cells = [middle(ours, 0.5), middle(ours, 0.95), middle(alone!, 0.5), middle(wall!, 0.5), middle(wall!, 0.95)];
  rows.push(`| ${what} | ${cells.join(' | ')} |`);
}
console.log(
  `${runs} runs of ${turns} turns, ${pieces} pieces of text and 2 calls in each; load ${os.loadavg()[0]!.toFixed(1)} on ${os.cpus().length} cores\n`,
);
console.log(
  '| a turn, ms | CPU of ours, middle | p95 | CPU of the provider alone | wall beside the provider, middle | p95 |\n|---|---|---|---|---|---|',
);
console.log(rows.join('\n'));
await database.close();
await postgres.stop();
provider.disconnect();
fs.rmSync(directory, { recursive: true, force: true });
