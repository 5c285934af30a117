import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import zlib from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { openSite } from './site.ts';
import { openTestEdge } from './testEdge.ts';

const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'llmos-site-'));
const script = `console.log('start')`;
const page = `<!doctype html><script>${script}</script><script src="/_app/immutable/start.abc.js"></script>`;
const files: Record<string, string | Buffer> = {
  'index.html': page,
  'index.html.br': zlib.brotliCompressSync(page),
  'mark.svg': '<svg/>',
  '_app/immutable/start.abc.js': 'export {}',
  '_app/immutable/start.abc.js.br': zlib.brotliCompressSync('export {}'),
  '_app/immutable/start.abc.js.gz': zlib.gzipSync('export {}'),
};
for (const [name, content] of Object.entries(files)) {
  fs.mkdirSync(path.dirname(path.join(directory, name)), { recursive: true });
  fs.writeFileSync(path.join(directory, name), content);
}
const edge = await openTestEdge({ site: openSite(directory) });
const { send } = edge;
afterAll(async () => {
  await edge.close();
  fs.rmSync(directory, { recursive: true });
});

test('files with a hash in their name are cached for ever and come compressed as they were built', async () => {
  const brotli = await send('GET', '/_app/immutable/start.abc.js', { headers: { 'accept-encoding': 'gzip, br' } });
  expect([
    brotli.status,
    brotli.text,
    brotli.headers.get('content-encoding'),
    brotli.headers.get('cache-control'),
  ]).toEqual([200, 'export {}', 'br', 'public, max-age=31536000, immutable']);
  const gzip = await send('GET', '/_app/immutable/start.abc.js', { headers: { 'accept-encoding': 'gzip, br;q=0' } });
  expect(gzip.headers.get('content-encoding')).toBe('gzip');
  const plain = await send('GET', '/_app/immutable/start.abc.js', { headers: { 'accept-encoding': 'identity' } });
  expect([plain.text, plain.headers.get('content-encoding'), plain.headers.get('content-type')]).toEqual([
    'export {}',
    null,
    'text/javascript; charset=utf-8',
  ]);
});

test('every address of the app gets its page, fresh each time but not sent twice', async () => {
  for (const address of ['/', '/sign-in', '/v/team%2Flab/f/notes/a.md', '/join/abc'])
    expect((await send('GET', address)).text).toBe(page);
  const { headers } = await send('GET', '/');
  expect(headers.get('cache-control')).toBe('no-cache');
  expect((await send('GET', '/', { headers: { 'if-none-match': headers.get('etag')! } })).status).toBe(304);
  expect((await send('HEAD', '/')).text).toBe('');
});

test('the page allows its own inline script by its hash, and nothing from elsewhere', async () => {
  const policy = (await send('GET', '/')).headers.get('content-security-policy')!;
  const { createHash } = await import('node:crypto');
  expect(policy).toContain(
    `script-src 'self' 'wasm-unsafe-eval' 'sha256-${createHash('sha256').update(script).digest('base64')}';`,
  );
  expect(policy).toContain(`frame-src ${edge.address}/sandbox/`);
  expect(policy.match(/script-src[^;]*/)![0]).not.toContain('unsafe-inline');
});

test('what is not there is 404, and no name leads out of the folder', async () => {
  for (const address of [
    '/_app/immutable/gone.js',
    '/favicon.ico',
    '/..%2f..%2fetc%2fpasswd.txt',
    '/%2e%2e/%2e%2e/etc/hosts.txt',
    '/mark.svg.br',
    '/%00.js',
    '/%ff.js',
  ]) {
    expect([(await send('GET', address)).status, address]).toEqual([404, address]);
  }
});

test('a site that was not built is said in words', () => {
  expect(() => openSite(path.join(directory, 'nowhere'))).toThrow('The web app is not built: run npm start');
});
