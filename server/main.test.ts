// The server as a process, as people run it: started, killed without warning, started again, stopped.
import { spawn, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

const root = path.join(import.meta.dirname, '..');

type Started = { child: ChildProcess; words: () => string; ready: Promise<string>; ended: Promise<number | null> };

function start(env: Record<string, string>): Started {
  const child = spawn(process.execPath, ['server/main.ts'], {
    cwd: root,
    env: { PATH: process.env['PATH']!, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let words = '';
  const ready = new Promise<string>((done, fail) => {
    for (const stream of [child.stdout!, child.stderr!])
      stream.on('data', (chunk) => {
        words += chunk;
        const address = /LLMos is ready at (\S+)/.exec(words)?.[1];
        if (address) done(address);
      });
    child.once('exit', () => fail(new Error(`the server ended:\n${words}`)));
  });
  ready.catch(() => undefined);
  const ended = new Promise<number | null>((done) => child.once('exit', done));
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  return { child, words: () => words, ready, ended };
}

function folder() {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'llmos-main-'));
  onTestFinished(() => fs.rmSync(made, { recursive: true, force: true }));
  return made;
}

const postgresPid = (dataDir: string) =>
  Number(fs.readFileSync(path.join(dataDir, 'postgres/cluster/postmaster.pid'), 'utf8').split('\n')[0]);
const isReady = (address: string) =>
  fetch(`${address}/readyz`).then(
    ({ status }) => status === 200,
    () => false,
  );
const alive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test(
  'it survives kill -9 of itself and of PostgreSQL, keeps a second server out, and stops cleanly',
  { timeout: 120_000 },
  async () => {
    const dataDir = folder();
    const first = start({ DATA_DIR: dataDir });
    const address = await first.ready;
    expect(await isReady(address)).toBe(true);
    const postgres = postgresPid(dataDir);

    const second = start({ DATA_DIR: dataDir });
    expect(await second.ended).toBe(1);
    expect(second.words()).toContain(`Another LLMos server works in ${dataDir}.`);

    const socket = fs
      .readFileSync(path.join(dataDir, 'postgres/cluster/postmaster.pid'), 'utf8')
      .split('\n')[4]!
      .trim();
    const sameDatabase = start({
      DATA_DIR: folder(),
      DATABASE_URL: `postgresql:///postgres?host=${encodeURIComponent(socket)}&user=postgres`,
    });
    expect(await sameDatabase.ended).toBe(1);
    expect(sameDatabase.words()).toMatch(/Another LLMos server \(llmos \d+ on .*\) works with this database/);
    expect(await isReady(address)).toBe(true);

    first.child.kill('SIGKILL');
    await first.ended;
    expect(alive(postgres)).toBe(true);
    const again = start({ DATA_DIR: dataDir });
    const next = await again.ready;
    expect(postgresPid(dataDir)).toBe(postgres);

    process.kill(postgres, 'SIGKILL');
    await expect.poll(() => postgresPid(dataDir), { timeout: 20_000 }).not.toBe(postgres);
    await expect.poll(() => isReady(next), { timeout: 20_000 }).toBe(true);
    expect(again.child.exitCode).toBeNull();

    const reborn = postgresPid(dataDir);
    again.child.kill('SIGTERM');
    expect(await again.ended).toBe(0);
    expect(alive(reborn)).toBe(false);
    expect(fs.existsSync(path.join(dataDir, 'admin.sock'))).toBe(false);
  },
);

test('wrong settings are told all at once, before anything is opened', async () => {
  const dataDir = path.join(folder(), 'not-made');
  const { words, ended } = start({ DATA_DIR: dataDir, PORT: 'many', LOG_LEVEL: 'loud', SECRET_KEY: 'short' });
  expect(await ended).toBe(1);
  expect(words()).toContain('3 settings are wrong');
  expect(words()).not.toContain('short.');
  expect(fs.existsSync(dataDir)).toBe(false);
});

test(
  'open to other machines it speaks TLS with its own certificate, and the first visit needs a link',
  { timeout: 60_000 },
  async () => {
    const { ready, words } = start({ DATA_DIR: folder(), HOST: '0.0.0.0', TLS: 'self-signed' });
    expect(await ready).toMatch(/^https:\/\/localhost:\d+$/);
    await expect.poll(words, { timeout: 20_000 }).toMatch(/SHA-256 fingerprint: ([0-9A-F]{2}:){31}[0-9A-F]{2}\n/);
    await expect
      .poll(words)
      .toMatch(/Make the first account with this link, once: https:\/\/localhost:\d+\/sign-up\?setup=\S{20,}\n/);
  },
);

test.each(['SIGTERM', 'SIGKILL'] as const)(
  '%s for npm, which says nothing to what it started, stops the server too',
  { timeout: 120_000 },
  async (signal) => {
    const dataDir = folder();
    const env = { ...process.env, PORT: '0', DATA_DIR: dataDir, HOST: '127.0.0.1', npm_config_loglevel: 'silent' };
    const npm = spawn('npm', ['run', 'start'], { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] });
    let words = '';
    npm.stdout.on('data', (chunk) => (words += chunk));
    await expect.poll(() => words, { timeout: 100_000 }).toContain('LLMos is ready at');
    const postgres = postgresPid(dataDir);
    npm.kill(signal);
    await expect.poll(() => alive(postgres), { timeout: 20_000 }).toBe(false);
    await expect.poll(() => fs.existsSync(path.join(dataDir, 'admin.sock')), { timeout: 20_000 }).toBe(false);
  },
);
