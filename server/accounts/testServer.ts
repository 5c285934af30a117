// For tests only: the accounts behind the real edge, on a port, with real PostgreSQL and a clock that tests move.
import { inject } from 'vitest';
import type { ErrorBody } from '#shared/errors.ts';
import { createApp } from '../platform/app.ts';
import { createEgress } from '../platform/egress.ts';
import type { Gatekeepers, Handlers } from '../platform/http.ts';
import { createLimits } from '../platform/limits.ts';
import { createLog } from '../platform/log.ts';
import { createMetrics } from '../platform/metrics.ts';
import { createServer, serve } from '../platform/serve.ts';
import { createSockets } from '../platform/sockets.ts';
import { openTestDatabase } from '../platform/testDatabase.ts';
import { withAbsent } from '../platform/testHandlers.ts';
import { createAccounts, type AccountsOptions } from './accounts.ts';
import { createPasswords } from './passwords.ts';
import { addPerson } from './peopleStore.ts';
import { accountRoutes } from './routes.ts';

export type Reply<T = Record<string, unknown>> = {
  status: number;
  headers: Headers;
  body: T & Partial<ErrorBody>;
  setCookies: string[];
};

const password = 'a long enough password';
const hashed = createPasswords().hash(password);

/** `gatekeepers` and `handlers`: what other slices would bring. */
export async function openTestServer({
  gatekeepers = {},
  handlers = {},
  ...options
}: Partial<AccountsOptions> & { gatekeepers?: Partial<Gatekeepers>; handlers?: Partial<Handlers> } = {}) {
  const database = await openTestDatabase(inject('postgresUrl'));
  const time = { now: Date.parse('2026-01-01T12:00:00Z') };
  const clock = { now: () => time.now };
  const accounts = createAccounts({
    database,
    clock,
    egress: createEgress({ allowedHosts: ['127.0.0.1'] }),
    origin: null,
    secure: false,
    insecure: false,
    signUp: 'invite',
    setupTokenNeeded: false,
    github: null,
    personJoined: async () => undefined,
    teamFounded: async () => undefined,
    teamGone: async () => undefined,
    ...options,
  });
  const edge = {
    gatekeepers: {
      who: ({ cookie, token }, answer) => accounts.authenticate({ cookie, token }, answer),
      team: (slug, actor) => accounts.team({ slug, personId: actor?.personId ?? null }),
      volume: async () => null,
      file: async () => null,
      run: async () => null,
      ...gatekeepers,
    } satisfies Gatekeepers,
    origins: { origin: options.origin ?? null, tls: false, loopback: true },
    trustProxy: 1, // so that tests have many addresses
    limits: createLimits({ clock, enabled: false }),
    log: createLog({ level: 'silent' }),
  };
  const app = createApp({
    ...edge,
    handlers: withAbsent({ ...accountRoutes(accounts), ...handlers }),
    metrics: createMetrics(),
    readiness: {},
    site: null,
    version: 'test',
  });
  const serving = await serve({
    app,
    sockets: createSockets({ ...edge, acceptors: {} }),
    server: createServer(null),
    host: '127.0.0.1',
    port: 0,
    first: undefined,
  });
  const origin = `http://127.0.0.1:${serving.port}`;

  /** One browser: keeps its cookies, sends our Origin. */
  function openBrowser({ address = '192.0.2.1' }: { address?: string } = {}) {
    const cookies = new Map<string, string>();
    async function call<T = Record<string, unknown>>(
      route: string,
      body?: unknown,
      headers: Record<string, string> = {},
    ): Promise<Reply<T>> {
      const [method, path] = route.split(' ') as [string, string];
      const response = await fetch(`${origin}/api/v1${path}`, {
        method,
        redirect: 'manual',
        headers: {
          origin: options.origin ?? origin,
          'x-forwarded-for': address,
          ...(cookies.size > 0 && { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const setCookies = response.headers.getSetCookie();
      for (const cookie of setCookies) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie)!;
        if (value) cookies.set(name!, value);
        else cookies.delete(name!);
      }
      const text = await response.text();
      return {
        status: response.status,
        headers: response.headers,
        setCookies,
        body: text.startsWith('{') ? JSON.parse(text) : {},
      };
    }
    return { call, cookies };
  }

  return {
    accounts,
    database,
    time,
    origin,
    openBrowser,
    password,
    /** Somebody with an account, signed in. Their password is hashed once for all. */
    async addPerson(login: string, { admin = false, name = login } = {}) {
      const row = await addPerson(database, {
        login,
        name,
        isAdmin: admin,
        passwordHash: await hashed,
        colour: 1,
        createdAt: new Date(time.now),
      });
      const browser = openBrowser();
      const { token } = await accounts.people.startSession({ person: row!, agent: 'test', before: null });
      browser.cookies.set('session', token);
      return { ...browser, id: row!.id, login, name };
    },
    /** A call with an access token instead of a cookie. */
    async withToken(token: string, route: string, body?: unknown) {
      return openBrowser().call(route, body, { authorization: `Bearer ${token}` });
    },
    async close() {
      await serving.close();
      await database.close();
    },
  };
}
export type TestServer = Awaited<ReturnType<typeof openTestServer>>;
