// What outlives every start: the data folder with its lock, the database with its owner, the repositories. Opened first, closed last.
import fs from 'node:fs';
import path from 'node:path';
import type { Config } from './config.ts';
import { openAdminSocket } from './platform/adminSocket.ts';
import { openEmbeddedPostgres } from './platform/embeddedPostgres.ts';
import type { Log } from './platform/log.ts';
import { openNativeGit } from './platform/nativeGit.ts';
import { openOwnership } from './platform/ownership.ts';
import { restoreMark } from './platform/restore.ts';
import type { Stopping } from './platform/signals.ts';

export type Storage = Awaited<ReturnType<typeof openStorage>>;

/** `restoring`: an unfinished restore is what somebody is about to mend. Throws sentences for people. */
export async function openStorage({
  config,
  log,
  stopping,
  release,
  restoring = false,
}: {
  config: Config;
  log: Log;
  stopping: Stopping;
  release: string;
  restoring?: boolean;
}) {
  const { dataDir } = config;
  const mark = path.join(dataDir, restoreMark);
  openFolder(dataDir);
  const adminSocket = await openAdminSocket({ dataDir });
  stopping.last('admin socket', adminSocket.close);
  if (fs.existsSync(mark) && !restoring)
    throw new Error(
      `A restore from ${fs.readFileSync(mark, 'utf8').trim()} did not end. Run it again: npm run admin -- restore --from FILE`,
    );

  const embedded = { directory: path.join(dataDir, 'postgres'), log };
  const postgres = config.databaseUrl ? null : await openEmbeddedPostgres(embedded);
  if (postgres) stopping.last('postgres', postgres.stop);
  const databaseUrl = config.databaseUrl ?? postgres!.url;
  const ownership = await openOwnership({ url: databaseUrl, log, taken: (sentence) => stopping.fail(sentence) });
  stopping.last('ownership', ownership.close);
  const native = await openNativeGit({ searchPath: config.searchPath });
  const repositories = path.join(dataDir, 'volumes');
  return {
    dataDir,
    databaseUrl,
    adminSocket,
    ownership,
    native,
    repositories,
    /** For backup and restore. */
    backup: {
      databaseUrl,
      repositories,
      temporary: path.join(dataDir, 'tmp'),
      extras: {
        'secret.key': path.join(dataDir, 'secret.key'),
        recordings: path.join(dataDir, 'devices', 'recordings'),
      },
      release,
    },
    mark,
  };
}

function openFolder(dataDir: string) {
  try {
    fs.mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    fs.accessSync(dataDir, fs.constants.R_OK | fs.constants.W_OK | fs.constants.X_OK);
  } catch (error) {
    throw new Error(`DATA_DIR ${dataDir} must be a folder that this user can write in.`, { cause: error });
  }
}
