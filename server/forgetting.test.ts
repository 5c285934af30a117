import crypto from 'node:crypto';
import { afterAll, expect, inject, test } from 'vitest';
import { forgetTeam, forgetVolume } from './forgetting.ts';
import { openTestDatabase } from './platform/testDatabase.ts';

const database = await openTestDatabase(inject('postgresUrl'));
afterAll(() => database.close());
const query = async <Row extends object>(text: string, values: unknown[] = []) =>
  (await database.$client.query<Row>(text, values)).rows;

/** Tables with such a column that do not lose their rows by a foreign key when the volume goes. */
const tablesWith = async (columns: string[]) =>
  (
    await query<{ name: string }>(
      `select distinct c.table_name as name from information_schema.columns c
        where c.table_schema = 'public' and c.column_name = any($1) and not exists (
          select from pg_constraint k join pg_attribute a on a.attrelid = k.conrelid and a.attnum = any(k.conkey)
          where k.contype = 'f' and k.confdeltype = 'c' and k.conrelid = c.table_name::regclass and a.attname = c.column_name)
        order by 1`,
      [columns],
    )
  ).map(({ name }) => name);

test('every table that names a volume, a file or an owner is known here: a new one has to be forgotten too', async () => {
  expect(await tablesWith(['volume_id'])).toEqual([
    'checkpoint_intents', 'conversations', 'definition_vectors', 'memory_entries', 'reviews', 'run_commits', 'runs', 'search_texts',
  ]); // prettier-ignore
  expect(await tablesWith(['file_id'])).toEqual([
    'blames', 'commit_files', 'conflicts', 'device_artifacts', 'device_boards', 'device_events', 'device_recordings',
    'memory_entries', 'rooms', 'search_texts',
  ]); // prettier-ignore
  expect(await tablesWith(['owner'])).toEqual(['mcp_servers', 'model_names', 'owner_keys', 'providers']);
});

test('what is kept in the name of a team and about its volume goes, and what is of others stays', async () => {
  const [gone, kept] = [crypto.randomUUID(), crypto.randomUUID()];
  const person = crypto.randomUUID();
  for (const id of [gone, kept]) {
    const owner = `team:${id}`;
    await query("insert into owner_keys (owner, wrapped) values ($1, 'x')", [owner]);
    await query("insert into model_names (owner, aliases) values ($1, '{}')", [owner]);
    await query("insert into providers (id, owner, position, name, preset, base_url, models) values ($1, $2, 0, 'p', 'p', 'https://x', '{}')", [id, owner]); // prettier-ignore
    await query("insert into mcp_servers (id, owner, position, name, url, enabled, pinned, seen) values ($1, $2, 0, 'm', 'https://x', true, '[]', '[]')", [id, owner]); // prettier-ignore
    await query("insert into reviews (volume_id, oid, person_id, verdict) values ($1, 'a', $2, 'approved')", [
      id,
      person,
    ]);
    await query("insert into definition_vectors (volume_id, key, vector) values ($1, 'k', '\\x00')", [id]);
    await query("insert into conversations (volume_id, person_id, title, private, created_at, updated_at) values ($1, $2, 't', false, now(), now())", [id, person]); // prettier-ignore
    await query("insert into runs (id, volume_id, person_id, actor, request, head, private, root_id, browser_of, status, created_at) values ($1, $1, $2, '{}', '{}', '{}', false, $1, $2, 'done', now())", [id, person]); // prettier-ignore
    await query("insert into run_events (run_id, seq, at, act) values ($1, 1, now(), '{}')", [id]);
    await query("insert into run_commits (run_id, volume_id, oid, at) values ($1, $1, 'a', now())", [id]);
  }
  const tables = [
    'owner_keys',
    'model_names',
    'providers',
    'mcp_servers',
    'reviews',
    'definition_vectors',
    'conversations',
    'runs',
    'run_events',
    'run_commits',
  ];
  const counts = async () =>
    Promise.all(
      tables.map(async (table) => (await query<{ n: number }>(`select count(*)::int as n from ${table}`))[0]!.n),
    );
  expect(await counts()).toEqual(tables.map(() => 2));
  const rooms: string[] = [];
  const boards: string[] = [];
  for (let twice = 0; twice < 2; twice++) {
    await forgetTeam({ database, teamId: gone });
    await forgetVolume({
      database,
      volumeId: gone,
      fileIds: [person],
      removeRooms: async (ids) => void rooms.push(...ids),
      removeBoards: async (ids) => void boards.push(...ids),
    });
  }
  expect(await counts()).toEqual(tables.map(() => 1));
  expect(rooms).toEqual([person, person]);
  expect(boards).toEqual([person, person]);
});
