// The workspace through the eyes of the stock MCP client, against a real server.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { SkillsClient } from '@modelcontextprotocol/client/ext/skills';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startWorld, type World } from '../../e2e/world.ts';
import { openTestDatabase } from '../platform/testDatabase.ts';

type Scopes = ('read' | 'write' | 'run')[];
let world: World;
let database: Awaited<ReturnType<typeof openTestDatabase>>;
let cookie: string;
const open: Client[] = [];

beforeAll(async () => {
  database = await openTestDatabase(inject('postgresUrl'));
  world = await startWorld({ DATABASE_URL: database.url, EMBEDDINGS: 'off', ALLOWED_HOSTS: '' });
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

test('[MC1] a run is started, read and stopped; without a model it says what to do', async () => {
  const client = await connect(await tokenWith(['read', 'write', 'run']));
  const started = await use(client, 'start_run', { volume: 'team/lab', goal: 'Say hello' });
  if (started.isError) return expect(started.text).toContain('provider');
  const { id } = JSON.parse(started.text) as { id: string };
  expect((await use(client, 'read_run', { run: id })).text).toContain('Say hello');
  await use(client, 'stop_run', { run: id });
});
