import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openTestServer, type TestServer } from './testServer.ts';

const minute = 60 * 1000;
const day = 24 * 60 * minute;
let server: TestServer;
let ada: Awaited<ReturnType<TestServer['addPerson']>>;
let n = 0;

beforeAll(async () => {
  server = await openTestServer();
  await server.addPerson('root', { admin: true });
});
beforeEach(async () => {
  ada = await server.addPerson(`ada${++n}`);
});
afterAll(() => server.close());

const signIn = async (browser: ReturnType<TestServer['openBrowser']>) =>
  browser.call('POST /auth/sign-in', { login: ada.login, password: server.password });
const status = async (browser: { call: typeof ada.call }) => (await browser.call('GET /me')).status;

test('[AC3] the cookie over plain http on this computer', async () => {
  const { setCookies } = await signIn(server.openBrowser());
  expect(setCookies).toEqual([
    expect.stringMatching(/^session=[a-z2-7]{24}\.[a-z2-7]{32}; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Lax$/),
  ]);
});

test('[AC3] over https the cookie is tied to the host', async () => {
  const https = await openTestServer({ origin: 'https://llmos.example', secure: true });
  try {
    await https.addPerson('ada');
    const browser = https.openBrowser();
    const { setCookies } = await browser.call('POST /auth/sign-in', { login: 'ada', password: https.password });
    expect(setCookies).toEqual([
      expect.stringMatching(/^__Host-session=\S+; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure$/),
    ]);
    expect((await browser.call('GET /me')).status).toBe(200);
    const plain = browser.cookies.get('__Host-session')!;
    browser.cookies.clear();
    browser.cookies.set('session', plain); // another subdomain could set this name
    expect((await browser.call('GET /me')).status).toBe(401);
  } finally {
    await https.close();
  }
});

test('[AC3] the database holds no secret, and an id or a wrong secret opens nothing', async () => {
  const token = ada.cookies.get('session')!;
  const [id, secret] = token.split('.') as [string, string];
  const { rows } = await server.database.execute(sql`select s::text as row from sessions s`);
  expect(rows.map((row) => row.row).join()).toContain(id);
  expect(rows.map((row) => row.row).join()).not.toContain(secret);
  const other = server.openBrowser();
  for (const forged of [
    id,
    `${id}.`,
    `${id}.${'a'.repeat(32)}`,
    `${id}.${secret}x`,
    secret,
    '%',
    `${'a'.repeat(24)}.${secret}`,
  ]) {
    other.cookies.set('session', forged);
    expect(await status(other), forged).toBe(401);
  }
});

test('[AC3] a session ends 30 days after its last use, not before', async () => {
  for (let month = 0; month < 3; month++) {
    server.time.now += 29 * day;
    const reply = await ada.call('GET /me');
    expect(reply.status).toBe(200);
    expect(reply.setCookies).toEqual([expect.stringContaining('Max-Age=2592000')]);
  }
  server.time.now += 30 * day;
  expect(await status(ada)).toBe(401);
  await server.accounts.tidy();
  expect((await server.database.execute(sql`select 1 from sessions where person_id = ${ada.id}`)).rows).toEqual([]);
});

test('the cookie is sent again only now and then', async () => {
  expect((await ada.call('GET /me')).setCookies).toEqual([]);
  server.time.now += 61 * minute;
  expect((await ada.call('GET /me')).setCookies).toHaveLength(1);
  expect((await ada.call('GET /me')).setCookies).toEqual([]);
});

test('[AC3] signing in again ends the session that this browser had', async () => {
  const before = { ...server.openBrowser() };
  before.cookies.set('session', ada.cookies.get('session')!);
  await signIn(ada);
  expect(await status(ada)).toBe(200);
  expect(await status(before)).toBe(401);
});

test('signing out ends this session, signing out everywhere all of them', async () => {
  const second = server.openBrowser();
  const third = server.openBrowser();
  await signIn(second);
  await signIn(third);
  const copy = server.openBrowser();
  copy.cookies.set('session', second.cookies.get('session')!);
  expect((await second.call('POST /auth/sign-out')).setCookies).toEqual([
    expect.stringMatching(/^session=; .*Max-Age=0/),
  ]);
  expect([await status(copy), await status(ada), await status(third)]).toEqual([401, 200, 200]);
  await ada.call('POST /auth/sign-out-everywhere');
  expect([await status(ada), await status(third)]).toEqual([401, 401]);
  expect((await server.openBrowser().call('POST /auth/sign-out')).status).toBe(200);
});

test('I see where I am signed in, and can end one of them, mine only', async () => {
  const second = server.openBrowser();
  await second.call(
    'POST /auth/sign-in',
    { login: ada.login, password: server.password },
    { 'user-agent': 'Firefox on a phone' },
  );
  const { sessions } = (
    await ada.call<{ sessions: { id: string; current: boolean; agent: string }[] }>('GET /me/sessions')
  ).body;
  expect(sessions.map(({ current, agent }) => ({ current, agent }))).toEqual(
    expect.arrayContaining([
      { current: true, agent: 'test' },
      { current: false, agent: 'Firefox on a phone' },
    ]),
  );
  const other = sessions.find((session) => !session.current)!;
  const stranger = await server.addPerson(`stranger${n}`);
  expect((await stranger.call(`DELETE /me/sessions/${other.id}`)).status).toBe(404);
  expect(await status(second)).toBe(200);
  expect((await ada.call(`DELETE /me/sessions/${other.id}`)).status).toBe(200);
  expect(await status(second)).toBe(401);
  expect((await ada.call(`DELETE /me/sessions/${other.id}`)).status).toBe(404);
});

test('[AC3] a new password ends every other session, and this one goes on under a new secret', async () => {
  const second = server.openBrowser();
  await signIn(second);
  const copy = server.openBrowser();
  copy.cookies.set('session', ada.cookies.get('session')!);
  const change = { current: server.password, password: 'something new and long' };
  expect(await ada.call('PUT /me/password', { ...change, current: 'wrong' })).toMatchObject({
    status: 400,
    body: { error: { data: { field: 'current' } } },
  });
  expect(await ada.call('PUT /me/password', { ...change, password: 'password1' })).toMatchObject({
    status: 422,
    body: { error: { data: { field: 'password' } } },
  });
  expect((await ada.call('PUT /me/password', change)).status).toBe(200);
  expect([await status(ada), await status(second), await status(copy)]).toEqual([200, 401, 401]);
  expect((await signIn(server.openBrowser())).status).toBe(401);
  expect(
    (await server.openBrowser().call('POST /auth/sign-in', { login: ada.login, password: change.password })).status,
  ).toBe(200);
});

async function changeRole() {
  const slug = `team${n}`;
  await server.accounts.teams.create({ slug, name: slug, personId: (await server.addPerson(`owner${n}`)).id });
  const team = (await server.accounts.team({ slug, personId: null }))!;
  await server.accounts.teams.setMember({ team, login: ada.login, role: 'viewer', by: null });
}

test('[AC3] a role change gives the next request a new session, and the old secret dies soon after', async () => {
  const old = server.openBrowser();
  old.cookies.set('session', ada.cookies.get('session')!);
  await changeRole();
  const replies = await Promise.all([1, 2, 3].map(() => ada.call('GET /me')));
  expect(replies.map((reply) => reply.status)).toEqual([200, 200, 200]);
  expect(replies.flatMap((reply) => reply.setCookies)).toHaveLength(1);
  expect(ada.cookies.get('session')).not.toBe(old.cookies.get('session'));
  expect((await ada.call('GET /me')).status).toBe(200); // the new one came back
  const under_way = server.openBrowser();
  under_way.cookies.set('session', old.cookies.get('session')!);
  expect(await status(under_way)).toBe(200);
  server.time.now += minute;
  expect(await status(old)).toBe(401);
  expect(await status(ada)).toBe(200);
  const { sessions } = (await ada.call<{ sessions: unknown[] }>('GET /me/sessions')).body;
  expect(sessions).toHaveLength(1);
});

test('a new session whose answer got lost is made again', async () => {
  const before = ada.cookies.get('session')!;
  await changeRole();
  await ada.call('GET /me');
  ada.cookies.set('session', before); // the browser never saw the answer
  expect((await ada.call('GET /me')).setCookies).toEqual([]);
  server.time.now += 5 * day;
  const again = await ada.call('GET /me');
  expect([again.status, again.setCookies.length]).toEqual([200, 1]);
  expect(await status(ada)).toBe(200);
  server.time.now += minute;
  expect(await status(ada)).toBe(200);
  ada.cookies.set('session', before);
  expect(await status(ada)).toBe(401);
});

test('a sign-out while the session is being renewed leaves nothing behind', async () => {
  const before = ada.cookies.get('session')!;
  await changeRole();
  await ada.call('POST /auth/sign-out');
  expect(ada.cookies.get('session')).toBeUndefined();
  ada.cookies.set('session', before);
  expect(await status(ada)).toBe(401);
});
