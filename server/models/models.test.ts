// Providers over the real edge, with the scripted provider behind them.
import crypto from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import type { ProbeResult, ProviderSettings } from '#shared/api/models.ts';
import { startFakeModel, type FakeModel } from '../../e2e/fakes/model.ts';
import { openTestServer, type TestServer } from '../accounts/testServer.ts';
import type { Handlers, VolumeTarget } from '../platform/http.ts';
import { openTestDatabase } from '../platform/testDatabase.ts';
import { createKeys } from './keys.ts';
import { openModels } from './openModels.ts';

const key = 'sk-team-0123456789abcdef';
let fake: FakeModel;
let server: TestServer;
let database: Awaited<ReturnType<typeof openTestDatabase>>;
let models: ReturnType<typeof openModels>;
let ada: Awaited<ReturnType<TestServer['addPerson']>>;
let ben: Awaited<ReturnType<TestServer['addPerson']>>;
let mallory: Awaited<ReturnType<TestServer['addPerson']>>;
let teamId: string;

const modelsOf = (given: Partial<Parameters<typeof openModels>[0]> = {}) =>
  openModels({
    database,
    clock: server ? { now: () => server.time.now } : { now: Date.now },
    serverKey: Buffer.alloc(32, 7),
    server: null,
    allowedHosts: [fake.host],
    ...given,
  });

beforeAll(async () => {
  fake = await startFakeModel({ key });
  database = await openTestDatabase(inject('postgresUrl'));
  models = modelsOf();
  const handlers: Partial<Handlers> = models.handlers;
  server = await openTestServer({
    handlers,
    gatekeepers: {
      volume: async (name, actor): Promise<VolumeTarget> => {
        const { id } = (await server.accounts.team({ slug: 'lab', personId: null }))!;
        const volume = { id: crypto.randomUUID(), name, kind: 'team', teamId: id, personId: null } as const;
        return { ...volume, role: await server.accounts.roleIn({ volume, personId: actor!.personId }) };
      },
    },
  });
  ada = await server.addPerson('ada');
  ben = await server.addPerson('ben');
  mallory = await server.addPerson('mallory');
  await ada.call('POST /teams', { slug: 'lab', name: 'Lab' });
  await ada.call('PUT /teams/lab/members/ben', { role: 'editor' });
  teamId = (await server.accounts.team({ slug: 'lab', personId: null }))!.id;
});
afterAll(async () => {
  await server.close();
  await database.close();
  await fake.close();
});
beforeEach(async () => {
  fake.reset();
  await database.$client.query('truncate providers, model_names, probes, owner_keys');
});

const lab = () => ({ name: 'house', preset: 'other', baseUrl: fake.url, key, models: ['scripted', 'scripted-plain'] });
const asTeam = (body: unknown, who = ada) => who.call<ProviderSettings>('PUT /teams/lab/providers', body);
const asMe = (body: unknown, who = ben) => who.call<ProviderSettings>('PUT /me/providers', body);
const problemOf = async (promise: Promise<unknown>) => {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  return error as { code: string; message: string };
};

test('[RU9] a key goes in and never comes out: not in an answer, not in the database', async () => {
  const put = await asTeam({ providers: [lab()] });
  expect(put.body.providers[0]).toMatchObject({ name: 'house', keyEnds: 'cdef' });
  const got = await ben.call<ProviderSettings>('GET /teams/lab/providers');
  const { id } = got.body.providers[0]!;
  const probed = await ada.call('POST /teams/lab/providers/probe', { id, model: 'scripted' });
  const listed = await ada.call('POST /teams/lab/providers/models', { id, baseUrl: fake.url });
  expect(listed.body.models).toContainEqual({ id: 'scripted', contextSize: 32_768 });
  for (const answer of [put, got, probed, listed]) expect(JSON.stringify(answer.body)).not.toContain('0123456789');
  for (const table of ['providers', 'owner_keys', 'model_names', 'probes']) {
    const { rows } = await database.$client.query(`select row_to_json(t)::text as words from ${table} t`);
    expect(rows.map(({ words }: { words: string }) => words).join('')).not.toContain('0123456789');
  }
  expect(fake.seen.at(-1)!.headers.authorization).toBe(`Bearer ${key}`);
});

test('[RU9] a key goes only where it was meant to go: another address needs it again', async () => {
  const { body } = await asTeam({ providers: [lab()] });
  const { id } = body.providers[0]!;
  const elsewhere = { ...lab(), id, baseUrl: 'https://evil.example/v1', key: undefined };
  expect(await asTeam({ providers: [elsewhere] })).toMatchObject({
    status: 400,
    body: { error: { data: { field: 'key' } } },
  });
  const thief = await startFakeModel();
  await ada.call('POST /teams/lab/providers/models', { id, baseUrl: thief.url });
  await thief.close();
  expect(thief.seen).toEqual([]);

  // what stands in the database is bound to owner, row and address
  await database.$client.query('update providers set base_url = $1', ['http://127.0.0.1:9/v1']);
  expect(await ada.call('POST /teams/lab/providers/probe', { id, model: 'scripted' })).toMatchObject({ status: 503 });
  await database.$client.query('update providers set base_url = $1, owner = $2', [fake.url, `user:${ben.id}`]);
  expect(await ben.call('POST /me/providers/probe', { id, model: 'scripted' })).toMatchObject({ status: 503 });
  expect(fake.seen).toEqual([]);
});

test('[RU9] a seal holds against another owner, row, place and server key, and two seals differ', async () => {
  const wrapped = new Map<string, string>();
  const store = {
    wrappedKey: async (owner: string) => wrapped.get(owner) ?? null,
    keepWrappedKey: async (row: { owner: string; wrapped: string }) => {
      wrapped.set(row.owner, row.wrapped);
      return row.wrapped;
    },
  };
  const keys = createKeys({ serverKey: Buffer.alloc(32, 1), store });
  const bound = { owner: 'team:1', row: 'a', place: 'https://x.example' };
  const sealed = await keys.seal('secret words', bound);
  expect(await keys.open(sealed, bound)).toBe('secret words');
  expect(await keys.seal('secret words', bound)).not.toBe(sealed);
  for (const other of [{ owner: 'team:2' }, { row: 'b' }, { place: 'https://y.example' }])
    await expect(keys.open(sealed, { ...bound, ...other })).rejects.toThrow('cannot be read');
  const stranger = createKeys({ serverKey: Buffer.alloc(32, 2), store });
  await expect(stranger.open(sealed, bound)).rejects.toThrow('SECRET_KEY');
});

test('[MO5] owners of a team set its providers, members see them, others see nothing; mine are mine', async () => {
  await asTeam({ providers: [lab()] });
  expect((await asTeam({ providers: [] }, ben)).status).toBe(403);
  expect((await mallory.call('GET /teams/lab/providers')).status).toBe(404);
  expect((await ben.call<ProviderSettings>('GET /teams/lab/providers')).body.providers).toHaveLength(1);
  expect((await ben.call<ProviderSettings>('GET /me/providers')).body.providers).toEqual([]);
  const { body } = await asMe({ providers: [lab()] });
  const { id } = body.providers[0]!;
  expect((await mallory.call('POST /me/providers/probe', { id, model: 'scripted' })).status).toBe(404);
  // somebody else's row cannot be taken over by its id
  expect((await asMe({ providers: [{ ...lab(), id }] }, mallory)).status).toBe(404);
});

test('[MO5] a key stays when it is left out, goes when it is null, and wrong input is told at its field', async () => {
  const { body } = await asTeam({
    providers: [lab()],
    default: 'house/scripted',
    aliases: { fast: 'house/scripted-plain' },
  });
  const { id } = body.providers[0]!;
  const kept = await asTeam({ providers: [{ ...lab(), id, key: undefined, baseUrl: `${fake.url}/` }] });
  expect(kept.body).toMatchObject({
    providers: [{ id, keyEnds: 'cdef', baseUrl: fake.url }],
    default: null,
    aliases: {},
  });
  const gone = await asTeam({ providers: [{ ...lab(), id, key: null }] });
  expect(gone.body.providers[0]!.keyEnds).toBeNull();
  for (const wrong of [
    { baseUrl: 'ftp://x.example' },
    { baseUrl: 'nothing' },
    { key: 'two words' },
    { name: 'Has Spaces' },
    { name: 'server' },
  ])
    expect((await asTeam({ providers: [{ ...lab(), ...wrong }] })).status).toBe(422);
  expect((await asTeam({ providers: [lab(), lab()] })).status).toBe(400);
});

test('[MO4] what a model can do is found by trying it, once, and stored', async () => {
  const { body } = await asTeam({
    providers: [{ ...lab(), models: ['scripted', 'scripted-serial', 'scripted-schema', 'scripted-plain'] }],
  });
  const { id } = body.providers[0]!;
  const probe = async (model: string) =>
    (await ada.call<{ probe: ProbeResult }>('POST /teams/lab/providers/probe', { id, model })).body.probe;
  expect(await probe('scripted')).toMatchObject({
    tools: true,
    parallel: true,
    schema: true,
    usage: true,
    contextSize: 32_768,
    strategy: 'native',
  });
  expect(await probe('scripted-serial')).toMatchObject({ tools: true, parallel: false, strategy: 'native' });
  expect(await probe('scripted-schema')).toMatchObject({ tools: false, schema: true, strategy: 'schema' });
  expect(await probe('scripted-plain')).toMatchObject({
    tools: false,
    schema: false,
    usage: false,
    contextSize: null,
    strategy: 'fenced',
  });
  const { body: after } = await ben.call<ProviderSettings>('GET /teams/lab/providers');
  expect(after.providers[0]!.models.map(({ probe: found }) => found?.strategy)).toEqual([
    'native',
    'native',
    'schema',
    'fenced',
  ]);

  const asked = fake.seen.length;
  const opened = await models.open({ wanted: 'scripted-schema', personId: ben.id, teamId });
  expect(opened).toMatchObject({ name: 'house/scripted-schema', strategy: 'schema', contextSize: 32_768 });
  expect(fake.seen).toHaveLength(asked);

  await database.$client.query('truncate probes');
  const both = await Promise.all([1, 2].map(() => models.open({ wanted: 'scripted', personId: ben.id, teamId })));
  expect(both.map(({ strategy }) => strategy)).toEqual(['native', 'native']);
  expect(fake.seen).toHaveLength(asked + 2);
});

test('[MO4] an endpoint that does not answer says why, and nothing is stored', async () => {
  const down = { ...lab(), name: 'down', baseUrl: 'http://127.0.0.1:9/v1' };
  const { body } = await asTeam({ providers: [{ ...lab(), key: 'sk-wrong-0123456789' }, down] });
  const [wrongKey, unlisted] = [body.providers[0]!, body.providers[1]!];
  const probe = (id: string, model = 'scripted') => ada.call('POST /teams/lab/providers/probe', { id, model });
  expect((await probe(wrongKey.id)).body.error).toMatchObject({
    code: 'invalid',
    message: expect.stringContaining('does not accept the key'),
  });
  expect((await probe(unlisted.id)).body.error!.message).toContain('ALLOWED_HOSTS');
  expect((await database.$client.query('select * from probes')).rows).toEqual([]);
});

test('[MO6] a name in a definition finds the nearest: mine, the team’s, the server’s; an unknown one means the standard', async () => {
  const withServer = modelsOf({ server: { baseUrl: fake.url, apiKey: key, model: 'scripted' }, allowedHosts: [] });
  // its address is the administrator's own word, for the server's own provider alone
  expect((await withServer.open({ wanted: null, personId: ben.id, teamId })).name).toBe('server/scripted');
  const reachable = modelsOf({ server: { baseUrl: fake.url, apiKey: key, model: 'scripted' } });
  const name = async (wanted: string | null, who = ben) =>
    (await reachable.open({ wanted, personId: who.id, teamId })).name;

  await asTeam({
    providers: [lab()],
    default: 'house/scripted-plain',
    aliases: { sonnet: 'house/scripted', fast: 'house/scripted-plain' },
  });
  expect(await name(null)).toBe('house/scripted-plain');
  expect(await name('inherit')).toBe('house/scripted-plain');
  expect(await name('sonnet')).toBe('house/scripted');
  expect(await name('Sonnet')).toBe('house/scripted');
  expect(await name('gpt-99-turbo')).toBe('house/scripted-plain');
  expect(await name('server/scripted')).toBe('server/scripted');
  expect(await name('constructor')).toBe('house/scripted-plain');

  await asMe({ providers: [{ ...lab(), name: 'mine', models: ['scripted'] }], aliases: { fast: 'mine/scripted' } });
  expect(await name(null)).toBe('house/scripted-plain'); // mine sets no standard
  expect(await name('fast')).toBe('mine/scripted');
  expect(await name('fast', ada)).toBe('house/scripted-plain');
  const usable = await ben.call('GET /volumes/team%2Flab/models');
  expect(usable.body).toMatchObject({
    models: [
      { name: 'mine/scripted', from: 'me' },
      { name: 'house/scripted', from: 'team' },
      { name: 'house/scripted-plain' },
    ],
    default: 'house/scripted-plain',
    aliases: { sonnet: 'house/scripted', fast: 'mine/scripted' },
    problem: null,
  });
});

test('[MO6] without any provider one sentence says what to do', async () => {
  expect(await problemOf(models.open({ wanted: null, personId: ben.id, teamId }))).toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('Add a provider under Settings, Models'),
  });
  expect((await ben.call('GET /volumes/team%2Flab/models')).body).toMatchObject({
    models: [],
    default: null,
    problem: expect.stringContaining('LLM_BASE_URL'),
  });
});

test('[MO6] an Ollama on the machine is offered when an administrator listed it', async () => {
  expect((await ben.call('GET /providers/local')).body).toEqual({
    baseUrl: 'http://127.0.0.1:11434/v1',
    allowed: false,
    models: null,
  });
  const found = await startFakeModel({ port: 11434 }).catch(() => null);
  if (!found) return; // somebody's own Ollama runs here
  const listed = modelsOf({ allowedHosts: ['127.0.0.1:11434'] });
  const local = await listed.handlers['GET /providers/local']({} as never);
  await found.close();
  expect(local).toMatchObject({ allowed: true, models: expect.arrayContaining(['scripted']) });
});
