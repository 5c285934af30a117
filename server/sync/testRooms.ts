// For tests: rooms on a real database behind a real HTTP server, with people who are let in by their name as token, and stock
// y-websocket providers as their clients.
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import WebSocket from 'ws';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';
import { Problem } from '#shared/errors.ts';
import type { Face } from '#shared/live.ts';
import type { Actor } from '#shared/permissions.ts';
import { contentRoot } from '#shared/room.ts';
import { silentLog, type Log } from '../platform/log.ts';
import { createSockets, type Visit } from '../platform/sockets.ts';
import type { Limits } from './limits.ts';
import { openRooms, type OpenRooms } from './rooms.ts';

export type Person = 'ada' | 'ben' | 'eve' | 'vic';
const names: Person[] = ['ada', 'ben', 'eve', 'vic'];
export const faces = Object.fromEntries(
  names.map((login, i) => [
    login,
    { id: `00000000-0000-4000-8000-00000000000${i + 1}`, login, name: login.toUpperCase(), colour: i + 1 },
  ]),
) as Record<Person, Face>;

export type Rights = 'write' | 'read' | 'not-found';

export type TestRooms = {
  rooms: OpenRooms;
  url: string;
  port: number;
  /** What each person may do, everywhere; change it and call `rooms.recheck`. */
  rights: Record<Person, Rights>;
  /** Last versions by file id; a promise is one that takes its time. */
  texts: Map<string, string | Promise<string>>;
  /** Files whose last version was asked for. */
  asked: string[];
  edited: { fileId: string; person: string | null }[];
  left: string[];
  stop: () => Promise<void>;
};

export async function startRooms({
  databaseUrl,
  limits,
  port = 0,
  log = silentLog,
  texts: known = 'listed',
}: {
  databaseUrl: string;
  limits?: Partial<Limits>;
  port?: number;
  log?: Log;
  /** `any`: every file exists and is empty. */
  texts?: 'listed' | 'any';
}): Promise<TestRooms> {
  const rights: Record<Person, Rights> = { ada: 'write', ben: 'write', eve: 'write', vic: 'read' };
  const texts: TestRooms['texts'] = new Map();
  const asked: string[] = [];
  const edited: TestRooms['edited'] = [];
  const left: string[] = [];
  const personOf = (id: string) => names.find((name) => faces[name].id === id)!;
  const rooms = await openRooms({
    databaseUrl,
    limits,
    log,
    access: {
      faceOf: async (id) => faces[personOf(id)],
      mayJoin: async ({ actor }) =>
        rights[personOf(actor.personId)] === 'not-found'
          ? 'not-found'
          : { write: rights[personOf(actor.personId)] === 'write' },
      async firstText(fileId) {
        asked.push(fileId);
        return texts.get(fileId) ?? (known === 'any' ? '' : null);
      },
    },
    news: { edited: (news) => edited.push(news), left: ({ fileId }) => left.push(fileId) },
  });
  const server = http.createServer();
  const open = new Set<Duplex>();
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    sockets.upgrade(request, socket, head);
  });
  const sockets = createSockets({
    acceptors: { '/sync/': (visit: Visit) => rooms.join(visit) },
    gatekeepers: {
      who: async ({ token }: { token: string | null }) => (token && token in faces ? actorOf(token as Person) : null),
    },
    origins: [],
    trustProxy: false,
    limits: { spend: () => undefined },
    log,
  } as unknown as Parameters<typeof createSockets>[0]);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address() as AddressInfo;
  return {
    rooms,
    rights,
    texts,
    asked,
    edited,
    left,
    port: address.port,
    url: `ws://127.0.0.1:${address.port}/sync`,
    async stop() {
      await rooms.stop();
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export const actorOf = (name: Person): Actor => ({
  personId: faces[name].id,
  login: name,
  isAdmin: false,
  scopes: null,
  onlyVolume: null,
  sessionId: null,
  tokenId: name,
});

export const newFile = (): string => randomUUID();

/** A person with a stock provider in one file. */
export function joinRoom({
  url,
  fileId,
  person,
  params = {},
  doc = new Y.Doc(),
}: {
  url: string;
  fileId: string;
  person: Person;
  params?: Record<string, string>;
  doc?: Y.Doc;
}) {
  const provider = new WebsocketProvider(url, fileId, doc, {
    WebSocketPolyfill: WebSocket as never,
    disableBc: true,
    params: { token: person, ...params },
  });
  const closes: number[] = [];
  provider.on('connection-close', (event: { code: number } | null) => closes.push(event?.code ?? 0));
  const text = doc.getText(contentRoot);
  return {
    doc,
    provider,
    text,
    closes,
    synced: () => until(() => provider.synced),
    leave: () => {
      provider.destroy();
      doc.destroy();
    },
  };
}

/** Waits for a condition; throws when it does not come true in time. */
export async function until(condition: () => unknown, patience = 10_000): Promise<void> {
  const deadline = performance.now() + patience;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Problem('internal', `did not come true: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
