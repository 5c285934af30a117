// The one way out: models, MCP, git, GitHub, the web. A person or an agent may name any address, so what they reach must be public:
// the name is resolved here, every address checked, and the connection goes to the very address that was checked, so that a second
// answer of the name server changes nothing.
import dns from 'node:dns/promises';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import type { Readable } from 'node:stream';
import { Problem } from '#shared/errors.ts';

export type EgressRequest = {
  url: string;
  method?: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  /** How many redirects are followed, each checked like the first address. 0 unless told: a redirect is then an answer. */
  redirects?: number;
  /** The most bytes of an answer; 10 MiB unless told. */
  maxBytes?: number;
  /** For the whole exchange; 60 s unless told. Of these at most 10 s to connect. */
  timeoutMs?: number;
  signal?: AbortSignal;
  /** What comes while nobody reads waits in the system's buffers, and wakes nobody. */
  lazy?: boolean;
};

/** Reading the body throws `too-large` past the limit and `unavailable` when time is up. One reader only. */
export type EgressAnswer = {
  status: number;
  headers: http.IncomingHttpHeaders;
  /** Where it came from, after redirects. */
  url: string;
  chunks(): AsyncGenerator<Uint8Array>;
  bytes(): Promise<Buffer>;
  text(): Promise<string>;
};

export type Egress = {
  request(request: EgressRequest): Promise<EgressAnswer>;
  /** For what must connect by itself (native git): the checked address to connect to. Throws like `request`. */
  check(url: string): Promise<{ url: URL; address: string }>;
};

type Address = { address: string; family: number };
export type Resolve = (host: string) => Promise<Address[]>;

const MiB = 2 ** 20;
const systemResolve: Resolve = (host) => dns.lookup(host, { all: true, verbatim: true });

/** `allowedHosts`: `host` or `host:port` that an administrator listed; they may be private and speak plain http. */
export function createEgress({
  allowedHosts,
  resolve = systemResolve,
  connectMs = 10_000,
}: {
  allowedHosts: readonly string[];
  resolve?: Resolve;
  connectMs?: number;
}): Egress {
  const listed = new Set(allowedHosts.map((host) => host.toLowerCase()));

  async function check(address: string | URL): Promise<{ url: URL; target: Address }> {
    const url = parse(address);
    const port = url.port || (url.protocol === 'https:' ? '443' : '80');
    const isListed = listed.has(url.hostname) || listed.has(`${url.hostname}:${port}`);
    if (url.protocol !== 'https:' && !isListed)
      throw refused(`Only https is spoken with ${url.host}. An administrator can allow http with ALLOWED_HOSTS.`);
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const addresses = net.isIP(host) ? [{ address: host, family: net.isIP(host) }] : await lookup(host);
    const hidden = addresses.find(({ address }) => !isPublicAddress(address));
    if (hidden && !isListed)
      throw refused(`${url.host} is not on the public internet. An administrator can allow it with ALLOWED_HOSTS.`);
    return { url, target: addresses[0]! };
  }

  async function lookup(host: string): Promise<Address[]> {
    const late = new Promise<never>((_, reject) => setTimeout(() => reject(new Error('late')), connectMs).unref());
    const addresses = await Promise.race([resolve(host), late]).catch(() => []);
    if (addresses.length === 0)
      throw new Problem('unavailable', `There is no server called ${host}, or its name could not be found just now.`);
    return addresses;
  }

  return {
    async check(url) {
      const { url: parsed, target } = await check(url);
      return { url: parsed, address: target.address };
    },

    async request({
      url,
      method = 'GET',
      headers = {},
      body,
      redirects = 0,
      maxBytes = 10 * MiB,
      timeoutMs = 60_000,
      signal,
      lazy = false,
    }) {
      const time = AbortSignal.timeout(timeoutMs);
      const ends = signal ? AbortSignal.any([time, signal]) : time;
      let next = { url: new URL(parse(url)), method, headers, body };
      for (let left = redirects; ; left--) {
        const checked = await check(next.url);
        const response = await send({ ...next, ...checked, signal: ends, connectMs, lazy });
        const location = response.headers.location;
        if (left <= 0 || !location || ![301, 302, 303, 307, 308].includes(response.statusCode!))
          return answerOf({ response, url: checked.url, maxBytes, signal: ends });
        response.destroy();
        next = redirected({ ...next, url: checked.url }, response.statusCode!, location);
      }
    },
  };
}

type Step = { url: URL; method: string; headers: Record<string, string>; body: string | Uint8Array | undefined };

function redirected({ url, method, headers, body }: Step, status: number, location: string): Step {
  const to = parse(new URL(location, url));
  // what was meant for one server is no other's business
  const kept =
    to.origin === url.origin
      ? headers
      : Object.fromEntries(
          Object.entries(headers).filter(([name]) => !/^(authorization|cookie|proxy-|x-api-key)/i.test(name)),
        );
  const again = status === 307 || status === 308 || method === 'GET' || method === 'HEAD';
  return again
    ? { url: to, method, headers: kept, body }
    : {
        url: to,
        method: 'GET',
        headers: Object.fromEntries(Object.entries(kept).filter(([name]) => !/^content-/i.test(name))),
        body: undefined,
      };
}

function send({
  url,
  target,
  method,
  headers,
  body,
  signal,
  connectMs,
  lazy,
}: Step & { target: Address; signal: AbortSignal; connectMs: number; lazy: boolean }): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const secure = url.protocol === 'https:';
    const fail = (error: unknown) =>
      reject(
        signal.aborted
          ? tooSlow(url)
          : error instanceof Problem
            ? error
            : new Problem('unavailable', `${url.host} could not be reached.`),
      );
    const request = (secure ? https : http).request(url, {
      method,
      headers: { ...headers, ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }) },
      agent: false, // a connection of its own, to the checked address and no other
      signal,
      maxHeaderSize: 64 * 1024,
      ...(lazy && { highWaterMark: 1 }), // the answer's, too: after each piece the socket rests until somebody asks for more
      // Node asks for one address or for a list of them
      lookup: (_host, options, found) =>
        options.all
          ? (found as unknown as (e: null, a: Address[]) => void)(null, [target])
          : found(null, target.address, target.family),
    });
    const connecting = setTimeout(
      () => request.destroy(new Problem('unavailable', `${url.host} did not answer within ${connectMs / 1000} s.`)),
      connectMs,
    );
    request.on('socket', (socket) => socket.once(secure ? 'secureConnect' : 'connect', () => clearTimeout(connecting)));
    request.on('response', resolve);
    request.on('error', fail);
    request.on('close', () => clearTimeout(connecting));
    request.end(body);
  });
}

function answerOf({
  response,
  url,
  maxBytes,
  signal,
}: {
  response: http.IncomingMessage;
  url: URL;
  maxBytes: number;
  signal: AbortSignal;
}): EgressAnswer {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    let size = 0;
    try {
      for await (const chunk of response as Readable as AsyncIterable<Buffer>) {
        size += chunk.length;
        if (size > maxBytes)
          throw new Problem('too-large', `${url.host} sent more than ${Math.floor(maxBytes / 1024)} KiB.`);
        yield chunk;
      }
    } catch (error) {
      throw error instanceof Problem
        ? error
        : signal.aborted
          ? tooSlow(url)
          : new Problem('unavailable', `${url.host} broke off.`);
    } finally {
      response.destroy();
    }
  }
  const bytes = async () => {
    const parts: Uint8Array[] = [];
    for await (const chunk of chunks()) parts.push(chunk);
    return Buffer.concat(parts);
  };
  return {
    status: response.statusCode!,
    headers: response.headers,
    url: url.href,
    chunks,
    bytes,
    text: async () => (await bytes()).toString('utf8'),
  };
}

function parse(address: string | URL): URL {
  const url = URL.canParse(String(address)) ? new URL(address) : null;
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) throw refused('That is no web address.');
  if (url.username || url.password) throw refused('An address must not hold a name and password.');
  return url;
}

const refused = (message: string) => new Problem('forbidden', message);
const tooSlow = (url: URL) => new Problem('unavailable', `${url.host} took too long.`);

// IANA's special-purpose registries (RFC 6890 and what came after it). Of IPv6 only what is handed out to networks is public, minus
// what lies inside it but is not; mapped and translated IPv4 (::ffff:0:0/96, 64:ff9b::/96) lies outside and is refused.
const hiddenV4 = new net.BlockList();
for (const range of [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
]) {
  const [prefix, bits] = range.split('/');
  hiddenV4.addSubnet(prefix!, Number(bits), 'ipv4');
}
const unicastV6 = new net.BlockList();
unicastV6.addSubnet('2000::', 3, 'ipv6');
const hiddenV6 = new net.BlockList();
for (const [prefix, bits] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['2620:4f:8000::', 48],
  ['3fff::', 20],
] as const)
  hiddenV6.addSubnet(prefix, bits, 'ipv6');

export function isPublicAddress(address: string): boolean {
  const bare = address.replace(/%.*$/, '');
  if (net.isIP(bare) === 4) return !hiddenV4.check(bare, 'ipv4');
  if (net.isIP(bare) === 6) return unicastV6.check(bare, 'ipv6') && !hiddenV6.check(bare, 'ipv6');
  return false;
}
