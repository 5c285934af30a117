import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Invitation } from '#shared/api.ts';
import { openTestServer, type TestServer } from './testServer.ts';

type Somebody = Awaited<ReturnType<TestServer['addPerson']>>;
const day = 24 * 60 * 60 * 1000;
let server: TestServer;
let root: Somebody;
let ada: Somebody;
const heard: string[] = [];

beforeAll(async () => {
  server = await openTestServer();
  server.accounts.onAccessChanged(({ personId }) => heard.push(personId));
  root = await server.addPerson('root', { admin: true });
  ada = await server.addPerson('ada', { name: 'Ada Okafor' });
  await ada.call('POST /teams', { slug: 'lab', name: 'Lab' });
});
afterAll(() => server.close());

let no = 0;
const account = () => ({ login: `new${++no}`, password: server.password, name: `New ${no}` });
async function invite(body: Record<string, unknown> = {}, by = ada, route = 'POST /teams/lab/invitations') {
  const reply = await by.call<{ url: string; invitation: Invitation }>(route, body);
  expect(reply.status).toBe(200);
  return { ...reply.body, token: reply.body.url.split('/').at(-1)! };
}

test('a link says what it offers, makes an account in the team, and works once', async () => {
  const { url, token, invitation } = await invite({ role: 'viewer' });
  expect(url).toBe(`${server.origin}/join/${token}`);
  expect(invitation).toMatchObject({ team: 'lab', role: 'viewer', createdBy: { login: 'ada' }, usedBy: null });
  expect((await server.openBrowser().call(`GET /invitations/${token}`)).body).toEqual({
    team: 'lab',
    teamName: 'Lab',
    role: 'viewer',
    invitedBy: expect.objectContaining({ name: 'Ada Okafor' }),
  });
  const { rows } = await server.database.execute(sql`select i::text as row from invitations i`);
  expect(rows.map((row) => row.row).join()).not.toContain(token);

  const all = await Promise.all(
    [1, 2, 3].map(() =>
      server.openBrowser().call<{ teams: unknown[] }>('POST /auth/sign-up', { ...account(), invitation: token }),
    ),
  );
  expect(all.map((reply) => reply.status).sort()).toEqual([200, 404, 404]);
  expect(all.find((reply) => reply.status === 200)!.body.teams).toEqual([{ slug: 'lab', name: 'Lab', role: 'viewer' }]);
  expect((await server.openBrowser().call(`GET /invitations/${token}`)).status).toBe(404);
  expect((await ada.call<{ invitations: unknown[] }>('GET /teams/lab/invitations')).body.invitations).toEqual([]);
  const { notifications } = (await ada.call<{ notifications: { text: string }[] }>('GET /me/notifications')).body;
  expect(notifications[0]!.text).toMatch(/^New \d joined Lab\.$/);
});

test('a sign-up that fails does not use the link up', async () => {
  const { token } = await invite();
  expect(
    (await server.openBrowser().call('POST /auth/sign-up', { ...account(), login: 'ada', invitation: token })).status,
  ).toBe(409);
  expect(
    (await server.openBrowser().call('POST /auth/sign-up', { ...account(), password: 'password1', invitation: token }))
      .status,
  ).toBe(422);
  expect((await server.openBrowser().call('POST /auth/sign-up', { ...account(), invitation: token })).status).toBe(200);
});

test('somebody with an account joins by it, and nobody loses a role by it', async () => {
  const ben = await server.addPerson('ben');
  const { token } = await invite({ role: 'viewer' });
  expect((await ada.call(`POST /invitations/${token}/accept`)).status).toBe(409);
  heard.length = 0;
  expect((await ben.call(`POST /invitations/${token}/accept`)).body.teams).toEqual([
    { slug: 'lab', name: 'Lab', role: 'viewer' },
  ]);
  expect(heard).toContain(ben.id);
  const better = await invite({ role: 'editor' });
  expect((await ben.call(`POST /invitations/${better.token}/accept`)).body.teams).toEqual([
    { slug: 'lab', name: 'Lab', role: 'editor' },
  ]);
  expect((await server.openBrowser().call(`POST /invitations/${better.token}/accept`)).status).toBe(401);
});

test('a link expires, can be taken back, and dies with the rights of who made it', async () => {
  const late = await invite({ days: 1 });
  const taken = await invite();
  const cem = await server.addPerson('cem');
  await ada.call('PUT /teams/lab/members/cem', { role: 'owner' });
  const orphan = await invite({}, cem);
  const disabled = await invite({}, cem);
  expect((await cem.call(`DELETE /teams/lab/invitations/${taken.invitation.id}`)).status).toBe(200);
  expect((await cem.call(`DELETE /teams/lab/invitations/${taken.invitation.id}`)).status).toBe(404);
  await ada.call('PUT /teams/lab/members/cem', { role: 'editor' });
  await root.call('PATCH /people/cem', { disabled: true });
  server.time.now += day;
  for (const { token } of [late, taken, orphan, disabled]) {
    expect((await server.openBrowser().call(`GET /invitations/${token}`)).status).toBe(404);
    expect((await server.openBrowser().call('POST /auth/sign-up', { ...account(), invitation: token })).status).toBe(
      404,
    );
  }
});

test("an invitation to the server alone is an administrator's, for people without an account", async () => {
  expect((await ada.call('POST /people/invitations', {})).status).toBe(403);
  const { token } = await invite({}, root, 'POST /people/invitations');
  expect((await ada.call(`POST /invitations/${token}/accept`)).status).toBe(409);
  expect(await server.openBrowser().call('POST /auth/sign-up', { ...account(), invitation: token })).toMatchObject({
    status: 200,
    body: { teams: [], isAdmin: false },
  });
});

test('twenty a day, also when many are asked for at once', async () => {
  server.time.now += 2 * day;
  const dora = await server.addPerson('dora');
  await dora.call('POST /teams', { slug: 'many', name: 'Many' });
  const replies = await Promise.all(Array.from({ length: 22 }, () => dora.call('POST /teams/many/invitations', {})));
  expect(replies.filter((reply) => reply.status === 200)).toHaveLength(20);
  const refused = replies.find((reply) => reply.status === 429)!;
  expect(refused.headers.get('retry-after')).toBe('3600');
  server.time.now += day;
  await invite({}, dora, 'POST /teams/many/invitations');
});

test.each(['x', 'a'.repeat(32), 'A'.repeat(32), '%2e%2e', "'; drop table people; --"])(
  'hostile link: %s',
  async (token) => {
    expect((await server.openBrowser().call(`GET /invitations/${encodeURIComponent(token)}`)).status).toBe(404);
    expect((await ada.call(`POST /invitations/${encodeURIComponent(token)}/accept`)).status).toBe(404);
    expect((await ada.call(`DELETE /teams/lab/invitations/${encodeURIComponent(token)}`)).status).toBe(404);
  },
);
