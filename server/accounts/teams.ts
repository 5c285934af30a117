// Teams and who is in them. A team always has an owner who can sign in.
import type { Member, TeamEntry } from '#shared/api.ts';
import { Problem, notFound } from '#shared/errors.ts';
import type { Actor, Role } from '#shared/permissions.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database.ts';
import type { TeamTarget } from '../platform/http.ts';
import type { Access } from './access.ts';
import type { Faces } from './faces.ts';
import type { Notifications } from './notifications.ts';
import { findPersonByLogin } from './peopleStore.ts';
import { askForRenewal } from './sessionStore.ts';
import * as store from './teamStore.ts';

export type Sample = 'lab' | 'llmos-original';
/** What the volumes do when a team is founded: make its volume, with a sample in it if asked. A second call for the same team adds nothing. */
export type TeamFounded = (founded: {
  team: { id: string; slug: string; name: string };
  sample: Sample | null;
  personId: string;
}) => Promise<void>;

const roleWords: Record<Role, string> = { owner: 'an owner', editor: 'an editor', viewer: 'a viewer' };

export type Teams = ReturnType<typeof createTeams>;

export function createTeams({
  database,
  clock,
  access,
  faces,
  notifications,
  teamFounded,
}: {
  database: Database;
  clock: Clock;
  access: Access;
  faces: Faces;
  notifications: Notifications;
  teamFounded: TeamFounded;
}) {
  const nameOf = async (personId: string) => (await faces.face(personId))?.name ?? 'Somebody';

  return {
    async create({
      slug,
      name,
      sample = null,
      personId,
    }: {
      slug: string;
      name: string;
      sample?: Sample | null;
      personId: string;
    }): Promise<TeamEntry> {
      const team = await database.transaction(async (queries) => {
        const added = await store.addTeam(queries, { slug, name, createdAt: new Date(clock.now()) });
        if (!added) {
          const [deleted] = await store.listDeletedTeams(queries, { slug });
          const until = 'that was deleted. An administrator can put it back or remove it for good.';
          const words = deleted ? `There was a team ${slug} ${until}` : `There is a team ${slug} already.`;
          throw new Problem('conflict', `${words} Choose another name.`, { field: 'slug' });
        }
        await store.setMember(queries, { teamId: added.id, personId, role: 'owner', since: new Date(clock.now()) });
        return added;
      });
      try {
        await teamFounded({ team, sample, personId });
      } catch (error) {
        await store.removeTeam(database, team.id); // a team without a volume is none
        throw error;
      } finally {
        access.changed({ personId });
      }
      return { slug, name, role: 'owner', members: 1 };
    },

    async list(personId: string): Promise<TeamEntry[]> {
      const [teams, counts] = await Promise.all([access.teamsOf(personId), store.memberCounts(database)]);
      return teams.map(({ id, slug, name, role }) => ({ slug, name, role, members: counts.get(id) ?? 0 }));
    },

    async describe(team: TeamTarget): Promise<TeamEntry> {
      return {
        slug: team.slug,
        name: team.name,
        role: team.role,
        members: await store.countMembers(database, team.id),
      };
    },

    async rename({ team, name }: { team: TeamTarget; name: string }): Promise<TeamEntry> {
      await store.renameTeam(database, team.id, name);
      for (const member of await store.listMembers(database, team.id)) access.changed({ personId: member.id });
      return { slug: team.slug, name, role: team.role, members: await store.countMembers(database, team.id) };
    },

    async members(teamId: string): Promise<Member[]> {
      return (await store.listMembers(database, teamId)).map(describeMember);
    },

    async member({ teamId, login }: { teamId: string; login: string }): Promise<Member> {
      const row = await store.findMember(database, { teamId, login });
      if (!row) throw notFound(`member ${JSON.stringify(login)}`);
      return describeMember(row);
    },

    /** `by`: who does it; null: the operator. */
    async setMember({
      team,
      login,
      role,
      by,
    }: {
      team: { id: string; slug: string; name: string };
      login: string;
      role: Role;
      by: string | null;
    }): Promise<Member> {
      const at = new Date(clock.now());
      const { before, personId } = await database.transaction(async (queries) => {
        await store.lockTeam(queries, team.id);
        const person = await findPersonByLogin(queries, login);
        if (!person || (person.disabledAt && role !== 'viewer')) throw notFound(`person ${JSON.stringify(login)}`);
        const member = await store.findMember(queries, { teamId: team.id, login });
        if (member?.role === 'owner' && role !== 'owner') await keepAnOwner(queries, team.id, person.id);
        await store.setMember(queries, { teamId: team.id, personId: person.id, role, since: at });
        if (member?.role !== role) await askForRenewal(queries, { personId: person.id, at });
        return { before: member?.role ?? null, personId: person.id };
      });
      if (before !== role) {
        access.changed({ personId });
        const who = by ? await nameOf(by) : 'The operator';
        const text = before
          ? `${who} made you ${roleWords[role]} of ${team.name}.`
          : `${who} added you to ${team.name} as ${roleWords[role]}.`;
        await notifications.notify({
          to: [personId],
          kind: before ? 'team.role' : 'team.added',
          text,
          volume: `team/${team.slug}`,
          by,
        });
      }
      return describeMember((await store.findMember(database, { teamId: team.id, login }))!);
    },

    async removeMember({ team, login, by }: { team: TeamTarget; login: string; by: Actor }): Promise<void> {
      const personId = await database.transaction(async (queries) => {
        await store.lockTeam(queries, team.id);
        const member = await store.findMember(queries, { teamId: team.id, login });
        if (!member) throw notFound(`member ${JSON.stringify(login)}`);
        if (member.role === 'owner') await keepAnOwner(queries, team.id, member.id);
        await store.removeMember(queries, { teamId: team.id, personId: member.id });
        await askForRenewal(queries, { personId: member.id, at: new Date(clock.now()) });
        return member.id;
      });
      access.changed({ personId });
      await notifications.notify({
        to: [personId],
        kind: 'team.removed',
        text: `${await nameOf(by.personId)} took you out of ${team.name}.`,
        by: by.personId,
      });
    },
  };
}

async function keepAnOwner(
  queries: Parameters<typeof store.countOwners>[0],
  teamId: string,
  leaving: string,
): Promise<void> {
  if ((await store.countOwners(queries, { teamId, except: leaving })) > 0) return;
  throw new Problem('conflict', 'A team needs an owner. Make somebody else an owner first.', { field: 'role' });
}

const describeMember = ({ id, login, name, colour, role, since }: store.MemberRow): Member => ({
  person: { id, login, name, colour },
  role,
  since: since.toISOString(),
});
