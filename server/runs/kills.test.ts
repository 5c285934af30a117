// The whole server as a process, as people run it, with a scripted provider: killed in the middle of a run, started again (RU1), with two
// people at it (RU5), and what the run leaves in the volume (RU10).
import { spawn, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import WebSocket from 'ws';
import type { ToBrowser } from '#shared/live.ts';
import { readRun, type RunEvent } from '#shared/run.ts';
import { readTrace } from '#shared/trace.ts';
import { startFakeModel, type FakeModel } from '../../e2e/fakes/model.ts';

const root = path.join(import.meta.dirname, '../..');
const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'llmos-runs-'));
const password = 'correct horse battery';
let model: FakeModel;
let child: ChildProcess | null = null;
let origin = '';
let port = '0';
const cookies = new Map<string, string>();
const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

async function startServer(): Promise<void> {
  const started = spawn(process.execPath, ['server/main.ts'], {
    cwd: root,
    env: {
      PATH: process.env['PATH']!,
      PORT: port,
      DATA_DIR: dataDir,
      LLM_BASE_URL: model.url,
      LLM_MODEL: 'scripted',
      CHECKPOINT_QUIET_MS: '2000',
      EMBEDDINGS: 'off',
      RATE_LIMITS: 'off',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child = started;
  let words = '';
  origin = await new Promise((done, fail) => {
    for (const stream of [started.stdout!, started.stderr!])
      stream.on('data', (chunk) => {
        words += chunk;
        const address = /LLMos is ready at (\S+)/.exec(words)?.[1];
        if (address) done(address.replace(/\/$/, ''));
      });
    started.once('exit', (code) => fail(new Error(`the server ended with ${code}:\n${words}`)));
  });
  port = new URL(origin).port;
}
async function endServer(signal: NodeJS.Signals): Promise<void> {
  const ending = child;
  if (!ending || ending.exitCode !== null || ending.signalCode !== null) return;
  const gone = new Promise((done) => ending.once('exit', done));
  ending.kill(signal);
  await gone;
}

async function call(who: string, key: string, body?: unknown) {
  const [method, address] = key.split(' ') as [string, string];
  const response = await fetch(`${origin}/api/v1${address}`, {
    method,
    headers: {
      origin,
      cookie: cookies.get(who) ?? '',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const [cookie] = response.headers.getSetCookie();
  if (cookie) cookies.set(who, cookie.split(';')[0]!);
  const text = await response.text();
  return { status: response.status, body: text.startsWith('{') ? (JSON.parse(text) as any) : text };
}
const start = async (who: string, more: Record<string, unknown>): Promise<string> => {
  const { status, body } = await call(who, 'POST /runs', { volume: 'team/lab', ...more });
  expect([status, body]).toEqual([200, expect.anything()]);
  return body.id;
};
async function until(id: string, status: string, ms = 20_000) {
  for (const end = performance.now() + ms; ; await pause(50)) {
    const { body } = await call('ada', `GET /runs/${id}`);
    if (body.run?.status === status) return body as { run: { reason: string }; events: RunEvent[] };
    if (performance.now() > end) throw new Error(`it did not become ${status}: ${JSON.stringify(body).slice(0, 3000)}`);
  }
}
async function put(file: string, body: string): Promise<void> {
  const response = await fetch(`${origin}/api/v1/volumes/team%2Flab/files/${file}`, {
    method: 'PUT',
    body,
    headers: { origin, cookie: cookies.get('ada')!, 'content-type': 'text/plain' },
  });
  expect(response.ok).toBe(true);
}
/** A run of Ada whose sub-agent asks a person, after a kill of the server. */
async function killedWhileAsking(goal: string) {
  const id = await start('ada', { goal });
  const childOf = async () => (await call('ada', `GET /runs/${id}`)).body.children[0];
  for (const end = performance.now() + 20_000; (await childOf())?.status !== 'waiting'; await pause(50))
    if (performance.now() > end) throw new Error('the sub-agent does not ask');
  await endServer('SIGKILL');
  await startServer();
  return { id, child: await childOf() };
}
async function answerChild(who: string, id: string, text: string): Promise<void> {
  const { events } = (await call(who, `GET /runs/${id}`)).body as { events: RunEvent[] };
  const asked = events.findLast((event) => event.type === 'question')!;
  expect((await call(who, `POST /runs/${id}/answers/${asked.call}`, { text })).status).toBe(200);
}
/** All that a screen was given. */
function follow(who: string, run: string): { events: RunEvent[]; close: () => void } {
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/live`, {
    headers: { cookie: cookies.get(who)!, origin },
  });
  const events: RunEvent[] = [];
  socket.on('error', () => undefined);
  socket.on('open', () => socket.send(JSON.stringify({ type: 'follow', run, after: 0 })));
  socket.on('message', (data) => {
    const message = JSON.parse(String(data)) as ToBrowser;
    if (message.type === 'run' && message.run === run) events.push(...message.events);
  });
  return { events, close: () => socket.terminate() };
}

beforeAll(async () => {
  model = await startFakeModel();
  await startServer();
  await call('ada', 'POST /auth/sign-up', { login: 'ada', password, name: 'Ada' });
  await call('ada', 'POST /teams', { slug: 'lab', name: 'Lab' });
  const { body } = await call('ada', 'POST /teams/lab/invitations', { role: 'editor' });
  const link = String(body.token ?? body.url ?? body.link)
    .split('/')
    .at(-1)!;
  const signedUp = await call('ben', 'POST /auth/sign-up', { login: 'ben', password, name: 'Ben', invitation: link });
  expect(signedUp.status).toBe(200);
}, 60_000);
afterAll(async () => {
  await endServer('SIGTERM');
  await model.close();
  fs.rmSync(dataDir, { recursive: true, force: true });
});

test(
  '[RU1] kill -9 in the middle of a run loses no event that was on a screen; it is interrupted, and goes on',
  { timeout: 120_000 },
  async () => {
    const words = Array.from({ length: 400 }, (_, i) => `word${i}`).join(' ');
    for (let round = 0; round < 2; round++) {
      model.reset();
      model.on('Count', [{ calls: [{ name: 'list_directory', args: {} }] }, { text: words, paceMs: 8 }]);
      const id = await start('ada', { goal: `Count, round ${round}` });
      const screens = [follow('ada', id), follow('ben', id)];
      const said = () =>
        screens.every(({ events }) => events.filter(({ type }) => type === 'text').length > 5 + round * 6);
      for (const end = performance.now() + 20_000; !said();) {
        if (performance.now() > end) throw new Error('the run says nothing');
        await new Promise((done) => setTimeout(done, 5));
      }
      await endServer('SIGKILL');
      for (const screen of screens) screen.close();
      model.reset();
      model.on('Count', [{ text: 'never' }, { text: 'All counted.' }, { text: 'All counted.' }]);
      await startServer();
      const { run, events } = await until(id, 'failed');
      expect(run.reason).toBe('interrupted');
      for (const { events: seen } of screens) {
        expect(seen.length).toBeGreaterThan(8);
        expect(events.slice(0, seen.length)).toEqual(seen);
      }
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => i + 1));
      expect((await call('ben', `POST /runs/${id}/resume`, {})).status).toBe(200);
      const done = await until(id, 'done');
      expect(readRun(done.events)).toMatchObject({ status: 'done', trace: { volume: 'team/lab' } });
    }
  },
);

test('[RU1] [RU5] a question survives a restart, and a teammate answers it', { timeout: 60_000 }, async () => {
  model.reset();
  model.on('Ask', [
    { calls: [{ name: 'ask_person', args: { question: 'Which file?', choices: ['a.md', 'b.md'] } }] },
    { text: 'Then that one.' },
  ]);
  const id = await start('ada', { goal: 'Ask me' });
  await until(id, 'waiting');
  const notices = await call('ada', 'GET /me/notifications');
  expect(notices.body.notifications[0]).toMatchObject({ kind: 'run.question', run: id, volume: 'team/lab' });
  await endServer('SIGKILL');
  await startServer();
  const { events } = await until(id, 'waiting');
  const asked = events.findLast((event) => event.type === 'question')!;
  const answer = await call('ben', `POST /runs/${id}/answers/${asked.call}`, { text: 'b.md' });
  expect(answer.status).toBe(200);
  const done = await until(id, 'done');
  const state = readRun(done.events);
  expect(state.answer).toBe('Then that one.');
  const calls = state.items.flatMap((item) => (item.kind === 'step' ? item.calls : []));
  expect(calls).toMatchObject([{ status: 'ok', question: { answer: 'b.md', by: { login: 'ben' } } }]);
  expect(done.events.filter(({ type }) => type === 'result')).toHaveLength(1);
});

test('[RU1] a sub-agent that asks goes on after a restart, with the run above it', { timeout: 60_000 }, async () => {
  await put('agents/Asker.md', '---\nname: Asker\ndescription: Asks.\n---\nYou ask.\n');
  model.reset();
  const task = { agent: 'Asker', task: 'Find out' };
  model.on('Let it be asked', [{ calls: [{ name: 'delegate_to_agent', args: task }] }, { text: 'Both done.' }]);
  model.on('Find out', [{ calls: [{ name: 'ask_person', args: { question: 'How many?' } }] }, { text: 'Seven.' }]);
  const { id, child } = await killedWhileAsking('Let it be asked');
  expect(child).toMatchObject({ status: 'waiting', agent: 'Asker' });
  await answerChild('ben', child.id, '7');
  const done = await until(id, 'done');
  expect(readRun(done.events)).toMatchObject({ answer: 'Both done.', spent: { calls: 1 } });
  const { body } = await call('ada', `GET /runs/${id}`);
  expect(body.children).toMatchObject([{ id: child.id, status: 'done' }]);
});

test(
  '[RU6] a sub-agent that goes on after a restart has only what was left of its own steps',
  { timeout: 60_000 },
  async () => {
    await put('agents/Brief.md', '---\nname: Brief\ndescription: Asks.\nmaxIterations: 2\n---\nYou ask.\n');
    model.reset();
    const ask = { calls: [{ name: 'ask_person', args: { question: 'May I?' } }] };
    const look = (path: string) => ({ calls: [{ name: 'list_directory', args: { path } }] });
    const task = { agent: 'Brief', task: 'Keep asking' };
    model.on('Let it keep asking', [
      { calls: [{ name: 'delegate_to_agent', args: task }] },
      { text: 'It had enough.' },
    ]);
    model.on('Keep asking', [ask, look('agents'), look('notes'), look('memory')]);
    const { id, child } = await killedWhileAsking('Let it keep asking');
    await answerChild('ada', child.id, 'yes');
    await until(id, 'done');
    const ended = readRun((await call('ada', `GET /runs/${child.id}`)).body.events);
    expect(ended).toMatchObject({ status: 'failed', reason: 'It has used its 2 steps.', spent: { steps: 2 } });
  },
);

test('[RU6] a run that has used its steps goes on with more of them', { timeout: 60_000 }, async () => {
  model.reset();
  const look = { calls: [{ name: 'list_directory', args: { path: 'notes' } }] };
  model.on('Look around', [look, { text: 'There is nothing.' }]);
  const id = await start('ada', { goal: 'Look around', budget: { iterations: 1 } });
  expect((await until(id, 'failed')).run.reason).toBe('It has used its 1 steps.');
  expect((await call('ben', `POST /runs/${id}/resume`, { budget: { iterations: 500 } })).status).toBe(200);
  const { events } = await until(id, 'done');
  expect(readRun(events)).toMatchObject({ answer: 'There is nothing.', head: { limits: { iterations: 15 } } });
});

test(
  '[RU10] the versions of a run are its person’s, carry its id, and the last of them holds the trace',
  { timeout: 60_000 },
  async () => {
    model.reset();
    model.on('Write', [
      {
        text: 'First the note.',
        calls: [{ name: 'write_file', args: { path: 'notes/plan.md', content: '# Plan\n' } }],
      },
      { calls: [{ name: 'delegate_to_agent', args: { agent: 'Helper', task: 'Help a little' } }] },
      { calls: [{ name: 'log_trace', args: { learnings: ['Ask Helper first.'] } }] },
      { text: 'Written.' },
    ]);
    model.on('Help a little', [
      { calls: [{ name: 'read_file', args: { path: 'notes/plan.md' } }] },
      { text: 'I helped.' },
    ]);
    const agent = '---\nname: Helper\ndescription: Helps.\ntools: [read_file]\n---\nYou help.\n';
    await put('agents/Helper.md', agent);
    const id = await start('ada', { goal: 'Write a plan' });
    const { events } = await until(id, 'done');
    const { trace, head } = readRun(events);
    expect(head!.versions['team/lab']).toMatch(/^[0-9a-f]{40}$/);
    expect(trace!.path).toMatch(/^memory\/traces\/\d{4}\/\d{2}\/[\d-]+write-a-plan-/);
    expect(trace!.commits).toHaveLength(2);

    const { body: detail } = await call('ben', `GET /runs/${id}`);
    expect(detail.children).toHaveLength(1);
    const child = detail.children[0];
    expect(child).toMatchObject({ status: 'done', agent: 'Helper', parent: id });
    const file = await fetch(`${origin}/api/v1/volumes/team%2Flab/files/${trace!.path}`, {
      headers: { cookie: cookies.get('ben')! },
    });
    const text = await file.text();
    expect(readTrace(text)).toMatchObject({
      traceId: id,
      goal: 'Write a plan',
      status: 'done',
      toolsUsed: ['write_file', 'delegate_to_agent', 'log_trace'],
      filesCreated: ['notes/plan.md'],
      by: 'ada',
      body: { plan: 'First the note.', response: 'Written.', learnings: ['Ask Helper first.'] },
    });
    const { body: log } = await call('ada', 'GET /volumes/team%2Flab/commits?limit=10');
    const made = trace!.commits.map((oid) => log.commits.find((commit: { oid: string }) => commit.oid === oid));
    expect(made.map((commit) => commit.author.login)).toEqual(['ada', 'ada']);
    const { body: inner } = await call('ada', `GET /runs/${child.id}`);
    const innerTrace = readRun(inner.events).trace!;
    const childText = await (
      await fetch(`${origin}/api/v1/volumes/team%2Flab/files/${innerTrace.path}`, {
        headers: { cookie: cookies.get('ben')! },
      })
    ).text();
    expect(readTrace(childText)).toMatchObject({
    traceId: child.id, parentTraceId: id, linkType: 'hierarchical', depth: 1, dependsOn: [{ traceId: id, outputFile: 'notes/plan.md' }],
  }); // prettier-ignore
    const { body: volume } = await call('ada', `GET /volumes/team%2Flab`);
    const directory = path.join(dataDir, 'volumes');
    const { execFileSync } = await import('node:child_process');
    const bare = fs.readdirSync(directory).map((name) => path.join(directory, name));
    const messages = bare.flatMap((gitdir) => {
      try {
        return execFileSync(
          'git',
          ['-C', gitdir, 'log', '--format=%(trailers:key=Run,valueonly,separator=%x2C)%x09%an%x09%H', 'main'],
          { encoding: 'utf8' },
        ).split('\n');
      } catch {
        return [];
      }
    });
    for (const oid of trace!.commits) expect(messages).toContain(`${id}\tAda\t${oid}`);
    expect(volume.head).toBe(trace!.commits.at(-1));

    // a second run that reads what the first one wrote depends on it, and goes on from it in a conversation
    model.on('Read the plan', [{ calls: [{ name: 'read_file', args: { path: 'notes/plan.md' } }] }, { text: 'Read.' }]);
    const next = await start('ben', { goal: 'Read the plan', private: true });
    const after = readRun((await until2('ben', next, 'done')).events);
    expect(after.trace!.volume).toBe('user/ben');
    expect((await call('ada', `GET /runs/${next}`)).status).toBe(404);
  },
);

async function until2(who: string, id: string, status: string) {
  for (const end = performance.now() + 20_000; ; await pause(50)) {
    const { body } = await call(who, `GET /runs/${id}`);
    if (body.run?.status === status) return body as { events: RunEvent[] };
    if (performance.now() > end) throw new Error(`it did not become ${status}: ${JSON.stringify(body).slice(0, 3000)}`);
  }
}
