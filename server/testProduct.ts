// For tests: the whole server as a process with a scripted provider, and people at its edge. ada owns team/lab, ben edits it.
import { expect } from 'vitest';
import { readRun, type RunState } from '#shared/run.ts';
import { startFakeModel, type FakeModel } from '../e2e/fakes/model.ts';
import { startWorld, type World } from '../e2e/world.ts';

export type Product = Awaited<ReturnType<typeof startProduct>>;

export async function startProduct(env: Record<string, string> = {}) {
  const model: FakeModel = await startFakeModel();
  const world: World = await startWorld({
    LLM_BASE_URL: model.url,
    LLM_MODEL: 'scripted',
    ALLOWED_HOSTS: model.host,
    EMBEDDINGS: 'off',
    RATE_LIMITS: 'off',
    ...env,
  });
  const cookies: Record<string, string> = {};

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
  async function over(id: string): Promise<RunState & { id: string }> {
    for (const end = performance.now() + 20_000; ; await new Promise((done) => setTimeout(done, 25))) {
      const state = readRun((await call('ada', `GET /runs/${id}`)).events);
      if (state.endedAt !== null) return { ...state, id };
      if (performance.now() > end) throw new Error(`it does not end: ${JSON.stringify(state).slice(0, 2000)}`);
    }
  }

  const password = 'correct horse battery';
  await call('ada', 'POST /auth/sign-up', { login: 'ada', password, name: 'Ada' });
  await call('ada', 'POST /teams', { slug: 'lab', name: 'Lab' });
  const invited = await call('ada', 'POST /teams/lab/invitations', { role: 'editor' });
  const invitation = String(invited.token ?? invited.url ?? invited.link)
    .split('/')
    .at(-1)!;
  await call('ben', 'POST /auth/sign-up', { login: 'ben', password, name: 'Ben', invitation });

  return {
    model,
    world,
    call,
    cookies,
    over,
    /** Of Ada, to its end. */
    async run(goal: string, more: Record<string, unknown> = {}) {
      const { id } = await call('ada', 'POST /runs', { volume: 'team/lab', goal, ...more });
      return over(id);
    },
    async until<T>(what: () => Promise<T>, holds: (value: T) => boolean, ms = 20_000): Promise<T> {
      for (const end = performance.now() + ms; ; await new Promise((done) => setTimeout(done, 50))) {
        const value = await what();
        if (holds(value)) return value;
        if (performance.now() > end) expect.fail(`it did not happen: ${JSON.stringify(value)?.slice(0, 2000)}`);
      }
    },
    async close() {
      await world.close();
      await model.close();
    },
  };
}
