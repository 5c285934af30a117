import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DeletedTeam, Notification, TeamEntry } from '#shared/api.ts';
import { openTestServer, type TestServer } from './testServer.ts';

type Somebody = Awaited<ReturnType<TestServer['addPerson']>>;
const day = 24 * 60 * 60 * 1000;
let server: TestServer;
let root: Somebody;
let ada: Somebody;
let ben: Somebody;
const gone: string[] = [];
let broken: string | null = null;

beforeAll(async () => {
  server = await openTestServer({
    teamGone: async ({ teamId }) => {
      if (teamId === broken) throw new Error('the disk is busy');
      gone.push(teamId);
    },
  });
  root = await server.addPerson('root', { admin: true, name: 'Root' });
  ada = await server.addPerson('ada', { name: 'Ada' });
  ben = await server.addPerson('ben', { name: 'Ben' });
});
afterAll(() => server.close());

async function newTeam(slug: string) {
  await ada.call('POST /teams', { slug, name: `The ${slug}` });
  await ada.call(`PUT /teams/${slug}/members/ben`, { role: 'editor' });
  return (await server.accounts.team({ slug, personId: ada.id }))!.id;
}
const deletedTeams = async () => (await root.call<{ teams: DeletedTeam[] }>('GET /deleted-teams')).body.teams;
const told = async (who: Somebody) =>
  (await who.call<{ notifications: Notification[] }>('GET /me/notifications')).body.notifications.map(
    ({ text }) => text,
  );
const idsIn = (teams: { slug: string }[]) => teams.map(({ slug }) => slug);

test('[AC2] an owner deletes a team by typing its name; then it is there for nobody, at once', async () => {
  await newTeam('lab');
  const { url } = (await ada.call<{ url: string }>('POST /teams/lab/invitations', {})).body;
  const link = `/invitations/${url.split('/').at(-1)}`;
  expect((await ben.call('DELETE /teams/lab?confirm=lab')).status).toBe(403);
  expect((await ada.call('DELETE /teams/lab')).status).toBe(400);
  expect(await ada.call('DELETE /teams/lab?confirm=Lab')).toMatchObject({
    status: 422,
    body: { error: { data: { field: 'confirm' } } },
  });
  expect((await server.openBrowser().call(`GET ${link}`)).status).toBe(200);

  const changed: string[] = [];
  const stop = server.accounts.onAccessChanged(({ personId }) => void changed.push(personId));
  expect((await ada.call('DELETE /teams/lab?confirm=lab')).status).toBe(200);
  stop();
  expect(new Set(changed)).toEqual(new Set([ada.id, ben.id])); // whose sockets look again
  for (const who of [ada, ben, root]) {
    expect((await who.call('GET /teams/lab')).status).toBe(404);
    expect(idsIn((await who.call<{ teams: TeamEntry[] }>('GET /teams')).body.teams)).toEqual([]);
  }
  const volume = { kind: 'team', teamId: gone[0] ?? null, personId: null } as const;
  expect(await server.accounts.roleIn({ volume, personId: ada.id })).toBeNull();
  expect((await server.openBrowser().call(`GET ${link}`)).status).toBe(404);
  expect((await ada.call('DELETE /teams/lab?confirm=lab')).status).toBe(404);
  expect(await told(ben)).toContain('Ada deleted the team The lab. An administrator can put it back for 30 days.');
  expect(await ada.call('POST /teams', { slug: 'lab', name: 'Another' })).toMatchObject({
    status: 409,
    body: { error: { message: expect.stringContaining('was deleted') } },
  });
});

test('an administrator puts it back as it was', async () => {
  expect((await ada.call('GET /deleted-teams')).status).toBe(403);
  expect((await ada.call('POST /deleted-teams/lab/put-back')).status).toBe(403);
  const [entry] = await deletedTeams();
  expect(entry).toMatchObject({ slug: 'lab', name: 'The lab', members: 2, deletedBy: { login: 'ada' } });
  expect(Date.parse(entry!.goneAt) - Date.parse(entry!.deletedAt)).toBe(30 * day);
  expect((await root.call('POST /deleted-teams/lab/put-back')).body).toEqual({
    slug: 'lab', name: 'The lab', role: null, members: 2,
  }); // prettier-ignore
  expect((await root.call('POST /deleted-teams/lab/put-back')).status).toBe(404);
  expect(await deletedTeams()).toEqual([]);
  expect((await ben.call('GET /teams/lab')).body).toMatchObject({ role: 'editor', members: 2 });
  expect((await ada.call('GET /teams/lab')).body).toMatchObject({ role: 'owner' });
  expect(await told(ben)).toContain('Root put the team The lab back.');
});

test('after a month it goes for good, with its volume; one that fails is tried again', async () => {
  const [old, stuck] = [await newTeam('old'), await newTeam('stuck')];
  for (const slug of ['old', 'stuck']) await ada.call(`DELETE /teams/${slug}?confirm=${slug}`);
  server.time.now += 29 * day;
  await server.accounts.deletedTeams.removeOld();
  expect(gone).toEqual([]);
  server.time.now += day;
  broken = stuck;
  await expect(server.accounts.deletedTeams.removeOld()).rejects.toThrow('could not be removed');
  expect(gone).toEqual([old]);
  expect((await server.accounts.teamsOf(ada.id)).map(({ slug }) => slug)).toEqual(['lab']);
  broken = null;
  await server.accounts.deletedTeams.removeOld();
  expect(gone).toEqual([old, stuck]);
  await server.accounts.deletedTeams.removeOld();
  expect(gone).toEqual([old, stuck]);
});

test('an administrator removes a deleted team at once, also by its name; a team that is there cannot be', async () => {
  const again = await server.addPerson('root2', { admin: true }); // a month has passed: sign-ins ended
  const eve = await server.addPerson('eve');
  await eve.call('POST /teams', { slug: 'now', name: 'Now' });
  expect((await again.call('DELETE /deleted-teams/now?confirm=now')).status).toBe(404);
  const { id } = (await server.accounts.team({ slug: 'now', personId: null }))!;
  await eve.call('DELETE /teams/now?confirm=now');
  expect((await again.call('DELETE /deleted-teams/now?confirm=no')).status).toBe(422);
  expect((await eve.call('DELETE /deleted-teams/now?confirm=now')).status).toBe(403);
  expect((await again.call('DELETE /deleted-teams/now?confirm=now')).status).toBe(200);
  expect(gone.at(-1)).toBe(id);
  expect((await eve.call('POST /teams', { slug: 'now', name: 'New' })).status).toBe(200);
});

test('invitations to the server alone are listed and taken back', async () => {
  const admin = await server.addPerson('root3', { admin: true });
  const { url, invitation } = (
    await admin.call<{ url: string; invitation: { id: string } }>('POST /people/invitations', {})
  ).body;
  const list = async () =>
    (await admin.call<{ invitations: { id: string; team: string | null }[] }>('GET /people/invitations')).body
      .invitations;
  expect(await list()).toEqual([expect.objectContaining({ id: invitation.id, team: null })]);
  expect((await admin.call(`DELETE /people/invitations/${invitation.id}`)).status).toBe(200);
  expect(await list()).toEqual([]);
  expect((await admin.call(`DELETE /people/invitations/${invitation.id}`)).status).toBe(404);
  expect((await server.openBrowser().call(`GET /invitations/${url.split('/').at(-1)}`)).status).toBe(404);
});
