import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Member, TeamEntry } from '#shared/api.ts';
import type { TeamFounded } from './teams.ts';
import { openTestServer, type TestServer } from './testServer.ts';

type Somebody = Awaited<ReturnType<TestServer['addPerson']>>;
let server: TestServer;
let root: Somebody;
let ada: Somebody;
let ben: Somebody;
const founded: Parameters<TeamFounded>[0][] = [];

beforeAll(async () => {
  server = await openTestServer({
    teamFounded: async (news) => {
      if (news.team.slug === 'broken') throw new Error('the disk is full');
      founded.push(news);
    },
  });
  root = await server.addPerson('root', { admin: true });
  ada = await server.addPerson('ada', { name: 'Ada Okafor' });
  ben = await server.addPerson('ben', { name: 'Ben' });
});
afterAll(() => server.close());

const membersOf = async (slug: string) =>
  Object.fromEntries(
    (await root.call<{ members: Member[] }>(`GET /teams/${slug}/members`)).body.members.map((member) => [
      member.person.login,
      member.role,
    ]),
  );

test('whoever makes a team owns it, and the volumes hear of it, with the sample', async () => {
  const made = await ada.call<TeamEntry>('POST /teams', { slug: 'lab', name: 'Lab', sample: 'lab' });
  expect(made.body).toEqual({ slug: 'lab', name: 'Lab', role: 'owner', members: 1 });
  expect(founded).toEqual([
    { team: expect.objectContaining({ slug: 'lab', name: 'Lab' }), sample: 'lab', personId: ada.id },
  ]);
  expect((await ada.call('GET /me')).body.teams).toEqual([{ slug: 'lab', name: 'Lab', role: 'owner' }]);
  expect(await ben.call('POST /teams', { slug: 'lab', name: 'Other' })).toMatchObject({
    status: 409,
    body: { error: { data: { field: 'slug' } } },
  });
  expect((await ben.call('GET /teams')).body).toEqual({ teams: [] });
});

test('a team whose volume could not be made is not there', async () => {
  expect((await ada.call('POST /teams', { slug: 'broken', name: 'Broken' })).status).toBe(500);
  expect((await ada.call('GET /teams/broken')).status).toBe(404);
  expect((await ada.call<{ teams: TeamEntry[] }>('GET /teams')).body.teams.map((team) => team.slug)).toEqual(['lab']);
});

test('[AC2] what I am not in does not exist for me', async () => {
  for (const route of [
    'GET /teams/lab',
    'GET /teams/lab/members',
    'GET /teams/lab/members/ada',
    'PUT /teams/lab/members/ben',
    'DELETE /teams/lab/members/ada',
    'GET /teams/lab/invitations',
    'GET /teams/none',
  ]) {
    expect((await ben.call(route, route.startsWith('PUT') ? { role: 'owner' } : undefined)).status, route).toBe(404);
  }
});

test('an owner adds somebody, who hears of it, and changes what they may', async () => {
  expect((await ada.call<Member>('PUT /teams/lab/members/ben', { role: 'viewer' })).body).toMatchObject({
    person: { login: 'ben' },
    role: 'viewer',
  });
  expect((await ben.call('GET /teams/lab')).body).toMatchObject({ role: 'viewer', members: 2 });
  expect((await ben.call('PUT /teams/lab/members/ben', { role: 'owner' })).status).toBe(403);
  server.time.now += 1000;
  await ada.call('PUT /teams/lab/members/ben', { role: 'editor' });
  await ada.call('PUT /teams/lab/members/ben', { role: 'editor' });
  const { notifications, unread } = (
    await ben.call<{ notifications: { text: string; kind: string; by: { login: string } }[]; unread: number }>(
      'GET /me/notifications',
    )
  ).body;
  expect(notifications.map(({ text }) => text)).toEqual([
    'Ada Okafor made you an editor of Lab.',
    'Ada Okafor added you to Lab as a viewer.',
  ]);
  expect([unread, notifications[0]!.by.login]).toEqual([2, 'ada']);
  expect((await ada.call('PUT /teams/lab/members/nobody', { role: 'viewer' })).status).toBe(404);
  expect((await ada.call('PUT /teams/lab/members/ben', { role: 'king' })).status).toBe(422);
});

test('only owners take somebody out; everybody may leave', async () => {
  const cem = await server.addPerson('cem');
  await ada.call('PUT /teams/lab/members/cem', { role: 'editor' });
  expect((await cem.call('DELETE /teams/lab/members/ben')).status).toBe(403);
  expect((await cem.call('DELETE /teams/lab/members/cem')).status).toBe(200);
  expect((await cem.call('GET /teams/lab')).status).toBe(404);
  await ada.call('PUT /teams/lab/members/cem', { role: 'editor' });
  server.time.now += 1000;
  expect((await ada.call('DELETE /teams/lab/members/cem')).status).toBe(200);
  expect((await ada.call('DELETE /teams/lab/members/cem')).status).toBe(404);
  expect(
    (await cem.call<{ notifications: { text: string }[] }>('GET /me/notifications')).body.notifications[0]!.text,
  ).toBe('Ada Okafor took you out of Lab.');
});

test('the last owner can neither leave nor step down, not even two at once', async () => {
  expect(await ada.call('DELETE /teams/lab/members/ada')).toMatchObject({
    status: 409,
    body: { error: { code: 'conflict' } },
  });
  expect((await ada.call('PUT /teams/lab/members/ada', { role: 'viewer' })).status).toBe(409);
  await ada.call('PUT /teams/lab/members/ben', { role: 'owner' });
  const both = await Promise.all([
    ada.call('DELETE /teams/lab/members/ada'),
    ben.call('DELETE /teams/lab/members/ben'),
  ]);
  expect(both.map((reply) => reply.status).sort()).toEqual([200, 409]);
  expect(Object.values(await membersOf('lab'))).toEqual(['owner']);
});

test('an owner who is disabled does not count', async () => {
  await ben.call('POST /teams', { slug: 'two', name: 'Two' });
  await server.accounts.teams.setMember({
    team: (await server.accounts.team({ slug: 'two', personId: null }))!,
    login: 'ada',
    role: 'owner',
    by: null,
  });
  await root.call('PATCH /people/ada', { disabled: true });
  expect((await ben.call('DELETE /teams/two/members/ben')).status).toBe(409);
  await root.call('PATCH /people/ada', { disabled: false });
});

test('an administrator looks after teams without being in them', async () => {
  expect((await root.call('GET /teams/two')).body).toMatchObject({ role: null });
  expect((await root.call('PUT /teams/two/members/root', { role: 'viewer' })).status).toBe(200);
  expect((await root.call('DELETE /teams/two/members/ada')).status).toBe(200);
  expect(await membersOf('two')).toEqual({ ben: 'owner', root: 'viewer' });
  expect((await root.call<TeamEntry>('PATCH /teams/two', { name: 'Number two' })).body.name).toBe('Number two');
  expect((await ben.call('GET /me')).body.teams).toContainEqual({ slug: 'two', name: 'Number two', role: 'owner' });
});

test('there is always an administrator who can sign in', async () => {
  expect((await root.call('PATCH /people/root', { admin: false })).status).toBe(409);
  expect((await root.call('PATCH /people/root', { disabled: true })).status).toBe(409);
  await root.call('PATCH /people/ben', { admin: true });
  const both = await Promise.all([
    root.call('PATCH /people/root', { admin: false }),
    ben.call('PATCH /people/ben', { admin: false }),
  ]);
  expect(both.map((reply) => reply.status).sort()).toEqual([200, 409]);
});
