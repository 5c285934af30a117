// The API from inside, for other doors of the same house (MCP): a call goes through the very same edge as from outside, with the
// caller's own token, so that limits, the policy table and validation decide once and for all (AC1).
import type { Hono } from 'hono';
import type { ErrorBody, ErrorCode } from '#shared/errors.ts';
import { Problem } from '#shared/errors.ts';
import type { RouteAnswer, RouteBody, RouteKey, RouteParams, RouteQuery } from '#shared/api.ts';

type Input<K extends RouteKey> = {
  params?: RouteParams<K>;
  query?: { [Q in keyof RouteQuery<K>]?: RouteQuery<K>[Q] | number | undefined };
  body?: RouteBody<K>;
  headers?: Record<string, string>;
};
export type InnerApi = <K extends RouteKey>(
  route: K,
  input?: Input<K>,
) => Promise<{ data: RouteAnswer<K>; headers: Headers }>;
/** Another door: what it answers to a request of somebody with a token. */
export type Door = (asked: { request: Request; token: string; api: InnerApi }) => Promise<Response>;

/** `env`: of the request that came in; its address counts. */
export function createInnerApi({ api, env, request }: { api: Hono; env: unknown; request: Request }): InnerApi {
  const passedOn = ['authorization', 'x-forwarded-for', 'host'];
  return async (route, { params, query, body, headers: given = {} } = {}) => {
    const [method, pattern] = route.split(' ') as [string, string];
    const path = pattern.replace(/([:*])(\w+)/g, (_, kind: string, name: string) => {
      const value = (params as Record<string, string> | undefined)?.[name] ?? '';
      return kind === ':' ? encodeURIComponent(value) : value.split('/').map(encodeURIComponent).join('/');
    });
    const url = new URL(`http://inside${path}`);
    for (const [name, value] of Object.entries(query ?? {}))
      if (value !== undefined) url.searchParams.set(name, String(value));
    const headers = new Headers(given);
    for (const name of passedOn) if (request.headers.has(name)) headers.set(name, request.headers.get(name)!);
    if (body !== undefined) headers.set('content-type', typeof body === 'string' ? 'text/plain' : 'application/json');
    const sent = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
    const answer = await api.fetch(
      new Request(url, { method, headers, signal: request.signal, ...(sent !== undefined && { body: sent }) }),
      env as Record<string, unknown>,
    );
    const isJson = answer.headers.get('content-type')?.includes('json') ?? false;
    const data: unknown = isJson ? await answer.json() : await answer.text();
    if (!answer.ok) throw problemOf(data, answer.status);
    return { data: data as RouteAnswer<typeof route>, headers: answer.headers };
  };
}

function problemOf(data: unknown, status: number): Problem {
  const { error } = (data ?? {}) as Partial<ErrorBody>;
  const code: ErrorCode = error?.code ?? 'internal';
  return new Problem(code, error?.message ?? 'Something went wrong on the server.', error?.data, status);
}
