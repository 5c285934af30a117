// Everything that HTTP answers: the API, its description, the health of the server, and the built web app.
import { Hono } from 'hono';
import { isProblem, notFound, Problem } from '#shared/errors.ts';
import { decide } from '#shared/permissions.ts';
import { bearer, clientAddress, createApi, refuse, type Edge } from './api.ts';
import { checkOrigin } from './origin.ts';
import { inertPolicy, pagePolicy, sandboxHeaders, securityHeaders } from './headers.ts';
import type { Handlers } from './http.ts';
import { createInnerApi, type Door } from './innerApi.ts';
import { limits } from './limits.ts';
import type { Metrics } from './metrics.ts';
import { createOpenApi } from './openApi.ts';
import type { Site } from './site.ts';

export type AppParts = Edge & {
  handlers: Handlers;
  metrics: Metrics;
  /** Each answers when that part works, and throws when it does not. */
  readiness: Record<string, () => Promise<unknown>>;
  /** Null in tests of the API alone. */
  site: Site | null;
  version: string;
  /** What answers at /mcp; null: nothing. */
  mcp?: Door | null;
};

export function createApp({ site, readiness, version, mcp = null, ...parts }: AppParts): Hono {
  const app = new Hono({ strict: true });
  const { metrics, origins, log } = parts;
  const tls = origins.tls || (origins.origin?.startsWith('https:') ?? false);
  const everywhere = Object.entries(securityHeaders({ tls }));
  const originOf = (url: URL) => origins.origin ?? `${origins.tls ? 'https' : 'http'}://${url.host}`;

  app.use('*', async (c, next) => {
    await next();
    if (c.req.path.startsWith('/sandbox/')) {
      const headers = sandboxHeaders({ path: c.req.path, origin: originOf(new URL(c.req.url)), tls });
      for (const [name, value] of Object.entries(headers)) c.res.headers.set(name, value);
      return;
    }
    for (const [name, value] of everywhere) c.res.headers.set(name, value);
    if (!c.res.headers.has('content-security-policy')) c.res.headers.set('content-security-policy', inertPolicy);
  });

  app.get('/healthz', (c) => c.text('ok\n', 200, { 'cache-control': 'no-store' }));
  app.get('/readyz', async (c) => {
    const parts = await Promise.all(
      Object.entries(readiness).map(
        async ([name, check]) =>
          [
            name,
            await check().then(
              () => 'ok',
              (error) => (isProblem(error) ? error.message : 'failed'),
            ),
          ] as const,
      ),
    );
    const ready = parts.every(([, state]) => state === 'ok');
    return c.json({ ready, ...Object.fromEntries(parts) }, ready ? 200 : 503, { 'cache-control': 'no-store' });
  });
  app.get('/metrics', async (c) => {
    try {
      const address = clientAddress(c, parts.trustProxy);
      const token = bearer(c.req.header('authorization') ?? null);
      const nobody = () => parts.limits.spend(limits.signedOut, address);
      const actor = await parts.gatekeepers
        .who({ cookie: c.req.header('cookie') ?? null, token, address, agent: '' }, null)
        .catch((error: unknown) => {
          nobody();
          throw error;
        });
      if (!actor) nobody();
      const verdict = decide({ actor, verb: 'server.manage', resource: { kind: 'server' } });
      if (verdict !== 'allow')
        throw verdict === 'unauthenticated'
          ? new Problem('unauthenticated', 'Sign in as an administrator, or send a token.')
          : new Problem('forbidden', 'Only administrators may read the metrics.');
      return c.body(await metrics.registry.metrics(), 200, {
        'content-type': metrics.registry.contentType,
        'cache-control': 'no-store',
      });
    } catch (error) {
      return refuse(c, error, log);
    }
  });

  const openApi = JSON.stringify(createOpenApi({ version }));
  app.get('/api/openapi.json', (c) =>
    c.body(openApi, 200, { 'content-type': 'application/json', 'cache-control': 'no-cache' }),
  );
  const api = createApi(parts);
  app.route('/api/v1', api);
  app.all('/mcp', async (c) => {
    const request = c.req.raw;
    const token = bearer(request.headers.get('authorization'));
    try {
      if (!mcp) throw notFound('such address');
      // a cookie is not enough: pages of elsewhere would bring it along
      if (token === null) throw new Problem('unauthenticated', 'Send an access token: Authorization: Bearer llmos_...');
      const { headers } = request;
      checkOrigin(origins, { origin: headers.get('origin'), host: headers.get('host'), hasToken: true });
      const address = clientAddress(c, parts.trustProxy);
      await parts.gatekeepers.who({ cookie: null, token, address, agent: '' }, null).catch((error: unknown) => {
        parts.limits.spend(limits.signedOut, address);
        throw error;
      });
      return await mcp({ request, token, api: createInnerApi({ api, env: c.env, request }) });
    } catch (error) {
      if (isProblem(error) && error.code === 'unauthenticated') c.header('www-authenticate', 'Bearer');
      return refuse(c, error, log);
    }
  });
  app.all('/api/*', (c) => refuse(c, notFound('such address in the API'), log));

  app.get('*', (c) => {
    const answer = site?.answer({
      path: new URL(c.req.url).pathname,
      method: c.req.method,
      headers: c.req.raw.headers,
    });
    if (!answer) return c.text('There is nothing here.\n', 404, { 'cache-control': 'no-store' });
    if (answer.headers.get('content-type')?.startsWith('text/html')) {
      answer.headers.set(
        'content-security-policy',
        pagePolicy({
          scriptHashes: site!.scriptHashes,
          origin: originOf(new URL(c.req.url)),
        }),
      );
    }
    return answer;
  });
  app.all('*', (c) => refuse(c, new Problem('invalid', 'Only the API takes that.', undefined, 405), log));
  app.onError((error, c) => refuse(c, error, log));
  return app;
}
