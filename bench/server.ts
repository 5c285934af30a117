// A whole server on a fresh data folder for one benchmark, and the people who call it. Limits on rates are lifted.
// Node's flag is the one that `npm start` gives.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** `settings`: of server/config.ts. Rejects with what the server printed when it does not start. */
export async function startServer({ name, settings = {} }: { name: string; settings?: Record<string, string> }) {
  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), `llmos-bench-${name}-`));
  const server = spawn(process.execPath, ['--max-semi-space-size=4', 'server/main.ts'], {
    cwd: path.join(import.meta.dirname, '..'),
    env: {
      PATH: process.env['PATH']!,
      PORT: '0',
      DATA_DIR: dataDir,
      RATE_LIMITS: 'off',
      EMBEDDINGS: 'off',
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let words = '';
  const origin = await new Promise<string>((done, fail) => {
    for (const stream of [server.stdout, server.stderr])
      stream.on('data', (chunk) => {
        words += chunk;
        const address = /LLMos is ready at (\S+)/.exec(words)?.[1];
        if (address) done(address.replace(/\/$/, ''));
      });
    server.once('exit', () => fail(new Error(words)));
  });
  /** Login -> the session's cookie. */
  const cookies = new Map<string, string>();
  return {
    origin,
    cookies,
    /** `key`: method and address; a session that the answer begins is that of `who`. */
    async call<T = Record<string, never>>(key: string, body: unknown, who = 'w0'): Promise<T> {
      const [method, address] = key.split(' ') as [string, string];
      const headers = { origin, cookie: cookies.get(who) ?? '', 'content-type': 'application/json' };
      const response = await fetch(`${origin}/api/v1${address}`, { method, headers, body: JSON.stringify(body) });
      const [cookie] = response.headers.getSetCookie();
      if (cookie) cookies.set(who, cookie.split(';')[0]!);
      if (!response.ok) throw new Error(`${key}: ${response.status} ${await response.text()}`);
      return (await response.json()) as T;
    },
    /** Seconds of processor time of the server, its workers included. */
    cpuSeconds(): number {
      const fields = fs.readFileSync(`/proc/${server.pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
      return (Number(fields[11]) + Number(fields[12])) / 100;
    },
    /** Megabytes of the server and of its PostgreSQL: pages that several processes share are counted once. */
    memory(): { server: number; database: number } {
      const database = processes().filter(({ command }) => command.includes(dataDir));
      const ids = new Set(database.map(({ pid }) => pid));
      for (const { pid, parent } of processes()) if (ids.has(parent)) ids.add(pid);
      ids.delete(server.pid!);
      return { server: memoryOf([server.pid!]), database: memoryOf([...ids]) };
    },
    async stop(): Promise<void> {
      if (server.exitCode === null && server.signalCode === null) {
        server.kill('SIGTERM');
        await once(server, 'exit');
      }
      fs.rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

function processes(): { pid: number; parent: number; command: string }[] {
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const parent = fs.readFileSync(`/proc/${name}/stat`, 'utf8').split(') ').at(-1)!.split(' ')[1];
        return [
          { pid: Number(name), parent: Number(parent), command: fs.readFileSync(`/proc/${name}/cmdline`, 'utf8') },
        ];
      } catch {
        return []; // it ended meanwhile
      }
    });
}

/** Proportional set size (`smaps_rollup` of proc(5)). */
const memoryOf = (pids: number[]): number =>
  pids.reduce((sum, pid) => {
    const [, kilobytes] = /^Pss:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))!;
    return sum + Number(kilobytes) / 1024;
  }, 0);
