import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { FileAddress } from '#shared/api.ts';
import { idOf, startVolumes, type TestVolumes } from '../testVolumes.ts';

let world: TestVolumes;
beforeAll(async () => {
  world = await startVolumes({ postgresUrl: inject('postgresUrl') });
});
afterAll(() => world.stop());

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const lab = '/volumes/team%2Flab';
const at = (name: string) => `${lab}/files/${name.split('/').map(encodeURIComponent).join('/')}`;
const raw = (name: string) => at(name).replace('/files/', '/raw/');
const json = async <T = FileAddress>(response: Response | Promise<Response>): Promise<T> =>
  (await (await response).json()) as T;
const create = async (name: string, text = `text of ${name}\n`) => {
  const response = await world.call('ada', `PUT ${at(name)}`, text);
  expect(response.status, name).toBe(201);
  return json(response);
};
const read = async (name: string) => {
  const response = await world.call('ben', `GET ${at(name)}`);
  return {
    status: response.status,
    text: decoder.decode(await response.arrayBuffer()),
    etag: response.headers.get('etag') ?? '',
  };
};
const tree = () =>
  json<{
    files: { id: string; path: string; pending: boolean; held: boolean; kind: string; size: number }[];
    folders: string[];
  }>(world.call('vic', `GET ${lab}/tree`));
const git = (...args: string[]) =>
  execFileSync('git', ['--git-dir', world.repositories.directoryOf(world.volume.id), ...args]).toString();

test('a file that is made is a version at once, by its person, and everybody hears of it', async () => {
  const made = await create('notes/day one.md', 'first words\n');
  expect(made).toMatchObject({ path: 'notes/day one.md', epoch: 1, oid: expect.stringMatching(/^[0-9a-f]{40}$/) });
  expect(git('show', `${made.oid}:notes/day one.md`)).toBe('first words\n');
  expect(git('log', '-1', '--format=%an', made.oid!)).toBe('ADA\n');
  expect(await read('notes/day one.md')).toEqual({ status: 200, text: 'first words\n', etag: `"${made.oid}"` });
  expect(world.heard).toContainEqual(
    expect.objectContaining({
      type: 'tree',
      changed: [
        expect.objectContaining({ id: made.id, path: 'notes/day one.md', kind: 'text', size: 12, pending: false }),
      ],
    }),
  );
});

test('GET answers what is typed, with a commit that holds exactly this text', async () => {
  const { id } = await create('typed.md', 'one\n');
  await world.type('ben', id, 'one', 'one and two');
  const { text, etag } = await read('typed.md');
  expect(text).toBe('one and two\n');
  expect(git('show', `${etag.replaceAll('"', '')}:typed.md`)).toBe(text);
  expect(git('log', '-1', '--format=%an', etag.replaceAll('"', ''))).toBe('BEN\n');
  expect((await world.call('ben', `GET ${at('typed.md')}`, undefined, { 'if-none-match': etag })).status).toBe(304);
});

test('[GI8] unsafe paths are refused with a sentence, whatever the verb', async () => {
  await create('fine.md');
  for (const bad of [
    '../x',
    'a/../../b',
    '.git/config',
    'a/.GIT/b',
    'con.md',
    'a:b',
    'a\\b',
    'a\u200bb',
    'x.',
    'a//b',
    'GIT~1',
  ]) {
    const refused = async (response: Response | Promise<Response>) => {
      const { status } = await response;
      expect([400, 404, 422], `${bad}: ${status}`).toContain(status);
    };
    const address = `${lab}/files/${encodeURIComponent(bad)}`;
    await refused(world.call('ada', `PUT ${address}`, 'x'));
    await refused(world.call('ada', `GET ${address}`));
    await refused(world.call('ada', `DELETE ${address}`));
    await refused(world.call('ada', `PATCH ${at('fine.md')}`, { rename_to: bad }));
    await refused(world.call('ada', `POST ${lab}/folders`, { path: bad }));
    await refused(world.call('ada', `POST ${lab}/upload/${encodeURIComponent(bad)}`, Buffer.from([1, 0])));
  }
  const { message } = (
    await json<{ error: { message: string } }>(world.call('ada', `PATCH ${at('fine.md')}`, { rename_to: 'con.md' }))
  ).error;
  expect(message).toBe('“con.md” is a name that Windows keeps for itself.');
});

test('[GI8] no duplicates by case or Unicode, no file that is also a folder, each folder in one spelling', async () => {
  await create('Größe/Straße.md');
  for (const clash of [
    'Größe/straße.md',
    'Größe/STRASSE.MD',
    'größe/other.md',
    'Gro\u0308\u00dfe/STRAßE.md',
    'Größe',
    'Größe/Straße.md/inside.md',
  ]) {
    const response = await world.call('ada', `PUT ${at(clash)}`, 'x');
    expect(response.status, clash).toBe(409);
  }
  expect((await world.call('ada', `PATCH ${at('fine.md')}`, { rename_to: 'GRÖSSE/x.md' })).status).toBe(409);
  expect((await world.call('ada', `POST ${lab}/folders`, { path: 'fine.md' })).status).toBe(409);
  // the same in another normal form is the same
  expect((await world.call('ben', `GET ${at('Gro\u0308\u00dfe/Straße.md')}`)).status).toBe(200);
});

test('[GI6] two who create the same path at once: one makes it, the other is told', async () => {
  const answers = await Promise.all([
    world.call('ada', `PUT ${at('race.md')}`, 'from ada'),
    world.call('ben', `PUT ${at('race.md')}`, 'from ben'),
    world.call('ben', `PUT ${at('RACE.md')}`, 'from ben'),
    world.call('ada', `POST ${lab}/upload/race.md`, Buffer.from('from an upload')),
  ]);
  const statuses = answers.map(({ status }) => status).sort();
  expect(statuses.filter((status) => status < 300)).toHaveLength(1);
  expect(statuses.slice(1).every((status) => status === 409 || status === 428)).toBe(true);
  expect((await tree()).files.filter((file) => file.path.toLowerCase() === 'race.md')).toHaveLength(1);
});

test('[GI6] races of renames: nobody is overwritten, nothing is there twice', async () => {
  const [one, two] = [await create('a1.md', 'one'), await create('a2.md', 'two')];
  const answers = await Promise.all([
    world.call('ada', `PATCH ${at('a1.md')}`, { rename_to: 'target.md' }),
    world.call('ben', `PATCH ${at('a2.md')}`, { rename_to: 'Target.md' }),
    world.call('ada', `PATCH ${at('a1.md')}`, { rename_to: 'elsewhere.md' }),
  ]);
  const left = (await tree()).files.filter(({ id }) => id === one.id || id === two.id);
  expect(left).toHaveLength(2);
  // whoever came first is told yes, and what was told is so: of the two spellings one, and a file moves from a place once
  const wanted = ['target.md', 'Target.md', 'elsewhere.md'];
  const done = wanted.filter((_, i) => answers[i]!.status === 200);
  expect(
    left
      .map((file) => file.path)
      .filter((path) => wanted.includes(path))
      .toSorted(),
  ).toEqual(done.toSorted());
  expect(answers.map(({ status }) => status).every((status) => [200, 404, 409].includes(status))).toBe(true);
  expect(new Set(left.map((file) => file.path.toLowerCase())).size).toBe(2);
});

test('[SY14] a rename keeps id, room and what is being typed, also when only capitals change', async () => {
  const { id } = await create('readme.md', 'hello\n');
  await world.type('ben', id, 'hello', 'hello there');
  const renamed = await json(world.call('ada', `PATCH ${at('readme.md')}`, { rename_to: 'README.md' }));
  expect(renamed).toMatchObject({ id, path: 'README.md', epoch: 1 });
  await world.type('ben', id, 'there', 'there, again');
  expect((await read('README.md')).text).toBe('hello there, again\n');
  expect((await read('readme.md')).status).toBe(404);
  const moved = await json(world.call('ben', `PATCH ${at('README.md')}`, { rename_to: 'deep/down/README.md' }));
  expect(moved.id).toBe(id);
  // who typed is credited, the rename is its own act
  expect(
    git('log', '--format=%an %s', '--follow', moved.oid!, '--', 'deep/down/README.md')
      .trim()
      .split('\n')
      .map((line) => line.split(' ')[0]),
  ).toEqual(['BEN', 'BEN', 'ADA', 'BEN', 'ADA']);
});

test('[SY14] a deletion takes what was typed along, and "put back" brings back all of it with the same id', async () => {
  const { id } = await create('gone.md', 'first\n');
  await world.type('ben', id, 'first', 'first and second');
  const deleted = await json(world.call('ada', `DELETE ${at('gone.md')}`));
  expect(deleted.id).toBe(id);
  expect((await read('gone.md')).status).toBe(404);
  expect(git('show', `${deleted.oid}~1:gone.md`)).toBe('first and second\n');
  expect(await json(world.call('vic', `GET /files/${id}`))).toMatchObject({
    path: 'gone.md',
    deleted: { by: { login: 'ada' } },
  });
  expect((await world.call('ada', `DELETE ${at('gone.md')}`)).status).toBe(404);
  // words of a browser that had not heard yet
  await world.type('ben', id, 'second', 'second, late');
  const back = await json(world.call('ben', `POST /files/${id}/put-back`, {}));
  expect(back).toMatchObject({ id, path: 'gone.md' });
  expect((await read('gone.md')).text).toBe('first and second, late\n');
  expect((await world.call('ben', `POST /files/${id}/put-back`, {})).status).toBe(409);
});

test('a file whose name is taken meanwhile is put back under another', async () => {
  const { id } = await create('spot.md', 'old');
  await world.call('ada', `DELETE ${at('spot.md')}`);
  await create('spot.md', 'new');
  expect((await world.call('ada', `POST /files/${id}/put-back`, {})).status).toBe(409);
  expect(await json(world.call('ada', `POST /files/${id}/put-back`, { path: 'spot (old).md' }))).toMatchObject({
    id,
    path: 'spot (old).md',
  });
  expect([(await read('spot.md')).text, (await read('spot (old).md')).text]).toEqual(['new', 'old']);
});

test('folders: empty ones stay, rename and delete take everything along in one version', async () => {
  await world.call('ada', `POST ${lab}/folders`, { path: 'plans/empty' });
  const made = await Promise.all(['plans/a.md', 'plans/b/c.md', 'plans2/x.md'].map((name) => create(name)));
  expect((await tree()).folders).toContain('plans/empty');
  const { files } = await json<{ files: FileAddress[] }>(
    world.call('ben', `PATCH ${lab}/folders/plans`, { rename_to: 'Plans' }),
  );
  expect(files.map((file) => [file.id, file.path])).toEqual([
    [made[0]!.id, 'Plans/a.md'],
    [made[1]!.id, 'Plans/b/c.md'],
  ]);
  expect(new Set(files.map((file) => file.oid)).size).toBe(1);
  expect((await tree()).folders).toContain('Plans/empty');
  expect((await world.call('ada', `PATCH ${lab}/folders/Plans`, { rename_to: 'Plans/inside' })).status).toBe(422);
  expect((await world.call('ada', `PATCH ${lab}/folders/Plans`, { rename_to: 'plans2/x.md' })).status).toBe(409);
  expect((await json<{ files: FileAddress[] }>(world.call('ada', `DELETE ${lab}/folders/Plans`))).files).toHaveLength(
    2,
  );
  expect((await world.call('ada', `DELETE ${lab}/folders/Plans`)).status).toBe(404);
  const left = await tree();
  expect(left.folders.filter((folder) => /plans/i.test(folder))).toEqual([]);
  expect(left.files.map((file) => file.path)).toContain('plans2/x.md');
});

test('uploads: text becomes a text file, everything else stays bytes, byte for byte', async () => {
  const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 7) & 255));
  const picture = await json(world.call('ben', `POST ${lab}/upload/shot.png`, bytes));
  const response = await world.call('vic', `GET ${raw('shot.png')}`);
  expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'image/png',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "sandbox; default-src 'none'",
    'content-disposition': expect.stringMatching(/^inline/),
  });
  expect(await json(world.call('vic', `GET /files/${picture.id}`))).toMatchObject({
    kind: 'binary',
    sync: null,
    size: 100_000,
  });
  expect((await world.call('vic', `GET ${at('shot.png')}`)).status).toBe(415);

  const text = await json(world.call('ben', `POST ${lab}/upload/hello.txt`, Buffer.from('\ufeffhello\r\nworld')));
  expect(await json(world.call('vic', `GET /files/${text.id}`))).toMatchObject({
    kind: 'text',
    sync: { url: 'ws://llmos.test/sync', room: text.id },
  });
  expect((await read('hello.txt')).text).toBe('\ufeffhello\r\nworld');

  expect((await world.call('ben', `POST ${lab}/upload/shot.png`, Buffer.from([0, 1]))).status).toBe(409);
  expect((await json(world.call('ben', `POST ${lab}/upload/shot.png?replace=1`, Buffer.from([0, 1])))).id).toBe(
    picture.id,
  );
  expect(Buffer.from(await (await world.call('vic', `GET ${raw('shot.png')}`)).arrayBuffer())).toEqual(
    Buffer.from([0, 1]),
  );
  const before = await world.call('vic', `GET ${raw('shot.png')}?at=${picture.oid}`);
  expect(Buffer.from(await before.arrayBuffer()).equals(bytes)).toBe(true);
});

test('[AC2] what a browser keeps of a version it asks about each time: who may not read it gets nothing out of the cache', async () => {
  const bytes = Buffer.from([0, 1, 2, 3]);
  const { oid } = await json(world.call('ben', `POST ${lab}/upload/kept.png`, bytes));
  const first = await world.call('vic', `GET ${raw('kept.png')}?at=${oid}`);
  expect(first.headers.get('cache-control')).toBe('private, no-cache');
  const known = { 'if-none-match': first.headers.get('etag')! };
  const again = await world.call('vic', `GET ${raw('kept.png')}?at=${oid}`, undefined, known);
  expect([again.status, await again.text(), again.headers.get('cache-control')]).toEqual([
    304,
    '',
    'private, no-cache',
  ]);
  expect(again.headers.get('content-security-policy')).toBe("sandbox; default-src 'none'");
  expect((await world.call('mallory', `GET ${raw('kept.png')}?at=${oid}`, undefined, known)).status).toBe(404);
  expect((await world.call('vic', `GET ${raw('other.png')}?at=${oid}`, undefined, known)).status).toBe(404);
});

test('pages, drawings and scripts of people are never shown in our origin', async () => {
  for (const name of ['evil.html', 'evil.svg', 'evil.xhtml', 'evil.js', 'evil.pdf', 'évil "quoted"; x.html']) {
    await world.call('ada', `POST ${lab}/upload/${encodeURIComponent(name)}`, Buffer.from('<script>alert(1)</script>'));
    const { headers, status } = await world.call('vic', `GET ${raw(name)}`);
    expect(status, name).toBe(200);
    expect(headers.get('content-disposition'), name).toMatch(
      /^attachment; filename="[^"]*"; filename\*=UTF-8''[\w%.!~-]+$/,
    );
    expect(headers.get('content-security-policy')).toBe("sandbox; default-src 'none'");
    expect(headers.get('content-type')).not.toMatch(/html|javascript|pdf/);
  }
});

test('PUT: a new file is 201, an existing one needs If-Match, and an unknown version is told', async () => {
  const { oid } = await create('put.md', 'one\ntwo\nthree\n');
  expect((await world.call('ben', `PUT ${at('put.md')}`, 'x')).status).toBe(428);
  expect((await world.call('ben', `PUT ${at('put.md')}`, 'x', { 'if-match': '*' })).status).toBe(428);
  expect((await world.call('ben', `PUT ${at('put.md')}`, 'x', { 'if-match': `"${'0'.repeat(40)}"` })).status).toBe(412);
  expect((await world.call('ben', `PUT ${at('put.md')}`, 'x', { 'if-match': 'nonsense' })).status).toBe(412);
  expect((await world.call('ben', `PUT ${at('nothing.md')}`, 'x', { 'if-match': `"${oid}"` })).status).toBe(412);
  expect((await world.call('ben', `PUT ${at('put.md')}`, 'a\0b', { 'if-match': `"${oid}"` })).status).toBe(422);
  expect((await read('put.md')).text).toBe('one\ntwo\nthree\n');
});

test('[GI5] PUT merges by words into what is typed meanwhile: nothing is dropped, and each is credited', async () => {
  const { id, oid } = await create('merge.md', 'The first line.\nThe second line.\nThe third line.\n');
  await world.type('ben', id, 'first', 'very first');
  const response = await world.call(
    'ada',
    `PUT ${at('merge.md')}`,
    'The first line.\nThe second line.\nThe third and last line.\n',
    { 'if-match': `"${oid}"` },
  );
  expect(response.status).toBe(200);
  const answer = await json<FileAddress & { conflicts: unknown[] }>(response);
  expect(answer.conflicts).toEqual([]);
  const { text, etag } = await read('merge.md');
  expect(text).toBe('The very first line.\nThe second line.\nThe third and last line.\n');
  expect(etag).toBe(response.headers.get('etag'));
  const blame = git('blame', '--line-porcelain', answer.oid!, '--', 'merge.md')
    .split('\n')
    .filter((line) => line.startsWith('author '));
  expect(blame).toEqual(['author BEN', 'author ADA', 'author ADA']);
  // the same change again is no change
  const again = await json(world.call('ada', `PUT ${at('merge.md')}`, text, { 'if-match': etag }));
  expect(`"${again.oid}"`).toBe(etag);
});

test('[GI5] where both changed the same words both texts are kept, and one click settles it', async () => {
  const { id, oid } = await create('clash.md', 'The colour is red today.\nOther line.\n');
  await world.type('ben', id, 'red', 'green');
  const { conflicts } = await json<{
    conflicts: {
      id: string;
      ours: string;
      theirs: string;
      base: string;
      theirsBy: { login: string };
      oursBy: { login: string };
    }[];
  }>(
    world.call('ada', `PUT ${at('clash.md')}`, 'The colour is blue today.\nOther line, longer.\n', {
      'if-match': `"${oid}"`,
    }),
  );
  expect(conflicts).toMatchObject([
    { base: 'red', ours: 'green', theirs: 'blue', theirsBy: { login: 'ada' }, oursBy: { login: 'ben' }, source: 'put' },
  ]);
  expect((await read('clash.md')).text).toBe('The colour is green today.\nOther line, longer.\n');
  expect(await json(world.call('vic', `GET /files/${id}/conflicts`))).toEqual({ conflicts });
  expect(world.heard).toContainEqual({ type: 'conflicts', volumeId: world.volume.id, fileId: id, open: conflicts });

  // words around it move, and the card with them
  await world.type('ben', id, 'The colour', 'As everybody knows, the colour');
  const settle = (who: 'ada' | 'ben' | 'vic', body: object, conflict = conflicts[0]!.id) =>
    world.call(who, `POST /files/${id}/conflicts/${conflict}`, body);
  expect((await settle('vic', { choice: 'take' })).status).toBe(403);
  expect((await settle('ada', { choice: 'own' })).status).toBe(422);
  expect((await settle('ada', { choice: 'take' }, '00000000-0000-4000-8000-00000000dead')).status).toBe(404);
  const [one, two] = await Promise.all([settle('ada', { choice: 'take' }), settle('ben', { choice: 'take' })]);
  expect([one!.status, two!.status].sort()).toEqual([200, 409]);
  expect((await read('clash.md')).text).toBe('As everybody knows, the colour is blue today.\nOther line, longer.\n');
  expect(await json(world.call('vic', `GET /files/${id}/conflicts`))).toEqual({ conflicts: [] });
  expect(world.heard.findLast(({ type }) => type === 'conflicts')).toMatchObject({ fileId: id, open: [] });
});

test.each([
  ['keep', 'is green now'],
  ['both', 'is green blue now'],
  ['own', 'is teal now'],
])('[GI5] a conflict settled with "%s"', async (choice, expected) => {
  const { id, oid } = await create(`settle ${choice}.md`, 'is red now');
  await world.type('ben', id, 'red', 'green');
  const { conflicts } = await json<{ conflicts: { id: string }[] }>(
    world.call('ada', `PUT ${at(`settle ${choice}.md`)}`, 'is blue now', { 'if-match': `"${oid}"` }),
  );
  expect(
    (await world.call('ada', `POST /files/${id}/conflicts/${conflicts[0]!.id}`, { choice, text: 'teal' })).status,
  ).toBe(200);
  expect((await read(`settle ${choice}.md`)).text).toBe(expected);
});

test('[GI5] PUT against a version from before a rename still merges', async () => {
  const { id, oid } = await create('before.md', 'alpha beta\n');
  await world.call('ada', `PATCH ${at('before.md')}`, { rename_to: 'after.md' });
  await world.type('ben', id, 'alpha', 'ALPHA');
  expect(
    (await world.call('ada', `PUT ${at('after.md')}`, 'alpha beta gamma\n', { 'if-match': `"${oid}"` })).status,
  ).toBe(200);
  expect((await read('after.md')).text).toBe('ALPHA beta gamma\n');
});

test('[GI1] what looks like a secret is held back alone, visibly, and "not a secret" lets it in', async () => {
  const key = ['ghp', 'aB3dE5fG7hI9jK1lM2nO4pQ6rS8tU0vW2xY4'].join('_');
  const created = await json(world.call('ben', `PUT ${at('deploy.md')}`, `# Deploy\n\ntoken: ${key}\n`));
  await create('beside.md', 'harmless');
  expect((await tree()).files.find(({ id }) => id === created.id)).toMatchObject({ path: 'deploy.md', held: true });
  expect(await json(world.call('vic', `GET /files/${created.id}`))).toMatchObject({
    held: { line: 3, what: 'a GitHub token' },
  });
  expect(git('log', '--all', '-p')).not.toContain(key);
  expect(world.notified).toContainEqual(expect.objectContaining({ to: [idOf('ben')], kind: 'file.held' }));
  // it goes on living, and is read as it is, without a version
  await world.type('ben', created.id, '# Deploy', '# How to deploy');
  expect(await read('deploy.md')).toEqual({ status: 200, text: `# How to deploy\n\ntoken: ${key}\n`, etag: '' });
  expect((await world.call('vic', `POST /files/${created.id}/not-a-secret`)).status).toBe(403);
  expect((await world.call('ada', `POST /files/${created.id}/not-a-secret`)).status).toBe(200);
  const { text, etag } = await read('deploy.md');
  expect(git('show', `${etag.replaceAll('"', '')}:deploy.md`)).toBe(text);
  expect((await tree()).files.find(({ id }) => id === created.id)).toMatchObject({ held: false });
  // what was judged stays judged while something else changes, and a second key is noticed again
  await world.type('ben', created.id, 'deploy', 'deploy it');
  expect((await read('deploy.md')).etag).not.toBe('');
  await world.type('ben', created.id, '', `AKIA${'Q7ZKXW2MBVN5CRTY'}\n`);
  expect((await read('deploy.md')).etag).toBe('');
  // taking it out lets the file in again, without the key ever having been in a version
  await world.type('ben', created.id, `AKIA${'Q7ZKXW2MBVN5CRTY'}\n`, '');
  expect((await read('deploy.md')).etag).not.toBe('');
  expect(git('log', '--all', '-p')).not.toContain('AKIAQ7');
});

test('[AC2] a reader reads and changes nothing; a stranger sees nothing', async () => {
  const { id } = await create('rights.md', 'text');
  const writes: [string, unknown?][] = [
    [`PUT ${at('new.md')}`, 'x'],
    [`PATCH ${at('rights.md')}`, { rename_to: 'y.md' }],
    [`DELETE ${at('rights.md')}`],
    [`POST ${lab}/upload/z.bin`, Buffer.from([0])],
    [`POST ${lab}/folders`, { path: 'f' }],
    [`PATCH ${lab}/folders/notes`, { rename_to: 'g' }],
    [`DELETE ${lab}/folders/notes`],
    [`POST /files/${id}/put-back`, {}],
    [`POST /files/${id}/not-a-secret`, {}],
    [`POST /files/${id}/conflicts/${id}`, { choice: 'keep' }],
    [`POST ${lab}/import-archive`, Buffer.from('PK')],
    [`POST ${lab}/import`, { git: 'https://example.org/x.git' }],
  ];
  const reads = [
    `GET ${lab}`,
    `GET ${lab}/tree`,
    `GET ${at('rights.md')}`,
    `GET ${raw('rights.md')}`,
    `GET ${lab}/search?q=text`,
    `GET /files/${id}`,
    `GET /files/${id}/conflicts`,
    `GET ${lab}/export`,
  ];
  for (const [key, body] of writes) {
    expect((await world.call('vic', key, body)).status, `vic ${key}`).toBe(403);
    expect((await world.call('mallory', key, body)).status, `mallory ${key}`).toBe(404);
  }
  for (const key of reads) {
    expect((await world.call('vic', key)).status, `vic ${key}`).toBe(200);
    expect((await world.call('mallory', key)).status, `mallory ${key}`).toBe(404);
  }
  expect(
    (await json<{ volumes: { name: string }[] }>(world.call('mallory', 'GET /volumes'))).volumes.map(
      ({ name }) => name,
    ),
  ).toEqual([]);
});

test('volumes: a person has their own, and their teams', async () => {
  await world.volumes.ensureForPerson({ id: idOf('ada'), login: 'ada' });
  await world.volumes.ensureForPerson({ id: idOf('ada'), login: 'ada' });
  const { volumes } = await json<{
    volumes: { name: string; role: string; files: number; head: string | null; title: string }[];
  }>(world.call('ada', 'GET /volumes'));
  expect(volumes).toMatchObject([
    { name: 'user/ada', role: 'owner', files: 0, head: null },
    { name: 'team/lab', role: 'owner', title: 'Lab', head: expect.any(String) },
  ]);
  expect((await world.call('ben', 'GET /volumes/user%2Fada')).status).toBe(404);
});

test('[GI6] after all this the repository is clean, and the tables say what git says', async () => {
  await world.versions.checkpointNow({ volumeId: world.volume.id });
  expect(
    execFileSync(
      'git',
      ['--git-dir', world.repositories.directoryOf(world.volume.id), 'fsck', '--strict', '--no-progress'],
      { stdio: 'pipe' },
    ).toString(),
  ).toBe('');
  const { files } = await tree();
  expect(
    files
      .filter(({ held }) => !held)
      .map((file) => file.path)
      .sort(),
  ).toEqual(git('ls-tree', '-r', '-z', '--name-only', 'main').split('\0').filter(Boolean).sort());
  expect(fs.existsSync(path.join(world.repositories.directoryOf(world.volume.id), 'objects'))).toBe(true);
});

test('[GI8] a path is as long as the tables can hold, whatever its letters: what is too long is refused before it is in git', async () => {
  const letters = (count: number, from: number, of: number) =>
    Array.from({ length: count }, () => String.fromCodePoint(from + Math.floor(Math.random() * of))).join('');
  const put = (path: string) =>
    world.call('ada', `PUT /volumes/team%2Flab/files/${path.split('/').map(encodeURIComponent).join('/')}`, 'words\n');
  const long = Array.from({ length: 8 }, () => letters(255, 97, 26)).join('/');
  expect((await put(long)).status).toBe(201);
  const statuses = [];
  for (const path of [
    `${long}x`,
    Array.from({ length: 15 }, () => letters(250, 97, 26)).join('/'),
    Array.from({ length: 8 }, () => letters(80, 0xfdf0, 11)).join('/'), // ligatures that stand for whole words
  ])
    statuses.push((await put(path)).status);
  expect(statuses).toEqual([422, 422, 422]);
  expect((await put('later.md')).status).toBe(201);
});
