// The browser's one way to the server: api('GET /volumes/:volume/tree', { params: { volume } }). Typed by the table in
// shared/api.ts, of which only types come in; what fails is a Problem with the server's own code and sentence.
import type { RouteAnswer, RouteBody, RouteKey, RouteParams, RouteQuery } from '#shared/api.ts';
import { errorCodes, isProblem, Problem, type ErrorBody, type ErrorCode } from '#shared/errors.ts';

type Empty = Record<never, never>;
type ParamsPart<K extends RouteKey> = keyof RouteParams<K> extends never
  ? { params?: Empty }
  : { params: RouteParams<K> };
type QueryPart<K extends RouteKey> =
  undefined extends RouteQuery<K>
    ? Empty
    : { query?: { [Q in keyof RouteQuery<K>]?: RouteQuery<K>[Q] | number | undefined } };
/** `any` in the table stands for bytes; a route without a body has `undefined` there. */
type BodyPart<K extends RouteKey> =
  unknown extends RouteBody<K>
    ? { body: Blob | Uint8Array<ArrayBuffer> }
    : undefined extends RouteBody<K>
      ? Empty
      : { body: RouteBody<K> };
type Common = {
  signal?: AbortSignal;
  headers?: Record<string, string>;
  /** A 401 is this caller's to show; nobody is sent to the sign-in page. */
  stay?: boolean;
};
export type ApiInput<K extends RouteKey> = ParamsPart<K> & QueryPart<K> & BodyPart<K> & Common;
type OptionalInput<K extends RouteKey> = Empty extends ApiInput<K> ? [input?: ApiInput<K>] : [input: ApiInput<K>];
export type ApiAnswer<K extends RouteKey> = { data: RouteAnswer<K>; headers: Headers };

export type Api = {
  <K extends RouteKey>(route: K, ...input: OptionalInput<K>): Promise<RouteAnswer<K>>;
  /** With the answer's headers, for an ETag. */
  whole: <K extends RouteKey>(route: K, ...input: OptionalInput<K>) => Promise<ApiAnswer<K>>;
};

/** Where a route is; also for links (`<a href={addressOf('GET /volumes/:volume/export', ...)}>`). */
export function addressOf<K extends RouteKey>(
  route: K,
  input: { params?: Record<string, string>; query?: Record<string, unknown> } = {},
): string {
  const pattern = route.slice(route.indexOf(' ') + 1);
  const path = pattern.replace(/([:*])(\w+)/g, (_, kind: string, name: string) => {
    const value = input.params?.[name];
    if (!value) throw new TypeError(`${route} needs ${name}`);
    return kind === ':' ? encodeURIComponent(value) : value.split('/').map(encodeURIComponent).join('/');
  });
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(input.query ?? {}))
    if (value !== undefined && value !== null) query.set(name, String(value));
  const search = query.toString();
  return `/api/v1${path}${search ? `?${search}` : ''}`;
}

type Outside = { fetch: typeof fetch; /** The session is over: to the sign-in page and back. */ signedOut: () => void };
type Loose = { params?: Record<string, string>; query?: Record<string, unknown>; body?: unknown } & Common;

export function createApi({ fetch, signedOut }: Outside): Api {
  async function whole(route: RouteKey, input: Loose = {}): Promise<ApiAnswer<RouteKey>> {
    const method = route.slice(0, route.indexOf(' '));
    const headers: Record<string, string> = { accept: 'application/json', ...input.headers };
    let response: Response;
    try {
      response = await fetch(addressOf(route, input), {
        method,
        headers,
        credentials: 'same-origin',
        ...bodyOf(input.body, headers),
        ...(input.signal && { signal: input.signal }),
      });
    } catch (error) {
      if (input.signal?.aborted) throw error;
      throw new Problem(
        'unavailable',
        'No connection to the server. Nothing was changed; try again when you are back online.',
        { offline: true },
      );
    }
    if (!response.ok) {
      const problem = await readProblem(response);
      if (problem.code === 'unauthenticated' && !input.stay && !route.includes(' /auth/')) signedOut();
      throw problem;
    }
    return { data: (await readAnswer(response)) as RouteAnswer<RouteKey>, headers: response.headers };
  }
  const call = async (route: RouteKey, input?: Loose) => (await whole(route, input)).data;
  return Object.assign(call, { whole }) as unknown as Api;
}

/** Text goes as text, bytes as bytes, anything else as JSON. */
function bodyOf(body: unknown, headers: Record<string, string>): { body?: BodyInit } {
  if (body === undefined) return {};
  if (typeof body === 'string') {
    headers['content-type'] ??= 'text/plain; charset=utf-8';
    return { body };
  }
  if (body instanceof Blob || body instanceof Uint8Array) {
    headers['content-type'] ??= 'application/octet-stream';
    return { body: body as BodyInit };
  }
  headers['content-type'] ??= 'application/json';
  return { body: JSON.stringify(body) };
}

async function readAnswer(response: Response): Promise<unknown> {
  if (response.status === 204) return {};
  const type = response.headers.get('content-type') ?? '';
  if (type.startsWith('application/json')) return response.json();
  if (type.startsWith('text/')) return response.text();
  return response.blob();
}

async function readProblem(response: Response): Promise<Problem> {
  const body = (await response.json().catch(() => null)) as Partial<ErrorBody> | null;
  const error = body?.error;
  if (error && error.code in errorCodes) return new Problem(error.code, error.message, error.data, response.status);
  return new Problem(
    codeOf(response.status),
    'The server answered in a way that this page does not understand. Reload it, and try again.',
    undefined,
    response.status,
  );
}

function codeOf(status: number): ErrorCode {
  for (const [code, { http }] of Object.entries(errorCodes)) if (http === status) return code as ErrorCode;
  return status === 502 || status === 504 ? 'unavailable' : 'internal';
}

/** What to tell a person about anything that was thrown. */
export const sentenceOf = (error: unknown): string =>
  isProblem(error) ? error.message : 'Something went wrong in this page. Reload it, and try again.';

export const isOffline = (error: unknown): boolean => isProblem(error) && error.data?.['offline'] === true;

/** The sign-in page, which comes back to where the person was. */
export const signInAddress = (from: { pathname: string; search: string; hash: string }): string => {
  const place = from.pathname + from.search + from.hash;
  return place === '/' || place.startsWith('/sign-in') ? '/sign-in' : `/sign-in?next=${encodeURIComponent(place)}`;
};

export const api: Api = createApi({
  fetch: (...request) => fetch(...request),
  signedOut: () => location.assign(signInAddress(location)),
});
