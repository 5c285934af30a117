// A team that is deleted is there for nobody, at once; for a month an administrator can put it back as it was, with its members and its
// volume. Then it goes for good.
import type { DeletedTeam, TeamEntry } from '#shared/api.ts';
import { Problem, notFound } from '#shared/errors.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database.ts';
import type { TeamTarget } from '../platform/http.ts';
import type { Access } from './access.ts';
import type { Faces } from './faces.ts';
import type { Notifications } from './notifications.ts';
import { askForRenewal } from './sessionStore.ts';
import * as store from './teamStore.ts';

/** What others do when a team goes for good: take its volume away. May be called again for the same team. */
export type TeamGone = (gone: { teamId: string }) => Promise<void>;

const keptDays = 30;
const keptMs = keptDays * 24 * 60 * 60 * 1000;

export function createDeletedTeams({
  database,
  clock,
  access,
  faces,
  notifications,
  teamGone,
}: {
  database: Database;
  clock: Clock;
  access: Access;
  faces: Faces;
  notifications: Notifications;
  teamGone: TeamGone;
}) {
  /** Sockets end, cookies change, and everybody but `by` is told. */
  async function tellMembers(team: store.TeamRow, told: { kind: string; words: string; by: string }): Promise<void> {
    const ids = (await store.listMembers(database, team.id)).map(({ id }) => id);
    for (const personId of ids) access.changed({ personId });
    const who = (await faces.face(told.by))?.name ?? 'Somebody';
    await notifications.notify({
      to: ids.filter((id) => id !== told.by),
      kind: told.kind,
      text: `${who} ${told.words}`,
      by: told.by,
    });
  }

  async function remove(team: store.TeamRow): Promise<void> {
    await teamGone({ teamId: team.id });
    await store.removeTeam(database, team.id);
  }

  const find = async (slug: string) => {
    const [team] = await store.listDeletedTeams(database, { slug });
    if (!team) throw notFound(`deleted team ${JSON.stringify(slug)}`);
    return team;
  };

  return {
    /** `confirm`: the name of the team in addresses, typed by who deletes it. */
    async delete({ team, confirm, by }: { team: TeamTarget; confirm: string; by: string }): Promise<void> {
      checkConfirmation(team.slug, confirm);
      const at = new Date(clock.now());
      const gone = await database.transaction(async (queries) => {
        await store.lockTeam(queries, team.id);
        const row = await store.markTeamDeleted(queries, { slug: team.slug, at, by });
        if (!row) throw notFound('such team');
        for (const member of await store.listMembers(queries, team.id))
          await askForRenewal(queries, { personId: member.id, at });
        return row;
      });
      const words = `deleted the team ${gone.name}. An administrator can put it back for ${keptDays} days.`;
      await tellMembers(gone, { kind: 'team.deleted', words, by });
    },

    async list(): Promise<DeletedTeam[]> {
      const [teams, counts] = await Promise.all([store.listDeletedTeams(database), store.memberCounts(database)]);
      const found = await faces.faces(teams.flatMap(({ deletedBy }) => deletedBy ?? []));
      return teams.map(({ id, slug, name, deletedAt, deletedBy }) => ({
        slug,
        name,
        members: counts.get(id) ?? 0,
        deletedAt: deletedAt.toISOString(),
        deletedBy: (deletedBy && found.get(deletedBy)) || null,
        goneAt: new Date(deletedAt.getTime() + keptMs).toISOString(),
      }));
    },

    async putBack({ slug, by }: { slug: string; by: string }): Promise<TeamEntry> {
      const team = await store.markTeamDeleted(database, { slug, at: null, by: null });
      if (!team) throw notFound(`deleted team ${JSON.stringify(slug)}`);
      await tellMembers(team, { kind: 'team.put-back', words: `put the team ${team.name} back.`, by });
      const role = (await access.teamsOf(by)).find(({ id }) => id === team.id)?.role ?? null;
      return { slug, name: team.name, role, members: await store.countMembers(database, team.id) };
    },

    /** For good, and now. */
    async remove({ slug, confirm }: { slug: string; confirm: string }): Promise<void> {
      checkConfirmation(slug, confirm);
      await remove(await find(slug));
    },

    /** Those whose month is over. One that fails is tried again the next time, and stops none of the others. */
    async removeOld(): Promise<void> {
      const until = new Date(clock.now() - keptMs);
      const failures: unknown[] = [];
      for (const team of await store.listDeletedTeams(database, { until }))
        await remove(team).catch((error: unknown) => failures.push(error));
      if (failures.length > 0) throw new AggregateError(failures, 'A team that is long deleted could not be removed.');
    },
  };
}

function checkConfirmation(slug: string, confirm: string): void {
  if (confirm === slug) return;
  throw new Problem(
    'invalid',
    `To do this, type ${slug}, the name of the team in addresses.`,
    { field: 'confirm' },
    422,
  );
}
