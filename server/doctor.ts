// `npm run admin -- doctor`: looks at everything that a server stands on, and says what to do about what is wrong.
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import type { Storage } from './storage.ts';
import type { Versions } from './volumes/versions/versions.ts';

type Finding = { what: string; state: 'ok' | 'warning' | 'wrong'; words: string };

const leastFree = 2 ** 30;

/** Throws nothing: what it cannot look at is a finding. */
export async function runDoctor({
  storage,
  versions,
  say,
}: {
  storage: Storage;
  versions: Pick<Versions, 'head'>;
  say: (line: string) => void;
}): Promise<{ fine: boolean; findings: Finding[] }> {
  const findings: Finding[] = [];
  const look = async (what: string, check: () => Promise<Omit<Finding, 'what'>>) => {
    const finding = {
      what,
      ...(await check().catch((error: Error) => ({ state: 'wrong' as const, words: error.message }))),
    };
    findings.push(finding);
    say(`${{ ok: 'ok     ', warning: 'look   ', wrong: 'WRONG  ' }[finding.state]} ${what}: ${finding.words}`);
  };

  await look('Node', async () => ({
    state: 'ok',
    words: `${process.versions.node} on ${process.platform} (${process.arch})`,
  }));
  await look('data folder', async () => {
    const { bavail, bsize } = fs.statfsSync(storage.dataDir);
    const free = bavail * bsize;
    const words = `${storage.dataDir}, ${(free / 2 ** 30).toFixed(1)} GiB free`;
    if (free < leastFree)
      return { state: 'wrong', words: `${words}. Make room: when the disk is full nothing can be saved any more` };
    const open = (fs.statSync(storage.dataDir).mode & 0o066) !== 0;
    return open
      ? { state: 'warning', words: `${words}; other users of this machine can read it: chmod 700 ${storage.dataDir}` }
      : { state: 'ok', words };
  });
  await look('database', async () => {
    const client = new pg.Client({ connectionString: storage.databaseUrl, connectionTimeoutMillis: 5000 });
    await client.connect();
    try {
      const { rows } = await client.query<{ version: string; size: string; fsync: string }>(
        `select current_setting('server_version') as version, pg_size_pretty(pg_database_size(current_database())) as size, current_setting('fsync') as fsync`,
      );
      const { version, size, fsync } = rows[0]!;
      const words = `PostgreSQL ${version}, ${size}`;
      return fsync === 'on'
        ? { state: 'ok', words }
        : { state: 'wrong', words: `${words}; fsync is off: a power cut loses what people typed. Set fsync = on` };
    } finally {
      await client.end();
    }
  });
  await look('owner', async () =>
    storage.ownership.held()
      ? { state: 'ok', words: 'this server owns the database' }
      : {
          state: 'wrong',
          words: 'the lock of the database is not held; nothing is saved until it is. Is another server running?',
        },
  );
  await look('git', async () =>
    storage.native
      ? { state: 'ok', words: storage.native.version }
      : {
          state: 'warning',
          words: 'no git 2.32 or newer on PATH: packing and large histories need it, imports from addresses 2.37',
        },
  );
  const volumeIds = fs.existsSync(storage.repositories)
    ? fs.readdirSync(storage.repositories).filter((name) => name.endsWith('.git'))
    : [];
  await look('repositories', async () => {
    if (!storage.native) return { state: 'warning', words: `${volumeIds.length}, not checked (no git)` };
    const broken: string[] = [];
    for (const name of volumeIds) if (!(await isWhole(path.join(storage.repositories, name)))) broken.push(name);
    if (broken.length === 0) return { state: 'ok', words: `${volumeIds.length}, each whole (git fsck --strict)` };
    return {
      state: 'wrong',
      words: `${broken.join(', ')} in ${storage.repositories} ${broken.length === 1 ? 'is' : 'are'} damaged. Stop the server and restore the last backup`,
    };
  });
  await look('versions', async () => {
    const client = new pg.Client({ connectionString: storage.databaseUrl });
    await client.connect();
    const { rows } = await client
      .query<{ id: string; name: string; head: string | null }>(
        'select id, name, (select oid from commits where volume_id = volumes.id order by position desc limit 1) as head from volumes',
      )
      .finally(() => client.end());
    const apart: string[] = [];
    for (const { id, name, head } of rows) if (((await versions.head(id))?.oid ?? null) !== head) apart.push(name);
    if (apart.length > 0)
      return {
        state: 'warning',
        words: `git and the tables differ for ${apart.join(', ')}; ask again in a moment, and start the server again if it stays`,
      };
    return { state: 'ok', words: `${rows.length} volumes, git and the tables agree` };
  });
  const fine = findings.every(({ state }) => state !== 'wrong');
  say(fine ? 'Everything that matters works.' : 'Something is wrong, see above.');
  return { fine, findings };
}

async function isWhole(directory: string): Promise<boolean> {
  const env = { PATH: '/usr/local/bin:/usr/bin:/bin', GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' };
  try {
    await promisify(execFile)('git', ['--git-dir', directory, 'fsck', '--strict', '--no-dangling'], {
      env,
      maxBuffer: 2 ** 24,
    });
    return true;
  } catch {
    return false;
  }
}
