// The workspace through the eyes of the stock MCP client, against a real server.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { SkillsClient } from '@modelcontextprotocol/client/ext/skills';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startFakeModel, type FakeModel } from '../../e2e/fakes/model.ts';
import { startWorld, type World } from '../../e2e/world.ts';
import { openTestDatabase } from '../platform/testDatabase.ts';

type Scopes = ('read' | 'write' | 'run')[];
let world: World;
let model: FakeModel;
let database: Awaited<ReturnType<typeof openTestDatabase>>;
let cookie: string;
const open: Client[] = [];

beforeAll(async () => {
  database = await openTestDatabase(inject('postgresUrl'));
  model = await startFakeModel();
  world = await startWorld({
    DATABASE_URL: database.url,
    EMBEDDINGS: 'off',
    LLM_BASE_URL: model.url,
    LLM_MODEL: 'scripted',
    ALLOWED_HOSTS: model.host,
  });
  const { headers } = await post('/auth/sign-up', { login: 'ada', password: 'a long enough password', name: 'Ada' });
  cookie = headers
    .getSetCookie()
    .map((one) => one.split(';')[0])
    .join('; ');
  await post('/teams', { slug: 'lab', name: 'Lab', sample: 'lab' });
});
afterAll(async () => {
  for (const client of open) await client.close();
  await world.close();
  await model.close();
  await database.close();
});

async function post(path: string, body: unknown): Promise<{ headers: Headers; body: Record<string, any> }> {
  const answer = await fetch(`${world.origin}/api/v1${path}`, {
    method: 'POST',
    headers: { origin: world.origin, 'content-type': 'application/json', ...(cookie && { cookie }) },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBeLessThan(300);
  return { headers: answer.headers, body: (await answer.json()) as Record<string, any> };
}
const tokenWith = async (scopes: Scopes, onlyVolume: string | null = null) =>
  (await post('/me/tokens', { name: 'mcp', scopes, days: 7, onlyVolume })).body['token'] as string;

async function connect(token: string, mode: 'auto' | 'legacy' = 'auto'): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode } });
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(`${world.origin}/mcp`), { requestInit }));
  open.push(client);
  return client;
}
const use = async (client: Client, name: string, args: Record<string, unknown> = {}) => {
  const { content, isError = false } = await client.callTool({ name, arguments: args });
  return { text: (content as { text: string }[])[0]!.text, isError };
};

test.each(['auto', 'legacy'] as const)('[MC1] a stock client (%s) lists and uses what its token may', async (mode) => {
  const client = await connect(await tokenWith(['read', 'write']), mode);
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      'list_volumes',
      'read_file',
      'write_file',
      'edit_file',
      'search_files',
      'list_agents',
      'list_skills',
      'query_memory',
      'start_run',
    ]),
  );
  expect(tools.find(({ name }) => name === 'read_file')?.annotations?.readOnlyHint).toBe(true);

  const at = { volume: 'team/lab', path: `notes/mcp-${mode}.md` };
  expect(JSON.parse((await use(client, 'list_volumes')).text)).toContainEqual(
    expect.objectContaining({ name: 'team/lab', role: 'owner' }),
  );
  const made = JSON.parse((await use(client, 'write_file', { ...at, text: 'one\ntwo\n' })).text) as { base: string };
  expect((await use(client, 'write_file', { ...at, text: 'blind' })).isError).toBe(true);
  expect((await use(client, 'edit_file', { ...at, old: 'two', new: 'three $& 🙂' })).isError).toBe(false);
  const { text } = await use(client, 'read_file', at);
  expect(text).toContain('one\nthree $& 🙂\n');
  // a write against an old base is merged, not obeyed
  await use(client, 'write_file', { ...at, text: 'zero\none\ntwo\n', base: made.base });
  expect((await use(client, 'read_file', at)).text).toContain('zero\none\nthree $& 🙂\n');
  expect((await use(client, 'list_directory', { volume: 'team/lab', folder: 'notes' })).text).toContain(at.path);
  expect((await use(client, 'list_directory', { volume: 'team/lab', folder: 'notes' })).text).not.toContain(
    'README.md',
  );
  expect((await use(client, 'edit_file', { ...at, old: 'nowhere', new: '' })).text).toContain('not in the file');
});

test('[MC1] agents, skills and files are there as resources, skills by their extension', async () => {
  const client = await connect(await tokenWith(['read']));
  expect((await use(client, 'list_agents', { volume: 'team/lab' })).text).toContain('agents/NoteKeeper.md');
  expect((await use(client, 'list_skills', { volume: 'team/lab' })).text).toContain('check-a-claim');
  const file = await client.readResource({ uri: 'llmos://team%2Flab/agents/NoteKeeper.md' });
  expect((file.contents[0] as { text: string }).text).toMatch(/^---/);
  const uri = 'skill://team/lab/check-a-claim/SKILL.md';
  const skill = await client.readResource({ uri });
  expect((skill.contents[0] as { text: string }).text).toMatch(/^---/);
  // the extension's own client checks headers and digests
  const skills = new SkillsClient(client);
  const { skills: listed } = await skills.list();
  const found = listed.find((one) => one.uri === uri);
  expect(found).toBeDefined();
  expect(await skills.read(found!)).toMatchObject({ verified: true });
  const { resources } = await client.listResources();
  expect(resources.map((one) => one.uri)).toContain('llmos://team%2Flab/agents/NoteKeeper.md');
});

test('[MC2] scopes and volumes of the token hold: what it may not is refused, what it may not see does not exist', async () => {
  const reader = await connect(await tokenWith(['read']));
  const at = { volume: 'team/lab', path: 'notes/refused.md' };
  expect(await use(reader, 'write_file', { ...at, text: 'x' })).toEqual({
    isError: true,
    text: expect.stringContaining('does not allow'),
  });
  expect((await use(reader, 'start_run', { volume: 'team/lab', goal: 'x' })).isError).toBe(true);
  const narrow = await connect(await tokenWith(['read'], 'user/ada'));
  expect(await use(narrow, 'read_file', { volume: 'team/lab', path: 'README.md' })).toEqual({
    isError: true,
    text: expect.stringContaining('no such volume'),
  });
  expect((await use(narrow, 'list_volumes')).text).not.toContain('team/lab');
  expect((await use(reader, 'read_file', { volume: 'team/lab', path: '../../etc/passwd' })).isError).toBe(true);
});

test('[MC2] nobody comes in without a token: not with a cookie, not from a foreign page, not with a token taken back', async () => {
  const ask = (headers: Record<string, string>) =>
    fetch(`${world.origin}/mcp`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
    });
  const bare = await ask({});
  expect([bare.status, bare.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
  expect((await ask({ cookie, origin: world.origin })).status).toBe(401);
  expect((await ask({ authorization: 'Bearer llmos_wrong' })).status).toBe(401);
  const token = await tokenWith(['read']);
  const authorization = `Bearer ${token}`;
  expect((await ask({ authorization, origin: 'https://evil.example' })).status).toBe(403);
  expect((await ask({ authorization })).status).toBe(200);
});

test('[MC1] a run is started, followed to its answer, found in the memory, and another is stopped', async () => {
  const client = await connect(await tokenWith(['read', 'write', 'run']));
  const read = async (run: string) => JSON.parse((await use(client, 'read_run', { run })).text);
  const start = async (goal: string) => {
    const { text, isError } = await use(client, 'start_run', { volume: 'team/lab', goal, agent: 'NoteKeeper' });
    expect([isError, text]).toEqual([false, expect.any(String)]);
    return (JSON.parse(text) as { id: string }).id;
  };
  model.on('Count the pelicans', [{ text: 'There are seven pelicans.' }]);
  const id = await start('Count the pelicans');
  await expect.poll(async () => (await read(id)).run.status, { timeout: 20_000 }).toBe('done');
  expect(await read(id)).toMatchObject({ answer: 'There are seven pelicans.', run: { goal: 'Count the pelicans' } });
  const remembered = () => use(client, 'query_memory', { volume: 'team/lab', query: 'pelicans' });
  await expect.poll(async () => (await remembered()).text, { timeout: 20_000 }).toMatch(/memory\/traces\/.*pelicans/);
  expect((await use(client, 'search_files', { volume: 'team/lab', query: 'seven pelicans' })).text).toContain(
    'traces/',
  );

  model.on('Count for ever', [{ text: 'one two three four five six seven eight nine ten', paceMs: 2000 }]);
  const endless = await start('Count for ever');
  expect((await use(client, 'stop_run', { run: endless })).isError).toBe(false);
  await expect.poll(async () => (await read(endless)).run.status, { timeout: 10_000 }).toBe('stopped');
});

test('[MC2] a token for one volume asks no memory but its own, and stops no run of another', async () => {
  const all = await connect(await tokenWith(['read', 'write', 'run']));
  model.on('Watch the storks', [{ text: 'a b c d e f g h i j k l m n o p q r s t', piece: 2, paceMs: 1000 }]);
  const { text } = await use(all, 'start_run', { volume: 'team/lab', goal: 'Watch the storks' });
  const { id: run } = JSON.parse(text) as { id: string };
  const narrow = await connect(await tokenWith(['read', 'write', 'run'], 'user/ada'));
  for (const [tool, args] of [
    ['read_run', { run }],
    ['stop_run', { run }],
    ['start_run', { volume: 'team/lab', goal: 'x' }],
  ] as const)
    expect((await use(narrow, tool, args)).isError).toBe(true);
  const asked = await use(narrow, 'query_memory', { volume: 'team/lab', query: 'pelicans' });
  expect(asked.text).not.toContain('memory/traces');
  expect((await use(await connect(await tokenWith(['read'])), 'stop_run', { run })).isError).toBe(true);
  expect((await use(all, 'stop_run', { run })).isError).toBe(false);
});
