import { expect, test } from 'vitest';
import type { Api } from '#lib/api.ts';
import { Toasts } from '#lib/ui/toasts.svelte.ts';
import type { FileEntry, Me, Volume } from '#shared/api.ts';
import { Problem } from '#shared/errors.ts';
import type { Face, FromBrowser } from '#shared/live.ts';
import type { LiveNews } from './live.ts';
import { Workspace } from './workspace.svelte.ts';

const face = (login: string): Face => ({
  id: `id-${login}`,
  login,
  name: login[0]!.toUpperCase() + login.slice(1),
  colour: 1,
});
const me: Me = { person: face('ada'), isAdmin: false, hasPassword: true, github: null, teams: [], insecure: false };
const volume = (name: string, more: Partial<Volume> = {}): Volume => ({
  name,
  kind: name.startsWith('team') ? 'team' : name === 'system' ? 'system' : 'user',
  title: name,
  role: 'editor',
  head: null,
  files: 1,
  unreviewed: 0,
  ...more,
});
const entry = (path: string): FileEntry => ({
  id: `id-${path}`,
  path,
  kind: 'text',
  size: 1,
  branch: 'main',
  pending: false,
  held: false,
  updatedAt: '2026-11-22T10:00:00Z',
});

type Answer = (input: { params: Record<string, string>; body?: unknown; query?: unknown }) => unknown;

/** A workspace on a server that answers from a table; what it asked, said and showed can be read. */
async function world(
  answers: Record<string, Answer> = {},
  { paths = ['a.md', 'agents/b.md'], storage = new Map<string, string>() } = {},
) {
  const asked: string[] = [];
  const said: FromBrowser[] = [];
  const shown: string[] = [];
  const trees: Record<string, string[]> = { 'team/lab': paths, 'user/ada': ['mine.md'] };
  let news: LiveNews | null = null;
  let live = false;
  const usual: Record<string, Answer> = {
    'GET /me': () => me,
    'GET /volumes': () => ({
      volumes: [
        volume('system', { role: 'viewer' }),
        volume('team/lab', { unreviewed: 2 }),
        volume('user/ada', { role: 'owner', unreviewed: 1 }),
      ],
    }),
    'GET /me/notifications': () => ({ notifications: [], unread: 0, cursor: null }),
    'GET /volumes/:volume/tree': ({ params }) => {
      const files = trees[params['volume']!];
      if (!files) throw new Problem('not-found', 'There is no volume of that name, or it is not shared with you.');
      return { files: files.map(entry), folders: ['empty'], head: null };
    },
  };
  const api = (async (route: string, input = {}) => {
    asked.push(route);
    const answer = answers[route] ?? usual[route];
    if (!answer) throw new Error(`nobody answers ${route}`);
    return answer(input as never);
  }) as unknown as Api;
  const toasts = new Toasts({ start: () => () => {} });
  const workspace = new Workspace({
    api,
    live: (heard) => {
      news = heard;
      return { send: (message) => live && said.push(message), retry: () => {}, close: () => {} };
    },
    storage: { getItem: (key) => storage.get(key) ?? null, setItem: (key, value) => storage.set(key, value) },
    toasts,
    goto: (address, options) => shown.push(options?.replace ? `= ${address}` : address),
    signedOut: () => shown.push('sign-in'),
  });
  await workspace.start();
  const connect = (again = false) => {
    live = true;
    news!.state('open');
    news!.opened(again);
    return () => news!.state('offline');
  };
  const go = (path: string | null = null, name = 'team/lab') =>
    workspace.go({ volume: name, view: 'files', path, query: {} });
  return { workspace, asked, said, shown, toasts, connect, go, trees, storage };
}

const openTabs = (workspace: Workspace) => workspace.tabs.groups.map((group) => group.tabs.map((tab) => tab.path));

test('a place opens its volume and its file, and says where I am', async () => {
  const { workspace, connect, go, said } = await world();
  connect();
  await go('agents/b.md');
  expect(workspace.tree).toBe('ready');
  expect(workspace.activeFile?.path).toBe('agents/b.md');
  expect([...workspace.expanded.all]).toEqual(['agents']);
  expect(said).toEqual([
    { type: 'watch', volume: 'team/lab' },
    { type: 'at', volume: 'team/lab', fileId: 'id-agents/b.md' },
  ]);
  expect(workspace.canWrite).toBe(true);
  expect(workspace.unreviewed).toBe(3);
});

test('the last of two quick places wins', async () => {
  const { workspace, go } = await world();
  await Promise.all([go('a.md'), go('agents/b.md')]);
  expect(workspace.activeFile?.path).toBe('agents/b.md');
  await Promise.all([go('mine.md', 'user/ada'), go('a.md')]);
  expect(workspace.volume).toBe('team/lab');
  expect(workspace.activeFile?.path).toBe('a.md');
});

test('the system volume is read-only for everyone', async () => {
  const { workspace, go } = await world({}, {});
  await go(null, 'system');
  expect(workspace.canWrite).toBe(false);
});

test('a volume that is not mine to see says so and keeps the rest alive', async () => {
  const { workspace, go } = await world();
  await go('x.md', 'team/other');
  expect(workspace.tree).toMatchObject({ code: 'not-found' });
  await go('a.md');
  expect(workspace.tree).toBe('ready');
});

test('[SY14] a rename by somebody else keeps the tab, and the address follows', async () => {
  const { workspace, go, shown } = await world();
  await go('a.md');
  workspace.hear({
    type: 'tree',
    volume: 'team/lab',
    changed: [{ ...entry('a.md'), path: 'notes/new name.md' }],
    gone: [],
    folders: [],
  });
  expect(openTabs(workspace)).toEqual([['notes/new name.md']]);
  expect(shown.at(-1)).toBe('= /v/team/lab/f/notes/new%20name.md');
  expect(workspace.activeFile?.id).toBe('id-a.md');
});

test('[SY14] a file that somebody else deleted stays open and says who', async () => {
  const { workspace, go } = await world();
  await go('a.md');
  workspace.hear({
    type: 'tree',
    volume: 'team/lab',
    changed: [],
    gone: [{ id: 'id-a.md', path: 'a.md', by: face('ben'), at: '2026-11-22T14:31:00Z' }],
    folders: [],
  });
  expect(workspace.fileAt('a.md')).toBe(null);
  expect(workspace.tabs.active).toBe('id-a.md');
  expect(workspace.gone.get('id-a.md')?.by?.login).toBe('ben');
  workspace.hear({ type: 'tree', volume: 'team/lab', changed: [entry('a.md')], gone: [], folders: [] });
  expect(workspace.gone.size).toBe(0);
});

test('what I delete closes, and the toast puts it back', async () => {
  const asked: unknown[] = [];
  const { workspace, go, toasts, shown, trees } = await world({
    'DELETE /volumes/:volume/files/*path': ({ params }) => ({
      id: `id-${params['path']}`,
      path: params['path'],
      epoch: 1,
      oid: null,
      run: null,
    }),
    'POST /files/:id/put-back': ({ params }) => {
      asked.push(params['id']);
      return { id: params['id'], path: 'a.md', epoch: 1, oid: null };
    },
  });
  await go('a.md');
  trees['team/lab'] = ['agents/b.md'];
  await workspace.remove('a.md');
  expect(openTabs(workspace)).toEqual([[]]);
  expect(shown.at(-1)).toBe('= /v/team/lab');
  trees['team/lab'] = ['a.md', 'agents/b.md'];
  toasts.shown[0]!.act!.run();
  await expect.poll(() => workspace.activeFile?.path).toBe('a.md');
  expect(asked).toEqual(['id-a.md']);
});

test('a folder that moves takes its open files and its open state along', async () => {
  const { workspace, go, shown } = await world({
    'PATCH /volumes/:volume/folders/*path': ({ body }) => ({
      files: [{ id: 'id-agents/b.md', path: `${(body as { rename_to: string }).rename_to}/b.md`, epoch: 1, oid: null }],
    }),
  });
  await go('agents/b.md');
  await workspace.rename('agents', 'old/agents');
  expect(workspace.activeFile?.path).toBe('old/agents/b.md');
  expect(shown.at(-1)).toBe('= /v/team/lab/f/old/agents/b.md');
  expect(workspace.expanded.has('old/agents')).toBe(true);
});

test('what is moved is said, and the toast moves it back', async () => {
  const { workspace, go, toasts } = await world({
    'PATCH /volumes/:volume/files/*path': ({ params, body }) => ({
      id: 'id-a.md',
      path: (body as { rename_to: string }).rename_to,
      from: params['path'],
    }),
  });
  await go('a.md');
  await workspace.move('a.md', 'agents');
  expect(workspace.activeFile?.path).toBe('agents/a.md');
  expect(toasts.shown[0]!.text).toBe('Moved a.md into agents');
  toasts.shown[0]!.act!.run();
  await expect.poll(() => workspace.activeFile?.path).toBe('a.md');
});

test('without a connection nobody is said to be here', async () => {
  const { workspace, go, connect } = await world();
  const lose = connect();
  await go('a.md');
  workspace.hear({
    type: 'presence',
    volume: 'team/lab',
    here: [{ tab: 't', person: face('ben'), fileId: 'id-a.md', since: '2026-01-01T00:00:00Z' }],
  });
  expect(workspace.facesIn().map(({ login }) => login)).toEqual(['ben']);
  lose();
  expect(workspace.facesIn()).toEqual([]);
});

test('uploads: a taken name gets a number, one failure does not stop the others, the toast says both', async () => {
  const sent: string[] = [];
  const { workspace, go, toasts } = await world({
    'POST /volumes/:volume/upload/*path': ({ params }) => {
      sent.push(params['path']!);
      if (params['path'] === 'big.bin') throw new Problem('too-large', 'Files may have at most 32 MB.');
      return { id: 'x', path: params['path'], epoch: 1, oid: null };
    },
  });
  await go();
  await workspace.upload([
    { path: 'A.md', bytes: new Blob(['x']) },
    { path: 'big.bin', bytes: new Blob(['y']) },
    { path: 'deep/c.png', bytes: new Blob(['z']) },
  ]);
  expect(sent.sort()).toEqual(['A 2.md', 'big.bin', 'deep/c.png']);
  expect(toasts.shown[0]).toMatchObject({
    kind: 'danger',
    text: '2 of 3 files arrived. big.bin: Files may have at most 32 MB.',
  });
});

test('others are shown once each, never I myself', async () => {
  const { workspace, go } = await world();
  await go('a.md');
  const at = (login: string, fileId: string | null, tab: string) => ({
    tab,
    person: face(login),
    fileId,
    since: '2026-11-22T10:00:00Z',
  });
  workspace.hear({
    type: 'presence',
    volume: 'team/lab',
    here: [
      at('ada', 'id-a.md', '1'),
      at('ben', 'id-a.md', '2'),
      at('ben', null, '3'),
      at('mei', 'id-agents/b.md', '4'),
    ],
  });
  workspace.hear({ type: 'presence', volume: 'team/other', here: [] });
  expect(workspace.facesIn().map((one) => one.login)).toEqual(['ben', 'mei']);
  expect(workspace.facesIn('id-a.md').map((one) => one.login)).toEqual(['ben']);
  expect(workspace.whereIs('id-ben')?.path).toBe('a.md');
});

test('after a gap in the connection everything is read again, and the watch renewed', async () => {
  const { workspace, connect, go, asked, said, trees } = await world();
  connect();
  await go('a.md');
  trees['team/lab'] = ['a.md', 'new.md'];
  asked.length = said.length = 0;
  connect(true);
  await expect.poll(() => workspace.fileAt('new.md')?.path).toBe('new.md');
  expect(said).toEqual([
    { type: 'watch', volume: 'team/lab' },
    { type: 'at', volume: 'team/lab', fileId: 'id-a.md' },
  ]);
  expect(asked.sort()).toEqual(['GET /me/notifications', 'GET /volumes', 'GET /volumes/:volume/tree']);
});

test('words wait for a version until it is there', async () => {
  const { workspace, go } = await world();
  await go('a.md');
  workspace.hear({
    type: 'pending',
    volume: 'team/lab',
    fileId: 'id-a.md',
    authors: [face('ben')],
    due: '2026-11-22T10:00:30Z',
    held: null,
  });
  expect(workspace.fileAt('a.md')?.pending).toBe(true);
  expect(workspace.due.get('id-a.md')?.authors[0]?.login).toBe('ben');
  const before = workspace.versions;
  workspace.hear({ type: 'committed', volume: 'team/lab', commits: [], fileIds: ['id-a.md'] });
  expect(workspace.fileAt('a.md')?.pending).toBe(false);
  expect(workspace.due.size).toBe(0);
  expect(workspace.versions).toBe(before + 1);
});

test('tabs and the last place come back in the next session', async () => {
  const first = await world();
  await first.go('a.md');
  await first.go('agents/b.md');
  first.workspace.arrange((tabs) => tabs.split());
  expect(first.workspace.lastAddress).toBe('/v/team/lab/f/agents/b.md');
  const second = await world({}, { storage: first.storage });
  expect(second.workspace.lastAddress).toBe('/v/team/lab/f/agents/b.md');
  await second.go();
  expect(openTabs(second.workspace)).toEqual([['a.md', 'agents/b.md'], ['agents/b.md']]);
  expect(second.shown).toEqual(['= /v/team/lab/f/agents/b.md']);
});

test('a first visit starts in a team’s volume, and a place that is no longer mine is forgotten', async () => {
  const { workspace } = await world({}, { storage: new Map([['llmos.last.ada', '"/v/team/gone/f/a.md"']]) });
  expect(workspace.lastAddress).toBe('/v/team/lab');
});

test('beside the files a page that was loaded there enters the volume where this person was last, and no other', async () => {
  const first = await world();
  await first.go('mine.md', 'user/ada');
  const second = await world({}, { storage: first.storage });
  await second.workspace.enterLast();
  expect(second.workspace.volume).toBe('user/ada');
  expect(second.workspace.fileAt('mine.md')).not.toBeNull();
  expect(second.shown).toEqual([]); // where the person is stays in front
  await second.workspace.enter('team/lab');
  await second.workspace.enterLast();
  expect(second.workspace.volume).toBe('team/lab');
});

test('notifications: news counts up, reading counts down', async () => {
  const { workspace } = await world({ 'POST /me/notifications/read': () => ({}) });
  const one = (id: string) => ({
    id,
    kind: 'file.deleted',
    text: 'Ben deleted a.md',
    volume: 'team/lab',
    path: 'a.md',
    oid: null,
    run: null,
    by: face('ben'),
    at: '2026-11-22T10:00:00Z',
    read: false,
  });
  workspace.hear({ type: 'notification', notification: one('1') });
  workspace.hear({ type: 'notification', notification: one('2') });
  expect(workspace.notifications.unread).toBe(2);
  await workspace.notifications.markRead(['1']);
  await workspace.notifications.markRead(['1']);
  expect(workspace.notifications.unread).toBe(1);
  await workspace.notifications.markRead();
  expect(workspace.notifications.unread).toBe(0);
  expect(workspace.notifications.all.every((notification) => notification.read)).toBe(true);
});
