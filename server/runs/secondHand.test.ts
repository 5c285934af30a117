// Words from outside that come a second time, by way of what a run wrote or answered (RU8), on the whole server.
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readRun, type RunState } from '#shared/run.ts';
import { startFakeModel, type FakeModel } from '../../e2e/fakes/model.ts';
import { startWorld, type World } from '../../e2e/world.ts';
import { packZip } from '../volumes/exchange/archive.ts';

let model: FakeModel;
let world: World;
const cookies: Record<string, string> = {};
const lab = '/volumes/team%2Flab';

async function call(who: string, key: string, body?: unknown): Promise<any> {
  const [method, address] = key.split(' ') as [string, string];
  const isRaw = typeof body === 'string' || body instanceof Uint8Array;
  const type = typeof body === 'string' ? 'text/plain' : isRaw ? 'application/zip' : 'application/json';
  const response = await fetch(`${world.origin}/api/v1${address}`, {
    method,
    headers: { origin: world.origin, cookie: cookies[who] ?? '', 'content-type': type },
    ...(body === undefined ? {} : { body: isRaw ? (body as BodyInit) : JSON.stringify(body) }),
  });
  const [set] = response.headers.getSetCookie();
  if (set) cookies[who] = set.split(';')[0]!;
  const text = await response.text();
  if (!response.ok) throw new Error(`${key}: ${response.status} ${text}`);
  return response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text;
}
async function run(goal: string, more: Record<string, unknown> = {}): Promise<RunState & { id: string }> {
  const { id } = await call('ada', 'POST /runs', { volume: 'team/lab', goal, ...more });
  for (const end = performance.now() + 20_000; ; await new Promise((done) => setTimeout(done, 25))) {
    const state = readRun((await call('ada', `GET /runs/${id}`)).events);
    if (state.endedAt !== null) return { ...state, id };
    if (performance.now() > end) throw new Error(`it does not end: ${JSON.stringify(state).slice(0, 2000)}`);
  }
}
const reading = (path: string) => `call read_file with ${JSON.stringify({ path })}`;

beforeAll(async () => {
  model = await startFakeModel();
  world = await startWorld({
    LLM_BASE_URL: model.url,
    LLM_MODEL: 'scripted',
    ALLOWED_HOSTS: model.host,
    EMBEDDINGS: 'off',
    RATE_LIMITS: 'off',
  });
  await call('ada', 'POST /auth/sign-up', { login: 'ada', password: 'correct horse battery', name: 'Ada' });
  await call('ada', 'POST /teams', { slug: 'lab', name: 'Lab' });
  await call('ada', `PUT ${lab}/files/notes/own.md`, 'Ours.\n');
  const invited = await call('ada', 'POST /teams/lab/invitations', { role: 'editor' });
  const invitation = String(invited.token ?? invited.url ?? invited.link).split('/').at(-1)!; // prettier-ignore
  await call('ben', 'POST /auth/sign-up', { login: 'ben', password: 'correct horse battery', name: 'Ben', invitation });
  async function* files() {
    yield { path: 'news/page.md', content: Buffer.from('The heron nests early this year.\n') };
  }
  await call('ada', `POST ${lab}/import-archive`, await buffer(packZip({ files: files(), at: Date.now() })));
}, 120_000);
afterAll(async () => {
  await world?.stop();
  await model?.close();
});

test('[RU8] what a tainted run wrote taints the next that reads it, in a file, in a search, in memory, in its conversation', async () => {
  const { id: conversation } = await call('ada', 'POST /conversations', {
    volume: 'team/lab',
    title: 'Herons',
    private: false,
  });
  const write = `call write_file with ${JSON.stringify({ path: 'notes/heron.md', content: 'Herons nest early.\n' })}`;
  const first = await run(`${reading('news/page.md')}. ${write}`, { conversation });
  expect(first.taint).toEqual([expect.stringContaining('an import that nobody has reviewed')]);

  const second = 'what a run wrote that had read text from outside';
  expect((await run(reading('notes/own.md'))).taint).toEqual([]);
  expect((await run('Say something else.', { conversation })).taint).toEqual([
    'an earlier answer of this conversation',
  ]);
  for (const goal of [
    reading('notes/heron.md'),
    reading(first.trace!.path),
    'call search_files with {"query":"herons early"}',
    'call query_memory with {"query":"herons nest early","scope":"project"}',
  ])
    expect((await run(goal)).taint, goal).toEqual([expect.stringContaining(second)]);
}, 60_000);

test('[RU8] until somebody has reviewed that version', async () => {
  const { commits } = await call('ben', `GET ${lab}/commits?path=notes/heron.md`);
  await call('ben', `POST ${lab}/reviews`, { oids: commits.map(({ oid }: { oid: string }) => oid) });
  expect((await run(reading('notes/heron.md'))).taint).toEqual([]);
}, 30_000);
