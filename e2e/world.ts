// A world for a story: a real server, as `npm start` runs it, on a fresh data folder and a free port. Stories may kill it.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const root = path.join(import.meta.dirname, '..');

export type World = {
  /** `http://127.0.0.1:<port>`; the same after a restart. */
  origin: string;
  dataDir: string;
  /** kill -9; what it started (PostgreSQL) lives on, as in life. */
  kill: () => Promise<void>;
  /** A clean stop, as by Ctrl C. */
  stop: () => Promise<void>;
  start: () => Promise<void>;
  /** `npm run admin -- ...` on this data folder; throws with its words if it does not end well. */
  admin: (...args: string[]) => Promise<string>;
  /** The server's own log lines so far. */
  log: () => string;
  close: () => Promise<void>;
};

/** `flags`: for the server, such as `--dev`. */
export async function startWorld(env: Record<string, string> = {}, flags: string[] = []): Promise<World> {
  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'llmos-world-'));
  let child: ChildProcess | null = null;
  let words = '';
  let port = '0';
  let origin = '';

  const settings = () => ({
    ...process.env,
    PORT: port,
    DATA_DIR: dataDir,
    DATABASE_URL: '',
    LOG_LEVEL: 'info',
    CHECKPOINT_QUIET_MS: '2000',
    CONSOLIDATE_EVERY_MS: '0', // runs that nobody asked for are a story of their own
    ...env,
  });
  const admin = async (...args: string[]) => {
    const run = promisify(execFile);
    return (await run(process.execPath, ['server/admin.ts', ...args], { cwd: root, env: settings() })).stdout;
  };
  const start = async () => {
    const from = words.length;
    child = spawn(process.execPath, ['server/main.ts', ...flags], {
      cwd: root,
      env: settings(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const started = child;
    for (const stream of [started.stdout!, started.stderr!]) stream.on('data', (chunk) => (words += chunk));
    const deadline = Date.now() + 120_000;
    for (;;) {
      const found = /LLMos is ready at (https?:\/\/\S+)/.exec(words.slice(from));
      if (found) {
        origin = found[1]!.replace(/\/$/, '');
        port = new URL(origin).port;
        return;
      }
      if (started.exitCode !== null)
        throw new Error(`the server ended with ${started.exitCode}:\n${words.slice(from)}`);
      if (Date.now() > deadline) throw new Error(`the server did not become ready:\n${words.slice(from)}`);
      await new Promise((done) => setTimeout(done, 25));
    }
  };
  const end = async (signal: NodeJS.Signals) => {
    const ending = child;
    if (!ending || ending.exitCode !== null || ending.signalCode !== null) return;
    const gone = new Promise((done) => ending.once('exit', done));
    ending.kill(signal);
    await gone;
  };

  await start();
  return {
    get origin() {
      return origin;
    },
    dataDir,
    start,
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    admin,
    log: () => words,
    close: async () => {
      await end('SIGTERM');
      fs.rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
