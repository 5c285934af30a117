import crypto from 'node:crypto';
import fs from 'node:fs';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createSelfSigned, openCertificate } from './certificate.ts';
import { createServer } from './serve.ts';
import { readSecretKey } from './secretKey.ts';

const now = Date.parse('2026-06-01T00:00:00Z');
const day = 86_400_000;

function folder() {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'llmos-tls-'));
  onTestFinished(() => fs.rmSync(made, { recursive: true }));
  return made;
}

test('our own certificate names this machine, and nobody can sign others with it', () => {
  const { cert } = createSelfSigned({
    names: ['localhost', 'lab.local', '192.168.1.20', '::1', 'fe80::1ff:fe23:4567:890a'],
    now,
  });
  const parsed = new crypto.X509Certificate(cert);
  expect(parsed.verify(parsed.publicKey)).toBe(true);
  expect([
    parsed.ca,
    parsed.checkHost('lab.local'),
    parsed.checkIP('192.168.1.20'),
    parsed.checkIP('::1'),
    parsed.checkIP('fe80::1ff:fe23:4567:890a'),
    parsed.checkHost('evil.example'),
  ]).toEqual([false, 'lab.local', '192.168.1.20', '::1', 'fe80::1ff:fe23:4567:890a', undefined]);
  expect(Date.parse(parsed.validTo) - now).toBe(397 * day);
});

test('a client that trusts it connects over TLS, and one that does not is warned', async () => {
  const { cert, key } = createSelfSigned({ names: ['localhost', '127.0.0.1'], now: Date.now() });
  const server = createServer({ cert, key });
  server.on('request', (_request, response) => response.end('hello'));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => void server.close());
  const get = (ca?: string) =>
    new Promise((done) => {
      const request = https.get(
        { host: '127.0.0.1', port: (server.address() as AddressInfo).port, ca, agent: false },
        (answer) => done(answer.statusCode),
      );
      request.on('error', (error: NodeJS.ErrnoException) => done(error.code));
    });
  expect(await get(cert)).toBe(200);
  expect(await get()).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
});

test('it is kept in the data folder, its key for the owner alone, and renewed before it ends', () => {
  const dataDir = folder();
  const open = (at: number) => openCertificate({ tls: { kind: 'self-signed' }, host: '0.0.0.0', dataDir, now: at });
  const first = open(now);
  expect(first.selfSigned).toBe(true);
  expect(open(now + 300 * day).fingerprint).toBe(first.fingerprint);
  expect(open(now + 380 * day).fingerprint).not.toBe(first.fingerprint);
  expect(fs.statSync(path.join(dataDir, 'tls/key.pem')).mode & 0o777).toBe(0o600);
});

test('files that do not fit together are told in a sentence', () => {
  const directory = folder();
  const [cert, key] = [path.join(directory, 'cert.pem'), path.join(directory, 'key.pem')];
  fs.writeFileSync(cert, createSelfSigned({ names: ['localhost'], now }).cert);
  fs.writeFileSync(key, createSelfSigned({ names: ['localhost'], now }).key);
  const open = () => openCertificate({ tls: { kind: 'files', cert, key }, host: 'localhost', dataDir: directory, now });
  expect(open).toThrow(`TLS does not work with ${cert} and ${key}: the key belongs to another certificate.`);
  fs.writeFileSync(cert, 'nonsense');
  expect(open).toThrow('TLS does not work with');
});

test('the secret key is made once, for the owner alone; a damaged one is not used', () => {
  const dataDir = folder();
  const file = path.join(dataDir, 'secret.key');
  const first = readSecretKey({ secretKey: null, dataDir });
  expect(first).toHaveLength(32);
  fs.chmodSync(file, 0o644);
  expect(readSecretKey({ secretKey: null, dataDir })).toEqual(first);
  expect(fs.statSync(file).mode & 0o777).toBe(0o600);
  expect(readSecretKey({ secretKey: 'x'.repeat(32), dataDir })).not.toEqual(first);
  fs.writeFileSync(file, '');
  expect(() => readSecretKey({ secretKey: null, dataDir })).toThrow('is damaged');
});
