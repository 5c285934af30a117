import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestServer, type TestServer } from './testServer.ts';

let server: TestServer;
beforeAll(async () => {
  server = await openTestServer();
  await server.addPerson('root', { admin: true });
  await server.addPerson('ada');
  await server.addPerson('ben');
});
afterAll(() => server.close());

const signIn = (login: string, password: string, address: string) =>
  server.openBrowser({ address }).call('POST /auth/sign-in', { login, password });

test('[AC3] a wrong password and an unknown name get the same answer', async () => {
  const wrong = await signIn('ada', 'not this one', '192.0.2.10');
  const unknown = await signIn('nobody', 'not this one', '192.0.2.10');
  expect(wrong.status).toBe(401);
  expect({ status: unknown.status, body: unknown.body }).toEqual({ status: wrong.status, body: wrong.body });
  expect(wrong.setCookies).toEqual([]);
});

test('a sign-in name is found with capitals and spaces around it', async () => {
  expect(await signIn(' Ada ', server.password, '192.0.2.11')).toMatchObject({
    status: 200,
    body: { person: { login: 'ada' } },
  });
});

test('[AC3] five failures in 15 minutes for an account from an address, then wait', async () => {
  const address = '192.0.2.12';
  const many = await Promise.all(Array.from({ length: 7 }, () => signIn('ada', 'wrong', address)));
  expect(many.map((reply) => reply.status).sort()).toEqual([401, 401, 401, 401, 401, 429, 429]);
  const refused = await signIn('ada', server.password, address);
  expect(refused).toMatchObject({ status: 429, body: { error: { code: 'rate-limited', data: { retryAfter: 900 } } } });
  expect(refused.headers.get('retry-after')).toBe('900');
  expect((await signIn('ben', server.password, address)).status).toBe(200);
  expect((await signIn('ada', server.password, '192.0.2.13')).status).toBe(200);
  server.time.now += 15 * 60 * 1000;
  expect((await signIn('ada', server.password, address)).status).toBe(200);
});

test('whoever knows the password is not counted', async () => {
  for (let n = 0; n < 7; n++) expect((await signIn('ben', server.password, '192.0.2.14')).status).toBe(200);
});

test('a disabled account is told so, but only to who knows its password', async () => {
  const root = await server.addPerson('root2', { admin: true });
  const dora = await server.addPerson('dora');
  await root.call('PATCH /people/dora', { disabled: true });
  expect((await dora.call('GET /me')).status).toBe(401);
  expect((await signIn('dora', server.password, '192.0.2.15')).status).toBe(403);
  expect((await signIn('dora', 'wrong', '192.0.2.15')).status).toBe(401);
  await root.call('PATCH /people/dora', { disabled: false });
  expect((await signIn('dora', server.password, '192.0.2.15')).status).toBe(200);
});

test.each([
  ['a zero character', '{"login":"a\\u0000","password":"x"}', 400],
  ['no JSON', '{', 400],
  ['a list', '[]', 422],
  ['numbers', '{"login":1,"password":2}', 422],
  ['a very long password', JSON.stringify({ login: 'ada', password: 'x'.repeat(257) }), 422],
  ['deep nesting', '['.repeat(100) + ']'.repeat(100), 400],
  ['prototype keys', '{"__proto__":{"login":"ada"},"login":"x","password":"y"}', 401],
  ['a lone surrogate', '{"login":"\\ud800","password":"\\ud800"}', 401],
])('hostile sign-in: %s', async (_what, body, status) => {
  expect((await server.openBrowser({ address: '192.0.2.16' }).call('POST /auth/sign-in', body)).status).toBe(status);
});

test('a sign-in from another site is refused', async () => {
  expect(
    (
      await server
        .openBrowser()
        .call('POST /auth/sign-in', { login: 'ada', password: server.password }, { origin: 'https://evil.example' })
    ).status,
  ).toBe(403);
});
