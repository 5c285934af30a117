import { execFileSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { expect, inject, onTestFinished, test } from 'vitest';
import { writeBackup } from './backup.ts';
import { openNativeGit } from './nativeGit.ts';
import { openRepositories } from './repositories.ts';
import { restoreBackup } from './restore.ts';
import { openTestDatabase } from './testDatabase.ts';

const quiet = () => undefined;
const native = await openNativeGit({ searchPath: process.env['PATH']! });

async function place() {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'llmos-backup-'));
  const database = await openTestDatabase(inject('postgresUrl'));
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  onTestFinished(async () => {
    await client.end();
    await database.close();
    fs.rmSync(directory, { recursive: true, force: true });
  });
  const parts = {
    databaseUrl: database.url,
    repositories: path.join(directory, 'repositories'),
    temporary: path.join(directory, 'tmp'),
    extras: {
      'secret.key': path.join(directory, 'secret.key'),
      recordings: path.join(directory, 'devices/recordings'),
    },
    release: '0.0.1',
  };
  return {
    directory,
    parts,
    mark: path.join(directory, 'mark'),
    query: async (text: string, values: unknown[] = []) =>
      (await client.query(text, values)).rows as Record<string, unknown>[],
  };
}

/** A volume whose commits are in git first and then in the tables, as the server does it. */
async function volume({ parts, query }: Awaited<ReturnType<typeof place>>) {
  const id = crypto.randomUUID();
  const repositories = openRepositories({ directory: parts.repositories, native, fsync: false });
  await query(`insert into volumes (id, name, kind) values ($1, 'team/lab', 'team')`, [id]);
  let position = 0;
  async function commit() {
    const author = { name: 'Ada', email: 'ada@example.org', at: Date.now(), offset: 0 };
    const stack = [
      { changes: [{ path: 'a.md', content: `version ${++position}\n` }], author, message: `Version ${position}` },
    ];
    const [written] = await repositories.use(id, (repository) => repository.write({ stack: stack as never }));
    await query(
      `insert into commits (volume_id, oid, parent, position, author_name, author_email, message, kind, group_id, at) values ($1, $2, $3, $4, 'Ada', '', '', 'pause', gen_random_uuid(), now())`,
      [id, written!.oid, written!.parent, position],
    );
    return written!.oid;
  }
  onTestFinished(() => repositories.close());
  return { id, commit, tidy: () => repositories.use(id, (repository) => repository.tidy({ atLeast: 1 })) };
}

const git = (directory: string, ...args: string[]) =>
  execFileSync('git', ['--git-dir', directory, ...args], { encoding: 'utf8' }).trim();

test('what was backed up comes back, row by row and commit by commit, while versions go on being made', async () => {
  const before = await place();
  const { parts, query } = before;
  const lab = await volume(before);
  await lab.commit();
  fs.writeFileSync(parts.extras['secret.key'], 'the key');
  fs.mkdirSync(parts.extras.recordings, { recursive: true });
  fs.writeFileSync(path.join(parts.extras.recordings, 'one.jsonl'), 'a recording');
  await query(`insert into device_boards (file_id, epoch, "offset") values (gen_random_uuid(), 4096, 0)`);
  const file = crypto.randomUUID();
  await query(`insert into files (id, volume_id, path, path_key, kind) values ($1, $2, 'a"b\\c\t.md', 'key', 'text')`, [
    file,
    lab.id,
  ]);
  await query(`insert into search_texts (file_id, volume_id, path, body) values ($1, $2, 'a.md', E'zwei\\nWörter')`, [
    file,
    lab.id,
  ]);
  await query(`insert into rooms (file_id, epoch) values ($1, 3)`, [file]);
  await query(`insert into room_updates (room, seq, data) select no, 1, '\\x00ff0a5c'::bytea from rooms`);

  let writing = true;
  const busy = (async () => {
    for (let i = 0; writing; i++) {
      await lab.commit();
      if (i % 5 === 4) await lab.tidy();
    }
  })();
  const to = path.join(before.directory, 'backup.tar.gz');
  const manifest = await writeBackup({ ...parts, to, say: quiet });
  writing = false;
  await busy;
  expect(fs.statSync(to).mode & 0o777).toBe(0o600);
  expect(fs.readdirSync(parts.temporary)).toEqual([]);

  const after = await place();
  await after.query(`insert into volumes (name, kind) values ('team/other', 'team')`);
  const now = Date.now();
  await restoreBackup({ ...after.parts, mark: after.mark, from: to, say: quiet, now });

  expect(await after.query('select name from volumes')).toEqual([{ name: 'team/lab' }]);
  expect(await after.query('select path, body, words::text from search_texts')).toEqual(
    await query('select path, body, words::text from search_texts'),
  );
  expect(await after.query('select path from files')).toEqual([{ path: 'a"b\\c\t.md' }]);
  expect(await after.query('select data from room_updates')).toEqual([{ data: Buffer.from('00ff0a5c', 'hex') }]);
  expect(fs.readFileSync(after.parts.extras['secret.key'], 'utf8')).toBe('the key');
  expect(fs.readFileSync(path.join(after.parts.extras.recordings, 'one.jsonl'), 'utf8')).toBe('a recording');
  const [board] = await after.query('select epoch::float8 as epoch, "offset"::float8 as "offset" from device_boards');
  expect(board!['epoch']).toBeGreaterThan(1_000_000);
  expect(board!['offset']).toBeGreaterThan(1e12);

  const restored = path.join(after.parts.repositories, `${lab.id}.git`);
  expect(git(restored, 'fsck', '--strict')).not.toMatch(/missing|error|broken/);
  const commits = await after.query('select oid from commits order by position desc');
  expect(commits).toHaveLength(manifest.tables.find(({ name }) => name === 'commits')!.rows);
  expect(git(restored, 'rev-list', 'main').split('\n')).toEqual(commits.map(({ oid }) => oid));

  // whoever still holds text from before is told that it is another document now
  const [room] = await after.query('select epoch from rooms');
  expect(room!['epoch']).toBeGreaterThan(now / 10_000);
  await after.query('insert into rooms (file_id) values (gen_random_uuid())');
  expect(
    await after.query('select count(distinct epoch)::int as epochs, count(distinct no)::int as rooms from rooms'),
  ).toEqual([{ epochs: 1, rooms: 2 }]);
  expect(fs.existsSync(after.mark)).toBe(false);
});

test('a file that is no backup, or a damaged one, changes nothing', async () => {
  const { directory, parts, mark, query } = await place();
  await query(`insert into volumes (name, kind) values ('team/lab', 'team')`);
  const whole = path.join(directory, 'whole.tar.gz');
  await writeBackup({ ...parts, to: whole, say: quiet });
  const half = path.join(directory, 'half.tar.gz');
  fs.writeFileSync(half, fs.readFileSync(whole).subarray(0, -200));
  const words = path.join(directory, 'words.tar.gz');
  fs.writeFileSync(words, 'hello');
  for (const from of [half, words, path.join(directory, 'absent.tar.gz')]) {
    await expect(restoreBackup({ ...parts, mark, from, say: quiet, now: 1 })).rejects.toThrow(
      /damaged|There is no file/,
    );
    expect(fs.existsSync(mark)).toBe(false);
  }
  expect(await query('select name from volumes')).toEqual([{ name: 'team/lab' }]);
});

test('a backup of a newer release says so', async () => {
  const { directory, parts, mark } = await place();
  const to = path.join(directory, 'backup.tar.gz');
  await writeBackup({ ...parts, to, say: quiet });
  const { query, ...other } = await place();
  await query(`insert into volumes (name, kind) values ('team/lab', 'team')`);
  const client = new pg.Client({ connectionString: parts.databaseUrl });
  await client.connect();
  await client.query(`insert into drizzle.__drizzle_migrations (hash, created_at) values ('of tomorrow', 0)`);
  await client.end();
  await writeBackup({ ...parts, to, say: quiet });
  await expect(restoreBackup({ ...other.parts, mark, from: to, say: quiet, now: 1 })).rejects.toThrow(
    'made by another release',
  );
});
