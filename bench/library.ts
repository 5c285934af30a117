// How fast the library answers, from outside over HTTP: `node bench/library.ts [definitions]`, against a server of its own on a fresh
// folder. Prints milliseconds: the first look (the index is made), lists, searches, and the time until a changed file is live.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { zipSync } from 'fflate';

const count = Number(process.argv[2] ?? 2000);
const port = Number(process.env['PORT'] ?? 3950);
const base = `http://127.0.0.1:${port}`;
const root = path.join(import.meta.dirname, '..');
const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'llmos-bench-library-'));
const subjects = [
  'tides',
  'sales',
  'robots',
  'letters',
  'sensors',
  'maps',
  'budgets',
  'proteins',
  'rivers',
  'schedules',
];
const acts = [
  'forecast',
  'clean',
  'compare',
  'explain',
  'draw',
  'translate',
  'calibrate',
  'review',
  'summarise',
  'simulate',
];

const text = (n: number) =>
  `---\nname: ${acts[n % 10]}-${subjects[Math.floor(n / 10) % 10]}-${n}\ndescription: Helps to ${acts[n % 10]} ${subjects[Math.floor(n / 10) % 10]} of station ${n}. Use it when somebody asks.\nkeywords: [${subjects[(n * 7) % 10]}, station${n % 97}]\ntools: [read_file, write_file]\n---\n\n# ${acts[n % 10]}\n\n${`Read the file, then ${acts[(n * 3) % 10]} what is in it and say so in one line. `.repeat(30)}\n`;

const server = spawn(
  process.execPath,
  [...(process.env['PROF'] ? ['--cpu-prof', '--cpu-prof-dir=' + process.env['PROF']] : []), 'server/main.ts'],
  {
    cwd: root,
    env: {
      ...process.env,
      PORT: String(port),
      DATA_DIR: dataDir,
      RATE_LIMITS: 'off',
      LOG_LEVEL: 'error',
      EMBEDDINGS: process.env['EMBEDDINGS'] ?? 'local',
    },
    stdio: 'inherit',
  },
);
try {
  for (let tries = 0; tries < 120; tries++) {
    if (
      await fetch(`${base}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      break;
    await pause(500);
  }
  let cookie = '';
  const call = async (method: string, address: string, body?: unknown, headers: Record<string, string> = {}) => {
    const raw = typeof body === 'string' || body instanceof Uint8Array;
    const answer = await fetch(`${base}/api/v1${address}`, {
      method,
      headers: {
        cookie,
        origin: base,
        ...(raw || body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: (raw ? body : JSON.stringify(body)) as BodyInit }),
    });
    if (!answer.ok) throw new Error(`${method} ${address}: ${answer.status} ${await answer.text()}`);
    cookie ||= answer.headers.get('set-cookie')?.split(';')[0] ?? '';
    return answer;
  };
  const timed = async (work: () => Promise<unknown>) => {
    const start = performance.now();
    await work();
    return performance.now() - start;
  };
  const spread = (times: number[]) => {
    const sorted = times.toSorted((a, b) => a - b);
    return `median ${sorted[Math.floor(sorted.length / 2)]!.toFixed(1)}, p95 ${sorted[Math.floor(sorted.length * 0.95)]!.toFixed(1)}, worst ${sorted.at(-1)!.toFixed(1)} ms`;
  };
  await call('POST', '/auth/sign-up', { login: 'ada', password: 'a long password' });
  await call('POST', '/teams', { slug: 'lab', name: 'Lab' });
  const files = Object.fromEntries(
    Array.from({ length: count }, (_, n) => [
      n % 2 ? `agents/a${n}.md` : `skills/s${n}/SKILL.md`,
      Buffer.from(text(n)),
    ]),
  );
  const archive = zipSync(files);
  console.log(
    `${count} definitions, imported in ${(await timed(() => call('POST', '/volumes/team%2Flab/import-archive', archive))).toFixed(0)} ms`,
  );
  const list = (q: string) =>
    call('GET', `/library?volume=team%2Flab&limit=50&q=${encodeURIComponent(q)}`).then((a) => a.json());
  console.log(`first look: ${(await timed(() => list('tides'))).toFixed(0)} ms`);
  const questions = [
    'forecast tides',
    'compare sales of station 12',
    'robot',
    'somebody who cal',
    'station96 rivers',
    'draw',
  ];
  const searches: number[] = [];
  for (let n = 0; n < 120; n++) searches.push(await timed(() => list(questions[n % questions.length]!)));
  console.log(`search: ${spread(searches)}`);
  const live: number[] = [];
  for (let n = 0; n < 20; n++) {
    const address = `/volumes/team%2Flab/files/agents/a${n * 2 + 1}.md`;
    const answer = await call('GET', address);
    const word = `freshword${n}x`;
    const changed = (await answer.text()).replace('Helps to', `Helps ${word} to`);
    const start = performance.now();
    await call('PUT', address, changed, { 'if-match': answer.headers.get('etag')! });
    for (;;) {
      const { entries } = (await list(word)) as { entries: unknown[] };
      if (entries.length === 1) break;
      if (performance.now() - start > 5000) throw new Error(`${word} is not found`);
    }
    live.push(performance.now() - start);
  }
  console.log(`a changed file, from the request that saves it until a search finds it: ${spread(live)}`);
} finally {
  server.kill('SIGTERM');
  await new Promise((resolve) => server.once('exit', resolve));
  fs.rmSync(dataDir, { recursive: true, force: true });
}
