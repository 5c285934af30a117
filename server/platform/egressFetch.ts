// `fetch` as libraries want it, by the one way out (egress.ts): the same checks, no redirects, and an end for a server that falls silent.
import { Problem } from '#shared/errors.ts';
import type { Egress } from './egress.ts';

export type EgressFetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/**
 * `keep`: which headers of the library go out; what it adds of its own accord about this machine is nobody's business.
 * `firstMs`: until the first byte; `idleMs`: between two bytes. `restMs`: reads of one answer are at least so far apart, so that a server that
 * sends every word by itself is not read word by word; what comes meanwhile is one chunk.
 */
export function createEgressFetch({
  egress,
  keep,
  firstMs = 180_000,
  idleMs = 60_000,
  restMs = 0,
  wholeMs = 15 * 60_000,
  maxBytes,
}: {
  egress: Egress;
  keep: (header: string) => boolean;
  firstMs?: number;
  idleMs?: number;
  restMs?: number;
  wholeMs?: number;
  maxBytes?: number;
}): EgressFetch {
  return async (input, init = {}) => {
    const url = String(input instanceof Request ? input.url : input);
    const silence = new AbortController();
    let silent = false;
    let waiting: NodeJS.Timeout;
    const listen = (ms: number) => {
      clearTimeout(waiting);
      waiting = setTimeout(() => {
        silent = true;
        silence.abort();
      }, ms);
    };
    const told = (error: unknown, ms: number) =>
      silent ? new Problem('unavailable', `${new URL(url).host} said nothing for ${Math.ceil(ms / 1000)} s.`) : error;
    listen(firstMs);
    try {
      const answer = await egress.request({
        url,
        method: init.method ?? 'GET',
        headers: Object.fromEntries([...new Headers(init.headers)].filter(([name]) => keep(name))),
        ...(init.body != null && { body: bodyOf(init.body) }),
        signal: init.signal ? AbortSignal.any([init.signal, silence.signal]) : silence.signal,
        timeoutMs: wholeMs,
        lazy: restMs > 0,
        ...(maxBytes && { maxBytes }),
      });
      const chunks = answer.chunks();
      let readAt = -Infinity;
      const body = new ReadableStream<Uint8Array>(
        {
          async pull(controller) {
            const early = readAt + restMs - performance.now();
            if (early > 0) await new Promise((rested) => setTimeout(rested, early));
            listen(idleMs);
            try {
              const { done, value } = await chunks.next();
              readAt = performance.now();
              clearTimeout(waiting);
              if (done) controller.close();
              else controller.enqueue(value);
            } catch (error) {
              clearTimeout(waiting);
              controller.error(told(error, idleMs));
            }
          },
          async cancel() {
            clearTimeout(waiting);
            silence.abort(); // lets go of the connection, also while a read is under way
            await chunks.return(undefined);
          },
        },
        { highWaterMark: 0 },
      );
      clearTimeout(waiting!);
      const isEmpty = [101, 204, 205, 304].includes(answer.status);
      if (isEmpty) await body.cancel();
      const headers = Object.entries(answer.headers).flatMap(([name, value]) =>
        [value ?? []].flat().map((one): [string, string] => [name, one]),
      );
      return new Response(isEmpty ? null : body, { status: answer.status, headers });
    } catch (error) {
      clearTimeout(waiting!);
      throw told(error, firstMs);
    }
  };
}

function bodyOf(body: NonNullable<RequestInit['body']>): string | Uint8Array {
  if (typeof body === 'string' || body instanceof Uint8Array) return body;
  throw new TypeError('Only text and bytes are sent.');
}
