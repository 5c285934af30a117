import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import WebSocket from 'ws';
import type { Face, FromBrowser, ToBrowser } from '#shared/live.ts';
import type { Actor, Role } from '#shared/permissions.ts';
import { systemClock } from '../platform/clock.ts';
import { createLimits } from '../platform/limits.ts';
import { createLog } from '../platform/log.ts';
import { createSockets, type Sockets } from '../platform/sockets.ts';
import { createLive, type Live } from './live.ts';
import type { LiveRuns } from './runTabs.ts';

const file = '11111111-2222-3333-4444-555555555555';
const roles = new Map<string, Role | null>();
const signedIn = new Set<string>();
const noRuns: LiveRuns = {
  find: async () => null,
  follow: () => () => undefined,
  able: () => undefined,
  output: () => undefined,
  left: () => undefined,
};
let server: http.Server;
let sockets: Sockets;
let live: Live;
const putOff: string[] = [];
const open: WebSocket[] = [];

beforeEach(async () => {
  roles.clear();
  putOff.splice(0);
  signedIn.clear();
  for (const login of ['ada', 'ben', 'mallory']) signedIn.add(login);
  roles.set('ada', 'owner').set('ben', 'viewer');
  const findVolume = async (name: string, actor: Actor | null) =>
    name === 'team/lab'
      ? {
          id: 'lab',
          name,
          kind: 'team' as const,
          teamId: 't',
          personId: null,
          role: roles.get(actor?.login ?? '') ?? null,
        }
      : null;
  live = createLive({
    clock: systemClock,
    findVolume,
    isStillValid: async (actor) => signedIn.has(actor.login),
    face: async (id): Promise<Face> => ({ id, login: id, name: id.toUpperCase(), colour: 1 }),
    runs: noRuns,
    putOffVersions(volumeId) {
      putOff.push(volumeId);
      return () => void putOff.splice(putOff.indexOf(volumeId), 1);
    },
    isFileOf: async ({ volumeId, fileId }) => volumeId === 'lab' && fileId === file,
  });
  const who = async ({ token }: { token: string | null }): Promise<Actor | null> =>
    token && signedIn.has(token.split('-')[0]!)
      ? {
          personId: token.split('-')[0]!,
          login: token.split('-')[0]!,
          isAdmin: false,
          scopes: token.endsWith('-write') ? ['write'] : null,
          onlyVolume: token.endsWith('-own') ? 'user/ada' : null,
          sessionId: null,
          tokenId: 'x',
        }
      : null;
  server = http.createServer();
  sockets = createSockets({
    acceptors: { '/live': live.accept },
    gatekeepers: { who, team: async () => null, volume: findVolume, file: async () => null, run: async () => null },
    origins: { origin: null, tls: false, loopback: true },
    trustProxy: 0,
    limits: createLimits({ clock: systemClock, enabled: true }),
    log: createLog({ level: 'silent' }),
  });
  server.on('upgrade', sockets.upgrade);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
});
afterEach(async () => {
  for (const socket of open.splice(0)) socket.terminate();
  live.close();
  await sockets.close();
  await new Promise((done) => server.close(done));
});

type Browser = { socket: WebSocket; heard: ToBrowser[]; say: (message: FromBrowser) => void; closed: Promise<number> };
async function browser(token: string, watch = true): Promise<Browser> {
  const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/live?token=${token}`);
  open.push(socket);
  const heard: ToBrowser[] = [];
  const closed = new Promise<number>((done) => socket.on('close', done));
  socket.on('error', () => undefined);
  socket.on('message', (data) => heard.push(JSON.parse(String(data)) as ToBrowser));
  await new Promise((done, fail) =>
    socket
      .on('open', done)
      .on('unexpected-response', (_request, response) => fail(new Error(String(response.statusCode)))),
  );
  const it: Browser = { socket, heard, closed, say: (message) => socket.send(JSON.stringify(message)) };
  if (watch) {
    it.say({ type: 'watch', volume: 'team/lab' });
    await until(() => heard.some(({ type }) => type === 'presence' || type === 'refused'));
  }
  return it;
}
async function until(holds: () => boolean, ms = 3000): Promise<void> {
  for (const end = performance.now() + ms; !holds();) {
    if (performance.now() > end) throw new Error('it did not happen');
    await new Promise((done) => setTimeout(done, 10));
  }
}
const here = ({ heard }: Browser) =>
  heard.findLast((message) => message.type === 'presence')?.here.map(({ person, fileId }) => [person.login, fileId]);

test('people see who is here and where, and see them go', async () => {
  const ada = await browser('ada');
  const ben = await browser('ben');
  await until(() => here(ada)?.length === 2);
  ben.say({ type: 'at', volume: 'team/lab', fileId: file });
  await until(
    () =>
      JSON.stringify(here(ada)) ===
      JSON.stringify([
        ['ada', null],
        ['ben', file],
      ]),
  );
  ben.socket.close();
  await until(() => here(ada)?.length === 1);
});

test('[GI1] versions are put off while a tab of somebody who may write says so, until it is done or gone', async () => {
  const [ada, ben, mallory] = [await browser('ada'), await browser('ben'), await browser('mallory')];
  for (const { say } of [mallory, ben, ada, ada]) say({ type: 'saving', volume: 'team/lab', open: true });
  await until(() => putOff.length > 0);
  expect(putOff).toEqual(['lab']); // of Ada, once
  ada.say({ type: 'saving', volume: 'team/lab', open: false });
  await until(() => putOff.length === 0);
  ada.say({ type: 'saving', volume: 'team/lab', open: true });
  await until(() => putOff.length > 0);
  ada.say({ type: 'unwatch', volume: 'team/lab' });
  await until(() => putOff.length === 0);
  ada.say({ type: 'watch', volume: 'team/lab' });
  ada.say({ type: 'saving', volume: 'team/lab', open: true });
  await until(() => putOff.length > 0);
  ada.socket.terminate();
  await until(() => putOff.length === 0);
  ben.say({ type: 'saving', volume: 'team/lab', open: true });
  ben.say({ type: 'at', volume: 'team/lab', fileId: file });
  await until(() => here(ben)?.some(([login, at]) => login === 'ben' && at === file) ?? false);
  expect(putOff).toEqual([]); // a viewer was not heard
});

test('[SY11] identity comes from the socket: nobody can say who they are, or be in a file of another volume', async () => {
  const ada = await browser('ada');
  const ben = await browser('ben');
  ben.socket.send(
    JSON.stringify({ type: 'at', volume: 'team/lab', fileId: file, person: { id: 'ada', login: 'ada' }, tab: 'mine' }),
  );
  await until(() => here(ada)?.some(([login, at]) => login === 'ben' && at === file) === true);
  ben.say({ type: 'at', volume: 'team/lab', fileId: '99999999-2222-3333-4444-555555555555' });
  await new Promise((done) => setTimeout(done, 250));
  expect(here(ada)).toEqual([
    ['ada', null],
    ['ben', file],
  ]);
});

test('[AC1] strangers hear nothing, and what is not theirs to see does not exist', async () => {
  const ada = await browser('ada');
  const mallory = await browser('mallory');
  const outside = await browser('ada-own');
  const writer = await browser('ada-write');
  expect(mallory.heard.at(-1)).toEqual({ type: 'refused', volume: 'team/lab', code: 'not-found' });
  expect(outside.heard.at(-1)).toEqual({ type: 'refused', volume: 'team/lab', code: 'not-found' });
  expect(writer.heard.at(-1)).toEqual({ type: 'refused', volume: 'team/lab', code: 'forbidden' });
  mallory.say({ type: 'at', volume: 'team/lab', fileId: file });
  live.reviewed({ volumeId: 'lab', oids: ['x'] });
  live.notified({
    personId: 'ada',
    notification: {
      id: '1',
      kind: 'k',
      text: 't',
      volume: null,
      path: null,
      oid: null,
      run: null,
      by: null,
      at: '',
      read: false,
    },
  });
  await until(
    () => ada.heard.some(({ type }) => type === 'reviewed') && ada.heard.some(({ type }) => type === 'notification'),
  );
  for (const other of [mallory, writer, outside])
    expect(other.heard.filter(({ type }) => type === 'reviewed' || type === 'presence')).toEqual([]);
  // ada's own tokens for another volume, or not for reading, hear of it no more than somebody else
  for (const other of [mallory, outside, writer])
    expect(other.heard.filter(({ type }) => type === 'notification')).toEqual([]);
  expect(here(ada)?.map(([login]) => login)).toEqual(['ada']);
});

test('[SY10] a person whose role is taken away is out within 2 s, and the others see them go', async () => {
  const ada = await browser('ada');
  const ben = await browser('ben');
  await until(() => here(ada)?.length === 2);
  roles.set('ben', null);
  live.accessChanged({ personId: 'ben' });
  await until(() => ben.heard.some(({ type }) => type === 'refused'), 2000);
  expect(ben.heard.some(({ type }) => type === 'access')).toBe(true);
  await until(() => here(ada)?.length === 1, 2000);
  live.reviewed({ volumeId: 'lab', oids: ['x'] });
  await until(() => ada.heard.some(({ type }) => type === 'reviewed'));
  expect(ben.heard.some(({ type }) => type === 'reviewed')).toBe(false);
});

test('[AC3] a sign-out ends the connection at once, with 4401', async () => {
  const ben = await browser('ben');
  signedIn.delete('ben');
  live.accessChanged({ personId: 'ben' });
  expect(await ben.closed).toBe(4401);
});

test('[SY13] what is no message of ours ends that connection with its code, and no other', async () => {
  const ada = await browser('ada');
  const cases: [string | Buffer, number][] = [
    ['not json', 4400],
    ['null', 4400],
    ['[]', 4400],
    ['{"type":"watch"}', 4400],
    ['{"type":"watch","volume":7}', 4400],
    ['{"type":"at","volume":"team/lab","fileId":"../x"}', 4400],
    ['{"type":"tree","volume":"team/lab"}', 4400],
    [`{"type":"watch","volume":"${'x'.repeat(200)}"}`, 4400],
    [Buffer.from('{}'), 1003],
    ['x'.repeat(70_000), 1009],
  ];
  for (const [frame, code] of cases) {
    const mallory = await browser('mallory', false);
    mallory.socket.send(frame);
    expect(await mallory.closed, String(frame).slice(0, 40)).toBe(code);
  }
  const flood = await browser('mallory', false);
  for (let i = 0; i < 200; i++) flood.say({ type: 'unwatch', volume: 'team/lab' });
  expect(await flood.closed).toBe(4529);
  live.reviewed({ volumeId: 'lab', oids: ['x'] });
  await until(() => ada.heard.some(({ type }) => type === 'reviewed'));
});

test('[SY13] raw garbage after the handshake disturbs nobody', async () => {
  const ada = await browser('ada');
  const mallory = await browser('mallory', false);
  (mallory.socket as unknown as { _socket: { write: (bytes: Buffer) => void } })._socket.write(
    Buffer.from([0xff, 0xff, 0x00, 0x12, 0x99]),
  );
  expect([1002, 1006]).toContain(await mallory.closed);
  live.reviewed({ volumeId: 'lab', oids: ['x'] });
  await until(() => ada.heard.some(({ type }) => type === 'reviewed'));
});

test('[SY12] a browser that does not read costs a bounded amount of memory', async () => {
  const ada = await browser('ada');
  const slow = await browser('ben');
  (slow.socket as unknown as { _socket: { pause: () => void } })._socket.pause();
  const oids = Array.from({ length: 5000 }, (_, i) => String(i).padStart(40, '0'));
  for (let i = 0; i < 200; i++) {
    live.reviewed({ volumeId: 'lab', oids });
    await new Promise((done) => setImmediate(done));
  }
  await until(() => here(ada)?.length === 1);
  expect(sockets.count()).toBe(1);
});
