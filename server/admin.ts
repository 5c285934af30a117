// `npm run admin -- <command> --option value`: asks the running server through its local socket; where none runs, opens the same
// product without its port, does it, and stops. Most of it is loaded only then.
import fs from 'node:fs';
import path from 'node:path';
import { loadConfig, type Config } from './config.ts';
import { askRunningServer, type AdminRequest } from './platform/adminSocket.ts';
import { createLog, say } from './platform/log.ts';
import type { Surroundings } from './main.ts';

const usage = `npm run admin -- <command>

  create-user   --login NAME --password WORDS [--name NAME] [--admin]
  create-team   --slug NAME --owner LOGIN [--name NAME] [--sample lab|llmos-original]
  add-member    --team SLUG --login LOGIN --role owner|editor|viewer
  create-token  --login LOGIN [--scopes read,write,run,admin] [--days 90] [--name NAME] [--volume NAME]
  import        --volume NAME --from FOLDER|ARCHIVE|GIT-ADDRESS [--into FOLDER] [--as LOGIN]
  export        --volume NAME --to FILE [--format zip|tar.gz] [--at COMMIT]
  backup        --to FILE
  restore       --from FILE        (only while the server is stopped)
  doctor
  board         --pty [--map oval|maze|eight|arena] [--files FOLDER]   (a virtual board for mpremote and other tools)

With --json the answer is one JSON document. A volume is system, team/<slug> or user/<login>.`;

const [command, ...rest] = process.argv.slice(2);
if (!command || command === 'help' || command === '--help') {
  say(usage);
  process.exit(command ? 0 : 2);
}
try {
  const config = loadConfig();
  const { json, ...options } = readOptions(rest, config.startedFrom);
  const result = await run(config, { command, options }, json === true ? () => undefined : say);
  if (json === true) say(JSON.stringify(result));
  process.exit(command === 'doctor' && !(result as { fine: boolean }).fine ? 1 : 0);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

async function run(config: Config, request: AdminRequest, tell: (line: string) => void): Promise<unknown> {
  if (request.command === 'board') return board(request.options, tell);
  if (request.command === 'restore') return restore(config, request.options, tell);
  const running = await askRunningServer({ dataDir: config.dataDir, request, say: tell });
  if (running) return running.done;
  return alone(config, async (surroundings) => {
    const { openProduct } = await import('./main.ts');
    const { createAdminCommands } = await import('./adminCommands.ts');
    return createAdminCommands(await openProduct(surroundings))(request, tell);
  });
}

async function restore(
  config: Config,
  { from, ...others }: AdminRequest['options'],
  tell: (line: string) => void,
): Promise<unknown> {
  if (typeof from !== 'string' || Object.keys(others).length > 0) throw new Error('restore takes --from FILE.');
  if (!fs.existsSync(from)) throw new Error(`There is no file ${from}.`);
  return alone(config, async (surroundings) => {
    const { release } = await import('./main.ts');
    const { openStorage } = await import('./storage.ts');
    const { writeBackup } = await import('./platform/backup.ts');
    const { restoreBackup } = await import('./platform/restore.ts');
    const { backup, mark } = await openStorage({ ...surroundings, release, restoring: true });
    const folder = path.join(config.dataDir, 'backups');
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    const before = path.join(folder, `before-restore-${new Date().toISOString().replace(/[:.]/g, '-')}.tar.gz`);
    const kept = await writeBackup({ ...backup, to: before, say: () => undefined }).catch((error: Error) => {
      // a fresh database has no tables yet, and nothing to keep
      if (!('code' in error && error.code === '42P01')) tell(`What was here could not be kept: ${error.message}`);
      return null;
    });
    if (kept) tell(`What was here is kept in ${before}.`);
    const manifest = await restoreBackup({ ...backup, mark, from, say: tell, now: Date.now() });
    tell(
      `Restored what ${from} held at ${manifest.madeAt}. Start the server; every browser that has text from after that keeps it and merges it.`,
    );
    return { from, keptBefore: kept ? before : null, ...manifest };
  });
}

/** Until Ctrl-C; needs neither a server nor an account. */
async function board(
  { pty, map, files, ...others }: AdminRequest['options'],
  tell: (line: string) => void,
): Promise<unknown> {
  const isWord = (value: unknown) => value === undefined || typeof value === 'string';
  if (pty !== true || !isWord(map) || !isWord(files) || Object.keys(others).length > 0)
    throw new Error('board takes --pty, and may take --map NAME and --files FOLDER.');
  const { openBridge } = await import('./boards/bridge.ts');
  const bridge = await openBridge({ map: map as string | undefined, folder: files as string | undefined });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void bridge.close());
  tell(`A virtual board is at ${bridge.path}. For example: mpremote connect ${bridge.path} repl`);
  tell('Ctrl-C ends it.');
  await bridge.closed;
  return { path: bridge.path };
}

/** Opens what `work` opens, and closes it again. */
async function alone(config: Config, work: (surroundings: Surroundings) => Promise<unknown>): Promise<unknown> {
  const log = createLog({ level: config.logLevel === 'info' ? 'error' : config.logLevel });
  const { stopOnSignal } = await import('./platform/signals.ts');
  const stopping = stopOnSignal({ log });
  try {
    return await work({ config, log, stopping });
  } finally {
    await stopping.stop();
  }
}

/** `--name value`, `--name=value`, or `--name` alone; paths start from where the person stood. */
function readOptions(words: string[], startedFrom: string): Record<string, string | boolean> {
  const options: Record<string, string | boolean> = {};
  for (let i = 0; i < words.length; i++) {
    const [, name, inline] = /^--([a-z]+)(?:=(.*))?$/s.exec(words[i]!) ?? [];
    if (!name) throw new Error(`What is ${words[i]}? Options are written --name value.`);
    const value = inline ?? (words[i + 1] !== undefined && !words[i + 1]!.startsWith('--') ? words[++i]! : true);
    const isPath = ['from', 'to', 'files'].includes(name) && typeof value === 'string' && !/^https?:\/\//.test(value);
    options[name] = isPath ? path.resolve(startedFrom, value) : value;
  }
  return options;
}
