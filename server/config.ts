// The settings of a server, read once from the environment and checked together. The only reader of process.env: every other part
// gets what it needs as a parameter. All problems are printed at once, so that nobody mends them one start at a time.
import fs from 'node:fs';
import path from 'node:path';

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

export type Config = {
  port: number;
  host: string;
  /** The public address behind a proxy, e.g. `https://llmos.example`. Null: the address that a request was sent to. */
  origin: string | null;
  /** Absolute. */
  dataDir: string;
  /** Null: the embedded PostgreSQL in `dataDir`. */
  databaseUrl: string | null;
  /** Null: a file in `dataDir`. */
  secretKey: string | null;
  tls: { kind: 'files'; cert: string; key: string } | { kind: 'self-signed' } | null;
  /** How many proxies in front of us may say where a request came from. */
  trustProxy: number;
  /** Browsers reach us by https, here or at the proxy: cookies are `__Host-` and Secure. */
  secure: boolean;
  /** Sessions travel unprotected between machines, because somebody said that this is fine. */
  insecure: boolean;
  /** Other machines can reach us: the first visit needs the link that the start prints. */
  exposed: boolean;
  /** Null: decided in the settings of the server. */
  signUp: 'open' | 'invite' | null;
  github: { clientId: string; clientSecret: string } | null;
  llm: { baseUrl: string; apiKey: string | null; model: string | null } | null;
  embeddings: 'local' | 'provider' | 'off';
  /** Hosts (or host:port) that outbound requests may reach although they are private or plain http. */
  allowedHosts: string[];
  /** Ends in a slash. Null: Python in the browser has its core only. */
  pyodideIndexUrl: string | null;
  logLevel: (typeof logLevels)[number];
  /** Off only for benchmarks and load tests. */
  rateLimits: boolean;
  /** Where native git is looked for. */
  searchPath: string;
  /** Where the person stood who ran npm. */
  startedFrom: string;
  /** A version is made after this much quiet, at the latest after `latestMs` of typing (GI1). */
  checkpoint: { quietMs: number; latestMs: number };
  /** How often it is looked whether traces are to be consolidated; 0: never by itself. */
  consolidateEveryMs: number;
};

export type ConfigProblem = { variable: string; rule: string; got: string };

type Environment = Readonly<Record<string, string | undefined>>;

const secrets = new Set(['SECRET_KEY', 'LLM_API_KEY', 'GITHUB_CLIENT_SECRET', 'DATABASE_URL']);

/** `directory`: what relative paths in the settings start from. Empty variables count as not set. */
export function readConfig(
  environment: Environment,
  directory: string,
): { config: Config } | { problems: ConfigProblem[] } {
  const problems: ConfigProblem[] = [];
  const get = (variable: string) => environment[variable]?.trim() || null;
  const wrong = (variable: string, rule: string) => {
    const got = get(variable);
    const shown =
      got === null ? 'nothing' : secrets.has(variable) ? `${got.length} characters` : JSON.stringify(got.slice(0, 200));
    problems.push({ variable, rule, got: shown });
  };
  const whole = (variable: string, otherwise: number, least: number, most: number) => {
    const got = get(variable);
    if (got === null) return otherwise;
    const value = /^\d{1,12}$/.test(got) ? Number(got) : NaN;
    if (value >= least && value <= most) return value;
    wrong(variable, `must be a whole number from ${least} to ${most}`);
    return otherwise;
  };
  const oneOf = <T extends string>(variable: string, values: readonly T[]): T | null => {
    const got = get(variable);
    if (got === null || values.includes(got as T)) return got as T | null;
    wrong(variable, `must be ${values.slice(0, -1).join(', ')} or ${values.at(-1)}`);
    return null;
  };
  const flag = (variable: string) => {
    const got = get(variable);
    if (got !== null && !/^(0|1|true|false)$/.test(got)) wrong(variable, 'must be 1 or 0');
    return got === '1' || got === 'true';
  };
  const address = (variable: string, protocols: string[]): URL | null => {
    const got = get(variable);
    if (got === null) return null;
    if (URL.canParse(got)) {
      const url = new URL(got);
      if (protocols.includes(url.protocol)) return url;
    }
    wrong(variable, `must be an address that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`);
    return null;
  };
  const together = (variables: string[]) => {
    const missing = variables.filter((variable) => get(variable) === null);
    if (missing.length === 0) return true;
    if (missing.length < variables.length)
      for (const variable of missing)
        wrong(variable, `must be set together with ${variables.filter((other) => other !== variable).join(' and ')}`);
    return false;
  };
  const readable = (variable: string) => {
    const got = get(variable);
    if (got === null) return null;
    const file = path.resolve(directory, got);
    try {
      fs.accessSync(file, fs.constants.R_OK);
    } catch {
      wrong(variable, 'must be a file that can be read');
    }
    return file;
  };

  const host = get('HOST') ?? '127.0.0.1';
  const isHost = /^[\w.:-]+$/.test(host);
  if (!isHost) wrong('HOST', 'must be an address of this machine, e.g. 127.0.0.1 or 0.0.0.0');
  const originUrl = address('ORIGIN', ['http:', 'https:']);
  if (originUrl && (originUrl.pathname !== '/' || originUrl.search || originUrl.username))
    wrong('ORIGIN', 'must be a scheme and a host only, e.g. https://llmos.example');

  const [cert, key] = [readable('TLS_CERT'), readable('TLS_KEY')];
  together(['TLS_CERT', 'TLS_KEY']);
  const tlsFiles = cert && key ? ({ kind: 'files', cert, key } as const) : null;
  const selfSigned = oneOf('TLS', ['self-signed', 'off']) === 'self-signed';
  if (tlsFiles && selfSigned) wrong('TLS', 'must not be set together with TLS_CERT and TLS_KEY');
  const tls = tlsFiles ?? (selfSigned ? ({ kind: 'self-signed' } as const) : null);
  if (tls && originUrl?.protocol === 'http:') wrong('ORIGIN', 'must start with https:// when TLS is on');

  const exposed = !isLoopback(host);
  const secure = tls !== null || originUrl?.protocol === 'https:';
  const insecureHttp = flag('INSECURE_HTTP');
  if (isHost && exposed && !secure && !insecureHttp) {
    wrong(
      'HOST',
      'lets other machines in over plain http, where passwords can be read on the way: set TLS=self-signed (or TLS_CERT and TLS_KEY), or ORIGIN to the https address of your proxy, or INSECURE_HTTP=1 to accept it',
    );
  }

  const secretKey = get('SECRET_KEY');
  if (secretKey !== null && secretKey.length < 32) wrong('SECRET_KEY', 'must have at least 32 characters');
  const database = address('DATABASE_URL', ['postgres:', 'postgresql:']);
  const llmBase = address('LLM_BASE_URL', ['http:', 'https:']);
  if (!llmBase && get('LLM_API_KEY') && !get('LLM_BASE_URL'))
    wrong('LLM_BASE_URL', 'must be set together with LLM_API_KEY');
  const pyodide = address('PYODIDE_INDEX_URL', ['http:', 'https:']);
  const allowedHosts = (get('ALLOWED_HOSTS') ?? '').split(/[\s,]+/).filter(Boolean);
  if (!allowedHosts.every((entry) => /^[\w.-]+(:\d{1,5})?$|^\[[\da-f:.]+\](:\d{1,5})?$/i.test(entry)))
    wrong('ALLOWED_HOSTS', 'must be hosts with or without a port, separated by commas');

  const trusted = get('TRUST_PROXY');
  const config: Config = {
    port: whole('PORT', 3000, 0, 65535),
    host,
    origin: originUrl?.origin ?? null,
    dataDir: path.resolve(directory, get('DATA_DIR') ?? 'data'),
    databaseUrl: database ? get('DATABASE_URL') : null,
    secretKey,
    tls,
    trustProxy: trusted === 'true' ? 1 : trusted === 'false' ? 0 : whole('TRUST_PROXY', 0, 0, 10),
    secure,
    insecure: exposed && !secure,
    exposed,
    signUp: oneOf('SIGN_UP', ['open', 'invite']),
    github: together(['GITHUB_CLIENT_ID', 'GITHUB_CLIENT_SECRET'])
      ? { clientId: get('GITHUB_CLIENT_ID')!, clientSecret: get('GITHUB_CLIENT_SECRET')! }
      : null,
    llm: llmBase
      ? { baseUrl: llmBase.href.replace(/\/$/, ''), apiKey: get('LLM_API_KEY'), model: get('LLM_MODEL') }
      : null,
    embeddings: oneOf('EMBEDDINGS', ['local', 'provider', 'off']) ?? 'local',
    allowedHosts,
    pyodideIndexUrl: pyodide ? pyodide.href.replace(/\/*$/, '/') : null,
    logLevel: oneOf('LOG_LEVEL', logLevels) ?? 'info',
    rateLimits: oneOf('RATE_LIMITS', ['on', 'off']) !== 'off',
    startedFrom: get('INIT_CWD') ?? directory,
    searchPath: environment.PATH ?? '/usr/local/bin:/usr/bin:/bin',
    checkpoint: {
      quietMs: whole('CHECKPOINT_QUIET_MS', 30_000, 100, 3_600_000),
      latestMs: whole('CHECKPOINT_LATEST_MS', 300_000, 100, 86_400_000),
    },
    consolidateEveryMs: whole('CONSOLIDATE_EVERY_MS', 600_000, 0, 86_400_000),
  };
  return problems.length > 0 ? { problems } : { config };
}

/** Reads the environment of this process, and the file `.env` beside it for what is not set. Ends the process if anything is wrong. */
export function loadConfig(): Config {
  try {
    process.loadEnvFile('.env');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const result = readConfig(process.env, process.cwd());
  if ('config' in result) return result.config;
  process.stderr.write(`${describeProblems(result.problems)}\n`);
  process.exit(1);
}

export function describeProblems(problems: ConfigProblem[]): string {
  const lines = problems.map(({ variable, rule, got }) => `  ${variable} ${rule}. Got: ${got}.`);
  return [
    `LLMos cannot start: ${problems.length === 1 ? 'a setting is' : `${problems.length} settings are`} wrong.`,
    ...lines,
    'Every setting is explained in .env.example.',
  ].join('\n');
}

export const isLoopback = (host: string) => host === 'localhost' || host === '::1' || /^127\./.test(host);
