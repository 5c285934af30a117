// Everything that a server knows in one file: all tables under one snapshot of the database, and the git repositories as they were at
// that snapshot. A commit that lands while the backup is made is in its objects but not in its refs, so that both halves agree.
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import pg from 'pg';
import copy from 'pg-copy-streams';
import tar from 'tar-stream';
import { ownTables } from './backupTables.ts';
import { migrationHashes } from './database.ts';

export type BackupManifest = {
  format: 1;
  release: string;
  madeAt: string;
  migrations: string[];
  tables: { name: string; columns: string[]; rows: number }[];
  volumes: number;
};

export type BackupParts = {
  databaseUrl: string;
  /** Holds one `<volume id>.git` each. */
  repositories: string;
  /** Files and folders of the data folder that belong to it, if they are there: name in the archive to path. */
  extras: Record<string, string>;
  /** For what is written on the way; on the same disk as `repositories`. */
  temporary: string;
  release: string;
};

/** Writes `to`, readable for its owner alone. It appears under its name only when it is whole. */
export async function writeBackup({
  to,
  say,
  ...parts
}: BackupParts & { to: string; say: (line: string) => void }): Promise<BackupManifest> {
  const staging = path.join(parts.temporary, `backup-${crypto.randomBytes(6).toString('hex')}`);
  const unfinished = `${to}.part`;
  fs.mkdirSync(staging, { recursive: true, mode: 0o700 });
  try {
    const { manifest, heads } = await stageTables({ ...parts, staging });
    say(`${manifest.tables.reduce((sum, { rows }) => sum + rows, 0)} rows of ${manifest.tables.length} tables`);
    for (const [volumeId, head] of heads)
      stageRepository({
        from: path.join(parts.repositories, `${volumeId}.git`),
        to: path.join(staging, 'repositories', `${volumeId}.git`),
        head,
      });
    manifest.volumes = heads.size;
    say(`${heads.size} volumes`);
    for (const [name, file] of Object.entries(parts.extras))
      if (fs.existsSync(file)) fs.cpSync(file, path.join(staging, name), { recursive: true });
    fs.writeFileSync(path.join(staging, 'backup.json'), JSON.stringify(manifest, null, 2));
    await pack({ directory: staging, to: unfinished });
    fs.renameSync(unfinished, to);
    return manifest;
  } finally {
    fs.rmSync(staging, { recursive: true, force: true });
    fs.rmSync(unfinished, { force: true });
  }
}

async function stageTables({
  databaseUrl,
  staging,
  release,
}: BackupParts & { staging: string }): Promise<{ manifest: BackupManifest; heads: Map<string, string | null> }> {
  fs.mkdirSync(path.join(staging, 'tables'));
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query('begin isolation level repeatable read read only');
    const manifest: BackupManifest = {
      format: 1,
      release,
      madeAt: new Date().toISOString(),
      migrations: await migrationHashes(client),
      tables: [],
      volumes: 0,
    };
    for (const { name, columns } of await ownTables(client)) {
      const list = columns.map((column) => client.escapeIdentifier(column)).join(', ');
      const out = client.query(copy.to(`copy ${client.escapeIdentifier(name)} (${list}) to stdout`));
      await pipeline(out, fs.createWriteStream(path.join(staging, 'tables', `${name}.copy`), { mode: 0o600 }));
      manifest.tables.push({ name, columns, rows: out.rowCount });
    }
    const { rows } = await client.query<{ id: string; head: string | null }>(
      'select id, (select oid from commits where volume_id = volumes.id order by position desc limit 1) as head from volumes',
    );
    return { manifest, heads: new Map(rows.map(({ id, head }) => [id, head])) };
  } finally {
    await client.end();
  }
}

/**
 * Objects never change once they have a name, so they are linked, not copied. Loose ones first: packing moves them into packs, which
 * are there before the loose ones go. When something vanished in between, all is done again.
 */
function stageRepository({ from, to, head }: { from: string; to: string; head: string | null }) {
  if (!fs.existsSync(from)) return;
  for (let attempt = 0; ; attempt++) {
    fs.rmSync(to, { recursive: true, force: true });
    try {
      const packsBefore = list(path.join(from, 'objects/pack'));
      for (const folder of list(path.join(from, 'objects')))
        if (/^[0-9a-f]{2}$/.test(folder)) linkAll(path.join(from, 'objects', folder), path.join(to, 'objects', folder));
      linkAll(path.join(from, 'objects/pack'), path.join(to, 'objects/pack'));
      if (packsBefore.join() === list(path.join(from, 'objects/pack')).join()) break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    if (attempt === 20) throw new Error(`${from} is being packed all the time; try again later.`);
  }
  for (const name of ['config', 'HEAD', 'description'])
    if (fs.existsSync(path.join(from, name))) fs.copyFileSync(path.join(from, name), path.join(to, name));
  fs.mkdirSync(path.join(to, 'refs/heads'), { recursive: true });
  if (head) fs.writeFileSync(path.join(to, 'refs/heads/main'), `${head}\n`);
}

const list = (directory: string) => (fs.existsSync(directory) ? fs.readdirSync(directory).sort() : []);

function linkAll(from: string, to: string) {
  fs.mkdirSync(to, { recursive: true });
  for (const name of list(from))
    if (!/^tmp|\.(lock|tmp)$/.test(name)) fs.linkSync(path.join(from, name), path.join(to, name));
}

async function pack({ directory, to }: { directory: string; to: string }) {
  const archive = tar.pack();
  const written = pipeline(archive, createGzip({ level: 3 }), fs.createWriteStream(to, { mode: 0o600, flush: true }));
  const addAll = async () => {
    // the manifest first: whoever reads the archive knows at once what it is
    for (const file of ['backup.json', ...walk(directory, '').filter((name) => name !== 'backup.json')]) {
      const full = path.join(directory, file);
      const entry = archive.entry({ name: file, size: fs.statSync(full).size, mode: 0o600 });
      await pipeline(fs.createReadStream(full), entry);
    }
    archive.finalize();
  };
  await Promise.all([written, addAll()]);
}

function walk(directory: string, prefix: string): string[] {
  return fs
    .readdirSync(directory, { withFileTypes: true })
    .flatMap((entry) =>
      entry.isDirectory() ? walk(path.join(directory, entry.name), `${prefix}${entry.name}/`) : [prefix + entry.name],
    );
}
