// Requests that make no sense, at random, to every route of the slice, by somebody who may do everything: each gets an answer that is
// a refusal or a result, never a failure of ours, and who was signed in still is.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { routes, type RouteKey } from '#shared/api.ts';
import { errorCodes } from '#shared/errors.ts';
import { seededRandom } from '#shared/testWorld.ts';
import { accountRoutes } from './routes.ts';
import { openTestServer, type TestServer } from './testServer.ts';

const requests = Number(process.env['FUZZ_REQUESTS'] ?? 300);
let server: TestServer;
beforeAll(async () => {
  server = await openTestServer();
});
afterAll(() => server.close());

/** They would end the sign-in that asks, or make the next request another person's. */
const leftOut = /sign-(out|in|up)|PUT \/me\/password|DELETE \/me\/sessions/;
const oddWords = [
  '', ' ', '0', '-1', '1e999', 'null', 'undefined', 'true', '[]', '{}', '../..', '%2e%2e', '%00', '\u0000', '\ud800', 'é😀', "'; drop table people; --",
  '__proto__', 'constructor', 'lab', 'root', 'ada', 'a'.repeat(300), '9'.repeat(40), '00000000-0000-4000-8000-000000000000', '2026-01-01T00:00:00Z,1',
]; // prettier-ignore
const oddBodies = [
  '', '{', '[]', 'null', '"text"', '1', '{"__proto__":{"admin":true}}', `{"name":${'['.repeat(2000)}${']'.repeat(2000)}}`, '\ufeff{}', '{"a":1e999}',
]; // prettier-ignore

test(`${requests} requests that make no sense`, { timeout: 60_000 + requests * 100 }, async () => {
  const root = await server.addPerson('root', { admin: true });
  await server.addPerson('ada');
  await root.call('POST /teams', { slug: 'lab', name: 'Lab' });
  const keys = (Object.keys(accountRoutes(server.accounts)) as RouteKey[]).filter((key) => !leftOut.test(key));
  const random = seededRandom(Number(process.env['FUZZ_FIRST_SEED'] ?? 1));
  const pick = <T>(items: readonly T[]): T => items[random(items.length)]!;
  const fields = [
    'name',
    'slug',
    'login',
    'password',
    'role',
    'days',
    'scopes',
    'onlyVolume',
    'ids',
    'admin',
    'disabled',
    'signUp',
    'colour',
    'sample',
  ];
  const value = (): unknown =>
    pick([pick(oddWords), random(1e6) - 10, null, true, [pick(oddWords)], { [pick(oddWords)]: 1 }, 'owner', 'read']);
  const statuses = new Map<number, number>();
  for (let i = 0; i < requests; i++) {
    const key = pick(keys);
    const [method, pattern] = key.split(' ') as [string, string];
    const words = (text: string) =>
      random(4) > 0 ? encodeURIComponent(text.toWellFormed()) : text.replace(/[^\x21-\x7e]|[?#]/g, '');
    const path = pattern.replace(/:\w+/g, () => words(pick(oddWords)) || 'x');
    const query =
      random(3) === 0 ? `?${words(pick(fields))}=${words(pick(oddWords))}&confirm=${words(pick(oddWords))}` : '';
    const body =
      method === 'GET' ? undefined
      : random(3) === 0 ? pick(oddBodies)
      : Object.fromEntries(Array.from({ length: random(4) }, () => [pick(fields), value()])); // prettier-ignore
    const said = `${key}: ${path}${query} ${JSON.stringify(body)?.slice(0, 200)}`;
    const reply = await root.call<Record<string, unknown>>(`${method} ${path}${query}`, body);
    statuses.set(reply.status, (statuses.get(reply.status) ?? 0) + 1);
    expect(reply.status < 500, `${reply.status} for ${said}`).toBe(true);
    if (reply.status >= 400) expect(Object.keys(errorCodes), said).toContain(reply.body.error?.code);
  }
  expect(Object.keys(routes)).toEqual(expect.arrayContaining(keys));
  expect(statuses.get(200) ?? 0).toBeGreaterThan(requests / 50); // some of it makes sense after all
  expect(statuses.get(404) ?? 0).toBeGreaterThan(requests / 50);
  expect((await root.call('GET /me')).body).toMatchObject({ person: { login: 'root' }, isAdmin: true });
});
