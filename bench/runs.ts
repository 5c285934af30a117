// Many runs at once, each watched by several people: how long a token takes from the provider to their screens, and what that costs the
// server. `node bench/runs.ts [--runs 20] [--watchers 5] [--seconds 10] [--every 20]`. A real server on a fresh data folder, a
// provider of our own that writes the time into each token; nothing of the product is imported but names of messages.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import WebSocket from 'ws';
import { startServer } from './server.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '20' },
    watchers: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '10' },
    every: { type: 'string', default: '20' },
  },
});
const [runs, watchers, seconds, every] = [values.runs, values.watchers, values.seconds, values.every].map(Number) as [
  number, number, number, number,
]; // prettier-ignore
/** How late our own timers are: what the machine does to everybody, in milliseconds. */
const late: number[] = [];
const latencies: number[] = [];
const now = () => performance.timeOrigin + performance.now();
const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

/** Streams `<time> ` every so many milliseconds; a probe that is not streamed gets a short answer. */
const provider = http.createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => void answer(Buffer.concat(parts).toString(), request.url ?? '', response));
});
async function answer(body: string, url: string, response: http.ServerResponse): Promise<void> {
  if (url.endsWith('/models'))
    return void response.end(JSON.stringify({ object: 'list', data: [{ id: 'clock', object: 'model' }] }));
  const asked = JSON.parse(body || '{}') as { stream?: boolean; messages?: { content: string }[] };
  const isGoal = asked.messages?.some(({ content }) => content.includes?.('Tell the time'));
  const choice = (delta: object, finish: string | null = null) =>
    `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', model: 'clock', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
  if (!asked.stream) {
    const message = { role: 'assistant', content: 'ok' };
    return void response.end(JSON.stringify({ choices: [{ index: 0, message, finish_reason: 'stop' }] }));
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.socket?.setNoDelay(true);
  const until = isGoal ? now() + seconds * 1000 : 0;
  while (now() < until && !response.destroyed) {
    response.write(choice({ content: `${now().toFixed(1)} ` }));
    const due = now() + every;
    await pause(every);
    late.push(now() - due);
  }
  response.write(choice({ content: 'end' }));
  response.end(`${choice({}, 'stop')}data: [DONE]\n\n`);
}
await new Promise<void>((done) => provider.listen(0, '127.0.0.1', done));
const server = await startServer({
  name: 'runs',
  settings: { LLM_BASE_URL: `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1`, LLM_MODEL: 'clock' },
});
const { origin, cookies, cpuSeconds } = server;
type Answer = { id: string; url: string };
const call = (key: string, body: unknown, who?: string) => server.call<Answer>(key, body, who);

const ended = new Map<string, number>();
try {
  await call('POST /auth/sign-up', { login: 'w0', password: 'correct horse battery' });
  await call('POST /teams', { slug: 'lab', name: 'Lab' });
  // one person has at most 64 sockets
  for (let i = 1; i < watchers; i++) {
    const { url } = await call('POST /teams/lab/invitations', { role: 'viewer' });
    const person = { login: `w${i}`, password: 'correct horse battery', invitation: url.split('/').at(-1)! };
    await call('POST /auth/sign-up', person, person.login);
  }
  const warm = await call('POST /runs', { volume: 'team/lab', goal: 'Say ok' });
  void warm;
  await pause(1500);
  const started = await Promise.all(
    Array.from({ length: runs }, (_, i) => call('POST /runs', { volume: 'team/lab', goal: `Tell the time, ${i}` })),
  );
  const sockets = started.flatMap(({ id }) => Array.from({ length: watchers }, (_, i) => follow(id, `w${i}`)));
  await pause(1000);
  const [cpu, from] = [cpuSeconds(), now()];
  await pause((seconds - 2) * 1000);
  const [cpuUsed, wall] = [cpuSeconds() - cpu, (now() - from) / 1000];
  for (const end = now() + 20_000; now() < end && [...ended.values()].filter((n) => n === watchers).length < runs;)
    await pause(50);
  for (const socket of sockets) socket.close();
  const sorted = Float64Array.from(latencies).sort();
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!.toFixed(1);
  console.log(`${runs} runs, ${watchers} watchers each, a token every ${every} ms, ${seconds} s`);
  console.log(
    `| tokens on screens | p50 ms | p95 ms | p99 ms | most ms | our own timers late, p95 ms | server cores | runs that ended on every screen |`,
  );
  console.log(`|---|---|---|---|---|---|---|---|`);
  const lateAt = Float64Array.from(late).sort()[Math.floor(late.length * 0.95)]!;
  const all = [...ended.values()].filter((n) => n === watchers).length;
  console.log(
    `| ${sorted.length} | ${at(0.5)} | ${at(0.95)} | ${at(0.99)} | ${at(1)} | ${lateAt.toFixed(1)} | ${(cpuUsed / wall).toFixed(2)} | ${all} of ${runs} |`,
  );
} finally {
  await server.stop();
  provider.closeAllConnections();
  provider.close();
}

type Told = { type: string; run: string; events: { type: string; text?: string }[] };
function follow(run: string, who: string): WebSocket {
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/live`, {
    headers: { cookie: cookies.get(who)!, origin },
  });
  const opened = now();
  socket.on('open', () => socket.send(JSON.stringify({ type: 'follow', run, after: 0 })));
  socket.on('message', (data) => {
    const at = now();
    const message = JSON.parse(String(data)) as Told;
    if (message.type !== 'run') return;
    for (const event of message.events) {
      if (event.type === 'ended') ended.set(run, (ended.get(run) ?? 0) + 1);
      if (event.type !== 'text') continue;
      // tokens from before it looked are no news
      for (const [token] of event.text!.matchAll(/\d{12,}\.\d/g))
        if (Number(token) > opened + 500) latencies.push(at - Number(token));
    }
  });
  return socket;
}
