import { expect, test } from 'vitest';
import { Problem } from '#shared/errors.ts';
import { addressOf, createApi, isOffline, sentenceOf, signInAddress } from './api.ts';

type Sent = { url: string; init: RequestInit };

function fakeServer(answer: () => Response | Promise<Response>) {
  const sent: Sent[] = [];
  let signedOut = 0;
  const api = createApi({
    fetch: (async (url: string, init: RequestInit) => {
      sent.push({ url, init });
      return answer();
    }) as unknown as typeof fetch,
    signedOut: () => (signedOut += 1),
  });
  return { api, sent, signedOut: () => signedOut };
}

const json = (body: unknown, status = 200) =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });

test('volume names and paths are encoded as the routes say', () => {
  expect(addressOf('GET /volumes/:volume/tree', { params: { volume: 'team/lab' } })).toBe(
    '/api/v1/volumes/team%2Flab/tree',
  );
  expect(
    addressOf('GET /volumes/:volume/raw/*path', {
      params: { volume: 'system', path: 'a b/ü?#.png' },
      query: { download: '1', at: undefined },
    }),
  ).toBe('/api/v1/volumes/system/raw/a%20b/%C3%BC%3F%23.png?download=1');
  expect(() => addressOf('GET /files/:id')).toThrow('needs id');
});

test('a JSON body goes as JSON, a text as text, bytes as bytes', async () => {
  const { api, sent } = fakeServer(() => json({}));
  await api('POST /auth/sign-in', { body: { login: 'ada', password: 'correct horse' } });
  await api('PUT /volumes/:volume/files/*path', {
    params: { volume: 'user/ada', path: 'a.md' },
    body: 'words',
    headers: { 'if-match': '"abc"' },
  });
  await api('POST /volumes/:volume/upload/*path', {
    params: { volume: 'user/ada', path: 'a.png' },
    body: new Uint8Array([1, 2]),
  });
  expect(sent.map(({ init }) => [init.method, (init.headers as Record<string, string>)['content-type']])).toEqual([
    ['POST', 'application/json'],
    ['PUT', 'text/plain; charset=utf-8'],
    ['POST', 'application/octet-stream'],
  ]);
  expect(sent[0]?.init.body).toBe('{"login":"ada","password":"correct horse"}');
  expect((sent[1]?.init.headers as Record<string, string>)['if-match']).toBe('"abc"');
});

test('a refusal is a Problem with the server’s code, sentence and data', async () => {
  const { api } = fakeServer(() =>
    json({ error: { code: 'conflict', message: 'A file of that name is there.', data: { path: 'a.md' } } }, 409),
  );
  const problem = await api('GET /me').catch((error: unknown) => error);
  expect(problem).toBeInstanceOf(Problem);
  expect(problem).toMatchObject({
    code: 'conflict',
    message: 'A file of that name is there.',
    status: 409,
    data: { path: 'a.md' },
  });
  expect(sentenceOf(problem)).toBe('A file of that name is there.');
});

test('an answer that is not ours, such as a proxy’s page, still has a code and a sentence', async () => {
  const { api } = fakeServer(() => new Response('<h1>Bad gateway</h1>', { status: 502 }));
  await expect(api('GET /me')).rejects.toMatchObject({ code: 'unavailable', status: 502 });
});

test('an ended session leads to the sign-in page and back; a wrong password does not', async () => {
  const refused = () => json({ error: { code: 'unauthenticated', message: 'Sign in first.' } }, 401);
  const { api, signedOut } = fakeServer(refused);
  await expect(api('POST /auth/sign-in', { body: { login: 'ada', password: 'wrong' } })).rejects.toMatchObject({
    code: 'unauthenticated',
  });
  await expect(api('GET /me', { stay: true })).rejects.toMatchObject({ code: 'unauthenticated' });
  expect(signedOut()).toBe(0);
  await expect(api('GET /volumes')).rejects.toMatchObject({ code: 'unauthenticated' });
  expect(signedOut()).toBe(1);
  expect(signInAddress({ pathname: '/v/team/lab/f/a.md', search: '?line=3', hash: '' })).toBe(
    '/sign-in?next=%2Fv%2Fteam%2Flab%2Ff%2Fa.md%3Fline%3D3',
  );
  expect(signInAddress({ pathname: '/', search: '', hash: '' })).toBe('/sign-in');
});

test('without a connection it says so; a call that was taken back stays what it is', async () => {
  const { api } = fakeServer(() => Promise.reject(new TypeError('Failed to fetch')));
  const problem = await api('GET /me').catch((error: unknown) => error);
  expect(isOffline(problem)).toBe(true);
  expect(sentenceOf(problem)).toMatch(/No connection/);
  const aborted = AbortSignal.abort();
  const error = await api('GET /me', { signal: aborted }).catch((thrown: unknown) => thrown);
  expect(isOffline(error)).toBe(false);
});

test('text comes as text, with its version beside it', async () => {
  const { api } = fakeServer(
    () => new Response('# Words', { headers: { 'content-type': 'text/markdown; charset=utf-8', etag: '"0a1b"' } }),
  );
  const { data, headers } = await api.whole('GET /volumes/:volume/files/*path', {
    params: { volume: 'system', path: 'README.md' },
  });
  expect(data).toBe('# Words');
  expect(headers.get('etag')).toBe('"0a1b"');
});
