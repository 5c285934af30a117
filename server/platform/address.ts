// How people reach this server, in the line that the start prints.

/** `host` may be every address of the machine; a person types a name. */
export function publicAddress({
  origin,
  tls,
  host,
  port,
}: {
  origin: string | null;
  tls: boolean;
  host: string;
  port: number;
}): string {
  if (origin) return origin;
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `${tls ? 'https' : 'http'}://${name}:${port}`;
}
