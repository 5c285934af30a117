import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pyodideVersion } from '#shared/sandbox.ts';
import { createEgress } from '../platform/egress.ts';
import { createLog } from '../platform/log.ts';
import { createPackages, noIndex } from './packages.ts';

const sum = (bytes: Buffer) => crypto.createHash('sha256').update(bytes).digest('hex');
const wheel = Buffer.from('a wheel');
const lockOf = (files: Record<string, string>, abi = '2026_0') =>
  JSON.stringify({
    info: { abi_version: abi },
    packages: Object.fromEntries(
      Object.entries(files).map(([name, sha256]) => [name, { file_name: name, sha256, imports: [name] }]),
    ),
  });
const shipped = lockOf({ 'tiny-1.0-py3-none-any.whl': sum(wheel) });

let server: http.Server;
let index = '';
let asked: string[] = [];
let serves: Record<string, Buffer | string> = {};
const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'llmos-packages-'));

beforeAll(async () => {
  server = http.createServer((request, response) => {
    asked.push(request.url!);
    const body = serves[decodeURIComponent(request.url!.split('/').at(-1)!)];
    response.statusCode = body === undefined ? 404 : 200;
    response.end(body ?? 'gone');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  index = `http://127.0.0.1:${(server.address() as AddressInfo).port}/pyodide/`;
});
afterAll(() => {
  server.close();
  fs.rmSync(directory, { recursive: true });
});

const open = (more: { index?: string | null; folder?: string } = {}) => {
  asked = [];
  return createPackages({
    index: more.index === undefined ? index : more.index,
    shipped,
    directory: path.join(directory, more.folder ?? crypto.randomUUID()),
    egress: createEgress({ allowedHosts: [new URL(index).host] }),
    log: createLog({ level: 'silent' }),
  });
};

test('the version that pages ask for is the one that is installed', () => {
  const installed = JSON.parse(fs.readFileSync('node_modules/pyodide/package.json', 'utf8')) as { version: string };
  expect(installed.version).toBe(pyodideVersion);
});

test('[PY4] without an index one sentence says so', async () => {
  const packages = open({ index: null });
  expect(await packages.lock()).toEqual({ lock: shipped, noPackages: noIndex });
  await expect(packages.read('tiny-1.0-py3-none-any.whl')).rejects.toMatchObject({
    code: 'unavailable',
    message: noIndex,
  });
});

test('[PY4] only names of the lock file are asked for, and each file is fetched once', async () => {
  serves = { 'tiny-1.0-py3-none-any.whl': wheel, 'other.whl': 'x' };
  const packages = open({ folder: 'once' });
  for (const name of ['other.whl', '../secret', 'pyodide-lock.json', 'https://evil.example/x.whl', ''])
    await expect(packages.read(name)).rejects.toMatchObject({ code: 'not-found' });
  expect(await packages.read('tiny-1.0-py3-none-any.whl')).toEqual(wheel);
  expect(await packages.read('tiny-1.0-py3-none-any.whl')).toEqual(wheel);
  expect(asked.filter((url) => url.endsWith('.whl'))).toEqual(['/pyodide/tiny-1.0-py3-none-any.whl']);
});

test('[PY4] bytes with another checksum are refused, also those that were kept', async () => {
  serves = { 'tiny-1.0-py3-none-any.whl': Buffer.from('something else') };
  await expect(open().read('tiny-1.0-py3-none-any.whl')).rejects.toMatchObject({ code: 'unavailable' });
  serves = { 'tiny-1.0-py3-none-any.whl': wheel };
  fs.writeFileSync(path.join(directory, 'once', sum(wheel)), 'spoiled');
  expect(await open({ folder: 'once' }).read('tiny-1.0-py3-none-any.whl')).toEqual(wheel);
});

test('an index may bring its own lock file, for the same Python only; a silent one leaves ours', async () => {
  const own = Buffer.from('their own');
  const theirs = lockOf({ 'own-1.whl': sum(own) });
  serves = { 'pyodide-lock.json': theirs, 'own-1.whl': own };
  const packages = open();
  expect((await packages.lock()).lock).toBe(theirs);
  expect(await packages.read('own-1.whl')).toEqual(own);
  for (const bad of [lockOf({ 'own-1.whl': sum(own) }, '2020_0'), '{', lockOf({ '../own': sum(own) })]) {
    serves = { 'pyodide-lock.json': bad };
    expect((await open().lock()).lock).toBe(shipped);
  }
  serves = {};
  expect((await open().lock()).lock).toBe(shipped);
});
