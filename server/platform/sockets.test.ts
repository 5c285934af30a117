import crypto from 'node:crypto';
import net from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import WebSocket from 'ws';
import { Problem } from '#shared/errors.ts';
import { openTestEdge } from './testEdge.ts';
import type { Acceptor } from './sockets.ts';

/** Lets everybody in and says who they are, in one text frame; refuses the room `closed`. */
const greeting: Acceptor = ({ actor, id, accept, refuse }) => {
  if (id === 'closed') return refuse(new Problem('not-found', 'There is no such file.'));
  const { socket } = accept();
  const words = Buffer.from(`${actor.login} in ${id}`);
  socket.write(Buffer.concat([Buffer.from([0x81, words.length]), words]));
  socket.resume();
};

async function edge(options: Parameters<typeof openTestEdge>[0] = {}) {
  const opened = await openTestEdge({ acceptors: { '/sync/': greeting, '/live': greeting }, ...options });
  onTestFinished(() => opened.close());
  return opened;
}

/** What a WebSocket client learns: the first message, the close code, or the HTTP status of a refused upgrade. */
function visit(address: string, { cookie, origin, token }: { cookie?: string; origin?: string; token?: string } = {}) {
  const socket = new WebSocket(address.replace('http', 'ws'), {
    headers: {
      ...(cookie ? { cookie } : {}),
      ...(origin ? { origin } : {}),
      ...(token ? { authorization: `Bearer ${token}` } : {}),
    },
  });
  const outcome = new Promise<{ said?: string; closed?: number; status?: number }>((done) => {
    let said: string | undefined;
    socket.on('message', (data) => {
      said = String(data);
      done({ said });
    });
    socket.on('close', (closed) => done({ closed }));
    socket.on('unexpected-response', (_request, response) => done({ status: response.statusCode! }));
    socket.on('error', () => undefined);
  });
  onTestFinished(() => socket.terminate());
  return { socket, outcome };
}

test('a browser comes in by its cookie, and only from our own page', async () => {
  const { address } = await edge();
  expect(await visit(`${address}/sync/room-1`, { cookie: 'session=ben', origin: address }).outcome).toEqual({
    said: 'ben in room-1',
  });
  expect(
    await visit(`${address}/sync/room-1`, { cookie: 'session=ben', origin: 'https://evil.example' }).outcome,
  ).toEqual({ status: 403 });
  expect(await visit(`${address}/sync/room-1`, { cookie: 'session=ben' }).outcome).toEqual({ status: 401 });
});

test('a program comes in by a token, in the address or in the header; a foreign page does not even with one', async () => {
  const { address } = await edge();
  expect(await visit(`${address}/sync/room-1?token=llmos_ada`).outcome).toEqual({ said: 'ada in room-1' });
  expect(await visit(`${address}/live`, { token: 'llmos_ada' }).outcome).toEqual({ said: 'ada in ' });
  expect(await visit(`${address}/sync/room-1?token=llmos_ada`, { origin: 'https://evil.example' }).outcome).toEqual({
    status: 403,
  });
});

test('a refusal is an HTTP status for programs and a close code for browsers, who cannot read the status', async () => {
  const { address } = await edge();
  const browser = { cookie: 'session=ben', origin: address };
  expect(await visit(`${address}/sync/closed`, browser).outcome).toEqual({ closed: 4404 });
  expect(await visit(`${address}/sync/closed?token=llmos_ben`).outcome).toEqual({ status: 404 });
  expect(await visit(`${address}/sync/room-1`, { cookie: 'session=ended', origin: address }).outcome).toEqual({
    closed: 4401,
  });
  expect(await visit(`${address}/sync/room-1?token=llmos_stolen`).outcome).toEqual({ status: 401 });
  expect(await visit(`${address}/nowhere`, browser).outcome).toEqual({ closed: 4404 });
  expect(await visit(`${address}/sync/../../etc`, { token: 'llmos_ben' }).outcome).toEqual({ status: 404 });
});

test('[AC3] guessing tokens has its limit at the sockets and at the metrics too', async () => {
  const { address, send } = await edge({ rateLimits: true });
  const guess = () => visit(`${address}/live`, { token: 'llmos_stolen' }).outcome;
  for (let i = 0; i < 30; i++) expect(await guess()).toEqual({ status: 401 });
  for (let i = 0; i < 15; i++) {
    expect((await send('GET', '/metrics', { headers: { authorization: 'Bearer llmos_stolen' } })).status).toBe(401);
    expect((await send('GET', '/metrics')).status).toBe(401);
  }
  expect(await guess()).toEqual({ status: 429 });
  expect((await send('GET', '/metrics', { headers: { authorization: 'Bearer llmos_stolen' } })).status).toBe(429);
  expect(await visit(`${address}/live`, { token: 'llmos_ben' }).outcome).toEqual({ said: 'ben in ' });
});

test('64 connections of one person are enough', async () => {
  const { address, sockets } = await edge();
  const answers = await Promise.all(
    Array.from({ length: 64 }, () => visit(`${address}/live`, { token: 'llmos_ben' }).outcome),
  );
  expect(answers.every(({ said }) => said === 'ben in ')).toBe(true);
  expect(sockets.count()).toBe(64);
  expect(await visit(`${address}/live`, { token: 'llmos_ben' }).outcome).toEqual({ status: 429 });
  expect(await visit(`${address}/live`, { token: 'llmos_vera' }).outcome).toEqual({ said: 'vera in ' });
});

test('[AC3] what is taken back ends the open connections of those it concerns', async () => {
  const { address, sockets } = await edge();
  const [ben, vera] = [
    visit(`${address}/live`, { token: 'llmos_ben' }),
    visit(`${address}/live`, { token: 'llmos_vera' }),
  ];
  await Promise.all([ben.outcome, vera.outcome]);
  const closed = new Promise((done) => ben.socket.on('close', done));
  sockets.end((actor) => actor.login === 'ben', 'unauthenticated');
  expect(await closed).toBe(4401);
  expect(vera.socket.readyState).toBe(WebSocket.OPEN);
});

test('a server that stops says so: come back later', async () => {
  const { address, close } = await edge();
  const ben = visit(`${address}/live`, { token: 'llmos_ben' });
  await ben.outcome;
  const closed = new Promise((done) => ben.socket.on('close', done));
  await close();
  expect(await closed).toBe(1001);
});

test('a handshake that is none, and a client that vanishes, harm nobody', async () => {
  const { address, port, lines } = await edge({
    acceptors: {
      '/live': greeting,
      '/slow': async ({ accept }) => {
        await new Promise((done) => setTimeout(done, 100));
        accept();
      },
    },
  });
  const raw = (words: string, wait = true) =>
    new Promise<string>((done) => {
      const socket = net.connect(port, '127.0.0.1', () => {
        socket.write(words);
        if (!wait) setTimeout(() => (socket.resetAndDestroy(), done('')), 20);
      });
      let heard = '';
      socket.on('data', (chunk) => (heard += chunk));
      socket.on('close', () => done(heard.split('\r\n')[0]!));
      socket.on('error', () => undefined);
    });
  const upgrade = (path: string, key: string) =>
    `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\nAuthorization: Bearer llmos_ben\r\n\r\n`;
  expect(await raw(upgrade('/live', 'short'))).toContain('400');
  expect(await raw('GET /live HTTP/1.1\r\nbroken\r\n\r\n')).toContain('400');
  expect(await raw(upgrade('//', crypto.randomBytes(16).toString('base64')))).toContain('404');
  expect(await raw(`GET // HTTP/1.1\r\nHost: [\r\nConnection: close\r\n\r\n`)).toContain('400');
  await raw(upgrade('/slow', crypto.randomBytes(16).toString('base64')), false);
  await new Promise((done) => setTimeout(done, 150));
  expect(await visit(`${address}/live`, { token: 'llmos_ben' }).outcome).toEqual({ said: 'ben in ' });
  expect(lines.filter((line) => line.includes('socket.failed'))).toEqual([]);
});
