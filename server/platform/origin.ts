// Whose page sent a request. Cookies travel with requests that other sites make a browser send, so whatever changes something must
// come from our own origin, or carry a token, which no browser adds by itself.
import { Problem } from '#shared/errors.ts';

export type OriginRule = {
  /** The configured public address, e.g. `https://llmos.example`; null: where the request was sent to. */
  origin: string | null;
  /** The server itself speaks https. */
  tls: boolean;
  /** Only this machine can reach us. Then only its own names count, so that no foreign name that resolves to 127.0.0.1 does. */
  loopback: boolean;
};

export function isOwnOrigin(rule: OriginRule, { origin, host }: { origin: string; host: string | null }): boolean {
  if (rule.origin !== null) return origin === rule.origin;
  if (host === null || origin !== `${rule.tls ? 'https' : 'http'}://${host}`) return false;
  return !rule.loopback || isLocalHost(host);
}

/** Throws `forbidden` for a foreign page, also one with a token; and for a request without an origin unless it has a token. */
export function checkOrigin(
  rule: OriginRule,
  request: { origin: string | null; host: string | null; hasToken: boolean },
): void {
  const { origin, host, hasToken } = request;
  if (origin !== null && !isOwnOrigin(rule, { origin, host })) {
    throw new Problem(
      'forbidden',
      `This request came from ${origin.slice(0, 200)}, which is not the address of this server${rule.origin ? ` (${rule.origin})` : ''}.`,
    );
  }
  if (origin === null && !hasToken)
    throw new Problem(
      'forbidden',
      'A request that changes something needs the Origin header of this server, or a token.',
    );
}

/** The name of this machine as its own browsers know it; with any port. */
export function isLocalHost(host: string): boolean {
  const name = host.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  return name === 'localhost' || name === '::1' || /^127(\.\d{1,3}){3}$/.test(name);
}
