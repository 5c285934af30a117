// The people of the stories. Ada made the server and the team `lab`; Ben edits in it; Vera only reads; Mallory is nobody there.
import { test as base, type Browser, type BrowserContext, type Page } from '@playwright/test';
import { startFakeModel, type FakeModel } from './fakes/model.ts';
import { startWorld, type World } from './world.ts';

export const password = 'correct horse battery';

export type Person = {
  login: string;
  context: BrowserContext;
  page: Page;
  /** A request with the person's own session; throws with the answer's words if it is refused. */
  api: (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<any>;
  /** Opens a file of a volume in the person's browser and waits until its text is there. */
  open: (volume: string, path: string) => Promise<void>;
  close: () => Promise<void>;
};

/** A signed-in person in a browser of their own. The account must exist. */
export async function signIn(
  browser: Browser,
  world: World,
  login: string,
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<Person> {
  const context = await browser.newContext({ baseURL: world.origin, ...options });
  const call: Person['api'] = async (method, path, body, headers = {}) => {
    const answer = await context.request.fetch(`${world.origin}/api/v1${path}`, {
      method,
      headers: { origin: world.origin, ...headers },
      ...(body === undefined
        ? {}
        : typeof body === 'string'
          ? { data: body, headers: { origin: world.origin, 'content-type': 'text/plain', ...headers } }
          : { data: body }),
    });
    const text = await answer.text();
    if (!answer.ok()) throw new Error(`${method} ${path}: ${answer.status()} ${text}`);
    return answer.headers()['content-type']?.includes('json') ? JSON.parse(text) : text;
  };
  await call('POST', '/auth/sign-in', { login, password });
  const page = await context.newPage();
  const person: Person = {
    login,
    context,
    page,
    api: call,
    // the page of now: a story may close one and open another
    open: async (volume, path) => {
      await person.page.goto(`/v/${encodeURIComponent(volume)}/f/${path.split('/').map(encodeURIComponent).join('/')}`);
      await person.page.locator('.cm-content').first().waitFor();
    },
    close: () => context.close(),
  };
  return person;
}

/** Ada's server with the team `lab` (sample files), Ben as editor, Vera as viewer, Mallory outside. */
async function populate(world: World): Promise<void> {
  const call = async (cookie: string, method: string, path: string, body: unknown) => {
    const answer = await fetch(`${world.origin}/api/v1${path}`, {
      method,
      headers: { 'content-type': 'application/json', origin: world.origin, cookie },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  };
  const first = await call('', 'POST', '/auth/sign-up', { login: 'ada', password, name: 'Ada' });
  const cookie = first.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');
  for (const [login, name] of [
    ['ben', 'Ben'],
    ['vera', 'Vera'],
    ['mallory', 'Mallory'],
  ])
    await call(cookie, 'POST', '/people', { login, name, password });
  await call(cookie, 'POST', '/teams', { slug: 'lab', name: 'Lab', sample: 'lab' });
  await call(cookie, 'PUT', '/teams/lab/members/ben', { role: 'editor' });
  await call(cookie, 'PUT', '/teams/lab/members/vera', { role: 'viewer' });
}

type Fixtures = { world: World; ada: Person; ben: Person; vera: Person; mallory: Person };

/** The world of a file of stories; the first one who asks has it made. */
type WorldOf = (file: string, make: () => Promise<World>) => Promise<World>;

/** A server with Ada's team in it; `env` as for `startWorld`. */
export async function populatedWorld(env: Record<string, string> = {}): Promise<World> {
  const world = await startWorld(env);
  await populate(world);
  return world;
}

/**
 * One populated world for each file of stories, and a new one after a failure: what is left behind in one file is never found in
 * another. Each test gets fresh browsers for the people it names.
 */
export const test = base.extend<Fixtures, { worldOf: WorldOf }>({
  worldOf: [
    async ({}, use) => {
      let now: { file: string; world: World } | null = null;
      const close = async () => {
        await now?.world.close();
        now = null;
      };
      await use(async (file, make) => {
        if (now?.file !== file) {
          await close();
          now = { file, world: await make() };
        }
        return now.world;
      });
      await close();
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  world: [
    async ({ worldOf }, use, { file }) => use(await worldOf(file, populatedWorld)),
    { scope: 'test', timeout: 120_000 },
  ],
  ada: async ({ browser, world }, use) => visit(browser, world, 'ada', use),
  ben: async ({ browser, world }, use) => visit(browser, world, 'ben', use),
  vera: async ({ browser, world }, use) => visit(browser, world, 'vera', use),
  mallory: async ({ browser, world }, use) => visit(browser, world, 'mallory', use),
});

async function visit(browser: Browser, world: World, login: string, use: (person: Person) => Promise<void>) {
  const person = await signIn(browser, world, login);
  await use(person);
  await person.close();
}

/** A world whose server has a model: one that says what a story tells it. */
export const testWithModel = test.extend<object, { model: FakeModel }>({
  model: [
    async ({}, use) => {
      const model = await startFakeModel();
      await use(model);
      await model.close();
    },
    { scope: 'worker' },
  ],
  world: [
    async ({ worldOf, model }, use, { file }) =>
      use(
        await worldOf(file, () =>
          populatedWorld({ LLM_BASE_URL: model.url, LLM_MODEL: 'scripted', ALLOWED_HOSTS: model.host }),
        ),
      ),
    { scope: 'test', timeout: 120_000 },
  ],
});

export { expect } from '@playwright/test';
