import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestServer, type TestServer } from './testServer.ts';

const joined: string[] = [];
let server: TestServer;
beforeAll(async () => {
  server = await openTestServer({ personJoined: async ({ login }) => void joined.push(login) });
});
afterAll(() => server.close());

const password = 'a long enough password';

test('the first visit makes the administrator, with a volume of their own; after that sign-up is by invitation', async () => {
  const ada = server.openBrowser();
  expect((await ada.call('GET /auth/options')).body).toEqual({
    firstVisit: true,
    signUp: 'invite',
    github: false,
    setupLinkNeeded: false,
  });
  const signedUp = await ada.call('POST /auth/sign-up', { login: 'ada', password, name: 'Ada Okafor' });
  expect(signedUp).toMatchObject({
    status: 200,
    body: {
      person: { login: 'ada', name: 'Ada Okafor', colour: 1 },
      isAdmin: true,
      hasPassword: true,
      github: null,
      teams: [],
      insecure: false,
    },
  });
  expect(joined).toContain('ada');
  expect((await ada.call('GET /me')).body).toEqual(signedUp.body);

  expect((await ada.call('GET /auth/options')).body).toMatchObject({ firstVisit: false });
  const ben = server.openBrowser();
  expect(await ben.call('POST /auth/sign-up', { login: 'ben', password })).toMatchObject({
    status: 403,
    body: { error: { code: 'forbidden', data: { field: 'invitation' } } },
  });

  await ada.call('PUT /settings', { signUp: 'open' });
  expect(await ben.call('POST /auth/sign-up', { login: 'ben', password })).toMatchObject({
    status: 200,
    body: { isAdmin: false, person: { name: 'ben', colour: 2 } },
  });
  expect(await server.openBrowser().call('POST /auth/sign-up', { login: 'ben', password })).toMatchObject({
    status: 409,
    body: { error: { code: 'conflict', data: { field: 'login' } } },
  });
});

test('two first sign-ups at once make one administrator and one account', async () => {
  const race = await openTestServer();
  try {
    const replies = await Promise.all(
      ['ada', 'ben', 'cem'].map((login) => race.openBrowser().call('POST /auth/sign-up', { login, password })),
    );
    expect(replies.map((reply) => reply.status).sort()).toEqual([200, 403, 403]);
    const people = await race.accounts.people.list();
    expect(people.map((person) => person.isAdmin)).toEqual([true]);
  } finally {
    await race.close();
  }
});

test('where other computers can reach the server, the first account takes the link that the start printed, once', async () => {
  const exposed = await openTestServer({ setupTokenNeeded: true });
  try {
    const { call } = exposed.openBrowser();
    expect((await call('GET /auth/options')).body).toMatchObject({ firstVisit: true, setupLinkNeeded: true });
    const account = { login: 'ada', password };
    expect(await call('POST /auth/sign-up', account)).toMatchObject({ status: 403 });
    const old = await exposed.accounts.signUp.prepareSetup();
    const setup = await exposed.accounts.signUp.prepareSetup();
    for (const wrong of ['', 'x', old!, setup!.slice(1)])
      expect((await call('POST /auth/sign-up', { ...account, setup: wrong })).status).toBe(403);
    expect(await call('POST /auth/sign-up', { ...account, setup })).toMatchObject({
      status: 200,
      body: { isAdmin: true },
    });
    expect(await exposed.openBrowser().call('POST /auth/sign-up', { login: 'eve', password, setup })).toMatchObject({
      status: 403,
    });
    expect(await exposed.accounts.signUp.prepareSetup()).toBeNull();
  } finally {
    await exposed.close();
  }
});

test('colours go round: the one that the fewest have is next', async () => {
  const colours = await openTestServer();
  try {
    const given: number[] = [];
    for (let n = 0; n < 10; n++)
      given.push((await colours.accounts.signUp.forSomebody({ login: `p${n}`, password, admin: false })).colour);
    expect(given).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 1, 2]);
  } finally {
    await colours.close();
  }
});

test.each([
  ['a short password', { login: 'x1', password: 'short' }, 422],
  ['a password of 257 characters', { login: 'x1', password: 'ab'.repeat(128) + 'c' }, 422],
  ['a common password', { login: 'x1', password: 'Password123!' }, 422],
  ['a name that is the password', { login: 'maximiliane', password: 'Maximiliane1' }, 422],
  ['a login with capitals', { login: 'Ada', password }, 422],
  ['a login that ends in a hyphen', { login: 'ada-', password }, 422],
  ['a login with a zero character', { login: 'a\0b', password }, 400],
  ['a name with a control character', { login: 'x1', password, name: 'a\u0007' }, 422],
  ['a name that turns the text around', { login: 'x1', password, name: 'a\u202Eb' }, 422],
  ['no password', { login: 'x1' }, 422],
  ['a list', [], 422],
  ['an invitation of another shape', { login: 'x1', password, invitation: '../..' }, 404],
])('hostile sign-up: %s is refused with its code', async (_what, body, status) => {
  const reply = await server.openBrowser().call('POST /auth/sign-up', body);
  expect([reply.status, reply.body.error?.code]).toEqual([status, status === 404 ? 'not-found' : 'invalid']);
});
