import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { ChangeResult, FileAddress } from '#shared/api.ts';
import { Problem } from '#shared/errors.ts';
import { packTar, packZip, readArchive } from './archive.ts';
import { readFolder } from './folderReading.ts';
import { actorOf, idOf, startVolumes, type TestVolumes } from '../testVolumes.ts';

const samples = path.join(import.meta.dirname, '../../../samples');
let world: TestVolumes;
let clone: { files: { path: string; content: Buffer }[]; skipped: { path: string; why: string }[] } | Problem;
beforeAll(async () => {
  world = await startVolumes({
    postgresUrl: inject('postgresUrl'),
    gitClone: async () => {
      if (clone instanceof Problem) throw clone;
      return { oid: 'f'.repeat(40), ...clone };
    },
  });
});
afterAll(() => world.stop());

const at = 1_767_323_046;
async function* from(files: Record<string, string | Uint8Array>) {
  for (const [name, content] of Object.entries(files)) yield { path: name, content: Buffer.from(content) };
}
const zip = (files: Record<string, string | Uint8Array>) => buffer(packZip({ files: from(files), at }));
const tar = (files: Record<string, string | Uint8Array>) => buffer(packTar({ files: from(files), at }));
const json = async <T>(response: Response | Promise<Response>): Promise<T> => (await (await response).json()) as T;
let teams = 0;
/** A fresh volume each, of ada's. */
async function freshVolume(sample: string | null = null) {
  const slug = `team${++teams}`;
  const { id } = await world.volumes.ensureForTeam({
    id: `00000000-0000-4000-9000-0000000001${String(teams).padStart(2, '0')}`,
    slug,
  });
  if (sample) {
    const { files } = await readFolder({ directory: path.join(samples, sample) });
    await world.importing.importFiles({ volumeId: id, person: idOf('ada'), files, kind: 'sample' });
  }
  const volume = (await world.volumes.find(`team/${slug}`, actorOf('ada')))!;
  const url = `/volumes/${encodeURIComponent(volume.name)}`;
  return {
    ...volume,
    url,
    git: (...args: string[]) => execFileSync('git', ['--git-dir', world.repositories.directoryOf(volume.id), ...args]),
    import: (archive: Buffer, into = '') =>
      world.call('ada', `POST ${url}/import-archive${into && `?into=${into}`}`, archive),
    text: async (name: string) => (await world.call('ada', `GET ${url}/files/${name}`)).text(),
    put: async (name: string, text: string) => json<FileAddress>(world.call('ada', `PUT ${url}/files/${name}`, text)),
    export: async (format: string, version = '') =>
      Buffer.from(
        await (
          await world.call('ada', `GET ${url}/export?format=${format}${version && `&at=${version}`}`)
        ).arrayBuffer(),
      ),
  };
}
const asRecord = (files: { path: string; content: Uint8Array }[]) =>
  Object.fromEntries(
    files
      .map((file) => [file.path, Buffer.from(file.content).toString('base64')])
      .sort(([a], [b]) => (a! < b! ? -1 : 1)),
  );

test('the original volume: all of its files open, are edited, commit, and go round byte for byte', async () => {
  const volume = await freshVolume('llmos-original');
  const { files } = await readFolder({ directory: path.join(samples, 'llmos-original') });
  expect(files.length).toBeGreaterThanOrEqual(60);
  expect(volume.git('rev-list', '--count', 'main').toString()).toBe('1\n');
  for (const format of ['zip', 'tar.gz'])
    expect(asRecord(await readArchive({ bytes: await volume.export(format) })), format).toEqual(asRecord(files));
  const { files: rows } = await json<{ files: { id: string; path: string; kind: string; held: boolean }[] }>(
    world.call('ada', `GET ${volume.url}/tree`),
  );
  expect(rows.map((row) => row.path).sort()).toEqual(files.map((file) => file.path).sort());
  expect(rows.filter((row) => row.held || row.kind !== 'text')).toEqual([]);
  for (const { id, path: name } of rows) {
    const before = Buffer.from(files.find((file) => file.path === name)!.content).toString('utf8');
    expect(
      Buffer.from(await (await world.call('ada', `GET ${volume.url}/files/${encodeURI(name)}`)).arrayBuffer()).toString(
        'utf8',
      ),
      name,
    ).toBe(before);
    await world.type('ada', id, '', 'One more line, — ünïcödé 🎉.\n');
  }
  const { commits } = await json<{ commits: { files: unknown[] }[] }>(
    world.call('ada', `POST ${volume.url}/checkpoint`, { message: 'A line for each' }),
  );
  expect(commits).toHaveLength(1);
  expect(commits[0]!.files).toHaveLength(rows.length);
  const after = asRecord(await readArchive({ bytes: await volume.export('tar.gz') }));
  for (const { path: name, content } of files)
    expect(Buffer.from(after[name]!, 'base64').toString('utf8'), name).toBe(
      `${Buffer.from(content).toString('utf8')}One more line, — ünïcödé 🎉.\n`,
    );
  // and the first version is still what it was
  const first = volume.git('rev-list', '--max-parents=0', 'main').toString().trim();
  expect(asRecord(await readArchive({ bytes: await volume.export('zip', first) }))).toEqual(asRecord(files));
  expect(volume.git('fsck', '--strict', '--no-progress').toString()).toBe('');
}, 120_000);

test('the sample team starts with its files, credited to who founded it', async () => {
  const volume = await freshVolume('lab');
  expect(volume.git('log', '--format=%an', 'main').toString()).toBe('ADA\n');
  // every link of its README leads somewhere
  const readme = await volume.text('README.md');
  const links = Array.from(readme.matchAll(/\]\(([^)]+)\)/g), (match) => match[1]!);
  expect(links.length).toBeGreaterThan(5);
  for (const link of links) expect((await world.call('ada', `GET ${volume.url}/files/${link}`)).status, link).toBe(200);
});

test('an archive becomes one commit by who brought it, into a folder if asked, and comes out the same', async () => {
  const volume = await freshVolume();
  const files = {
    'a.md': 'a\r\nb',
    'deep/ä.md': 'ü',
    'picture.png': Buffer.from([137, 80, 78, 71, 0, 255]),
    'empty.md': '',
  };
  const response = await volume.import(await tar(files));
  expect(response.status).toBe(200);
  const result = await json<ChangeResult>(response);
  expect(result.commits).toMatchObject([{ kind: 'import', author: { login: 'ada' } }]);
  expect(result.files.map((file) => [file.path, file.change])).toEqual(
    expect.arrayContaining(Object.keys(files).map((name) => [name, 'created'])),
  );
  expect(asRecord(await readArchive({ bytes: await volume.export('zip') }))).toEqual(
    asRecord(Object.entries(files).map(([name, content]) => ({ path: name, content: Buffer.from(content) }))),
  );
  await volume.import(await zip({ 'x.md': 'x' }), 'box/inner');
  expect(await volume.text('box/inner/x.md')).toBe('x');
  // the same again changes nothing, and makes no version (GI2)
  expect((await json<ChangeResult>(volume.import(await zip(files)))).commits).toEqual([]);
});

test('[GI5] what is there is merged, never overwritten: what people wrote stays, clashes are kept as both', async () => {
  const volume = await freshVolume();
  await volume.import(await zip({ 'doc.md': 'Title\n\nThe first part.\n\nThe last part.\n' }));
  const { id } = await json<FileAddress>(
    world.call('ada', `PATCH ${volume.url}/files/doc.md`, { rename_to: 'doc.md' }),
  );
  await world.type('ada', id, 'first part', 'first part, as ada sees it');
  const result = await json<ChangeResult>(
    volume.import(await zip({ 'doc.md': 'Title\n\nThe first part.\n\nThe very last part.\n', 'new.md': 'new' })),
  );
  expect(await volume.text('doc.md')).toBe('Title\n\nThe first part, as ada sees it.\n\nThe very last part.\n');
  expect(result.conflicts).toEqual([]);
  expect(result.commits.at(-1)).toMatchObject({ kind: 'import' });
  expect(
    result.commits
      .at(-1)!
      .files.map((file) => file.path)
      .sort(),
  ).toEqual(['doc.md', 'new.md']);

  const clash = await json<ChangeResult>(
    volume.import(await zip({ 'doc.md': 'Another title\n\nThe first part.\n\nThe very last part.\n' })),
  );
  expect(await volume.text('doc.md')).toContain('as ada sees it');
  expect(clash.conflicts.length + Number((await volume.text('doc.md')).startsWith('Another title'))).toBe(1);

  // a file that never came from outside: nothing of either text is lost
  await volume.put('own.md', 'alpha\nbeta\ngamma\n');
  const own = await json<ChangeResult>(volume.import(await zip({ 'own.md': 'alpha\ndelta\ngamma\nomega\n' })));
  const text = await volume.text('own.md');
  expect(text).toContain('beta');
  expect(text + JSON.stringify(own.conflicts)).toContain('delta');
  expect(text).toContain('omega');
});

test('[GI8] an archive with one bad entry changes nothing at all', async () => {
  const volume = await freshVolume();
  await volume.put('there.md', 'x');
  const cases: [Record<string, string>, number][] = [
    [{ 'good.md': 'x', '../bad.md': 'y' }, 400],
    [{ 'good.md': 'x', 'THERE.md': 'y' }, 409],
    [{ 'good.md': 'x', 'Good.md': 'y' }, 409],
    [{ a: 'x', 'a/b': 'y' }, 409],
    [{ 'good.md': 'x', 'there.md/inside': 'y' }, 409],
    [{ 'there.md': '\0', 'good.md': 'x' }, 409],
  ];
  for (const [files, status] of cases)
    expect((await volume.import(await zip(files))).status, JSON.stringify(files)).toBe(status);
  expect((await volume.import(Buffer.from('hello'))).status).toBe(415);
  expect((await volume.import(await zip({ a: 'x' }), '..')).status).toBe(422);
  expect(volume.git('ls-tree', '-r', '--name-only', 'main').toString()).toBe('there.md\n');
});

test('[GI1] a file with a key is imported, but held back from the version', async () => {
  const volume = await freshVolume();
  const key = ['sk', 'live', 'aB3dE5fG7hI9jK1lM2nO4pQ6'].join('_');
  const result = await json<ChangeResult>(volume.import(await zip({ 'fine.md': 'x', 'billing.md': `key ${key}` })));
  expect(result.skipped).toMatchObject([{ path: 'billing.md', why: expect.stringContaining('key') }]);
  expect(volume.git('ls-tree', '-r', '--name-only', 'main').toString()).toBe('fine.md\n');
  expect(await volume.text('billing.md')).toBe(`key ${key}`);
});

test('from a git address: what cannot be here is left out and told, the rest is one commit', async () => {
  const volume = await freshVolume();
  clone = {
    files: [
      { path: 'ok.md', content: Buffer.from('ok') },
      { path: 'con.md', content: Buffer.from('no') },
    ],
    skipped: [{ path: 'link', why: 'a link' }],
  };
  const result = await json<ChangeResult>(
    world.call('ada', `POST ${volume.url}/import`, { git: 'https://example.org/some/repo.git' }),
  );
  expect(result.skipped).toEqual([
    { path: 'link', why: 'a link' },
    { path: 'con.md', why: '“con.md” is a name that Windows keeps for itself.' },
  ]);
  expect(volume.git('log', '--format=%B', 'main').toString()).toContain('Import https://example.org/some/repo.git');
  clone = new Problem('invalid', 'example.org is not on the public internet.');
  expect((await world.call('ada', `POST ${volume.url}/import`, { git: 'https://example.org/x' })).status).toBe(400);
});

test('an export of a version that is not there is 404, an empty volume is an empty archive', async () => {
  const volume = await freshVolume();
  expect(await readArchive({ bytes: await volume.export('zip') })).toEqual([]);
  expect(await readArchive({ bytes: await volume.export('tar.gz') })).toEqual([]);
  expect((await world.call('ada', `GET ${volume.url}/export?at=${'0'.repeat(40)}`)).status).toBe(404);
});

test('a folder of this computer: links are left out, the limits hold', async () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'llmos-import-'));
  fs.mkdirSync(path.join(directory, 'sub/.git'), { recursive: true });
  fs.writeFileSync(path.join(directory, 'sub/a.md'), 'a');
  fs.writeFileSync(path.join(directory, 'sub/.git/config'), 'x');
  fs.symlinkSync('/etc/passwd', path.join(directory, 'passwd'));
  expect(await readFolder({ directory })).toEqual({
    files: [{ path: 'sub/a.md', content: Buffer.from('a') }],
    skipped: [{ path: 'passwd', why: 'a link or device' }],
  });
  await expect(readFolder({ directory, limits: { entries: 0, bytes: 10 } })).rejects.toMatchObject({
    code: 'too-large',
  });
  const volume = await freshVolume();
  await world.importing.importFiles({ volumeId: volume.id, person: idOf('ben'), ...(await readFolder({ directory })) });
  expect(volume.git('log', '--format=%an', 'main').toString()).toBe('BEN\n');
  fs.rmSync(directory, { recursive: true });
});

test('the system volume follows what ships, keeps what was changed here, and makes no version when nothing changed', async () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'llmos-system-'));
  const ship = (files: Record<string, string>) => {
    fs.rmSync(directory, { recursive: true, force: true });
    for (const [name, text] of Object.entries(files)) {
      fs.mkdirSync(path.dirname(path.join(directory, name)), { recursive: true });
      fs.writeFileSync(path.join(directory, name), text);
    }
  };
  const upgrade = (release: string) => world.upgrade({ directory, release });
  ship({
    'README.md': 'Welcome.\n',
    'kernel/a.md': 'One two three.\nFour five six.\n',
    'kernel/b.md': 'b\n',
    'kernel/c.md': 'c\n',
  });
  expect(await upgrade('1.0.0')).toBe(4);
  expect(await upgrade('1.0.0')).toBe(0);
  const system = (await world.volumes.find('system', actorOf('mallory')))!;
  expect(system.role).toBe('viewer');
  const text = async (name: string) => (await world.call('mallory', `GET /volumes/system/files/${name}`)).text();
  expect(await text('README.md')).toBe('Welcome.\n');
  for (const who of ['ada', 'mallory'] as const) {
    expect((await world.call(who, 'PUT /volumes/system/files/x.md', 'x')).status).toBe(403);
    expect((await world.call(who, 'DELETE /volumes/system/files/README.md')).status).toBe(403);
  }
  // somebody may have changed it all the same: an administrator, by a proposal
  const a = await world.store.byPath(system.id, 'kernel/a.md');
  await world.type('ada', a!.id, 'One', 'ONE');
  const c = await world.store.byPath(system.id, 'kernel/c.md');
  await world.type('ada', c!.id, 'c', 'c, and ours');
  ship({ 'README.md': 'Welcome.\n', 'kernel/a.md': 'One two three.\nFour five SIX.\n', 'kernel/new.md': 'new\n' });
  expect(await upgrade('1.1.0')).toBe(4);
  expect(await text('kernel/a.md')).toBe('ONE two three.\nFour five SIX.\n');
  expect(await text('kernel/new.md')).toBe('new\n');
  expect(await text('kernel/c.md')).toBe('c, and ours\n');
  expect((await world.call('ada', 'GET /volumes/system/files/kernel/b.md')).status).toBe(404);
  const count = () =>
    execFileSync('git', [
      '--git-dir',
      world.repositories.directoryOf(system.id),
      'log',
      '--format=%s',
      'main',
    ]).toString();
  expect(count()).toContain('Upgrade to 1.1.0');
  const before = count();
  expect(await upgrade('1.1.0')).toBe(0);
  expect(count()).toBe(before);
  fs.rmSync(directory, { recursive: true });
});

test('what ships in system/ can be the system volume as it is', async () => {
  const { files } = await readFolder({ directory: path.join(import.meta.dirname, '../../../system') });
  expect(files.map((file) => file.path)).toEqual(expect.arrayContaining(['README.md', 'kernel/README.md']));
  for (const { path: name, content } of files)
    if (name.endsWith('.md'))
      expect(Buffer.from(content).toString('utf8'), name).toMatch(/^(---\n[\s\S]*?\n---\n\s*\S|# )/);
});
