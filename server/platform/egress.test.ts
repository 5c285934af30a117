import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createEgress, isPublicAddress } from './egress.ts';

let server: http.Server;
let port: number;
const seen: { url: string; host: string | undefined; headers: http.IncomingHttpHeaders; body: string }[] = [];

beforeAll(async () => {
  server = http.createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    seen.push({ url: request.url!, host: request.headers.host, headers: request.headers, body });
    const to = /^\/to\/(.*)$/.exec(request.url!)?.[1];
    if (to) response.writeHead(Number(request.headers['x-status'] ?? 302), { location: decodeURIComponent(to) }).end();
    else if (request.url === '/big') response.end(Buffer.alloc(100_000));
    else if (request.url === '/endless') response.write('a');
    else if (request.url === '/words') {
      for (let n = 0; n < 40; n++) await new Promise((done) => response.write(`${n} `, () => setTimeout(done, 5)));
      response.end(Buffer.alloc(300_000, '.'));
    } else if (request.url === '/silent') return;
    else response.end(`hello ${request.url}`);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const local = () => createEgress({ allowedHosts: ['127.0.0.1'] });
const there = (path: string) => `http://127.0.0.1:${port}${path}`;

test('a host that an administrator listed answers, also by http and on a private address', async () => {
  const answer = await local().request({ url: there('/a'), method: 'POST', headers: { 'x-a': 'b' }, body: 'grüße' });
  expect([answer.status, await answer.text()]).toEqual([200, 'hello /a']);
  expect(seen.at(-1)).toMatchObject({ body: 'grüße', headers: { 'x-a': 'b', 'content-length': '7' } });
  await expect(
    createEgress({ allowedHosts: [`127.0.0.1:${port}`] }).request({ url: there('/a') }),
  ).resolves.toMatchObject({ status: 200 });
  await expect(createEgress({ allowedHosts: ['127.0.0.1:1'] }).request({ url: there('/a') })).rejects.toMatchObject({
    code: 'forbidden',
  });
});

describe('everything else must be public and https', () => {
  const egress = createEgress({
    allowedHosts: [],
    resolve: async (host) =>
      host === 'two.example'
        ? [
            { address: '93.184.216.34', family: 4 },
            { address: '10.0.0.1', family: 4 },
          ]
        : [{ address: '169.254.169.254', family: 4 }],
  });
  test.each([
    'http://example.com/',
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://0177.0.0.1/',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://10.1.2.3/',
    'https://[fd00::1]/',
    'https://[fe80::1]/',
    'https://metadata.example/',
    'https://two.example/',
    'https://user:secret@example.com/',
    'file:///etc/passwd',
    'ftp://example.com/',
    'javascript:1',
    'gopher://127.0.0.1/',
    'not an address',
    '',
  ])('%s is refused', async (url) => {
    const before = seen.length;
    await expect(egress.request({ url })).rejects.toMatchObject({ code: 'forbidden' });
    await expect(egress.check(url)).rejects.toMatchObject({ code: 'forbidden' });
    expect(seen.length).toBe(before);
  });
});

test('the connection goes to the address that was checked; the name is asked once', async () => {
  let asked = 0;
  const egress = createEgress({
    allowedHosts: ['inside.example'],
    resolve: async () => [{ address: asked++ === 0 ? '127.0.0.1' : '192.0.2.1', family: 4 }],
  });
  const answer = await egress.request({ url: `http://inside.example:${port}/named` });
  expect(await answer.text()).toBe('hello /named');
  expect(seen.at(-1)!.host).toBe(`inside.example:${port}`);
  expect(asked).toBe(1);
});

test('a name that is not found, or not in time, is unavailable', async () => {
  await expect(
    createEgress({ allowedHosts: [], resolve: async () => Promise.reject(new Error('ENOTFOUND')) }).request({
      url: 'https://gone.example/',
    }),
  ).rejects.toMatchObject({ code: 'unavailable' });
  await expect(
    createEgress({ allowedHosts: [], resolve: () => new Promise(() => undefined), connectMs: 50 }).request({
      url: 'https://slow.example/',
    }),
  ).rejects.toMatchObject({ code: 'unavailable' });
});

test('a redirect is an answer, unless asked for; then its target is checked like the first', async () => {
  const to = (url: string) => there(`/to/${encodeURIComponent(url)}`);
  expect((await local().request({ url: to(there('/b')) })).status).toBe(302);
  const followed = await local().request({ url: to(there('/b')), redirects: 1 });
  expect([followed.url, await followed.text()]).toEqual([there('/b'), 'hello /b']);
  expect((await local().request({ url: to(to(there('/b'))), redirects: 1 })).status).toBe(302);
  for (const inside of [
    'http://10.0.0.1/',
    'https://localhost/',
    'http://169.254.169.254/latest/',
    'file:///etc/passwd',
  ]) {
    await expect(local().request({ url: to(inside), redirects: 5 })).rejects.toMatchObject({ code: 'forbidden' });
  }
});

test('keys stay with the server they are for, and a form is sent again only where the server says so', async () => {
  const egress = createEgress({
    allowedHosts: ['127.0.0.1', 'other.example'],
    resolve: async () => [{ address: '127.0.0.1', family: 4 }],
  });
  const secret = { authorization: 'Bearer x', cookie: 'a=b', 'x-api-key': 'k', 'x-kept': 'yes' };
  await egress.request({
    url: there(`/to/${encodeURIComponent(`http://other.example:${port}/c`)}`),
    headers: secret,
    redirects: 1,
  });
  expect(seen.at(-1)!.headers).toMatchObject({ 'x-kept': 'yes', host: `other.example:${port}` });
  for (const name of ['authorization', 'cookie', 'x-api-key']) expect(seen.at(-1)!.headers[name]).toBeUndefined();
  await egress.request({ url: there(`/to/${encodeURIComponent('/d')}`), headers: secret, redirects: 1 });
  expect(seen.at(-1)!.headers).toMatchObject(secret);
  await egress.request({ url: there(`/to/${encodeURIComponent('/e')}`), method: 'POST', body: 'form', redirects: 1 });
  expect(seen.at(-1)).toMatchObject({ url: '/e', body: '' });
  await egress.request({
    url: there(`/to/${encodeURIComponent('/f')}`),
    method: 'POST',
    headers: { 'x-status': '307' },
    body: 'form',
    redirects: 1,
  });
  expect(seen.at(-1)).toMatchObject({ url: '/f', body: 'form' });
});

test('what is read lazily comes when it is asked for, and is whole', async () => {
  const { chunks } = await local().request({ url: there('/words'), lazy: true });
  let text = '';
  for await (const chunk of chunks()) {
    text += Buffer.from(chunk).toString();
    if (!text.endsWith('.')) await new Promise((done) => setTimeout(done, 60));
  }
  expect(text).toBe(`${Array.from({ length: 40 }, (_, i) => `${i} `).join('')}${'.'.repeat(300_000)}`);
});

test('answers have a size and a time', async () => {
  const big = await local().request({ url: there('/big'), maxBytes: 1000 });
  await expect(big.bytes()).rejects.toMatchObject({ code: 'too-large' });
  expect((await (await local().request({ url: there('/big') })).bytes()).length).toBe(100_000);
  await expect(local().request({ url: there('/silent'), timeoutMs: 100 })).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('too long'),
  });
  const endless = await local().request({ url: there('/endless'), timeoutMs: 200 });
  await expect(endless.text()).rejects.toMatchObject({ code: 'unavailable' });
  const stop = new AbortController();
  const stopped = local().request({ url: there('/silent'), signal: stop.signal });
  stop.abort();
  await expect(stopped).rejects.toMatchObject({ code: 'unavailable' });
});

test('nobody there is unavailable', async () => {
  await expect(local().request({ url: 'http://127.0.0.1:1/' })).rejects.toMatchObject({
    code: 'unavailable',
    message: '127.0.0.1:1 could not be reached.',
  });
});

test.each([
  '0.0.0.0',
  '10.255.0.1',
  '100.64.0.1',
  '100.127.255.255',
  '127.8.8.8',
  '169.254.1.1',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.2.1',
  '192.168.1.1',
  '198.18.0.1',
  '198.51.100.1',
  '203.0.113.9',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:8.8.8.8',
  '64:ff9b::808:808',
  'fc00::1',
  'fe80::1%eth0',
  'ff02::1',
  '2001:db8::1',
  '2001::1',
  '2002:7f00:1::',
  '100::1',
  'nonsense',
])('%s is not public', (address) => {
  expect(isPublicAddress(address)).toBe(false);
});
test.each([
  '1.1.1.1',
  '8.8.8.8',
  '100.63.255.255',
  '100.128.0.1',
  '172.15.0.1',
  '172.32.0.1',
  '192.167.255.255',
  '223.255.255.254',
  '2606:4700::1111',
  '2a00:1450:4001::1',
  '2003::1',
])('%s is public', (address) => {
  expect(isPublicAddress(address)).toBe(true);
});
