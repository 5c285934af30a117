// For tests only: boards of team/lab behind the real door for sockets, on a real database. People are let in by their login as token: ada
// owns the team, ben and dan edit, vic reads, mallory is nobody there. `restart` is a new server on the same database.
import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import WebSocket from 'ws';
import { decodeFrame, encodeFrame, frameTypes, type DeviceState, type FromHost, type FromViewer, type ToHost, type ToViewer } from '#shared/devices.ts'; // prettier-ignore
import type { Actor, Role } from '#shared/permissions.ts';
import type { VolumeTarget } from '../platform/http.ts';
import { createLimits } from '../platform/limits.ts';
import { createLog } from '../platform/log.ts';
import { createSockets, type Sockets } from '../platform/sockets.ts';
import { openTestDatabase } from '../platform/testDatabase.ts';
import { openDevices, type Devices } from './devices.ts';
import type { BoardFiles } from './inventory.ts';
import { deviceLimits, type DeviceLimits } from './limits.ts';

const logins = ['ada', 'ben', 'dan', 'vic', 'mallory', 'eve'];
export const idOf = (login: string): string => `00000000-0000-4000-8000-00000000000${logins.indexOf(login) + 1}`;
const loginOf = (id: string) => logins.find((login) => idOf(login) === id)!;
const faceOf = (id: string) => ({ id, login: loginOf(id), name: loginOf(id).toUpperCase(), colour: 1 });
export const actorOf = (login: string): Actor => ({
  personId: idOf(login),
  login,
  isAdmin: false,
  scopes: null,
  onlyVolume: null,
  sessionId: null,
  tokenId: login,
});

export async function until(holds: () => boolean, what = 'it', ms = 4000): Promise<void> {
  for (const end = performance.now() + ms; !holds();) {
    if (performance.now() > end) throw new Error(`${what} did not happen`);
    await new Promise((done) => setTimeout(done, 5));
  }
}

export type TestHub = Awaited<ReturnType<typeof openTestHub>>;

export async function openTestHub({
  postgresUrl,
  limits = {},
}: {
  postgresUrl: string;
  limits?: Partial<DeviceLimits>;
}) {
  // prettier-ignore
  const database = await openTestDatabase(postgresUrl);
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'llmos-hub-'));
  const roles = new Map<string, Role | null>([['ada', 'owner'], ['ben', 'editor'], ['dan', 'editor'], ['vic', 'viewer']]); // prettier-ignore
  const signedIn = new Set(logins);
  const time = { ahead: 0 };
  /** What happens while somebody is on their way in. */
  const onTheWay: { of: string; then: () => Promise<void> }[] = [];
  const clock = { now: () => Date.now() + time.ahead };
  const rows = new Map<string, { path: string; text: string; deletedAt: Date | null }>();
  const errors: unknown[] = [];
  const news: DeviceState[] = [];
  const lab = (actor: Actor | null): VolumeTarget => ({
    id: 'lab', name: 'team/lab', kind: 'team', teamId: 't', personId: null, role: roles.get(actor?.login ?? '') ?? null,
  }); // prettier-ignore
  const files: BoardFiles = {
    findVolume: async (name, actor) => (name === 'team/lab' ? lab(actor) : null),
    async findFile(id, actor) {
      const row = rows.get(id);
      return row ? { id, path: row.path, branch: 'main', kind: 'text', deletedAt: row.deletedAt, volume: lab(actor) } : null; // prettier-ignore
    },
    readable: async (actor) => (roles.get(actor.login) ? [{ name: 'team/lab' }] : []),
    under: async () => [...rows].filter(([, { deletedAt }]) => !deletedAt).map(([id, { path: at }]) => ({ id, path: at, kind: 'text' })), // prettier-ignore
    byId: async (id) => {
      const row = rows.get(id);
      return row ? { path: row.path, volumeId: 'lab', deletedAt: row.deletedAt } : null;
    },
    bytesAt: async ({ path: at }) => (at === 'main.py' ? Buffer.from('print(1)\n') : null),
    volumeName: async () => 'team/lab',
    text: async (id) => rows.get(id)?.text ?? null,
    create: async () => Promise.reject(new Error('not here')),
  };
  let devices!: Devices;
  let sockets!: Sockets;
  let server!: http.Server;
  const clients = new Set<WebSocket>();

  async function start(): Promise<void> {
    devices = await openDevices({
      database,
      directory,
      files,
      people: {
        async face(id) {
          const at = onTheWay.findIndex(({ of }) => idOf(of) === id);
          if (at >= 0) await onTheWay.splice(at, 1)[0]!.then();
          return faceOf(id);
        },
        faces: async (ids) => new Map(ids.map((id) => [id, faceOf(id)])),
        isStillValid: async (actor) => signedIn.has(actor.login),
        isTokenGood: async (tokenId) => signedIn.has(tokenId), // tokens are named by their login
      },
      news: ({ state }) => void news.push(state),
      clock,
      failed: (error) => errors.push(error),
      limits: { ...deviceLimits, ...limits },
    });
    server = http.createServer();
    sockets = createSockets({
      acceptors: { '/devices/': devices.accept },
      gatekeepers: {
        who: async ({ token }) => (token && signedIn.has(token) ? actorOf(token) : null),
        team: async () => null,
        volume: async () => null,
        file: async () => null,
        run: async () => null,
      },
      origins: { origin: null, tls: false, loopback: true },
      trustProxy: 0,
      limits: createLimits({ clock, enabled: false }),
      log: createLog({ level: 'silent' }),
    });
    server.on('upgrade', sockets.upgrade);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  }
  async function stop({ kindly }: { kindly: boolean }): Promise<void> {
    if (kindly) {
      await devices.close();
      await sockets.close();
    } else for (const client of clients) client.terminate();
    clients.clear();
    await new Promise((done) => server.close(done));
  }
  await start();

  async function open(login: string, address: string) {
    const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/devices/${address}${address.includes('?') ? '&' : '?'}token=${login}`); // prettier-ignore
    clients.add(socket);
    socket.binaryType = 'nodebuffer';
    socket.on('error', () => undefined);
    // what comes with the answer to the handshake is heard too
    const early: [Buffer, boolean][] = [];
    let hear = (data: Buffer, isBinary: boolean): unknown => early.push([data, isBinary]);
    socket.on('message', (data: Buffer, isBinary: boolean) => hear(data, isBinary));
    const listen = (to: typeof hear) => {
      hear = to;
      for (const [data, isBinary] of early.splice(0)) to(data, isBinary);
    };
    const closed = new Promise<number>((done) => socket.on('close', done));
    const status = await new Promise<number>((done) =>
      socket
        .on('open', () => done(101))
        .on('unexpected-response', (_request, response) => done(response.statusCode ?? 0)),
    );
    return { socket, closed, status, listen };
  }

  return {
    database,
    directory,
    roles,
    signedIn,
    time,
    onTheWay,
    rows,
    errors,
    /** What those heard who look at the bench. */
    news,
    get devices() {
      return devices;
    },
    board(text = '---\nlabel: Robot\nkind: virtual\n---\n'): string {
      const id = crypto.randomUUID();
      rows.set(id, { path: `bench/robot-${id.slice(0, 8)}.md`, text, deletedAt: null });
      return id;
    },
    open,
    async viewer(login: string, id: string, from: number | null = null) {
      const { socket, closed, status, listen } = await openWith(open(login, from === null ? id : `${id}?from=${from}`));
      const heard: ToViewer[] = [];
      const chunks: { offset: number; bytes: Buffer }[] = [];
      const worlds: Buffer[] = [];
      listen((data, isBinary) => {
        if (!isBinary) return heard.push(JSON.parse(data.toString()) as ToViewer);
        const frame = decodeFrame(data)!;
        if (frame.type === frameTypes.world) return worlds.push(Buffer.from(frame.bytes));
        return chunks.push({ offset: frame.offset, bytes: Buffer.from(frame.bytes) });
      });
      const of = <T extends ToViewer['type']>(type: T) =>
        heard.filter((message): message is Extract<ToViewer, { type: T }> => message.type === type);
      const state = (): DeviceState => of('state').at(-1)!.state;
      await until(() => of('state').length > 0, 'the first state');
      return {
        login,
        socket,
        closed,
        status,
        heard,
        chunks,
        worlds,
        of,
        state,
        get hello() {
          return of('hello')[0]!;
        },
        get bytes() {
          return Buffer.concat(chunks.map((chunk) => chunk.bytes));
        },
        get refusals() {
          return of('refused').map((refused) => `${refused.of} ${refused.code}`);
        },
        say: (message: FromViewer) => socket.send(JSON.stringify(message)),
        type: (text: string | Buffer, epoch = state().lease?.epoch ?? 0) =>
          socket.send(encodeFrame({ type: frameTypes.input, epoch, offset: 0, bytes: Buffer.from(text) })),
        async drive() {
          socket.send(JSON.stringify({ type: 'ask' }));
          await until(() => state().lease?.holder.person.login === login && state().lease?.state === 'granted', 'the lease'); // prettier-ignore
          return state().lease!.epoch;
        },
      };
    },
    async host(login: string, id: string, kind: 'serial' | 'virtual' = 'virtual') {
      const { socket, closed, status, listen } = await openWith(open(login, `${id}?host=1`));
      const heard: ToHost[] = [];
      const typed: { epoch: number; text: string }[] = [];
      /** Epochs of bytes that came before their lease was told. */
      const untold: number[] = [];
      listen((data, isBinary) => {
        if (!isBinary) return heard.push(JSON.parse(data.toString()) as ToHost);
        const frame = decodeFrame(data)!;
        if (!of('state').some(({ state }) => state.lease?.epoch === frame.epoch)) untold.push(frame.epoch);
        return typed.push({ epoch: frame.epoch, text: Buffer.from(frame.bytes).toString('latin1') });
      });
      const say = (message: FromHost) => socket.send(JSON.stringify(message));
      const of = <T extends ToHost['type']>(type: T) =>
        heard.filter((message): message is Extract<ToHost, { type: T }> => message.type === type);
      say({ type: 'hosting', kind, port: 'a port', agent: 'a test', baud: 115_200 });
      await until(() => of('state').some(({ state }) => state.connection === 'online'), 'the board is online');
      return {
        socket,
        closed,
        status,
        heard,
        typed,
        untold,
        of,
        say,
        print: (bytes: string | Buffer) =>
          socket.send(encodeFrame({ type: frameTypes.output, epoch: 0, offset: 0, bytes: Buffer.from(bytes) })),
        world: (bytes: string) =>
          socket.send(encodeFrame({ type: frameTypes.world, epoch: 0, offset: 0, bytes: Buffer.from(bytes) })),
      };
    },
    /** `kindly: false`: as if it were killed; nothing is said, nothing is put away. */
    async restart({ kindly = false } = {}): Promise<void> {
      await stop({ kindly });
      await start();
    },
    async close(): Promise<void> {
      await stop({ kindly: true });
      await database.close();
      fs.rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function openWith<T extends { status: number }>(opening: Promise<T>): Promise<T> {
  const opened = await opening;
  if (opened.status !== 101) throw new Error(`refused with ${opened.status}`);
  return opened;
}
