// What a volume does when its repository is not what it was: nothing is taken for empty that could not be read.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { startVolumes, type TestVolumes } from './testVolumes.ts';

let world: TestVolumes;
beforeEach(async () => {
  world = await startVolumes({ postgresUrl: inject('postgresUrl') });
});
afterEach(() => world.stop());

const at = (path: string) => `/volumes/team%2Flab${path}`;
const put = (path: string, text: string) => world.call('ada', `PUT ${at(`/files/${path}`)}`, text);
const oids = async () =>
  ((await (await world.call('ada', `GET ${at('/commits')}`)).json()) as { commits: { oid: string }[] }).commits.map(
    ({ oid }) => oid,
  );
const paths = async () => (await world.store.paths(world.volume.id)).map(({ path }) => path);

test('[GI6] a repository that is not there is no empty volume: nothing is changed until it is back', async () => {
  await put('a.md', 'one\n');
  await put('b.md', 'two\n');
  const history = await oids();
  const directory = world.repositories.directoryOf(world.volume.id);
  fs.renameSync(directory, `${directory}.away`); // e.g. a disk that is not mounted
  await world.repositories.remove(world.volume.id);
  const refused = await put('c.md', 'three\n');
  expect([refused.status, await refused.json()]).toMatchObject([503, { error: { code: 'unavailable' } }]);
  expect(await paths()).toEqual(['a.md', 'b.md']);
  await world.repositories.remove(world.volume.id);
  fs.renameSync(`${directory}.away`, directory);
  expect(await (await world.call('ada', `GET ${at('/files/a.md')}`)).text()).toBe('one\n');
  expect((await put('c.md', 'three\n')).status).toBe(201);
  expect((await oids()).slice(1)).toEqual(history);
});

test('[GI5] a repository that lost its last versions takes no living text back and doubles none', async () => {
  const { id } = (await (await put('a.md', 'one\n')).json()) as { id: string };
  const [first] = await oids();
  await world.type('ben', id, 'one', 'one and more');
  await world.call('ben', `POST ${at('/checkpoint')}`, {});
  const directory = world.repositories.directoryOf(world.volume.id);
  const git = (...args: string[]) => execFileSync('git', ['--git-dir', directory, ...args]);
  git('update-ref', 'refs/heads/main', first!);
  git('prune', '--expire=now'); // an older copy of the folder was put back: what came later is not in it
  expect((await put('b.md', 'two\n')).status).toBe(201);
  expect(await world.rooms.read(id)).toBe('one and more\n');
  await world.type('ada', id, 'one and', 'one or');
  await world.call('ada', `POST ${at('/checkpoint')}`, {});
  expect(await world.versions.textOf(id)).toBe('one or more\n');
});
