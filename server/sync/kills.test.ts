// Real processes are killed while people type (SY2): the server of rooms, and PostgreSQL, with everything fsynced as in earnest.
import { fork, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { migrateDatabase, openDatabase } from '../platform/database.ts';
import { openEmbeddedPostgres, type EmbeddedPostgres } from '../platform/embeddedPostgres.ts';
import { buildDocument, readText } from './documentJobs.ts';
import { openReadStore, type ReadStore } from './readStore.ts';
import { openSocket, syncMessage, textOf, updateOf } from './testFrames.ts';
import { joinRoom, newFile, pause, until } from './testRooms.ts';

const kills = Number(process.env['KILLS'] ?? 6);
const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'llmos-kills-'));
let postgres: EmbeddedPostgres;
let store: ReadStore;
let port: number;
let server: ChildProcess | null = null;

beforeAll(async () => {
  postgres = await openEmbeddedPostgres({ directory, revive: false });
  const database = await openDatabase({ url: postgres.url });
  await migrateDatabase(database);
  await database.close();
  store = openReadStore({ databaseUrl: postgres.url, patience: 20_000 });
  port = await freePort();
});
afterEach(() => void server?.kill('SIGKILL')); // a test that failed leaves no server to the next
afterAll(async () => {
  await store.close();
  await postgres.stop();
  fs.rmSync(directory, { recursive: true, force: true });
});

const freePort = () =>
  new Promise<number>((resolve) => {
    const probe = net.createServer().listen(0, '127.0.0.1', () => {
      const { port: free } = probe.address() as net.AddressInfo;
      probe.close(() => resolve(free));
    });
  });

/** Returns how long it took to be ready, in milliseconds. */
async function startServer(): Promise<number> {
  const started = performance.now();
  const child = fork(path.join(import.meta.dirname, 'testChild.ts'), [postgres.url, String(port)], {
    execArgv: [],
    stdio: 'inherit',
  });
  server = child;
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve());
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
  });
  return performance.now() - started;
}

const gone = (child: ChildProcess) =>
  new Promise<void>((resolve) =>
    child.exitCode !== null || child.signalCode !== null ? resolve() : child.once('exit', () => resolve()),
  );

async function killServer() {
  server!.kill('SIGKILL');
  await gone(server!);
}

/** Kills the postmaster and all that it started, as a power cut would. */
async function killPostgres() {
  const pids = fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => parentOf(pid) === postgres.pid());
  for (const pid of [postgres.pid(), ...pids.map(Number)]) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // it was faster
    }
  }
  await pause(100);
}

function parentOf(pid: string): number {
  try {
    return Number(/PPid:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return 0;
  }
}

/** The text that is in the log, whatever any client may still know. */
async function storedText(fileId: string): Promise<string> {
  const [room] = await store.query<{ no: number }>('select no from rooms where file_id = $1', [fileId]);
  return readText(buildDocument((await store.read(room!.no)).updates));
}

/** Two people who type words that occur once, a third whose words are counted as acknowledged. */
function startTyping(fileId: string) {
  const url = `ws://127.0.0.1:${port}/sync`;
  const [ada, ben] = [joinRoom({ url, fileId, person: 'ada' }), joinRoom({ url, fileId, person: 'ben' })];
  for (const { provider } of [ada, ben]) provider.maxBackoffTime = 200;
  const words = { ada: 0, ben: 0, eve: 0 };
  let acknowledged = 0; // words of Eve
  let counting: { socket: ReturnType<typeof openSocket>; client: number; from: number; sent: number } | null = null;
  const timer = setInterval(() => {
    ada.text.insert(0, `[a${words.ada++}]`);
    ben.text.insert(ben.text.length, `[b${words.ben++}]`);
    typeAsEve();
  }, 4);

  function typeAsEve() {
    if (counting && counting.socket.code !== null) {
      noteAcknowledged();
      counting = null;
    }
    if (!counting) {
      // A new connection with a client id of its own; what was not acknowledged is given up, and may or may not be there.
      counting = {
        socket: openSocket(`${url}/${fileId}?token=eve&ack=1`),
        client: 1_000_000 + words.eve,
        from: words.eve,
        sent: 0,
      };
      return;
    }
    if (counting.socket.heard.length === 0 || counting.socket.socket.readyState !== 1) return;
    const text = `[e${String(words.eve++).padStart(6, '0')}]`;
    const clock = counting.sent++ * text.length;
    counting.socket.send(
      syncMessage(
        2,
        updateOf([[counting.client, clock, [textOf(text, clock === 0 ? {} : { left: [counting.client, clock - 1] })]]]),
      ),
    );
  }

  const lists: string[] = [];
  function noteAcknowledged() {
    const last = counting?.socket.ofType(100).at(-1);
    if (!counting || !last) return;
    const count = readCount(last);
    for (let i = 0; i < count; i++) lists.push(`[e${String(counting.from + i).padStart(6, '0')}]`);
    acknowledged += count;
  }

  return {
    ada,
    ben,
    lists,
    get acknowledged() {
      return acknowledged;
    },
    noteAcknowledged: () => {
      noteAcknowledged();
      counting = null;
    },
    /** What each saw of the other: it must be in the log. */
    seen: () => [...(ben.text.toString().match(/\[a\d+\]/g) ?? []), ...(ada.text.toString().match(/\[b\d+\]/g) ?? [])],
    stop: () => clearInterval(timer),
    leave: () => {
      ada.leave();
      ben.leave();
    },
  };
}

function readCount(message: Buffer): number {
  let [count, factor] = [0, 1];
  for (const byte of message.subarray(1)) {
    count += (byte & 127) * factor;
    factor *= 128;
  }
  return count;
}

function expectOnce(text: string, words: string[]) {
  const counts = new Map<string, number>();
  for (const word of text.match(/\[[abe]\d+\]/g) ?? []) counts.set(word, (counts.get(word) ?? 0) + 1);
  const lost = words.filter((word) => !counts.has(word));
  const doubled = [...counts].filter(([, count]) => count > 1);
  expect({ lost, doubled }).toEqual({ lost: [], doubled: [] });
}

test(
  `[SY2] ${kills} kills of the server while three type: nothing seen or acknowledged is lost, nothing is there twice`,
  { timeout: 60_000 + kills * 5000 },
  async () => {
    const fileId = newFile();
    await startServer();
    const typing = startTyping(fileId);
    const starts: number[] = [];
    for (let i = 0; i < kills; i++) {
      await pause(150 + Math.random() * 500);
      await killServer();
      await pause(20); // what was on its way to the clients arrives
      typing.noteAcknowledged();
      expectOnce(await storedText(fileId), [...typing.seen(), ...typing.lists]);
      starts.push(await startServer());
    }
    const { ada, ben } = typing;
    await pause(300);
    typing.stop();
    await until(() => ada.provider.synced && ben.provider.synced && ada.text.toString() === ben.text.toString());
    await until(async () => (await storedText(fileId)) === ada.text.toString());
    expectOnce(ada.text.toString(), [...typing.seen(), ...typing.lists]);
    expect(typing.acknowledged).toBeGreaterThan(0);
    expect(typing.seen().length).toBeGreaterThan(kills * 10);
    typing.leave();
    await killServer();
  },
);

test(
  `[SY2] ${Math.ceil(kills / 2)} kills of PostgreSQL: the server stays up, nothing is lost, typing goes on`,
  { timeout: 60_000 + kills * 10_000 },
  async () => {
    const fileId = newFile();
    await startServer();
    const pid = server!.pid;
    const typing = startTyping(fileId);
    await until(() => typing.ada.provider.synced && typing.ben.provider.synced);
    for (let i = 0; i < Math.ceil(kills / 2); i++) {
      await pause(200 + Math.random() * 300);
      await killPostgres();
      const before = typing.seen().length;
      await pause(200);
      expect(typing.seen().length).toBe(before); // nothing is shown that is not durable
      postgres = await openEmbeddedPostgres({ directory, revive: false });
      await until(() => typing.seen().length > before + 20);
    }
    const { ada, ben } = typing;
    typing.stop();
    await until(() => ada.text.toString() === ben.text.toString());
    typing.noteAcknowledged();
    await until(async () => (await storedText(fileId)) === ada.text.toString());
    expectOnce(ada.text.toString(), [...typing.seen(), ...typing.lists]);
    expect(server!.pid).toBe(pid);
    expect(server!.exitCode).toBeNull();
    expect(ada.closes).toEqual([]);
    typing.leave();
    await killServer();
  },
);

test('[SY2] PostgreSQL and the server are killed together: what was seen is there', { timeout: 60_000 }, async () => {
  const fileId = newFile();
  await startServer();
  const typing = startTyping(fileId);
  await until(() => typing.seen().length > 50);
  await Promise.all([killPostgres(), killServer()]);
  await pause(50);
  typing.noteAcknowledged();
  postgres = await openEmbeddedPostgres({ directory, revive: false });
  expectOnce(await storedText(fileId), [...typing.seen(), ...typing.lists]);
  await startServer();
  typing.stop();
  const { ada, ben } = typing;
  await until(() => ada.provider.synced && ben.provider.synced && ada.text.toString() === ben.text.toString(), 20_000);
  expectOnce(ada.text.toString(), [...typing.seen(), ...typing.lists]);
  typing.leave();
  await killServer();
});

test(
  '[SY2] a second server on the same database waits for the first, and is refused if it stays',
  { timeout: 60_000 },
  async () => {
    await startServer();
    const second = fork(path.join(import.meta.dirname, 'testChild.ts'), [postgres.url, String(await freePort())], {
      execArgv: [],
      silent: true,
    });
    let words = '';
    second.stderr!.on('data', (chunk) => (words += chunk));
    await gone(second);
    expect(second.exitCode).not.toBe(0);
    expect(words).toContain('Another server writes to this database');
    server!.send('stop');
    await gone(server!);
    expect(await startServer()).toBeLessThan(20_000);
    await killServer();
  },
);
