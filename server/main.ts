// The table of contents: the settings, the outside world, the slices in the order in which they need each other, the open port; and
// `stopping` with the same list backwards. Whoever asks "where is X" finds a line here.
import fs from 'node:fs';
import path from 'node:path';
import { createAccounts } from './accounts/accounts.ts';
import { accountRoutes } from './accounts/routes.ts';
import { loadConfig } from './config.ts';
import { createApp } from './platform/app.ts';
import { systemClock } from './platform/clock.ts';
import { migrateDatabase, openDatabase, pingDatabase } from './platform/database.ts';
import { openVite } from './platform/development.ts';
import { createEgress } from './platform/egress.ts';
import { openEmbeddedPostgres } from './platform/embeddedPostgres.ts';
import type { Gatekeepers } from './platform/http.ts';
import { createLimits } from './platform/limits.ts';
import { createLog, say } from './platform/log.ts';
import { createMetrics } from './platform/metrics.ts';
import { withNotYet } from './platform/notYet.ts';
import { createServer, serve } from './platform/serve.ts';
import { stopOnSignal } from './platform/signals.ts';
import { openSite } from './platform/site.ts';
import { createSockets } from './platform/sockets.ts';

const root = path.join(import.meta.dirname, '..');
const development = process.argv.includes('--dev');
const { version } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string };

const config = loadConfig();
const log = createLog({ level: config.logLevel });
const clock = systemClock;
const stopping = stopOnSignal({ log });

try {
  await start();
} catch (error) {
  log.fatal({ err: error }, 'start.failed');
  say(`LLMos cannot start. ${error instanceof Error ? error.message : String(error)}`);
  await stopping.stop();
  process.exit(1);
}

async function start() {
  // ---- the outside world
  fs.mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
  const postgres = config.databaseUrl
    ? null
    : await openEmbeddedPostgres({ directory: path.join(config.dataDir, 'postgres') });
  if (postgres) stopping.last('postgres', postgres.stop);
  const database = await openDatabase({ url: config.databaseUrl ?? postgres!.url });
  stopping.last('database', database.close);
  await migrateDatabase(database);
  const metrics = createMetrics();

  const egress = createEgress({ allowedHosts: config.allowedHosts });

  // ---- the slices
  const accounts = createAccounts({
    database,
    clock,
    egress,
    origin: config.origin,
    secure: config.secure,
    insecure: config.insecure,
    signUp: config.signUp ?? 'invite',
    setupTokenNeeded: config.exposed,
    github: config.github,
    personJoined: async () => undefined,
    teamFounded: async () => undefined,
  });
  const tidying = setInterval(
    () => void accounts.tidy().catch((err: unknown) => log.error({ err }, 'accounts.untidy')),
    60 * 60 * 1000,
  );
  stopping.last('tidying', async () => clearInterval(tidying));
  const setupToken = config.exposed ? await accounts.signUp.prepareSetup() : null;
  const gatekeepers: Gatekeepers = {
    who: ({ cookie, token }, answer) => accounts.authenticate({ cookie, token }, answer),
    team: (slug, actor) => accounts.team({ slug, personId: actor?.personId ?? null }),
    volume: async () => null,
    file: async () => null,
  };
  const { handlers, notYet } = withNotYet({ ...accountRoutes(accounts) });
  if (notYet.length > 0) log.warn({ routes: notYet.length }, 'routes.missing');

  // ---- the open port
  const edge = {
    gatekeepers,
    origins: { origin: config.origin, tls: config.tls !== null, loopback: !config.exposed },
    trustProxy: config.trustProxy,
    limits: createLimits({ clock, enabled: config.rateLimits }),
    log,
  };
  const server = createServer(null);
  const vite = development ? await openVite(server) : null;
  if (vite) stopping.last('vite', vite.close);
  const site = development ? null : openSite(path.join(root, 'build'));
  const readiness = { database: () => pingDatabase(database) };
  const app = createApp({ ...edge, handlers, metrics, readiness, site, version });
  const sockets = createSockets({ ...edge, acceptors: {} });
  const serving = await serve({ app, sockets, server, host: config.host, port: config.port, first: vite?.listener });
  stopping.last('port', serving.close);

  const address =
    config.origin ??
    `${config.tls ? 'https' : 'http'}://${config.host.includes(':') ? `[${config.host}]` : config.host}:${serving.port}`;
  log.info({ version, port: serving.port, adopted: postgres?.adopted ?? null }, 'server.started');
  say(`LLMos is ready at ${address}`);
  if (setupToken) say(`Make the first account with this link, once: ${address}/sign-up?setup=${setupToken}`);
}
