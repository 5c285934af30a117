// The session cookie. `__Host-` ties it to this very host over https; over plain http (loopback, or a network that the operator
// trusts by INSECURE_HTTP=1) browsers refuse that prefix, so it has a plain name there.

export type CookieRules = { /** The site is reached over https. */ secure: boolean };

export const sessionSeconds = 30 * 24 * 60 * 60;

export const sessionCookieName = ({ secure }: CookieRules) => (secure ? '__Host-session' : 'session');
export const githubCookieName = ({ secure }: CookieRules) => (secure ? '__Host-github' : 'github');

/** A Set-Cookie value. `seconds` 0 removes it. */
export function writeCookie({
  name,
  value,
  seconds,
  rules,
}: {
  name: string;
  value: string;
  seconds: number;
  rules: CookieRules;
}): string {
  return `${name}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Lax${rules.secure ? '; Secure' : ''}`;
}

/** The value of a cookie in a Cookie header; null when it is not there, or there twice with different values. */
export function readCookie(header: string | null | undefined, name: string): string | null {
  const values = new Set<string>();
  for (const pair of (header ?? '').split(';')) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim() === name) values.add(pair.slice(at + 1).trim());
  }
  const [value] = values;
  return values.size === 1 && value ? value : null;
}
