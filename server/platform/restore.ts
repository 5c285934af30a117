// Puts a backup in the place of what a stopped server has. Text that clients still hold from before must never meet the restored rooms
// as if they were the same: every file gets a new epoch (SY5).
import fs from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import pg from 'pg';
import copy from 'pg-copy-streams';
import tar from 'tar-stream';
import type { BackupManifest, BackupParts } from './backup.ts';
import { advanceSequences } from './backupTables.ts';
import { checkMigrations, migrateDatabase, openDatabase } from './database.ts';

/** While this file is in the data folder a restore has begun and not ended; the server does not start. */
export const restoreMark = 'restore-unfinished';

/** Throws a sentence for people; then nothing was changed, or `restoreMark` stays. */
export async function restoreBackup({
  from,
  databaseUrl,
  repositories,
  extras,
  temporary,
  mark,
  say,
  now,
}: Omit<BackupParts, 'release'> & {
  from: string;
  mark: string;
  say: (line: string) => void;
  now: number;
}): Promise<BackupManifest> {
  const staging = path.join(temporary, `restore-${now}`);
  fs.rmSync(staging, { recursive: true, force: true });
  try {
    await unpack({ from, to: staging });
    const manifest = readManifest(path.join(staging, 'backup.json'), from);
    checkMigrations(manifest.migrations);
    fs.writeFileSync(mark, `${from}\n`, { flush: true });
    await loadTables({ databaseUrl, staging, manifest, now });
    say(`${manifest.tables.reduce((sum, { rows }) => sum + rows, 0)} rows of ${manifest.tables.length} tables`);

    fs.mkdirSync(path.join(staging, 'repositories'), { recursive: true });
    const before = `${repositories}.before-restore`;
    fs.rmSync(before, { recursive: true, force: true });
    if (fs.existsSync(repositories)) fs.renameSync(repositories, before);
    fs.mkdirSync(path.dirname(repositories), { recursive: true });
    fs.renameSync(path.join(staging, 'repositories'), repositories);
    fs.rmSync(before, { recursive: true, force: true });
    for (const [name, file] of Object.entries(extras))
      if (fs.existsSync(path.join(staging, name))) fs.cpSync(path.join(staging, name), file, { recursive: true });
    say(`${manifest.volumes} volumes`);
    fs.rmSync(mark);
    return manifest;
  } finally {
    fs.rmSync(staging, { recursive: true, force: true });
  }
}

function readManifest(file: string, from: string): BackupManifest {
  const manifest = fs.existsSync(file) ? (JSON.parse(fs.readFileSync(file, 'utf8')) as BackupManifest) : null;
  if (manifest?.format !== 1) throw new Error(`${from} is not a backup of LLMos, or of a newer release than this one.`);
  return manifest;
}

async function loadTables({
  databaseUrl,
  staging,
  manifest,
  now,
}: {
  databaseUrl: string;
  staging: string;
  manifest: BackupManifest;
  now: number;
}) {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query('drop schema if exists drizzle cascade; drop schema public cascade; create schema public');
    // as far as the release of the backup had come; the rest follows at the next start, over the rows
    const database = await openDatabase({ url: databaseUrl, connections: 1 });
    await migrateDatabase(database, { only: manifest.migrations }).finally(() => database.close());
    await client.query('begin');
    for (const { name, columns } of manifest.tables) {
      const list = columns.map((column) => client.escapeIdentifier(column)).join(', ');
      const into = client.query(copy.from(`copy ${client.escapeIdentifier(name)} (${list}) from stdin`));
      await pipeline(fs.createReadStream(path.join(staging, 'tables', `${name}.copy`)), into);
    }
    await advanceSequences(client);
    await renewEpochs(client, now);
    await client.query('commit');
  } finally {
    await client.end();
  }
}

/** Tens of seconds since 1970: above every epoch that was given out since the backup was made, also to files that had no room then. */
async function renewEpochs(client: pg.Client, now: number) {
  const { rows } = await client.query<{ epoch: number }>(
    'select greatest(coalesce(max(epoch), 0), $1) + 1 as epoch from rooms',
    [Math.floor(now / 10_000)],
  );
  const epoch = Number(rows[0]!.epoch);
  await client.query('update rooms set epoch = $1', [epoch]);
  await client.query(`alter table rooms alter column epoch set default ${epoch}`);
  // what boards were given since the backup, also after an earlier restore of the same one, is not given to them again
  await client.query(
    'update device_boards set epoch = epoch + 1048576 + floor(random() * 16777216)::bigint, "offset" = "offset" + 1099511627776 + floor(random() * 17592186044416)::bigint',
  );
}

async function unpack({ from, to }: { from: string; to: string }) {
  const extract = tar.extract();
  const reading = pipeline(fs.createReadStream(from), createGunzip(), extract);
  const writing = (async () => {
    for await (const entry of extract) {
      const { name, type } = entry.header;
      const file = path.join(to, name);
      if (type !== 'file' || !file.startsWith(`${to}${path.sep}`))
        throw new Error(`${from} holds ${JSON.stringify(name)}, which no backup does.`);
      fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
      await pipeline(entry, fs.createWriteStream(file, { mode: 0o600 }));
    }
  })();
  await Promise.all([reading, writing]).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' && error.path === from) throw new Error(`There is no file ${from}.`);
    if (error.code?.startsWith('Z_') || /tar|gzip|header/i.test(error.message))
      throw new Error(`${from} is damaged, or not a backup: ${error.message}.`);
    throw error;
  });
}
