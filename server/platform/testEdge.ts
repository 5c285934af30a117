// For tests of the edge only: the real app and the real port, with people, a team, a volume and a file made of a few lines.
import { routes, type RouteKey } from '#shared/api.ts';
import { Problem } from '#shared/errors.ts';
import type { Actor, Role } from '#shared/permissions.ts';
import { createApp } from './app.ts';
import type { Gatekeepers, Handlers, VolumeTarget } from './http.ts';
import { createLimits } from './limits.ts';
import { createLog } from './log.ts';
import { createMetrics } from './metrics.ts';
import { createServer, serve } from './serve.ts';
import { createSockets, type Acceptor } from './sockets.ts';
import type { Site } from './site.ts';

export const fileId = '11111111-2222-4333-8444-555555555555';

const person = (login: string, rest: Partial<Actor> = {}): Actor => ({
  personId: login,
  login,
  isAdmin: false,
  scopes: null,
  onlyVolume: null,
  sessionId: `session-${login}`,
  tokenId: null,
  ...rest,
});

/** A cookie `session=<name>` or a token `llmos_<name>` makes one of these. */
export const people: Record<string, Actor> = {
  ada: person('ada', { isAdmin: true }),
  ben: person('ben'),
  vera: person('vera'),
  mallory: person('mallory'),
  reading: person('ben', { scopes: ['read'], sessionId: null, tokenId: 'reading' }),
};
const roles: Record<string, Role> = { ada: 'owner', ben: 'editor', vera: 'viewer' };

export async function openTestEdge({
  handlers = {},
  acceptors = {},
  site = null,
  origin = null,
  rateLimits = false,
  loopback = true,
}: {
  handlers?: Partial<Handlers>;
  acceptors?: Record<string, Acceptor>;
  site?: Site | null;
  origin?: string | null;
  rateLimits?: boolean;
  loopback?: boolean;
} = {}) {
  const lines: string[] = [];
  const volumeOf = (actor: Actor | null): VolumeTarget => ({
    id: 'lab',
    name: 'team/lab',
    kind: 'team',
    teamId: 'lab',
    personId: null,
    role: roles[actor?.login ?? ''] ?? null,
  });
  const gatekeepers: Gatekeepers = {
    async who({ cookie, token }) {
      if (token !== null) {
        const found = people[token.replace('llmos_', '')];
        if (!found) throw new Problem('unauthenticated', 'That token is not valid.');
        return found;
      }
      return people[/session=(\w+)/.exec(cookie ?? '')?.[1] ?? ''] ?? null;
    },
    team: async (slug, actor) =>
      slug === 'lab' ? { id: 'lab', slug, name: 'Lab', role: roles[actor?.login ?? ''] ?? null } : null,
    volume: async (name, actor) => (name === 'team/lab' ? volumeOf(actor) : null),
    file: async (id, actor) =>
      id === fileId
        ? { id, path: 'a.md', branch: 'main', kind: 'text', deletedAt: null, volume: volumeOf(actor) }
        : null,
    run: async () => null,
  };
  const edge = {
    gatekeepers,
    origins: { origin, tls: false, loopback },
    trustProxy: 0,
    limits: createLimits({ clock: { now: () => 1_000_000 }, enabled: rateLimits }),
    log: createLog({ level: 'info', write: (line) => lines.push(line) }),
  };
  const silent = Object.fromEntries((Object.keys(routes) as RouteKey[]).map((key) => [key, async () => ({})]));
  const app = createApp({
    ...edge,
    handlers: { ...silent, ...handlers } as Handlers,
    metrics: createMetrics(),
    readiness: { database: async () => undefined },
    site,
    version: '0.0.0',
  });
  const sockets = createSockets({ ...edge, acceptors });
  const serving = await serve({ app, sockets, server: createServer(null), host: '127.0.0.1', port: 0 });
  const address = `http://127.0.0.1:${serving.port}`;

  /** `as`: a name of `people`, by cookie. Sends our own origin unless told otherwise. */
  async function send(
    method: string,
    path: string,
    {
      as,
      headers = {},
      body,
    }: { as?: string; headers?: Record<string, string>; body?: string | Uint8Array<ArrayBuffer> | object } = {},
  ) {
    const isJson = body !== undefined && typeof body !== 'string' && !(body instanceof Uint8Array);
    const response = await fetch(`${address}${path}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(headers['origin'] === undefined ? { origin: address } : {}),
        ...(as ? { cookie: `session=${as}` } : {}),
        ...(isJson ? { 'content-type': 'application/json' } : {}),
        ...Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== '')),
      },
      ...(body === undefined ? {} : { body: isJson ? JSON.stringify(body) : (body as string) }),
    });
    const text = await response.text();
    const json = response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : null;
    return {
      status: response.status,
      headers: response.headers,
      text,
      json,
      code: json?.error?.code as string | undefined,
    };
  }
  return { address, port: serving.port, send, sockets, lines, close: serving.close };
}
