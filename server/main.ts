// The table of contents: the settings, the outside world, the slices in the order in which they need each other, the open port; and
// `stopping` with the same list backwards. Whoever asks "where is X" finds a line here.
import fs from 'node:fs';
import path from 'node:path';
import { createAccounts } from './accounts/accounts.ts';
import { accountRoutes } from './accounts/routes.ts';
import { createAdminCommands } from './adminCommands.ts';
import { loadConfig, type Config } from './config.ts';
import { openMcpServers } from './mcp/openMcpServers.ts';
import { createMcpDoor } from './mcp/serve.ts';
import { openModels } from './models/openModels.ts';
import { publicAddress } from './platform/address.ts';
import { createApp } from './platform/app.ts';
import { openCertificate } from './platform/certificate.ts';
import { systemClock } from './platform/clock.ts';
import { migrateDatabase, openDatabase, pingDatabase } from './platform/database.ts';
import { openVite } from './platform/development.ts';
import { createEgress } from './platform/egress.ts';
import { createEmbeddings } from './platform/embeddings.ts';
import { createGitClone } from './platform/gitClone.ts';
import type { Gatekeepers } from './platform/http.ts';
import { createLimits } from './platform/limits.ts';
import { createLog, say, type Log } from './platform/log.ts';
import { createMetrics } from './platform/metrics.ts';
import { openRepositories } from './platform/repositories.ts';
import { readSecretKey } from './platform/secretKey.ts';
import { createServer, serve } from './platform/serve.ts';
import { stopOnSignal, type Stopping } from './platform/signals.ts';
import { openSite } from './platform/site.ts';
import { createSockets } from './platform/sockets.ts';
import { createPackages, pythonRoutes } from './python/packages.ts';
import { openStorage } from './storage.ts';
import { openWorkspace } from './workspace.ts';

const root = path.join(import.meta.dirname, '..');
const clock = systemClock;
const manifest = fs.readFileSync(path.join(root, 'package.json'), 'utf8');
export const { version: release } = JSON.parse(manifest) as { version: string };

export type Surroundings = { config: Config; log: Log; stopping: Stopping };

if (import.meta.main) {
  const config = loadConfig();
  const log = createLog({ level: config.logLevel });
  const stopping = stopOnSignal({ log });
  try {
    await openPort({ config, log, stopping, product: await openProduct({ config, log, stopping }) });
  } catch (error) {
    log.error({ err: error }, 'start.failed');
    say(`LLMos cannot start. ${error instanceof Error ? error.message : String(error)}`);
    await stopping.stop();
    process.exit(1);
  }
}

export type Product = Awaited<ReturnType<typeof openProduct>>;

/** Everything but the port. `npm run admin` opens just this when no server runs. */
export async function openProduct({ config, log, stopping }: Surroundings) {
  // ---- the outside world
  const storage = await openStorage({ config, log, stopping, release });
  const { databaseUrl, native, ownership } = storage;
  const database = await openDatabase({ url: databaseUrl });
  stopping.last('database', database.close);
  await migrateDatabase(database);
  const metrics = createMetrics();
  const egress = createEgress({ allowedHosts: config.allowedHosts });

  // ---- who is here
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
    personJoined: (person) => workspace.personJoined(person),
    teamFounded: (founded) => workspace.teamFounded(founded),
    teamGone: (gone) => workspace.teamGone(gone),
  });
  const tidying = setInterval(
    () => void accounts.tidy().catch((err: unknown) => log.error({ err }, 'accounts.untidy')),
    60 * 60 * 1000,
  );
  stopping.last('tidying', () => clearInterval(tidying));

  // ---- what they share
  const repositories = openRepositories({ directory: storage.repositories, native });
  stopping.last('repositories', repositories.close);
  const gitClone = createGitClone({ native, egress, searchPath: config.searchPath });
  const embeddings = config.embeddings === 'local' ? createEmbeddings() : null;
  if (embeddings) stopping.last('embeddings', embeddings.close);
  const models = openModels({
    database,
    clock,
    serverKey: readSecretKey(config),
    server: config.llm,
    allowedHosts: config.allowedHosts,
  });
  const mcpServers = openMcpServers({ database, keys: models.keys, egress, clock, version: release });
  const workspace = await openWorkspace({
    database,
    databaseUrl,
    repositories,
    gitClone,
    accounts,
    clock,
    log,
    embed: embeddings && embeddings.embed,
    models,
    toolsOfElsewhere: mcpServers.toolsFor,
    config,
    release,
  });
  stopping.last('workspace', workspace.close);

  // ---- what Python in the browser may load beyond its core
  const { pyodideIndexUrl: index } = config;
  const packages = createPackages({
    index,
    shipped: fs.readFileSync(path.join(root, 'node_modules/pyodide/pyodide-lock.json'), 'utf8'),
    directory: path.join(config.dataDir, 'packages'),
    // the index is the administrator's own word, for this and for nothing else
    egress: createEgress({ allowedHosts: [...config.allowedHosts, ...(index ? [new URL(index).host] : [])] }),
    log,
  });

  const gatekeepers: Gatekeepers = {
    who: ({ cookie, token }, answer) => accounts.authenticate({ cookie, token }, answer),
    team: (slug, actor) => accounts.team({ slug, personId: actor?.personId ?? null }),
    volume: (name, actor) => workspace.volumes.find(name, actor),
    file: (id, actor) => workspace.volumes.findFile(id, actor),
    run: (id, actor) => workspace.runs.target(id, actor),
  };

  return {
    handlers: {
      ...accountRoutes(accounts),
      ...workspace.handlers,
      ...pythonRoutes(packages),
      ...models.handlers,
      ...mcpServers.handlers,
    },
    acceptors: workspace.acceptors,
    workspace,
    gatekeepers,
    metrics,
    accounts,
    gitClone,
    storage,
    readiness: {
      database: () => pingDatabase(database),
      ownership: async () => {
        if (!ownership.held()) throw new Error('the database belongs to nobody or to another server');
      },
    },
  };
}

async function openPort({ config, log, stopping, product }: Surroundings & { product: Product }) {
  const { tls, host, dataDir } = config;
  const certificate = tls && openCertificate({ tls, host, dataDir, now: clock.now() });
  const edge = {
    gatekeepers: product.gatekeepers,
    origins: { origin: config.origin, tls: tls !== null, loopback: !config.exposed },
    trustProxy: config.trustProxy,
    limits: createLimits({ clock, enabled: config.rateLimits }),
    log,
  };
  const server = createServer(certificate);
  const vite = process.argv.includes('--dev') ? await openVite(server) : null;
  if (vite) stopping.last('vite', vite.close);
  // in development Vite answers first for all but the frames and what they run
  const site = openSite(path.join(root, 'build'));
  const mcp = createMcpDoor({ version: release, log });
  stopping.last('mcp', mcp.close);
  const app = createApp({ ...edge, ...product, site, version: release, mcp: mcp.answer });
  const sockets = createSockets({ ...edge, acceptors: product.acceptors });
  const serving = await serve({ app, sockets, server, host, port: config.port, first: vite?.listener });
  stopping.last('port', serving.close);
  product.storage.adminSocket.answer(createAdminCommands(product));

  const address = publicAddress({ origin: config.origin, tls: tls !== null, host, port: serving.port });
  log.info({ release, port: serving.port }, 'server.started');
  say(`LLMos is ready at ${address}`);
  if (config.exposed && new URL(address).hostname === 'localhost')
    say('Other computers put the name or address of this one in the place of localhost.');
  if (certificate?.selfSigned) say(`Its certificate is our own. SHA-256 fingerprint: ${certificate.fingerprint}`);
  const setupToken = config.exposed ? await product.accounts.signUp.prepareSetup() : null;
  if (setupToken) say(`Make the first account with this link, once: ${address}/sign-up?setup=${setupToken}`);
}
