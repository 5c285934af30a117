import fs from 'node:fs';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startVolumes, type TestVolumes } from './testVolumes.ts';

let world: TestVolumes;
beforeAll(async () => {
  world = await startVolumes({ postgresUrl: inject('postgresUrl') });
});
afterAll(() => world.stop());

/** Every table of ours that has rows, with how many. */
async function rowsByTable(): Promise<Record<string, number>> {
  const { $client } = world.database;
  const { rows: tables } = await $client.query<{ name: string }>(
    "select tablename as name from pg_tables where schemaname = 'public'",
  );
  const found: Record<string, number> = {};
  for (const { name } of tables) {
    const { rows } = await $client.query<{ n: number }>(`select count(*)::int as n from ${name}`);
    if (rows[0]!.n > 0) found[name] = rows[0]!.n;
  }
  return found;
}

test("what a team had is gone for good: no row, no repository, and nobody else's", async () => {
  const { call, volumes, volume, repositories, versions } = world;
  await volumes.ensureForPerson({ id: '00000000-0000-4000-8000-00000000000a', login: 'ada' });
  const before = await rowsByTable();
  const put = (path: string, text: string) => call('ada', `PUT /volumes/team%2Flab/files/${path}`, text);
  expect((await put('a.md', 'one\n')).status).toBe(201);
  expect((await put('deleted.md', 'two\n')).status).toBe(201);
  await call('ada', 'DELETE /volumes/team%2Flab/files/deleted.md');
  await call('ada', 'POST /volumes/team%2Flab/folders', { path: 'empty' });
  const { id } = (await (await call('ada', 'PATCH /volumes/team%2Flab/files/a.md', { rename_to: 'b.md' })).json()) as {
    id: string;
  };
  await world.type('ben', id, '', 'typed, and in no version yet');
  expect(Object.keys(await rowsByTable())).toEqual(
    expect.arrayContaining([
      'files',
      'folders',
      'commits',
      'commit_files',
      'blames',
      'search_texts',
      'rooms',
      'room_updates',
    ]),
  );
  expect(fs.existsSync(repositories.directoryOf(volume.id))).toBe(true);

  await volumes.removeOfTeam(volume.teamId!);
  await volumes.removeOfTeam(volume.teamId!); // as after an interruption
  expect(await rowsByTable()).toEqual({ ...before, volumes: before['volumes']! - 1 });
  expect(fs.existsSync(repositories.directoryOf(volume.id))).toBe(false);
  expect((await call('ada', 'GET /volumes/team%2Flab/tree')).status).toBe(404);
  expect((await call('ada', `GET /files/${id}`)).status).toBe(404);

  const again = await volumes.ensureForTeam({ id: volume.teamId!, slug: 'lab' });
  expect(await versions.head(again.id)).toBeNull();
});
