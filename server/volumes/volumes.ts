// Volumes: one for the system, one for each team and each person. They are made when the team or the person is, and found by name.
import type { Volume } from '#shared/api.ts';
import type { Actor, Role, VolumeKind } from '#shared/permissions.ts';
import type { FileTarget, VolumeTarget } from '../platform/http.ts';
import type { FileStore } from './files/fileStore.ts';
import type { VolumeRow, VolumeStore } from './volumeStore.ts';
import type { Versions } from './versions/versions.ts';

/** What volumes ask about people. */
export type VolumeMembers = {
  roleIn(question: {
    volume: { kind: VolumeKind; teamId: string | null; personId: string | null };
    personId: string;
  }): Promise<Role | null>;
  teamsOf(personId: string): Promise<{ id: string; slug: string; name: string; role: Role }[]>;
};

export type Volumes = ReturnType<typeof createVolumes>;

export function createVolumes({
  store,
  files,
  versions,
  members,
  unreviewed,
  forget,
}: {
  store: VolumeStore;
  files: FileStore;
  versions: Pick<Versions, 'head' | 'removeAll'>;
  members: VolumeMembers;
  /** How many commits of others nobody has looked at, by volume; the person's own do not count. */
  unreviewed: (question: { volumeIds: string[]; personId: string }) => Promise<Map<string, number>>;
  /** Everybody else's rows about a volume that goes for good; may be asked again. */
  forget: (gone: { volumeId: string; fileIds: string[] }) => Promise<void>;
}) {
  const seenBy = async (row: VolumeRow, personId: string | null): Promise<VolumeTarget> => ({
    ...row,
    role: personId === null ? null : await members.roleIn({ volume: row, personId }),
  });

  async function describe(rows: { row: VolumeRow; role: Role; title: string }[], personId: string): Promise<Volume[]> {
    const volumeIds = rows.map(({ row }) => row.id);
    const [counts, waiting, heads] = await Promise.all([
      store.countFiles(volumeIds),
      unreviewed({ volumeIds, personId }),
      Promise.all(volumeIds.map((id) => versions.head(id))),
    ]);
    return rows.map(({ row, role, title }, i) => ({
      name: row.name,
      kind: row.kind,
      title,
      role,
      head: heads[i]?.oid ?? null,
      files: counts.get(row.id) ?? 0,
      unreviewed: waiting.get(row.id) ?? 0,
    }));
  }

  const titles = { system: 'System', user: 'My files' };

  async function readable(actor: Actor): Promise<{ row: VolumeRow; role: Role; title: string }[]> {
    const teams = await members.teamsOf(actor.personId);
    const wanted = new Map<string, { role: Role; title: string }>([
      [`user/${actor.login}`, { role: 'owner', title: titles.user }],
      ...teams
        .toSorted((a, b) => a.name.localeCompare(b.name, 'en'))
        .map(({ slug, name, role }): [string, { role: Role; title: string }] => [
          `team/${slug}`,
          { role, title: name },
        ]),
      ['system', { role: 'viewer', title: titles.system }],
    ]);
    const names = [...wanted.keys()].filter((name) => !actor.onlyVolume || actor.onlyVolume === name);
    const rows = new Map((await store.byNames(names)).map((row) => [row.name, row]));
    return names.filter((name) => rows.has(name)).map((name) => ({ row: rows.get(name)!, ...wanted.get(name)! }));
  }

  return {
    /** As somebody sees it; null: there is none. `decide` says what a missing role means. */
    async find(name: string, actor: Actor | null): Promise<VolumeTarget | null> {
      const row = await store.byName(name);
      return row && seenBy(row, actor?.personId ?? null);
    },
    async findFile(id: string, actor: Actor | null): Promise<FileTarget | null> {
      const row = await files.byId(id);
      const volume = row && (await store.byId(row.volumeId));
      if (!row || !volume) return null;
      const { path, branch, kind, deletedAt } = row;
      return { id, path, branch, kind, deletedAt, volume: await seenBy(volume, actor?.personId ?? null) };
    },
    /** Own volume first, then the teams by name, then the system's. */
    list: async (actor: Actor): Promise<Volume[]> => describe(await readable(actor), actor.personId),
    /** What `list` describes, without counting anything. */
    readable: async (actor: Actor): Promise<{ id: string; name: string }[]> =>
      (await readable(actor)).map(({ row: { id, name } }) => ({ id, name })),
    async one(target: VolumeTarget, actor: Actor): Promise<Volume> {
      const team =
        target.kind === 'team'
          ? (await members.teamsOf(actor.personId)).find(({ id }) => id === target.teamId)
          : undefined;
      const title = team?.name ?? (target.kind === 'team' ? target.name : titles[target.kind]);
      return (await describe([{ row: target, role: target.role ?? 'viewer', title }], actor.personId))[0]!;
    },

    /** Called for each new person, and again whenever it may have failed. */
    ensureForPerson: ({ id, login }: { id: string; login: string }): Promise<VolumeRow> =>
      store.ensure({ name: `user/${login}`, kind: 'user', teamId: null, personId: id }),
    ensureForTeam: ({ id, slug }: { id: string; slug: string }): Promise<VolumeRow> =>
      store.ensure({ name: `team/${slug}`, kind: 'team', teamId: id, personId: null }),
    /** For good: living texts, versions, then the rows by which it would be found again if this were interrupted. */
    async removeOfTeam(teamId: string): Promise<void> {
      const volume = await store.ofTeam(teamId);
      if (!volume) return;
      await forget({ volumeId: volume.id, fileIds: await store.fileIds(volume.id) });
      await versions.removeAll({ volumeId: volume.id, rows: () => store.remove(volume.id) });
    },
    ensureSystem: (): Promise<VolumeRow> =>
      store.ensure({ name: 'system', kind: 'system', teamId: null, personId: null }),
  };
}
