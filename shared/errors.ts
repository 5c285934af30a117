// The one vocabulary of failure: a code for programs, a sentence for people. Each code is mapped once to HTTP and once to a
// WebSocket close code. y-websocket treats 4400 to 4499 as final, so what may be retried lies outside that range.

export const errorCodes = {
  unauthenticated: { http: 401, close: 4401 },
  forbidden: { http: 403, close: 4403 },
  'not-found': { http: 404, close: 4404 },
  invalid: { http: 400, close: 4400 },
  conflict: { http: 409, close: 4509 },
  'stale-epoch': { http: 410, close: 4410 },
  'too-large': { http: 413, close: 4413 },
  'rate-limited': { http: 429, close: 4529 },
  unavailable: { http: 503, close: 1013 },
  internal: { http: 500, close: 1011 },
} as const;

export type ErrorCode = keyof typeof errorCodes;

/** What travels in an HTTP answer: `{ error: { code, message, data? } }`. */
export type ErrorBody = { error: { code: ErrorCode; message: string; data?: Record<string, unknown> } };

/** A failure that the other side may know about. Anything else that is thrown is shown as `internal`, without its cause. */
export class Problem extends Error {
  readonly code: ErrorCode;
  readonly data: Record<string, unknown> | undefined;
  /** For the few cases where HTTP has a finer status than the code (415, 422, 428). */
  readonly status: number;

  constructor(code: ErrorCode, message: string, data?: Record<string, unknown>, status?: number) {
    super(message);
    this.name = 'Problem';
    this.code = code;
    this.data = data;
    this.status = status ?? errorCodes[code].http;
  }
}

export const isProblem = (error: unknown): error is Problem => error instanceof Problem;

export const notFound = (what: string) =>
  new Problem('not-found', `There is no ${what}, or it is not shared with you.`);
