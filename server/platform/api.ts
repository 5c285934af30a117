// Mounts every route of shared/api.ts under /api/v1. One request: origin, limits, who asks, what it is about, may they (AC1), what they
// sent, the slice's handler, the answer. A route without a handler, or a handler for no route of the policy table, does not start.
import { Hono, type Context as HonoContext } from 'hono';
import { getConnInfo } from '@hono/node-server/conninfo';
import { isProblem, notFound, Problem, type ErrorBody } from '#shared/errors.ts';
import { decide, policy, type Actor, type Resource } from '#shared/permissions.ts';
import { routes, type Route, type RouteKey } from '#shared/api.ts';
import { isBoardPath } from '#shared/boardFile.ts';
import type { FileTarget, Gatekeepers, Handlers, RunTarget, TeamTarget, VolumeTarget } from './http.ts';
import { limits, type Limits } from './limits.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import { checkOrigin, type OriginRule } from './origin.ts';
import { readBody, readQuery } from './requestBody.ts';

export type Edge = {
  gatekeepers: Gatekeepers;
  origins: OriginRule;
  /** How many proxies in front of us are believed when they say where a request came from. */
  trustProxy: number;
  limits: Limits;
  log: Log;
};

type Targets = { team?: TeamTarget; volume?: VolumeTarget; file?: FileTarget; run?: RunTarget };

export function createApi({ handlers, metrics, ...edge }: Edge & { handlers: Handlers; metrics: Metrics }): Hono {
  checkHandlers(handlers);
  const app = new Hono();
  const paths = new Map<string, string[]>();
  for (const key of Object.keys(routes) as RouteKey[]) {
    const [method, path] = splitKey(key);
    const pattern = path.replace(/\*(\w+)$/, ':$1{.+}');
    paths.set(pattern, [...(paths.get(pattern) ?? []), method]);
    app.on(method, pattern, async (c) => {
      const started = performance.now();
      const response = await answer(c, key, handlers, edge);
      const ms = performance.now() - started;
      metrics.requestAnswered({ route: key, status: response.status, ms });
      edge.log.debug({ route: key, status: response.status, ms: Math.round(ms) }, 'request.answered');
      return response;
    });
  }
  for (const [pattern, methods] of paths) {
    app.all(pattern, (c) => {
      c.header('allow', methods.join(', '));
      return refuse(c, new Problem('invalid', `Here only ${methods.join(', ')} will do.`, undefined, 405), edge.log);
    });
  }
  app.all('*', (c) => refuse(c, notFound('such address in the API'), edge.log));
  return app;
}

export function checkHandlers(handlers: Partial<Record<string, unknown>>): void {
  const missing = Object.keys(routes).filter((key) => typeof handlers[key] !== 'function');
  const unknown = Object.keys(handlers).filter((key) => !Object.hasOwn(routes, key));
  const lawless = Object.entries(routes)
    .filter(([, route]) => !Object.hasOwn(policy, route.may))
    .map(([key]) => key);
  const faults = [
    ['without a handler', missing],
    ['not in the table of routes', unknown],
    ['without a rule in the policy table', lawless],
  ] as const;
  const words = faults.filter(([, keys]) => keys.length > 0).map(([what, keys]) => `${what}: ${keys.join(', ')}`);
  if (words.length > 0) throw new Error(`The routes do not fit together. ${words.join('; ')}`);
}

const splitKey = (key: RouteKey) => key.split(' ') as [method: string, path: string];

async function answer(c: HonoContext, key: RouteKey, handlers: Handlers, edge: Edge): Promise<Response> {
  const route: Route = routes[key];
  try {
    const headers = new Headers();
    const request = c.req.raw;
    const address = clientAddress(c, edge.trustProxy);
    const token = bearer(request.headers.get('authorization'));
    const [method] = splitKey(key);
    if (method !== 'GET')
      checkOrigin(edge.origins, {
        origin: request.headers.get('origin'),
        host: request.headers.get('host'),
        hasToken: token !== null,
      });
    const agent = request.headers.get('user-agent') ?? '';
    const actor = await edge.gatekeepers
      .who({ cookie: request.headers.get('cookie'), token, address, agent }, headers)
      .catch((error: unknown) => {
        edge.limits.spend(limits.signedOut, address); // guessing tokens has its limit too
        throw error;
      });
    spend(edge.limits, { key, method, actor, address });

    const params = readParams(c);
    const targets = await findTargets(key, params, actor, edge.gatekeepers);
    const verdict = decide({ actor, verb: route.may, resource: resourceOf(route, targets) });
    if (verdict === 'unauthenticated') throw new Problem('unauthenticated', 'Sign in first.');
    if (verdict === 'not-found')
      throw notFound(
        targets.run ? 'such run' : targets.file ? 'such file' : targets.volume ? 'such volume' : 'such team',
      );
    if (verdict === 'forbidden')
      throw new Problem(
        'forbidden',
        actor?.scopes ? 'This token, or your role, does not allow that.' : 'Your role does not allow that.',
      );

    const query = readQuery(new URL(request.url), route.query);
    const body = await readBody(request, route);
    // The table of routes and `checkHandlers` guarantee that this handler takes just this context.
    const handler = handlers[key] as (context: unknown) => Promise<unknown>;
    const result = await handler({ actor, params, query, body, request, address, answer: headers, ...targets });
    return finish(result, headers);
  } catch (error) {
    return refuse(c, error, edge.log, key);
  }
}

function finish(result: unknown, headers: Headers): Response {
  if (result instanceof Response) {
    const response = new Response(result.body, result);
    for (const [name, value] of headers)
      if (name === 'set-cookie') response.headers.append(name, value);
      else response.headers.set(name, value);
    if (!response.headers.has('cache-control')) response.headers.set('cache-control', 'no-store');
    return response;
  }
  if (!headers.has('cache-control')) headers.set('cache-control', 'no-store');
  if (typeof result === 'string') {
    headers.set('content-type', 'text/plain; charset=utf-8');
    return new Response(result, { headers });
  }
  headers.set('content-type', 'application/json');
  return new Response(JSON.stringify(result ?? {}), { headers });
}

/** The answer to a failure: its code and sentence; for anything that is not a `Problem`, `internal`, with the cause in the log only. */
export function refuse(c: HonoContext, error: unknown, log: Log, route: string = c.req.path): Response {
  const problem = isProblem(error)
    ? error
    : (fromOutside(error) ?? new Problem('internal', 'Something went wrong on the server. It is written in its log.'));
  if (problem === diskFull || (!isProblem(error) && problem.code === 'internal'))
    log.error({ err: error, route }, 'request.failed');
  const body: ErrorBody = {
    error: { code: problem.code, message: problem.message, ...(problem.data ? { data: problem.data } : {}) },
  };
  const retryAfter = problem.data?.['retryAfter'];
  if (typeof retryAfter === 'number') c.header('retry-after', String(retryAfter));
  else if (problem.code === 'unavailable') c.header('retry-after', '1');
  c.header('cache-control', 'no-store');
  return c.json(body, problem.status as 400);
}

const diskFull = new Problem(
  'unavailable',
  'The disk of the server is full. Nothing can be saved until there is room.',
);

/** What PostgreSQL or the disk refuses is the request's fault or a moment's: never a 500 for bad input. */
function fromOutside(error: unknown): Problem | null {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = (cause as { code?: unknown } | null)?.code;
  if (typeof code !== 'string') return null;
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === '53100') return diskFull;
  if (code === '22P02' || code === '22021') return notFound('such thing'); // no UUID or number, or a zero character
  if (/^(ECONNREFUSED|ECONNRESET|ENOENT|EPIPE|57P0[1-3]|53300|08\w{3})$/.test(code) && !('path' in (cause as object)))
    return new Problem('unavailable', 'The database does not answer. Try again in a moment.');
  return null;
}

function readParams(c: HonoContext): Record<string, string> {
  const params = c.req.param() as Record<string, string>;
  for (const [name, value] of Object.entries(params))
    if (value.includes('\0') || value.includes('\uFFFD'))
      throw new Problem('invalid', `The ${name} in the address is not valid text.`);
  return params;
}

async function findTargets(
  key: RouteKey,
  params: Record<string, string>,
  actor: Actor | null,
  gatekeepers: Gatekeepers,
): Promise<Targets> {
  const [, path] = splitKey(key);
  // Whoever is nobody learns only that they must sign in; `decide` says so before the target matters.
  if (!actor) return {};
  if (path.startsWith('/volumes/:volume')) {
    const volume = await gatekeepers.volume(params['volume']!, actor);
    if (!volume) throw notFound('such volume');
    return { volume };
  }
  if (path.startsWith('/teams/:slug')) {
    const team = await gatekeepers.team(params['slug']!, actor);
    if (!team) throw notFound('such team');
    return { team };
  }
  if (path.startsWith('/files/:id')) {
    const file = isUuid(params['id']!) ? await gatekeepers.file(params['id']!, actor) : null;
    if (!file) throw notFound('such file');
    return { file, volume: file.volume };
  }
  if (path.startsWith('/devices/:id')) {
    const file = isUuid(params['id']!) ? await gatekeepers.file(params['id']!, actor) : null;
    if (!file || file.deletedAt || !isBoardPath(file.path)) throw notFound('such board');
    return { file, volume: file.volume };
  }
  if (path.startsWith('/runs/:id')) {
    const run = isUuid(params['id']!) ? await gatekeepers.run(params['id']!, actor) : null;
    if (!run) throw notFound('such run');
    return { run, volume: run.volume };
  }
  return {};
}

const isUuid = (text: string) => /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(text);

function resourceOf(route: Route, { team, volume }: Targets): Resource {
  const { on } = policy[route.may];
  if (on === 'team') return { kind: 'team', slug: team?.slug ?? '', role: team?.role ?? null };
  if (on === 'volume')
    return { kind: 'volume', name: volume?.name ?? '', volumeKind: volume?.kind ?? 'team', role: volume?.role ?? null };
  return { kind: on };
}

const startsRun = new Set<RouteKey>([
  'POST /runs',
  'POST /runs/:id/retry',
  'POST /runs/:id/branch',
  'POST /runs/:id/resume',
]);

function spend(
  counters: Limits,
  { key, method, actor, address }: { key: RouteKey; method: string; actor: Actor | null; address: string },
) {
  if (!actor) return counters.spend(limits.signedOut, address);
  counters.spend(limits.requests, actor.personId);
  if (method !== 'GET') counters.spend(limits.writes, actor.personId);
  if (key.endsWith('/search')) counters.spend(limits.searches, actor.personId);
  if (startsRun.has(key)) counters.spend(limits.runs, actor.personId);
  if (key.endsWith('/export')) counters.spend(limits.exports, actor.personId);
  if (key.startsWith('POST') && key.endsWith('/invitations')) counters.spend(limits.invitations, actor.personId);
}

export const bearer = (header: string | null): string | null => /^bearer +(\S+)$/i.exec(header ?? '')?.[1] ?? null;

export function clientAddress(c: HonoContext, trustProxy: number): string {
  return forwardedFor({
    peer: getConnInfo(c).remote.address ?? '',
    header: c.req.header('x-forwarded-for') ?? null,
    trustProxy,
  });
}

/** Of IPv6 its network: whoever has one address of a /64 has all of them, and would be somebody new with each. */
function network(address: string): string {
  const bare = address.replace(/%.*$/, '');
  if (!/^[0-9a-f]{0,4}(:[0-9a-f]{0,4}){2,8}$/i.test(bare)) return address;
  const [head = '', tail] = bare.split('::') as [string, string | undefined];
  const groups = (half: string) => half.split(':').filter(Boolean);
  const zeros = tail === undefined ? 0 : 8 - groups(head).length - groups(tail).length;
  const all = [...groups(head), ...Array<string>(zeros).fill('0'), ...groups(tail ?? '')];
  return `${all.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`; // prettier-ignore
}

/** With `trustProxy` proxies in front of us the client is that many entries from the right; what stands left of it is hearsay. */
export function forwardedFor({
  peer,
  header,
  trustProxy,
}: {
  peer: string;
  header: string | null;
  trustProxy: number;
}): string {
  const entries = (header ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter(Boolean);
  const address = trustProxy > 0 && entries.length > 0 ? entries[Math.max(0, entries.length - trustProxy)]! : peer;
  return network(address.replace(/^::ffff:(?=[\d.]+$)/, ''));
}
