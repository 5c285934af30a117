import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestServer, type TestServer } from './testServer.ts';

type Somebody = Awaited<ReturnType<TestServer['addPerson']>>;
let server: TestServer;
let ada: Somebody;
let ben: Somebody;
let labId: string;
beforeAll(async () => {
  server = await openTestServer();
  await server.addPerson('root', { admin: true });
  ada = await server.addPerson('ada', { name: 'Ada Okafor' });
  ben = await server.addPerson('ben', { name: 'Ben' });
  await ada.call('POST /teams', { slug: 'lab', name: 'Lab' });
  labId = (await server.accounts.team({ slug: 'lab', personId: null }))!.id;
});
afterAll(() => server.close());

const inLab = (personId: string) =>
  server.accounts.roleIn({ volume: { kind: 'team', teamId: labId, personId: null }, personId });

test("[AC1] roles in volumes: a team's by membership, one's own, the system's for all", async () => {
  expect([await inLab(ada.id), await inLab(ben.id)]).toEqual(['owner', null]);
  const own = { kind: 'user', teamId: null, personId: ada.id } as const;
  expect([
    await server.accounts.roleIn({ volume: own, personId: ada.id }),
    await server.accounts.roleIn({ volume: own, personId: ben.id }),
  ]).toEqual(['owner', null]);
  expect(
    await server.accounts.roleIn({ volume: { kind: 'system', teamId: null, personId: null }, personId: ben.id }),
  ).toBe('viewer');
});

test('[SY10] a role that changed is known at once, and whoever keeps something open is told', async () => {
  const heard: string[] = [];
  const stop = server.accounts.onAccessChanged(({ personId }) => heard.push(personId));
  await ada.call('PUT /teams/lab/members/ben', { role: 'editor' });
  expect([await inLab(ben.id), heard]).toEqual(['editor', [ben.id]]);
  await ada.call('PUT /teams/lab/members/ben', { role: 'editor' });
  expect(heard).toEqual([ben.id]);
  await ada.call('PUT /teams/lab/members/ben', { role: 'viewer' });
  expect([await inLab(ben.id), heard.length]).toEqual(['viewer', 2]);
  await ada.call('DELETE /teams/lab/members/ben');
  expect([await inLab(ben.id), heard.length]).toEqual([null, 3]);
  stop();
});

test('[AC3] what was opened with a session ends with it: sign-out, everywhere, password, disabled, time', async () => {
  const heard: string[] = [];
  const stop = server.accounts.onAccessChanged(({ personId }) => heard.push(personId));
  const open = async (who: Somebody) =>
    (await server.accounts.authenticate({ cookie: `session=${who.cookies.get('session')}`, token: null }, null))!;
  const ends: [string, (who: Somebody, root: Somebody) => Promise<unknown>][] = [
    ['sign-out', (who) => who.call('POST /auth/sign-out')],
    ['sign-out everywhere', (who) => who.call('POST /auth/sign-out-everywhere')],
    [
      'a new password',
      (who) => who.call('PUT /me/password', { current: server.password, password: 'quite another one' }),
    ],
    [
      'a password set by an administrator',
      (who, root) => root.call(`PATCH /people/${who.login}`, { password: 'quite another one' }),
    ],
    ['disabled', (who, root) => root.call(`PATCH /people/${who.login}`, { disabled: true })],
  ];
  for (const [n, [what, end]] of ends.entries()) {
    const who = await server.addPerson(`person${n}`);
    const root = await server.addPerson(`admin${n}`, { admin: true });
    const actor = await open(who);
    expect(await server.accounts.isStillValid(actor), what).toBe(true);
    heard.length = 0;
    await end(who, root);
    expect(heard, what).toContain(who.id);
    expect(await server.accounts.isStillValid(actor), what).toBe(false);
  }
  stop();
  const actor = await open(ben);
  server.time.now += 30 * 24 * 60 * 60 * 1000;
  expect(await server.accounts.isStillValid(actor)).toBe(false);
  server.time.now -= 30 * 24 * 60 * 60 * 1000;
});

test('a role change does not end what is open; it is asked again', async () => {
  const cem = await server.addPerson('cem');
  const actor = (await server.accounts.authenticate(
    { cookie: `session=${cem.cookies.get('session')}`, token: null },
    null,
  ))!;
  await ada.call('PUT /teams/lab/members/cem', { role: 'viewer' });
  expect((await cem.call('GET /me')).setCookies).toHaveLength(1);
  expect(await server.accounts.isStillValid(actor)).toBe(true);
});

test('faces are found together, remembered, and new after a change', async () => {
  const nobody = '00000000-0000-4000-8000-000000000000';
  expect(await server.accounts.faces([ada.id, ben.id, ada.id, nobody, 'nonsense'])).toEqual(
    new Map([
      [ada.id, { id: ada.id, login: 'ada', name: 'Ada Okafor', colour: 1 }],
      [ben.id, { id: ben.id, login: 'ben', name: 'Ben', colour: 1 }],
    ]),
  );
  expect((await ada.call('PATCH /me', { name: 'Ada O.', colour: 4 })).body).toMatchObject({
    person: { name: 'Ada O.', colour: 4 },
  });
  expect(await server.accounts.face(ada.id)).toMatchObject({ name: 'Ada O.', colour: 4 });
  expect([await server.accounts.face(null), await server.accounts.face(nobody)]).toEqual([null, null]);
  for (const body of [{ colour: 0 }, { colour: 9 }, { colour: 1.5 }, { name: ' ' }])
    expect((await ada.call('PATCH /me', body)).status).toBe(422);
});

test('administrators: people, a password set anew, a new account', async () => {
  const root = await server.addPerson('root2', { admin: true });
  const made = await root.call('POST /people', { login: 'eve', password: server.password, name: 'Eve' });
  expect(made).toMatchObject({
    status: 200,
    body: { person: { login: 'eve', name: 'Eve' }, isAdmin: false, disabled: false, lastSeenAt: null },
  });
  expect((await root.call('POST /people', { login: 'eve', password: server.password })).status).toBe(409);
  expect((await root.call('PATCH /people/nobody', { admin: true })).status).toBe(404);
  expect((await root.call('PATCH /people/eve', { password: 'eve12345' })).status).toBe(422);
  expect(
    (await root.call<{ people: { person: { login: string } }[] }>('GET /people')).body.people.map(
      ({ person }) => person.login,
    ),
  ).toContain('eve');
  for (const route of ['GET /people', 'GET /settings', 'PATCH /people/eve', 'POST /people/invitations'])
    expect((await ada.call(route, route.startsWith('GET') ? undefined : {})).status).toBe(403);
});
