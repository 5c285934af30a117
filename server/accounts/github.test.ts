import crypto from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openTestServer, type TestServer } from './testServer.ts';

// A GitHub of our own: it checks what the real one checks.
const github = {
  person: { id: 42, login: 'Ada-Okafor', name: 'Ada Okafor' } as Record<string, unknown>,
  status: 200,
  challenge: '',
  redirectUri: '',
  down: false,
};
let site: http.Server;
let server: TestServer;
const joined: string[] = [];

beforeAll(async () => {
  site = http.createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    if (github.down) return void response.socket!.destroy();
    response.setHeader('content-type', 'application/json');
    if (request.url === '/login/oauth/access_token') {
      const form = new URLSearchParams(body);
      const good =
        request.headers.authorization === `Basic ${Buffer.from('id:secret').toString('base64')}` &&
        form.get('code') === 'good' &&
        form.get('redirect_uri') === github.redirectUri &&
        crypto
          .createHash('sha256')
          .update(form.get('code_verifier') ?? '')
          .digest('base64url') === github.challenge;
      response.end(
        JSON.stringify(
          good ? { access_token: 'gho_x', token_type: 'bearer', scope: '' } : { error: 'bad_verification_code' },
        ),
      );
    } else if (request.url === '/user' && request.headers.authorization === 'Bearer gho_x')
      response.writeHead(github.status).end(JSON.stringify(github.person));
    else response.writeHead(404).end('{}');
  });
  await new Promise<void>((done) => site.listen(0, '127.0.0.1', done));
  const address = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
  server = await openTestServer({
    github: { clientId: 'id', clientSecret: 'secret', site: address, api: address },
    personJoined: async ({ login }) => void joined.push(login),
  });
});
afterAll(async () => {
  await server.close();
  site.close();
});
beforeEach(() => {
  Object.assign(github, { person: { id: 42, login: 'Ada-Okafor', name: 'Ada Okafor' }, status: 200, down: false });
});

type Browser = ReturnType<TestServer['openBrowser']>;
async function begin(browser: Browser, query = '') {
  const reply = await browser.call(`GET /auth/github${query}`);
  expect(reply.status).toBe(303);
  const url = new URL(reply.headers.get('location')!);
  github.challenge = url.searchParams.get('code_challenge')!;
  github.redirectUri = url.searchParams.get('redirect_uri')!;
  return { url, state: url.searchParams.get('state')! };
}
async function finish(browser: Browser, query: Record<string, string>) {
  const reply = await browser.call(`GET /auth/github/callback?${new URLSearchParams(query)}`);
  expect(reply.status).toBe(303);
  return reply.headers.get('location');
}
async function signIn(browser: Browser, query = '') {
  const { state } = await begin(browser, query);
  return finish(browser, { state, code: 'good' });
}

test('the first account is not made by GitHub; without an invitation nobody is let in', async () => {
  expect((await server.openBrowser().call('GET /auth/options')).body).toMatchObject({ github: true });
  expect(await signIn(server.openBrowser())).toBe('/sign-in?problem=first-account');
  await server.addPerson('root', { admin: true });
  expect(await signIn(server.openBrowser())).toBe('/sign-in?problem=invitation-needed');
});

test('with an invitation an account is made, which signs in again without one', async () => {
  const root = await server.addPerson('root2', { admin: true });
  await root.call('POST /teams', { slug: 'lab', name: 'Lab' });
  const { url } = (await root.call<{ url: string }>('POST /teams/lab/invitations', {})).body;
  const browser = server.openBrowser();
  const begun = await begin(browser, `?invitation=${url.split('/').at(-1)}`);
  expect(begun.url.pathname).toBe('/login/oauth/authorize');
  expect(Object.fromEntries(begun.url.searchParams)).toMatchObject({
    response_type: 'code',
    client_id: 'id',
    code_challenge_method: 'S256',
    redirect_uri: `${server.origin}/api/v1/auth/github/callback`,
  });
  expect(await finish(browser, { state: begun.state, code: 'good' })).toBe('/');
  expect((await browser.call('GET /me')).body).toMatchObject({
    person: { login: 'ada-okafor', name: 'Ada Okafor' },
    hasPassword: false,
    teams: [{ slug: 'lab', role: 'editor' }],
  });
  expect(joined).toContain('ada-okafor');

  const again = server.openBrowser();
  expect(await signIn(again)).toBe('/');
  expect((await again.call('GET /me')).body).toMatchObject({ person: { login: 'ada-okafor' } });
  expect((await again.call('GET /me')).body).toMatchObject({ github: expect.any(String) });
  expect(await again.call('DELETE /me/github')).toMatchObject({
    status: 409, // there would be no way in any more
    body: { error: { data: { field: 'password' } } },
  });
  expect((await again.call('PUT /me/password', { password: 'a first password' })).status).toBe(200);
  expect((await again.call('GET /me')).body).toMatchObject({ hasPassword: true });

  expect((await again.call('DELETE /me/github')).body).toMatchObject({ hasPassword: true, github: null });
  expect(await signIn(server.openBrowser())).toBe('/sign-in?problem=invitation-needed'); // nobody's account by now
  expect(await signIn(again)).toBe('/settings?connected=github');
});

test('a sign-in name that is taken gets a number; signs and controls are left out of names', async () => {
  await server.accounts.signUp.setSignUp('open');
  github.person = { id: 43, login: 'Ada_Okafor', name: 'Ada\u0000\u202E <b>' };
  const browser = server.openBrowser();
  expect(await signIn(browser)).toBe('/');
  expect((await browser.call('GET /me')).body).toMatchObject({ person: { login: 'adaokafor', name: 'Ada <b>' } });
  github.person = { id: 44, login: 'adaokafor', name: null };
  const namesake = server.openBrowser();
  expect(await signIn(namesake)).toBe('/');
  expect((await namesake.call('GET /me')).body).toMatchObject({ person: { login: 'adaokafor-2', name: 'adaokafor' } });
  await server.accounts.signUp.setSignUp('invite');
});

test('[AC3] only the browser that started comes back, once, and in time', async () => {
  const browser = server.openBrowser();
  const { state } = await begin(browser);
  expect(await finish(server.openBrowser(), { state, code: 'good' })).toBe('/sign-in?problem=other-browser');
  const copy = new Map(browser.cookies);
  expect(await finish(browser, { state, code: 'good' })).toBe('/');
  for (const [name, value] of copy) browser.cookies.set(name, value);
  expect(await finish(browser, { state, code: 'good' })).toBe('/sign-in?problem=too-late');

  const late = await begin(browser);
  server.time.now += 10 * 60 * 1000;
  expect(await finish(browser, { state: late.state, code: 'good' })).toBe('/sign-in?problem=too-late');
  expect(await finish(browser, { state: 'x', code: 'good' })).toBe('/sign-in?problem=other-browser');
  expect(await finish(browser, {})).toBe('/sign-in?problem=other-browser');
});

test('what GitHub or the person refuses ends with a word on the sign-in page', async () => {
  const browser = server.openBrowser();
  let begun = await begin(browser);
  expect(await finish(browser, { state: begun.state, error: 'access_denied' })).toBe('/sign-in?problem=declined');
  begun = await begin(browser);
  expect(await finish(browser, { state: begun.state, code: 'bad' })).toBe('/sign-in?problem=unavailable');
  for (const strange of [
    { status: 500 },
    { person: { login: 'x' } },
    { person: { id: '1', login: 'x' } },
    { person: [] as unknown as Record<string, unknown> },
    { down: true },
  ]) {
    Object.assign(github, { person: { id: 42, login: 'Ada-Okafor' }, status: 200, down: false }, strange);
    begun = await begin(browser);
    expect(await finish(browser, { state: begun.state, code: 'good' })).toBe('/sign-in?problem=unavailable');
  }
});

test("somebody who is signed in connects their GitHub account, unless it is another's", async () => {
  const ben = await server.addPerson('ben');
  github.person = { id: 77, login: 'ben-gh', name: 'Ben' };
  expect(await signIn(ben)).toBe('/settings?connected=github');
  expect(await signIn(ben)).toBe('/settings?connected=github');
  const elsewhere = server.openBrowser();
  expect(await signIn(elsewhere)).toBe('/');
  expect((await elsewhere.call('GET /me')).body).toMatchObject({ person: { login: 'ben' } });
  github.person = { id: 42, login: 'Ada-Okafor', name: 'Ada' };
  expect(await signIn(ben)).toBe('/settings?problem=taken');
  const { state } = await begin(ben);
  await ben.call('POST /auth/sign-out');
  expect(await finish(ben, { state, code: 'good' })).toBe('/settings?problem=other-person');
});

test('without settings for it there is no such sign-in', async () => {
  const plain = await openTestServer();
  try {
    expect((await plain.openBrowser().call('GET /auth/github')).status).toBe(404);
    expect((await plain.openBrowser().call('GET /auth/github/callback?code=x&state=y')).status).toBe(404);
  } finally {
    await plain.close();
  }
});
