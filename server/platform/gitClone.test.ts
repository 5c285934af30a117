// A real git server (git's own http-backend) behind a real https port, cloned by the real git.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openCertificate } from './certificate.ts';
import { createEgress } from './egress.ts';
import { createGitClone } from './gitClone.ts';
import { openNativeGit, type NativeGit } from './nativeGit.ts';

const searchPath = process.env['PATH']!;
let directory: string;
let certificates: string;
let server: https.Server;
let native: NativeGit | null;
let port: number;
let asked: string[] = [];
let answer: ((request: { url: string }, response: import('node:http').ServerResponse) => boolean) | null = null;

const git = (cwd: string, ...args: string[]) =>
  execFileSync(
    'git',
    ['-c', 'user.name=Them', '-c', 'user.email=them@example.org', '-c', 'init.defaultBranch=trunk', ...args],
    { cwd, stdio: 'pipe' },
  );

beforeAll(async () => {
  native = await openNativeGit({ searchPath });
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'llmos-git-'));
  const work = path.join(directory, 'work');
  fs.mkdirSync(path.join(work, 'deep/er'), { recursive: true });
  git(work, 'init', '-q');
  fs.writeFileSync(path.join(work, 'README.md'), 'first\n');
  git(work, 'add', '.');
  git(work, 'commit', '-qm', 'one');
  fs.writeFileSync(path.join(work, 'README.md'), 'second\r\n');
  fs.writeFileSync(path.join(work, 'deep/er/bytes.bin'), Buffer.from([0, 255, 10, 13]));
  fs.writeFileSync(path.join(work, 'ünïcode ß.md'), 'ü');
  fs.symlinkSync('/etc/passwd', path.join(work, 'link'));
  git(work, 'add', '.');
  git(work, 'update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},module`);
  git(work, 'commit', '-qm', 'two');
  for (const name of ['repo', 'empty'])
    git(
      directory,
      ...(name === 'repo' ? ['clone', '-q', '--bare', 'work', 'repo.git'] : ['init', '-q', '--bare', 'empty.git']),
    );
  fs.writeFileSync(path.join(directory, 'repo.git/hooks/post-update'), '#!/bin/sh\ntouch /tmp/never\n', {
    mode: 0o755,
  });

  const made = openCertificate({
    tls: { kind: 'self-signed' },
    host: 'git.llmos.invalid',
    dataDir: directory,
    now: Date.now(),
  });
  certificates = path.join(directory, 'ca.pem');
  fs.writeFileSync(certificates, made.cert);
  server = https.createServer({ cert: made.cert, key: made.key }, (request, response) => {
    asked.push(request.url!);
    if (answer?.({ url: request.url! }, response)) return;
    const url = new URL(request.url!, 'https://x');
    const backend = spawn(path.join(execFileSync('git', ['--exec-path']).toString().trim(), 'git-http-backend'), {
      env: {
        GIT_PROJECT_ROOT: directory,
        GIT_HTTP_EXPORT_ALL: '1',
        PATH_INFO: url.pathname,
        QUERY_STRING: url.search.slice(1),
        REQUEST_METHOD: request.method,
        CONTENT_TYPE: request.headers['content-type'] ?? '',
        HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
        GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
        PATH: searchPath,
      },
    });
    request.pipe(backend.stdin);
    const parts: Buffer[] = [];
    backend.stdout.on('data', (part: Buffer) => parts.push(part));
    backend.on('close', () => {
      const all = Buffer.concat(parts);
      const end = all.indexOf('\r\n\r\n');
      const head = all
        .toString('latin1', 0, end)
        .split('\r\n')
        .map((line) => line.split(': ') as [string, string]);
      response.statusCode = Number(head.find(([name]) => name === 'Status')?.[1]?.slice(0, 3) ?? 200);
      for (const [name, value] of head) if (name !== 'Status') response.setHeader(name, value);
      response.end(all.subarray(end + 4));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  port = (server.address() as AddressInfo).port;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  fs.rmSync(directory, { recursive: true, force: true });
});

const clone = (
  name: string,
  {
    allowed = [`127.0.0.1:${port}`],
    limits = undefined as { entries: number; bytes: number; milliseconds: number } | undefined,
    trust = true,
  } = {},
) =>
  createGitClone({
    native,
    searchPath,
    egress: createEgress({ allowedHosts: allowed }),
    ...(trust ? { certificates } : {}),
  })({ url: name.includes(':') ? name : `https://127.0.0.1:${port}/${name}`, ...(limits ? { limits } : {}) });
const left = () => fs.readdirSync(os.tmpdir()).filter((name) => name.startsWith('llmos-clone-'));

test('the newest files of the main branch, whatever it is called, without links and submodules', async () => {
  const { oid, files, skipped } = await clone('repo.git');
  expect(oid).toBe(git(path.join(directory, 'work'), 'rev-parse', 'HEAD').toString().trim());
  expect(Object.fromEntries(files.map((file) => [file.path, file.content.toString('latin1')]))).toEqual({
    'README.md': 'second\r\n',
    'deep/er/bytes.bin': '\0\xff\n\r',
    'ünïcode ß.md': Buffer.from('ü').toString('latin1'),
  });
  expect(skipped).toEqual([
    { path: 'link', why: 'a link' },
    { path: 'module', why: 'a submodule' },
  ]);
  expect(left()).toEqual([]);
});

test('an address that is not public is never asked', async () => {
  asked = [];
  for (const url of [
    `https://127.0.0.1:${port}/repo.git`,
    `https://localhost:${port}/repo.git`,
    `https://[::1]:${port}/repo.git`,
    'https://169.254.169.254/x',
    'https://10.0.0.1/x',
  ]) {
    await expect(clone(url, { allowed: [] }), url).rejects.toMatchObject({ name: 'Problem' });
  }
  expect(asked).toEqual([]);
});

test('git connects to the very address that was checked, whatever the name means a moment later', async () => {
  const egress = createEgress({
    allowedHosts: [`git.llmos.invalid:${port}`],
    resolve: async () => [{ address: '127.0.0.1', family: 4 }],
  });
  const { files } = await createGitClone({ native, searchPath, egress, certificates })({
    url: `https://git.llmos.invalid:${port}/repo.git`,
  });
  expect(files).toHaveLength(3);
});

test('nothing but https: no files of this computer, no commands, no other protocols', async () => {
  for (const url of [
    `file://${directory}/repo.git`,
    `ext::sh -c touch% /tmp/never`,
    'ssh://git@example.org/x',
    'git://example.org/x',
    `http://example.org/x`,
    '--upload-pack=touch /tmp/never',
    `${directory}/repo.git`,
  ]) {
    await expect(clone(url.includes(':') ? url : `:${url}`, { allowed: ['example.com'] }), url).rejects.toMatchObject({
      name: 'Problem',
    });
  }
  await expect(clone(`https://user:secret@127.0.0.1:${port}/repo.git`)).rejects.toMatchObject({ code: 'forbidden' });
  expect(fs.existsSync('/tmp/never')).toBe(false);
});

test('a redirect is not followed, whereto it leads', async () => {
  answer = ({ url }, response) => {
    response
      .writeHead(302, {
        location: url.startsWith('/away.git') ? url.replace('/away.git', '/repo.git') : `https://127.0.0.1:1${url}`,
      })
      .end();
    return true;
  };
  asked = [];
  await expect(clone('away.git')).rejects.toMatchObject({
    name: 'Problem',
    message: expect.stringContaining('could not be read'),
  });
  expect(asked.every((url) => url.startsWith('/away.git'))).toBe(true);
  answer = null;
});

test('what is not there, empty, of an unknown authority or no git at all is told in a sentence', async () => {
  await expect(clone('nothing.git')).rejects.toMatchObject({
    code: 'invalid',
    message: expect.stringContaining('it is not there, or not public'),
  });
  await expect(clone('empty.git')).rejects.toMatchObject({ code: 'invalid', message: 'The repository is empty.' });
  await expect(clone('repo.git', { trust: false })).rejects.toMatchObject({
    code: 'invalid',
    message: expect.stringContaining('certificate'),
  });
  answer = (_request, response) => Boolean(response.end('<html>hello</html>'));
  await expect(clone('repo.git')).rejects.toMatchObject({ code: 'invalid' });
  answer = null;
  expect(left()).toEqual([]);
});

test('too many files, too many bytes and too slow are stopped, and nothing is left behind', async () => {
  await expect(clone('repo.git', { limits: { entries: 2, bytes: 1e6, milliseconds: 20_000 } })).rejects.toMatchObject({
    code: 'too-large',
  });
  await expect(clone('repo.git', { limits: { entries: 9, bytes: 10, milliseconds: 20_000 } })).rejects.toMatchObject({
    code: 'too-large',
  });
  answer = () => true; // never
  await expect(clone('repo.git', { limits: { entries: 9, bytes: 1e6, milliseconds: 500 } })).rejects.toMatchObject({
    code: 'unavailable',
  });
  answer = null;
  expect(left()).toEqual([]);
});

test('without git on the server the sentence says what works instead', async () => {
  await expect(
    createGitClone({ native: null, searchPath: '/nowhere', egress: createEgress({ allowedHosts: [] }) })({
      url: 'https://example.org/x',
    }),
  ).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('archive') });
});

test('[GI8] a small repository that unfolds to endlessly many files, or to endlessly many links, is refused as too large', async () => {
  const bomb = path.join(directory, 'bomb.git');
  git(directory, 'init', '-q', '--bare', 'bomb.git');
  const made = (input: string, ...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=Them', '-c', 'user.email=them@example.org', '--git-dir', bomb, ...args], {
      input,
    })
      .toString()
      .trim();
  const blob = made('x', 'hash-object', '-w', '--stdin');
  for (const [name, entry] of [
    ['files', `100644 blob ${blob}`],
    ['links', `120000 blob ${blob}`],
  ] as const) {
    let tree = made(Array.from({ length: 10 }, (_, i) => `${entry}\t${i}\n`).join(''), 'mktree');
    for (let level = 0; level < 7; level++)
      tree = made(Array.from({ length: 10 }, (_, i) => `040000 tree ${tree}\t${i}\n`).join(''), 'mktree');
    made('', 'update-ref', 'HEAD', made('', 'commit-tree', '-m', name, tree)); // a hundred million files
    await expect(clone('bomb.git'), name).rejects.toMatchObject({
      code: 'too-large',
      message: 'The repository has more than 10,000 files.',
    });
  }
  expect(left()).toEqual([]);
}, 120_000);
