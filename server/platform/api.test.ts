import { expect, onTestFinished, test } from 'vitest';
import { Problem } from '#shared/errors.ts';
import { checkHandlers, forwardedFor } from './api.ts';
import type { Handlers } from './http.ts';
import { fileId, openTestEdge } from './testEdge.ts';

async function edge(options: Parameters<typeof openTestEdge>[0] = {}) {
  const opened = await openTestEdge(options);
  onTestFinished(() => opened.close());
  return opened;
}

test('[AC1] a route without a handler, or a handler for no route, does not start', () => {
  expect(() => checkHandlers({ 'GET /me': () => 0, 'GET /secrets': () => 0 })).toThrow(
    /without a handler: .*GET \/auth\/options.* not in the table of routes: GET \/secrets/s,
  );
});

test('[AC1] every route is decided by the policy table before its handler runs', async () => {
  const calls: string[] = [];
  const { send } = await edge({
    handlers: {
      'DELETE /volumes/:volume/files/*path': async ({ actor, params }) => (
        calls.push(`${actor.login} ${params.path}`),
        { id: '', path: '', epoch: 1, oid: null }
      ),
    },
  });
  const remove = (as?: string) => send('DELETE', '/api/v1/volumes/team%2Flab/files/notes/a%20b.md', as ? { as } : {});
  expect((await remove()).status).toBe(401);
  expect((await remove('mallory')).status).toBe(404);
  expect((await remove('vera')).status).toBe(403);
  expect((await remove('ben')).status).toBe(200);
  expect(calls).toEqual(['ben notes/a b.md']);
});

test('[AC2] what one may not read answers exactly as what is not there', async () => {
  const { send } = await edge();
  for (const [hidden, absent] of [
    ['/api/v1/volumes/team%2Flab', '/api/v1/volumes/team%2Fnone'],
    ['/api/v1/teams/lab', '/api/v1/teams/none'],
    [`/api/v1/files/${fileId}`, '/api/v1/files/99999999-2222-4333-8444-555555555555'],
  ] as const) {
    const [first, second] = [
      await send('GET', hidden, { as: 'mallory' }),
      await send('GET', absent, { as: 'mallory' }),
    ];
    expect([first.status, first.text]).toEqual([404, second.text]);
  }
});

test('a file id that is no UUID is a file that is not there', async () => {
  const { send } = await edge();
  expect((await send('GET', '/api/v1/files/%00', { as: 'ada' })).status).toBe(400);
  expect((await send('GET', "/api/v1/files/1'--", { as: 'ada' })).status).toBe(404);
});

test('a change must come from our own page, or with a token; a foreign page is refused even with one', async () => {
  const { send } = await edge();
  const rename = (options: { as?: string; headers?: Record<string, string> }) =>
    send('PATCH', '/api/v1/me', { ...options, body: { name: 'Ben' } });
  expect((await rename({ as: 'ben' })).status).toBe(200);
  expect((await rename({ as: 'ben', headers: { origin: '' } })).code).toBe('forbidden');
  expect((await rename({ as: 'ben', headers: { origin: 'https://evil.example' } })).code).toBe('forbidden');
  expect((await rename({ as: 'ben', headers: { origin: 'null' } })).code).toBe('forbidden');
  expect((await rename({ headers: { origin: '', authorization: 'Bearer llmos_ben' } })).status).toBe(200);
  expect((await rename({ headers: { origin: 'https://evil.example', authorization: 'Bearer llmos_ben' } })).code).toBe(
    'forbidden',
  );
});

test('a foreign name that leads to this machine is not our own', async () => {
  const http = await import('node:http');
  const { port } = await edge();
  const status = await new Promise((done) => {
    const headers = {
      host: `rebound.example:${port}`,
      origin: `http://rebound.example:${port}`,
      'content-type': 'application/json',
    };
    const request = http.request(
      { port, host: '127.0.0.1', method: 'POST', path: '/api/v1/auth/sign-up', headers },
      (answer) => done(answer.statusCode),
    );
    request.end('{}');
  });
  expect(status).toBe(403);
});

test('a token is judged by its scopes, and a bad one is not nobody', async () => {
  const { send } = await edge();
  const as = (token: string) => ({ headers: { authorization: `Bearer llmos_${token}` } });
  expect((await send('GET', '/api/v1/volumes', as('reading'))).status).toBe(200);
  expect((await send('PATCH', '/api/v1/me', { ...as('reading'), body: {} })).status).toBe(403);
  expect((await send('GET', '/api/v1/me/tokens', as('reading'))).status).toBe(403);
  expect((await send('GET', '/api/v1/auth/options', as('stolen'))).code).toBe('unauthenticated');
});

test('what does not fit is refused with its exact status, never with 500', async () => {
  const { send } = await edge();
  const cases: [number, string, string, object][] = [
    [
      415,
      'POST',
      '/api/v1/auth/sign-in',
      { headers: { 'content-type': 'text/plain' }, body: '{"login":"a","password":"b"}' },
    ],
    [400, 'POST', '/api/v1/auth/sign-in', { headers: { 'content-type': 'application/json' }, body: '{"login":' }],
    [
      400,
      'POST',
      '/api/v1/auth/sign-in',
      { headers: { 'content-type': 'application/json' }, body: `{"login":${'['.repeat(65)}` },
    ],
    [
      400,
      'POST',
      '/api/v1/auth/sign-in',
      { headers: { 'content-type': 'application/json' }, body: '{"login":"a\\u0000","password":"b"}' },
    ],
    [
      400,
      'POST',
      '/api/v1/auth/sign-in',
      { headers: { 'content-type': 'application/json' }, body: new Uint8Array([0x22, 0xff, 0x22]) },
    ],
    [422, 'POST', '/api/v1/auth/sign-in', { body: { login: 'ada' } }],
    [422, 'POST', '/api/v1/auth/sign-in', { body: [] }],
    [413, 'POST', '/api/v1/auth/sign-in', { body: { login: 'ada', password: 'x'.repeat(2 ** 20) } }],
    [400, 'GET', '/api/v1/volumes/team%2Flab/search', { as: 'ben' }],
    [400, 'GET', '/api/v1/volumes/team%2Flab/search?q=a&q=b', { as: 'ben' }],
    [400, 'GET', '/api/v1/volumes/team%2Flab/search?q=%00', { as: 'ben' }],
    [400, 'GET', '/api/v1/volumes/team%2Flab/search?q=a&limit=many', { as: 'ben' }],
    [404, 'GET', '/api/v1/volumes/%E0%A4%A/tree', { as: 'ben' }],
    [404, 'GET', '/api/v1/nothing', {}],
    [404, 'POST', '/api/v2/me', {}],
    [405, 'DELETE', '/api/v1/me', {}],
    [405, 'POST', '/anything', {}],
  ];
  for (const [status, method, path, options] of cases)
    expect([(await send(method, path, options)).status, method, path]).toEqual([status, method, path]);
});

test('a body without a declared length is stopped at the limit', async () => {
  const { address } = await edge();
  let sent = 0;
  const body = new ReadableStream({
    pull: (stream) => (sent++ > 200 ? stream.close() : stream.enqueue(new Uint8Array(2 ** 16).fill(0x20))),
  });
  const request = fetch(`${address}/api/v1/auth/sign-in`, {
    method: 'POST',
    headers: { origin: address, 'content-type': 'application/json' },
    body,
    duplex: 'half',
  } as RequestInit);
  expect((await request).status).toBe(413);
});

test('a body is text, bytes or checked JSON, as its route says', async () => {
  const seen: unknown[] = [];
  const { send } = await edge({
    handlers: {
      'PUT /volumes/:volume/files/*path': async ({ body }) => (
        seen.push(body),
        { id: '', path: '', epoch: 1, oid: null, conflicts: [] }
      ),
      'POST /volumes/:volume/upload/*path': async ({ body }) => (
        seen.push(body),
        { id: '', path: '', epoch: 1, oid: null }
      ),
      'POST /volumes/:volume/checkpoint': async ({ body }) => (seen.push(body), { commits: [] }),
    },
  });
  await send('PUT', '/api/v1/volumes/team%2Flab/files/a.md', {
    as: 'ben',
    headers: { 'content-type': 'text/markdown' },
    body: '﻿# Ä\n',
  });
  await send('POST', '/api/v1/volumes/team%2Flab/upload/a.png', { as: 'ben', body: new Uint8Array([0, 255, 1]) });
  await send('POST', '/api/v1/volumes/team%2Flab/checkpoint', { as: 'ben' });
  expect(seen[0]).toBe('﻿# Ä\n');
  expect(Buffer.from(seen[1] as Uint8Array)).toEqual(Buffer.from([0, 255, 1]));
  expect(seen[2]).toEqual({});
});

test('a problem keeps its words; anything else is logged with its cause and shown without it', async () => {
  const throwing = (error: unknown): Partial<Handlers> => ({
    'GET /volumes': async () => {
      throw error;
    },
  });
  const known = await edge({ handlers: throwing(new Problem('conflict', 'Somebody was faster.', { oid: 'abc' })) });
  const answer = await known.send('GET', '/api/v1/volumes', { as: 'ben' });
  expect([answer.status, answer.json]).toEqual([
    409,
    { error: { code: 'conflict', message: 'Somebody was faster.', data: { oid: 'abc' } } },
  ]);

  const broken = await edge({ handlers: throwing(new Error('the password is hunter2')) });
  const internal = await broken.send('GET', '/api/v1/volumes', { as: 'ben' });
  expect([internal.status, internal.code]).toEqual([500, 'internal']);
  expect(internal.text).not.toContain('hunter2');
  expect(broken.lines.join('')).toContain('hunter2');

  const noUuid = await edge({
    handlers: throwing(
      Object.assign(new Error('query'), { cause: Object.assign(new Error('uuid'), { code: '22P02' }) }),
    ),
  });
  expect((await noUuid.send('GET', '/api/v1/volumes', { as: 'ben' })).status).toBe(404);
  const full = await edge({ handlers: throwing(Object.assign(new Error('write'), { code: 'ENOSPC', path: '/data' })) });
  const refused = await full.send('GET', '/api/v1/volumes', { as: 'ben' });
  expect([refused.status, refused.code]).toEqual([503, 'unavailable']);
  expect(refused.text).toContain('The disk of the server is full');
  expect(full.lines.join('')).toContain('ENOSPC');
  const gone = await edge({ handlers: throwing(Object.assign(new Error('gone'), { code: 'ECONNREFUSED' })) });
  expect((await gone.send('GET', '/api/v1/volumes', { as: 'ben' })).headers.get('retry-after')).toBe('1');
});

test('limits: 60 a minute for an address that is nobody, 120 changes and 600 requests a minute for a person', async () => {
  const { send } = await edge({ rateLimits: true });
  const statuses = async (count: number, one: () => Promise<{ status: number }>) => {
    const all = [];
    for (let i = 0; i < count; i++) all.push((await one()).status);
    return all;
  };
  expect(await statuses(60, () => send('GET', '/api/v1/me'))).toEqual(Array(60).fill(401));
  const refused = await send('GET', '/api/v1/me');
  expect([refused.status, refused.code, refused.headers.get('retry-after')]).toEqual([429, 'rate-limited', '1']);
  const changes = await statuses(121, () => send('PATCH', '/api/v1/me', { as: 'ben', body: {} }));
  expect([changes.filter((status) => status === 200).length, changes.at(-1)]).toEqual([120, 429]);
  expect((await send('GET', '/api/v1/me', { as: 'ben' })).status).toBe(200);
  expect((await send('PATCH', '/api/v1/me', { as: 'vera', body: {} })).status).toBe(200);
});

test('answers are not stored, not sniffed, not framed and not run', async () => {
  const { send } = await edge();
  const { headers } = await send('GET', '/api/v1/volumes', { as: 'ben' });
  expect(headers.get('cache-control')).toBe('no-store');
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
});

test('health, readiness, metrics for administrators, and the description of the API', async () => {
  const { send } = await edge();
  expect((await send('GET', '/healthz')).text).toBe('ok\n');
  expect((await send('GET', '/readyz')).json).toEqual({ ready: true, database: 'ok' });
  expect((await send('GET', '/metrics')).status).toBe(401);
  expect((await send('GET', '/metrics', { as: 'ben' })).status).toBe(403);
  await send('GET', '/api/v1/volumes/team%2Flab/tree', { as: 'ben' });
  const metrics = await send('GET', '/metrics', { as: 'ada' });
  expect(metrics.text).toContain('llmos_http_requests_total{route="GET /volumes/:volume/tree",status="200"} 1');
  const { json } = await send('GET', '/api/openapi.json');
  expect(json.paths['/volumes/{volume}/files/{path}'].put.requestBody.content).toHaveProperty('text/plain');
  expect(json.paths['/auth/sign-up'].post.requestBody.content['application/json'].schema.required).toEqual([
    'login',
    'password',
  ]);
});

test('where a request came from: only as many proxies are believed as there are', () => {
  const header = '6.6.6.6, 1.2.3.4, 10.0.0.2';
  expect(forwardedFor({ peer: '::ffff:10.0.0.1', header, trustProxy: 0 })).toBe('10.0.0.1');
  expect(forwardedFor({ peer: '10.0.0.1', header, trustProxy: 1 })).toBe('10.0.0.2');
  expect(forwardedFor({ peer: '10.0.0.1', header, trustProxy: 2 })).toBe('1.2.3.4');
  expect(forwardedFor({ peer: '10.0.0.1', header: null, trustProxy: 1 })).toBe('10.0.0.1');
});

test('[AC3] limits count a network of IPv6, because all of its addresses are one line', () => {
  const from = (peer: string) => forwardedFor({ peer, header: null, trustProxy: 0 });
  expect(['2001:db8:1:2::1', '2001:DB8:1:2:ffff:0:0:9', '2001:db8:1:2::', '2001:0db8:0001:0002::5'].map(from)).toEqual(
    Array(4).fill('2001:db8:1:2::/64'),
  );
  expect(['2001:db8:1:3::1', '2001:db8::2', '::1', 'fe80::1%eth0', '::', ''].map(from)).toEqual([
    '2001:db8:1:3::/64',
    '2001:db8:0:0::/64',
    '0:0:0:0::/64',
    'fe80:0:0:0::/64',
    '0:0:0:0::/64',
    '',
  ]);
  expect(forwardedFor({ peer: '::1', header: '1.2.3.4, 2001:db8:1:2::7', trustProxy: 1 })).toBe('2001:db8:1:2::/64');
});
