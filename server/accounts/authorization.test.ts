// The whole authorization table over HTTP: every route, for everybody who could ask, about everything they could ask for. What is
// expected is written out here by hand, cell by cell, and not computed by the code that decides.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { routes, type RouteKey } from '#shared/api.ts';
import { decide, policy, type Scope, type Verb } from '#shared/permissions.ts';
import type { Handlers, VolumeTarget } from '../platform/http.ts';
import { openTestServer, type TestServer } from './testServer.ts';

// y: allowed, u: 401 sign in first, h: 404 hidden, f: 403 forbidden
const columns = [
  'nobody',
  'stranger',
  'viewer',
  'editor',
  'owner',
  'admin',
  'token:read',
  'token:write',
  'token:run',
  'token:git',
  'token:admin',
  'token:all',
  'token:here',
  'token:elsewhere',
  'admin token:admin',
  'admin token:read',
] as const;
type Asker = (typeof columns)[number];
// The tokens are the owner's: one scope each, then all of them, then all but limited to team/lab, then all but limited to `system`.
const expected: Record<Verb, Record<string, string>> = {
  //                                nobody stranger viewer editor owner admin | read write run git admin all here elsewhere | admin's: admin read
  anyone: { any: 'y      y        y      y      y     y       y    y     y   y   y     y   y    y           y    y' },
  'self.read': {
    any: 'u      y        y      y      y     y       y    f     f   f   f     y   y    y           f    y',
  },
  'self.write': {
    any: 'u      y        y      y      y     y       f    y     f   f   f     y   y    y           f    f',
  },
  'self.credentials': {
    any: 'u      y        y      y      y     y       f    f     f   f   f     f   f    f           f    f',
  },
  'team.create': {
    any: 'u      y        y      y      y     y       f    y     f   f   f     y   y    y           f    f',
  },
  'run.start': {
    any: 'u      y        y      y      y     y       f    f     y   f   f     y   y    y           f    f',
  },
  'server.manage': {
    any: 'u      f        f      f      f     y       f    f     f   f   f     f   f    f           y    f',
  },
  'team.read': {
    'team/lab': 'u      h        y      y      y     y       y    f     f   f   f     y   y    h           f    y',
  },
  'team.leave': {
    'team/lab': 'u      h        y      y      y     y       f    y     f   f   f     y   y    h           f    f',
  },
  'team.manage': {
    'team/lab': 'u      h        f      f      y     y       f    f     f   f   y     y   y    h           y    f',
  },
  'volume.read': {
    'team/lab': 'u      h        y      y      y     h       y    f     f   f   f     y   y    h           h    h',
    'user/owner': 'u      h        h      h      y     h       y    f     f   f   f     y   h    h           h    h',
    system: 'u      y        y      y      y     y       y    f     f   f   f     y   h    y           f    y',
  },
  'volume.write': {
    'team/lab': 'u      h        f      y      y     h       f    y     f   f   f     y   y    h           h    h',
    'user/owner': 'u      h        h      h      y     h       f    y     f   f   f     y   h    h           h    h',
    system: 'u      f        f      f      f     f       f    f     f   f   f     f   h    f           f    f',
  },
  'volume.review': {
    'team/lab': 'u      h        f      y      y     h       f    y     f   f   f     y   y    h           h    h',
    'user/owner': 'u      h        h      h      y     h       f    y     f   f   f     y   h    h           h    h',
    system: 'u      f        f      f      f     f       f    f     f   f   f     f   h    f           f    f',
  },
  'volume.export': {
    'team/lab': 'u      h        y      y      y     h       y    f     f   f   f     y   y    h           h    h',
    'user/owner': 'u      h        h      h      y     h       y    f     f   f   f     y   h    h           h    h',
    system: 'u      y        y      y      y     y       y    f     f   f   f     y   h    y           f    y',
  },
  'volume.import': {
    'team/lab': 'u      h        f      y      y     h       f    y     f   f   f     y   y    h           h    h',
    'user/owner': 'u      h        h      h      y     h       f    y     f   f   f     y   h    h           h    h',
    system: 'u      f        f      f      f     f       f    f     f   f   f     f   h    f           f    f',
  },
  'volume.restore': {
    'team/lab': 'u      h        f      y      y     h       f    y     f   f   f     y   y    h           h    h',
    'user/owner': 'u      h        h      h      y     h       f    y     f   f   f     y   h    h           h    h',
    system: 'u      f        f      f      f     f       f    f     f   f   f     f   h    f           f    f',
  },
  'device.watch': {
    'team/lab': 'u      h        y      y      y     h       y    f     f   f   f     y   y    h           h    h',
    'user/owner': 'u      h        h      h      y     h       y    f     f   f   f     y   h    h           h    h',
    system: 'u      y        y      y      y     y       y    f     f   f   f     y   h    y           f    y',
  },
  'device.stop': {
    'team/lab': 'u      h        y      y      y     h       y    f     f   f   f     y   y    h           h    h',
    'user/owner': 'u      h        h      h      y     h       y    f     f   f   f     y   h    h           h    h',
    system: 'u      y        y      y      y     y       y    f     f   f   f     y   h    y           f    y',
  },
  'device.drive': {
    'team/lab': 'u      h        f      y      y     h       f    y     f   f   f     y   y    h           h    h',
    'user/owner': 'u      h        h      h      y     h       f    y     f   f   f     y   h    h           h    h',
    system: 'u      f        f      f      f     f       f    f     f   f   f     f   h    f           f    f',
  },
  'volume.run': {
    'team/lab': 'u      h        f      y      y     h       f    f     y   f   f     y   y    h           h    h',
    'user/owner': 'u      h        h      h      y     h       f    f     y   f   f     y   h    h           h    h',
    system: 'u      f        f      f      f     f       f    f     f   f   f     f   h    f           f    f',
  },
};
const answers = { y: 'allowed', u: 401, h: 404, f: 403 } as const;
type Letter = keyof typeof answers;

/** Of a file and of a run in it. */
const fileIds = {
  'team/lab': '00000000-0000-4000-8000-000000000001',
  'user/owner': '00000000-0000-4000-8000-000000000002',
  system: '00000000-0000-4000-8000-000000000003',
};
const askers = new Map<Asker, (method: string, path: string) => Promise<number>>();
let server: TestServer;

beforeAll(async () => {
  const volumes = new Map<string, VolumeTarget>();
  // Every handler only says that it was reached: what is tested is the way to it.
  const handlers = Object.fromEntries(
    Object.keys(routes).map((key) => [key, async () => new Response('reached')]),
  ) as unknown as Handlers;
  const volume = async (name: string, actor: { personId: string } | null) => {
    const found = volumes.get(name);
    return found
      ? { ...found, role: actor && (await server.accounts.roleIn({ volume: found, personId: actor.personId })) }
      : null;
  };
  server = await openTestServer({
    handlers,
    gatekeepers: {
      volume,
      file: async (id, actor) => {
        const name = Object.entries(fileIds).find(([, fileId]) => fileId === id)?.[0];
        const target = name ? await volume(name, actor) : null;
        return target && { id, path: 'bench/a.md', branch: 'main', kind: 'text', deletedAt: null, volume: target };
      },
      run: async (id, actor) => {
        const name = Object.entries(fileIds).find(([, fileId]) => fileId === id)?.[0];
        const target = name ? await volume(name, actor) : null;
        return target && { id, personId: 'somebody', private: false, volume: target };
      },
    },
  });
  const admin = await server.addPerson('admin', { admin: true });
  const owner = await server.addPerson('owner');
  await server.accounts.teams.create({ slug: 'lab', name: 'Lab', personId: owner.id });
  const team = (await server.accounts.team({ slug: 'lab', personId: null }))!;
  const people = {
    stranger: await server.addPerson('stranger'),
    viewer: await server.addPerson('viewer'),
    editor: await server.addPerson('editor'),
    owner,
    admin,
  };
  for (const role of ['viewer', 'editor'] as const)
    await server.accounts.teams.setMember({ team, login: role, role, by: null });
  for (const [name, kind, teamId, personId] of [
    ['team/lab', 'team', team.id, null],
    ['user/owner', 'user', null, owner.id],
    ['system', 'system', null, null],
  ] as const)
    volumes.set(name, { id: name, name, kind, teamId, personId, role: null });

  askers.set('nobody', async (method, path) => (await server.openBrowser().call(`${method} ${path}`)).status);
  for (const [name, person] of Object.entries(people))
    askers.set(name as Asker, async (method, path) => (await person.call(`${method} ${path}`)).status);
  const all: Scope[] = ['read', 'write', 'run', 'git', 'admin'];
  const withToken = async (
    asker: Asker,
    who: { id: string; login: string },
    scopes: Scope[],
    onlyVolume: string | null = null,
  ) => {
    const { token } = await server.accounts.tokens.create({
      personId: who.id,
      login: who.login,
      name: asker,
      scopes,
      days: 1,
      onlyVolume,
    });
    askers.set(asker, async (method, path) => (await server.withToken(token, `${method} ${path}`)).status);
  };
  for (const scope of all) await withToken(`token:${scope}` as Asker, owner, [scope]);
  await withToken('token:all', owner, all);
  await withToken('token:here', owner, all, 'team/lab');
  await withToken('token:elsewhere', owner, all, 'system');
  await withToken('admin token:admin', admin, ['admin']);
  await withToken('admin token:read', admin, ['read']);
});
afterAll(() => server.close());

const addressOf = (key: RouteKey, what: string) => {
  const [method, path] = key.split(' ') as [string, string];
  return [
    method,
    path
      .replace(':volume', encodeURIComponent(what))
      .replace(':slug', 'lab')
      .replace('/files/:id', `/files/${fileIds[what as keyof typeof fileIds]}`)
      .replace('/devices/:id', `/devices/${fileIds[what as keyof typeof fileIds]}`)
      .replace('/runs/:id', `/runs/${fileIds[what as keyof typeof fileIds]}`)
      .replace('*path', 'a.md')
      .replace(/:\w+/g, 'x'),
  ] as const;
};

test('[AC1] the table written here has a line for each verb, and each verb has a route', () => {
  expect(Object.keys(expected).sort()).toEqual(Object.keys(policy).sort());
  expect([...new Set(Object.values(routes).map((route) => route.may))].sort()).toEqual(Object.keys(policy).sort());
  for (const lines of Object.values(expected))
    for (const line of Object.values(lines)) expect(line.split(/\s+/)).toHaveLength(columns.length);
});

describe('[AC1] [AC2] every route, for everybody', () => {
  test.each(Object.keys(routes) as RouteKey[])('%s', async (key) => {
    for (const [what, line] of Object.entries(expected[routes[key].may])) {
      const [method, path] = addressOf(key, what);
      const letters = line.split(/\s+/) as Letter[];
      const got = await Promise.all(
        columns.map(async (asker) => {
          const status = await askers.get(asker)!(method, path);
          return [asker, [401, 403, 404].includes(status) ? status : 'allowed'];
        }),
      );
      expect(Object.fromEntries(got), `${key} about ${what}`).toEqual(
        Object.fromEntries(columns.map((asker, i) => [asker, answers[letters[i]!]])),
      );
    }
  });
});

test('[AC2] what is not there and what is not mine look the same', async () => {
  const ask = askers.get('stranger')!;
  for (const path of [
    '/volumes/team%2Fnone',
    '/volumes/team%2Flab',
    '/volumes/nonsense',
    '/volumes/..',
    '/teams/none',
    '/teams/lab',
    '/files/00000000-0000-4000-8000-00000000000f',
    `/files/${fileIds['team/lab']}`,
    '/files/x',
  ])
    expect(await ask('GET', path), path).toBe(404);
});

test('a role is asked about the thing it is for', () => {
  expect(() =>
    decide({ actor: null, verb: 'volume.read', resource: { kind: 'team', slug: 'lab', role: null } }),
  ).toThrow(TypeError);
});
