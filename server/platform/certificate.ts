// TLS: the certificate that somebody brought, or one that we make and sign ourselves for a LAN, where browsers otherwise give no Web
// Serial and no SharedArrayBuffer. The X.509 structure is written out here (RFC 5280); keys and signatures are Node's.
import crypto from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

export type Certificate = {
  cert: string;
  key: string;
  /** SHA-256, as browsers show it */ fingerprint: string;
  selfSigned: boolean;
};

const day = 86_400_000;
const validDays = 397; // what browsers accept at most
const renewBefore = 30 * day;

/** Throws a sentence for people when the files do not fit together. */
export function openCertificate({
  tls,
  host,
  dataDir,
  now,
}: {
  tls: { kind: 'files'; cert: string; key: string } | { kind: 'self-signed' };
  host: string;
  dataDir: string;
  now: number;
}): Certificate {
  if (tls.kind === 'files')
    return check(
      { cert: fs.readFileSync(tls.cert, 'utf8'), key: fs.readFileSync(tls.key, 'utf8') },
      `${tls.cert} and ${tls.key}`,
    );
  const folder = path.join(dataDir, 'tls');
  const [certFile, keyFile] = [path.join(folder, 'cert.pem'), path.join(folder, 'key.pem')];
  const kept =
    fs.existsSync(certFile) && fs.existsSync(keyFile)
      ? check({ cert: fs.readFileSync(certFile, 'utf8'), key: fs.readFileSync(keyFile, 'utf8') }, folder)
      : null;
  if (kept && Date.parse(new crypto.X509Certificate(kept.cert).validTo) - now > renewBefore) return kept;
  const made = createSelfSigned({ names: namesOfThisMachine(host), now });
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  fs.writeFileSync(keyFile, made.key, { mode: 0o600 });
  fs.writeFileSync(certFile, made.cert);
  return check(made, folder);
}

function check({ cert, key }: { cert: string; key: string }, where: string): Certificate {
  try {
    const parsed = new crypto.X509Certificate(cert);
    if (!parsed.checkPrivateKey(crypto.createPrivateKey(key)))
      throw new Error('the key belongs to another certificate');
    return { cert, key, fingerprint: parsed.fingerprint256, selfSigned: parsed.verify(parsed.publicKey) };
  } catch (error) {
    throw new Error(`TLS does not work with ${where}: ${(error as Error).message}.`, { cause: error });
  }
}

function namesOfThisMachine(host: string): string[] {
  const addresses = Object.values(os.networkInterfaces())
    .flatMap((list) => list ?? [])
    .map(({ address }) => address.split('%')[0]!);
  const name = os.hostname();
  const all = [
    'localhost',
    name,
    ...(name.includes('.') ? [] : [`${name}.local`]),
    host,
    '127.0.0.1',
    '::1',
    ...addresses,
  ];
  return [...new Set(all)].filter((entry) => entry !== '0.0.0.0' && entry !== '::');
}

export function createSelfSigned({ names, now }: { names: string[]; now: number }): { cert: string; key: string } {
  const { publicKey, privateKey } = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ecdsaWithSha256 = sequence(objectId('1.2.840.10045.4.3.2'));
  const name = sequence(set(sequence(objectId('2.5.4.3'), utf8(`LLMos on ${names[0]}`))));
  const subject = sequence(
    explicit(0, integer(Buffer.from([2]))), // version 3
    integer(Buffer.concat([Buffer.from([0x4c]), crypto.randomBytes(15)])),
    ecdsaWithSha256,
    name,
    sequence(time(now - day), time(now + validDays * day)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(
      3,
      sequence(
        extension('2.5.29.19', true, sequence()), // basic constraints: no authority
        extension('2.5.29.15', true, Buffer.from([0x03, 0x02, 0x07, 0x80])), // key usage: digital signature
        extension('2.5.29.37', false, sequence(objectId('1.3.6.1.5.5.7.3.1'))), // extended: server authentication
        extension('2.5.29.17', false, sequence(...names.map(alternativeName))),
      ),
    ),
  );
  const signature = crypto.sign('sha256', subject, privateKey);
  const der = sequence(subject, ecdsaWithSha256, tagged(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const cert = `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/.{64}(?=.)/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
  return { cert, key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string };
}

// ---- DER: a tag, a length, the content

function tagged(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}
const sequence = (...parts: Buffer[]) => tagged(0x30, ...parts);
const set = (...parts: Buffer[]) => tagged(0x31, ...parts);
const explicit = (number: number, content: Buffer) => tagged(0xa0 + number, content);
const integer = (bytes: Buffer) => tagged(0x02, bytes);
const utf8 = (text: string) => tagged(0x0c, Buffer.from(text, 'utf8'));
const extension = (id: string, critical: boolean, value: Buffer) =>
  sequence(objectId(id), ...(critical ? [Buffer.from([0x01, 0x01, 0xff])] : []), tagged(0x04, value));

/** Years below 2050 take the short form (RFC 5280, 4.1.2.5). */
function time(at: number): Buffer {
  const digits = new Date(at).toISOString().replace(/[-:T]|\.\d+/g, '');
  return digits < '2050' ? tagged(0x17, Buffer.from(digits.slice(2))) : tagged(0x18, Buffer.from(digits));
}

function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const groups = [part & 0x7f];
    for (let left = part >> 7; left > 0; left >>= 7) groups.unshift(0x80 | (left & 0x7f));
    bytes.push(...groups);
  }
  return tagged(0x06, Buffer.from(bytes));
}

function alternativeName(name: string): Buffer {
  if (net.isIPv4(name)) return tagged(0x87, Buffer.from(name.split('.').map(Number)));
  if (net.isIPv6(name)) return tagged(0x87, ipv6Bytes(name));
  return tagged(0x82, Buffer.from(name));
}

function ipv6Bytes(address: string): Buffer {
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = '', tail] = canonical.split('::');
  const groups = (text: string | undefined) => (text ? text.split(':').map((group) => parseInt(group, 16)) : []);
  const [before, after] = [groups(head), groups(tail)];
  const all =
    tail === undefined ? before : [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}
