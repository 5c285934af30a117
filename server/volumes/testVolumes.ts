// For tests: the volumes slice on a real database, real rooms and real git, behind the real edge of the API. People are let in by their
// login as token: ada owns team/lab, ben edits it, vic reads it, mallory is nobody there.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { ToBrowser } from '#shared/live.ts';
import type { Actor, Role } from '#shared/permissions.ts';
import { createApi } from '../platform/api.ts';
import { systemClock } from '../platform/clock.ts';
import type { GitClone } from '../platform/gitClone.ts';
import type { Handlers } from '../platform/http.ts';
import { createLimits } from '../platform/limits.ts';
import { silentLog } from '../platform/log.ts';
import { createMetrics } from '../platform/metrics.ts';
import { openNativeGit } from '../platform/nativeGit.ts';
import { withAbsent } from '../platform/testHandlers.ts';
import { openRepositories } from '../platform/repositories.ts';
import { openTestDatabase } from '../platform/testDatabase.ts';
import { openRooms } from '../sync/rooms.ts';
import { archiveRoutes } from './exchange/archiveRoutes.ts';
import { createConflictStore } from './files/conflictStore.ts';
import { textFrom } from './content.ts';
import { createFiles } from './files/files.ts';
import { fileRoutes } from './files/fileRoutes.ts';
import { createFileStore } from './files/fileStore.ts';
import { readFolder } from './exchange/folderReading.ts';
import { historyRoutes } from './history/historyRoutes.ts';
import { createImporting } from './exchange/importing.ts';
import { createMerges } from './files/merge.ts';
import { openVersions } from './versions/openVersions.ts';
import { createRollback, rollbackFiles } from './history/rollback.ts';
import { rollbackRoutes } from './history/rollbackRoutes.ts';
import { createSearchStore } from './search/searchStore.ts';
import { createShippedStore } from './exchange/shippedStore.ts';
import { upgradeSystem } from './exchange/upgrading.ts';
import type { People, Versions } from './versions/versions.ts';
import { createVolumeNews } from './volumeNews.ts';
import { createVolumes, type VolumeMembers } from './volumes.ts';
import { createVolumeStore } from './volumeStore.ts';

export type Person = 'ada' | 'ben' | 'vic' | 'mallory';
const logins: Person[] = ['ada', 'ben', 'vic', 'mallory'];
export const idOf = (login: Person): string => `00000000-0000-4000-8000-00000000000${logins.indexOf(login) + 1}`;
export const actorOf = (login: Person): Actor => ({
  personId: idOf(login),
  login,
  isAdmin: false,
  scopes: null,
  onlyVolume: null,
  sessionId: null,
  tokenId: login,
});
const faceOf = (login: Person) => ({ id: idOf(login), login, name: login.toUpperCase(), colour: 1 });
const team = { id: '00000000-0000-4000-9000-000000000001', slug: 'lab', name: 'Lab' };
const roles: Record<Person, Role | null> = { ada: 'owner', ben: 'editor', vic: 'viewer', mallory: null };

const byKey = (holds: (login: Person) => boolean, key: (login: Person) => string) =>
  new Map(logins.filter(holds).map((login) => [key(login), faceOf(login)]));
const loginOf = (personId: string) => logins.find((login) => idOf(login) === personId)!;
const members: VolumeMembers = {
  async roleIn({ volume, personId }) {
    if (volume.kind === 'system') return 'viewer';
    if (volume.kind === 'user') return volume.personId === personId ? 'owner' : null;
    return roles[loginOf(personId)];
  },
  async teamsOf(personId) {
    const role = roles[loginOf(personId)];
    return role ? [{ ...team, role }] : [];
  },
};

export type TestVolumes = Awaited<ReturnType<typeof startVolumes>>;

/** `follow`: somebody who hears of edits and versions, as other slices do. */
export async function startVolumes({
  postgresUrl,
  gitClone,
  follow,
  more,
}: {
  postgresUrl: string;
  gitClone?: GitClone;
  follow?: {
    edited(edit: { fileId: string }): void;
    committed(news: { volumeId: string; fileIds: string[] }): void;
  };
  /** Routes of another slice that is tested on these volumes. */
  more?: (parts: {
    database: Awaited<ReturnType<typeof openTestDatabase>>;
    store: ReturnType<typeof createFileStore>;
    volumes: ReturnType<typeof createVolumes>;
    versions: Versions;
    rooms: Awaited<ReturnType<typeof openRooms>>;
    importing: ReturnType<typeof createImporting>;
  }) => Partial<Handlers> | Promise<Partial<Handlers>>;
}) {
  const database = await openTestDatabase(postgresUrl);
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'llmos-volumes-'));
  const repositories = openRepositories({
    directory,
    native: await openNativeGit({ searchPath: process.env['PATH']! }),
    fsync: false,
  });
  const heard: Omit<ToBrowser, 'volume'>[] = [];
  const notified: { to: string[]; kind: string; text: string }[] = [];
  const late: { versions: Versions | null } = { versions: null };
  const rooms = await openRooms({
    databaseUrl: database.url,
    log: silentLog,
    access: {
      faceOf: async (id) => faceOf(logins.find((login) => idOf(login) === id)!),
      mayJoin: async () => ({ write: true }),
      firstText: (fileId) => late.versions!.textOf(fileId),
    },
    news: {
      edited(edit) {
        late.versions?.edited(edit);
        follow?.edited(edit);
      },
      left: (left) => late.versions?.left(left),
    },
  });
  const people: People = {
    faces: async (ids) => byKey((login) => ids.includes(idOf(login)), idOf),
    byLogins: async (names) => byKey((login) => names.includes(login), String),
  };
  const store = createFileStore(database);
  const volumeStore = createVolumeStore(database);
  const news = createVolumeNews({
    store,
    describe: (volumeId, made) => versions.describe(volumeId, made),
    nameOf: async (volumeId) => (await volumeStore.byId(volumeId))?.name ?? null,
    people,
    live: {
      isWatched: () => true,
      tree: (told) => heard.push({ type: 'tree', ...told }),
      pending: (told) => heard.push({ type: 'pending', ...told } as unknown as ToBrowser),
      committed: (told) => heard.push({ type: 'committed', ...told }),
      conflicts: (told) => heard.push({ type: 'conflicts', ...told }),
    },
    notify: async (told) => void notified.push(told),
    failed(error) {
      throw error;
    },
  });
  const merges = createMerges({ store: createConflictStore(database), rooms, people, news, clock: systemClock });
  const versions = await openVersions({
    database,
    repositories,
    rooms,
    people,
    reviews: async () => new Map(),
    news: {
      ...news,
      committed(told) {
        news.committed(told);
        follow?.committed(told);
      },
    },
    keepConflicts: merges.keepConflicts,
    clock: systemClock,
    log: silentLog,
    times: { quietMs: 60_000, latestMs: 300_000 },
  });
  late.versions = versions;
  const volumes = createVolumes({
    store: volumeStore,
    files: store,
    versions,
    members,
    unreviewed: async () => new Map(),
    forget: ({ fileIds }) => rooms.remove(fileIds),
  });
  const files = createFiles({ store, versions, rooms, merges, news });
  const importing = createImporting({ store, versions, rooms, merges });
  const undone: { oid: string; personId: string }[] = [];
  const redone: typeof undone = [];
  const rollback = createRollback({
    versions,
    rooms,
    files: rollbackFiles(store),
    keepConflicts: merges.keepConflicts,
    undone: async ({ oid, personId }) => void undone.push({ oid, personId }),
    redone: async ({ oid, personId }) => void redone.push({ oid, personId }),
  });
  const search = createSearchStore(database);
  const originOf = () => 'http://llmos.test';

  await volumes.ensureForTeam(team);
  const volume = (await volumes.find('team/lab', actorOf('ada')))!;

  const api = createApi({
    handlers: withAbsent({
      ...fileRoutes({ volumes, files, store, merges, versions, rooms, search, people, originOf }),
      ...archiveRoutes({ importing, versions, gitClone: gitClone ?? (() => Promise.reject(new Error('no git here'))) }),
      ...historyRoutes({ versions }),
      ...rollbackRoutes(rollback),
      ...(await more?.({ database, store, volumes, versions, rooms, importing })),
    }),
    gatekeepers: {
      who: async ({ token }) => (logins.includes(token as Person) ? actorOf(token as Person) : null),
      team: async () => null,
      volume: (name, actor) => volumes.find(name, actor),
      file: (id, actor) => volumes.findFile(id, actor),
      run: async () => null,
    },
    origins: { origin: null, tls: false, loopback: true },
    trustProxy: 0,
    limits: createLimits({ clock: systemClock, enabled: false }),
    log: silentLog,
    metrics: createMetrics(),
  });
  const incoming = { incoming: { socket: { remoteAddress: '127.0.0.1', remotePort: 1, remoteFamily: 'IPv4' } } };

  /** One request as somebody; a string body is sent as text, bytes as bytes, anything else as JSON. */
  async function call(
    who: Person,
    key: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const [method, address] = key.split(' ') as [string, string];
    const raw = typeof body === 'string' || body instanceof Uint8Array;
    return api.request(
      address,
      {
        method,
        headers: {
          authorization: `Bearer ${who}`,
          ...(body === undefined || raw ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: (raw ? body : JSON.stringify(body)) as BodyInit }),
      },
      incoming,
    );
  }
  return {
    database,
    store,
    volumes,
    versions,
    importing,
    rooms,
    repositories,
    volume,
    heard,
    notified,
    undone,
    redone,
    call,
    /** A folder with its files as the system volume, as at the start of a release. */
    async upgrade({ directory: shipping, release }: { directory: string; release: string }): Promise<number> {
      const { files: found } = await readFolder({ directory: shipping });
      return upgradeSystem({
        volumeId: (await volumes.ensureSystem()).id,
        files: new Map(found.map((file) => [file.path, textFrom(file.content)!])),
        release,
        store,
        shipped: createShippedStore(database),
        versions,
        rooms,
        merges,
      });
    },
    /** Types into a living text, as somebody would: `find` becomes `put`. */
    async type(who: Person, fileId: string, find: string, put: string): Promise<void> {
      const base = (await rooms.read(fileId)) ?? (await versions.textOf(fileId)) ?? '';
      if (find !== '' && !base.includes(find)) throw new Error(`“${find}” is not in the text`);
      await rooms.edit({
        fileId,
        person: idOf(who),
        change: { kind: 'merge', base, theirs: find === '' ? base + put : base.replace(find, () => put) },
      });
    },
    async stop() {
      await versions.close();
      await rooms.stop();
      await repositories.close();
      await database.close();
      fs.rmSync(directory, { recursive: true, force: true });
    },
  };
}
