// For tests: versions over real rooms, a real PostgreSQL and real repositories, with people who type.
import crypto from 'node:crypto';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Face } from '#shared/live.ts';
import { openDatabase } from '../../platform/database.ts';
import { silentLog, type Log } from '../../platform/log.ts';
import { openNativeGit } from '../../platform/nativeGit.ts';
import { openRepositories, type Repositories } from '../../platform/repositories.ts';
import { openReviewStore } from '../../reviews/reviewStore.ts';
import { openRooms } from '../../sync/rooms.ts';
import { openVersions, type VersionNeeds } from './openVersions.ts';
import type { Times } from './schedule.ts';
import { volumes } from '../tables.ts';
import type { TreeChange, VersionNews } from './versions.ts';

const person = (n: number, login: string, name: string): Face => ({
  id: `00000000-0000-4000-8000-00000000000${n}`,
  login,
  name,
  colour: n,
});
export const ada = person(1, 'ada', 'Ada Lovelace');
export const ben = person(2, 'ben', 'Ben');
export const cyd = person(3, 'cyd', 'Cyd');
export const everyone = [ada, ben, cyd, person(4, 'dan', 'Dan'), person(5, 'eve', 'Eve')];

/** Nothing is due unless a test says so. */
const never: Times = { quietMs: 1e8, latestMs: 1e9, leaveMs: 1e8, retryMs: 1e8, putOffMs: 1e8 };

/** Set `at` to break the next write there. */
export type Fault = { at: 'before the move' | 'after the move' | null };

function withFault(repositories: Repositories, fault: Fault | null): Repositories {
  if (!fault) return repositories;
  const broken = (at: Fault['at']) => {
    if (fault.at !== at) return;
    fault.at = null;
    throw new Error(`killed ${at}`);
  };
  return {
    ...repositories,
    use: (volumeId, work) =>
      repositories.use(volumeId, (repository) =>
        work({
          ...repository,
          async write(act) {
            const beforeMove = async (written: Parameters<NonNullable<typeof act.beforeMove>>[0]) => {
              await act.beforeMove?.(written);
              broken('before the move');
            };
            const written = await repository.write({ ...act, beforeMove });
            broken('after the move');
            return written;
          },
        }),
      ),
  };
}

export type News = { [K in keyof VersionNews]: Parameters<VersionNews[K]>[0][] };
export type TestVersions = Awaited<ReturnType<typeof openTestVersions>>;

/** `directory`: of the repositories; a new one, removed by `remove`, when there is none. */
export async function openTestVersions({
  databaseUrl,
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'llmos-versions-')),
  times = never,
  withGit = true,
  log = silentLog,
  fsync = false,
  fault = null,
  rooms: given = null,
}: {
  databaseUrl: string;
  directory?: string;
  times?: Partial<Times>;
  withGit?: boolean;
  log?: Log;
  fsync?: boolean;
  /** Breaks writing at a named point, as a kill would. */
  fault?: Fault | null;
  /** Instead of real rooms. */
  rooms?: VersionNeeds['rooms'] | null;
}) {
  const database = await openDatabase({ url: databaseUrl });
  const native = withGit ? await openNativeGit({ searchPath: process.env['PATH']! }) : null;
  const repositories = withFault(openRepositories({ directory, native, fsync }), fault);
  const news: News = { committed: [], pending: [], held: [] };
  const rooms = await openRooms({
    databaseUrl,
    log,
    access: {
      faceOf: async (id) => everyone.find((face) => face.id === id)!,
      mayJoin: async () => ({ write: true }),
      firstText: (fileId) => versions.textOf(fileId),
    },
    news: { edited: (edit) => versions?.edited(edit), left: (left) => versions?.left(left) },
  });
  const reviews = openReviewStore({ database });
  const conflicts: unknown[] = [];
  const versions = await openVersions({
    database,
    repositories,
    rooms: given ?? rooms,
    people: {
      faces: async (ids) => new Map(everyone.filter((face) => ids.includes(face.id)).map((face) => [face.id, face])),
      byLogins: async (logins) =>
        new Map(everyone.filter((face) => logins.includes(face.login)).map((face) => [face.login, face])),
    },
    reviews: reviews.states,
    news: {
      committed: (told) => news.committed.push(told),
      pending: (told) => news.pending.push(told),
      held: (told) => news.held.push(told),
    },
    keepConflicts: async (clash) => void conflicts.push(clash),
    clock: { now: () => Date.now() },
    log,
    times: { ...never, ...times },
  });

  return {
    database, repositories, rooms, versions, news, conflicts, directory, reviews,
    async newVolume(): Promise<string> {
      const [row] = await database
        .insert(volumes)
        .values({ name: `team/${crypto.randomUUID()}`, kind: 'team' })
        .returning({ id: volumes.id });
      return row!.id;
    },
    /** New text files in one commit of Ada; answers their ids. */
    async create(volumeId: string, texts: Record<string, string>, author: Face = ada): Promise<string[]> {
      const puts = Object.entries(texts).map(([path, content]): TreeChange & { kind: 'put' } => ({
        kind: 'put', fileId: crypto.randomUUID(), path, fileKind: 'text', content,
      }));
      await versions.commitTree({ volumeId, author: author.id, kind: 'create', plan: () => puts });
      return puts.map((put) => put.fileId);
    },
    /** Somebody changes a text as it is now into another, by minimal edits. */
    async type(fileId: string, who: Face | null, change: (now: string) => string): Promise<void> {
      const now = (await rooms.read(fileId)) ?? (await versions.textOf(fileId))!;
      const { changed } = await rooms.edit({ fileId, person: who?.id ?? null, change: { kind: 'merge', base: now, theirs: change(now) } });
      if (!changed) throw new Error('nothing was typed');
    },
    /** Stock git over the volume's repository. */
    git: (volumeId: string, ...args: string[]): string =>
      execFileSync('git', ['--git-dir', repositories.directoryOf(volumeId), ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trimEnd(),
    async close(): Promise<void> {
      await versions.close();
      await rooms.stop();
      await repositories.close();
      await database.close();
    },
    remove: () => fs.rmSync(directory, { recursive: true, force: true }),
  }; // prettier-ignore
}
