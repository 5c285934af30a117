import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TokenEntry } from '#shared/api.ts';
import { openTestServer, type TestServer } from './testServer.ts';

type Somebody = Awaited<ReturnType<TestServer['addPerson']>>;
const day = 24 * 60 * 60 * 1000;
let server: TestServer;
let root: Somebody;
let ada: Somebody;
beforeAll(async () => {
  server = await openTestServer();
  root = await server.addPerson('root', { admin: true });
  ada = await server.addPerson('ada');
  await ada.call('POST /teams', { slug: 'lab', name: 'Lab' });
});
afterAll(() => server.close());

async function makeToken(body: Record<string, unknown>, who = ada) {
  const reply = await who.call<{ token: string; entry: TokenEntry }>('POST /me/tokens', {
    name: 'script',
    scopes: ['read'],
    ...body,
  });
  expect(reply.status).toBe(200);
  return reply.body;
}

test('[AC3] a token is shown once, stored hashed, and good for its days', async () => {
  const { token, entry } = await makeToken({});
  expect(token).toMatch(/^llmos_[a-z2-7]{32}$/);
  expect(entry).toMatchObject({ name: 'script', scopes: ['read'], onlyVolume: null, lastUsedAt: null });
  expect(Date.parse(entry.expiresAt) - server.time.now).toBe(90 * day);
  const { rows } = await server.database.execute(sql`select t::text as row from tokens t`);
  expect(rows.map((row) => row.row).join()).not.toContain(token.slice(6));
  expect((await server.withToken(token, 'GET /me')).body).toMatchObject({ person: { login: 'ada' } });
  const { tokens } = (await ada.call<{ tokens: TokenEntry[] }>('GET /me/tokens')).body;
  expect(tokens[0]).toMatchObject({ id: entry.id, lastUsedAt: new Date(server.time.now).toISOString() });
  expect(JSON.stringify(tokens)).not.toContain(token);
  server.time.now += 90 * day;
  expect((await server.withToken(token, 'GET /me')).status).toBe(401);
  server.time.now -= 90 * day;
});

test('[AC1] a token does what its scopes say and never more than its person', async () => {
  const read = (await makeToken({ scopes: ['read'] })).token;
  expect((await server.withToken(read, 'PATCH /me', { name: 'Eve' })).status).toBe(403);
  expect((await server.withToken(read, 'GET /people')).status).toBe(403);
  const all = (await makeToken({ scopes: ['read', 'write', 'run', 'git', 'admin'] })).token;
  expect((await server.withToken(all, 'PATCH /me', { name: 'Ada' })).status).toBe(200);
  expect((await server.withToken(all, 'GET /people')).status).toBe(403);
  for (const route of ['GET /me/tokens', 'GET /me/sessions', 'POST /auth/sign-out-everywhere'])
    expect((await server.withToken(all, route)).status, route).toBe(403);
  expect((await server.withToken(all, 'POST /me/tokens', { name: 'more', scopes: ['admin'] })).status).toBe(403);
  const admins = (await makeToken({ scopes: ['admin'] }, root)).token;
  expect((await server.withToken(admins, 'GET /people')).status).toBe(200);
  await root.call('PATCH /people/ada', { disabled: true });
  expect((await server.withToken(read, 'GET /me')).status).toBe(401);
  await root.call('PATCH /people/ada', { disabled: false });
  expect((await server.withToken(read, 'GET /me')).status).toBe(200);
  ada = { ...ada, ...server.openBrowser() };
  await ada.call('POST /auth/sign-in', { login: 'ada', password: server.password });
});

test('a token may be limited to a volume that its person can read', async () => {
  await ada.call('POST /teams', { slug: 'other', name: 'Other' });
  const { token } = await makeToken({ onlyVolume: 'team/lab' });
  expect((await server.withToken(token, 'GET /teams/lab')).status).toBe(200);
  expect((await server.withToken(token, 'GET /teams/other')).status).toBe(404);
  for (const onlyVolume of ['system', 'user/ada']) await makeToken({ onlyVolume });
  for (const onlyVolume of ['team/none', 'user/root', '', 'lab'])
    expect((await ada.call('POST /me/tokens', { name: 'x', scopes: ['read'], onlyVolume })).status, onlyVolume).toBe(
      400,
    );
});

test('[AC3] a token that was taken back is nobody, and sockets hear of it', async () => {
  const { token, entry } = await makeToken({});
  const actor = (await server.accounts.authenticate({ cookie: null, token }, null))!;
  expect(await server.accounts.isStillValid(actor)).toBe(true);
  const heard: string[] = [];
  const stop = server.accounts.onAccessChanged(({ personId }) => heard.push(personId));
  expect((await root.call(`DELETE /me/tokens/${entry.id}`)).status).toBe(404);
  expect((await ada.call(`DELETE /me/tokens/${entry.id}`)).status).toBe(200);
  stop();
  expect(heard).toEqual([ada.id]);
  expect(await server.accounts.isStillValid(actor)).toBe(false);
  expect((await server.withToken(token, 'GET /me')).status).toBe(401);
  expect((await ada.call(`DELETE /me/tokens/${entry.id}`)).status).toBe(404);
  expect((await ada.call('DELETE /me/tokens/none')).status).toBe(404);
});

test('a wrong token is refused, also with a good cookie beside it', async () => {
  for (const wrong of ['llmos_', `llmos_${'a'.repeat(32)}`, 'x'])
    expect((await ada.call('GET /me', undefined, { authorization: `Bearer ${wrong}` })).status).toBe(401);
});

test.each([
  { scopes: [] },
  { scopes: ['everything'] },
  { days: 0 },
  { days: 367 },
  { days: 1.5 },
  { name: '' },
  { name: 'x'.repeat(81) },
  { onlyVolume: 5 },
])('hostile token: %j', async (body) => {
  expect((await ada.call('POST /me/tokens', { name: 'x', scopes: ['read'], ...body })).status).toBe(422);
});

test('[AC1] a token for one volume hears of no other: not its team, not what concerns it', async () => {
  await ada.call('POST /teams', { slug: 'den', name: 'Den' });
  const eve = await server.addPerson('eve');
  for (const slug of ['lab', 'den']) await ada.call(`PUT /teams/${slug}/members/eve`, { role: 'editor' });
  const { token } = await makeToken({ onlyVolume: 'team/lab', scopes: ['read', 'write'] }, eve);
  const slugs = (teams: { slug: string }[]) => teams.map(({ slug }) => slug).sort();
  const seen = async (send: (key: string) => Promise<{ body: any }>) => [
    slugs((await send('GET /me')).body.teams),
    slugs((await send('PATCH /me')).body.teams),
    slugs((await send('GET /teams')).body.teams),
    (await send('GET /me/notifications')).body.notifications.map(({ volume }: { volume: string }) => volume).sort(),
    (await send('GET /me/notifications')).body.unread,
  ];
  expect(await seen((key) => server.withToken(token, key))).toEqual([['lab'], ['lab'], ['lab'], ['team/lab'], 1]);
  const both = ['den', 'lab'];
  expect(await seen((key) => eve.call(key))).toEqual([both, both, both, ['team/den', 'team/lab'], 2]);
  await server.withToken(token, 'POST /me/notifications/read', {});
  expect((await eve.call<{ unread: number }>('GET /me/notifications')).body.unread).toBe(1);
});
