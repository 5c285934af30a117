// Links that let somebody in: to a team, or to the server alone. Single use, for some days, twenty a day, and only as long as the
// person who made one could still make it.
import type { Invitation, RouteAnswer } from '#shared/api.ts';
import { Problem, notFound } from '#shared/errors.ts';
import { hasRole, type Actor, type Role } from '#shared/permissions.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Queries } from '../platform/database.ts';
import type { Access } from './access.ts';
import type { Faces } from './faces.ts';
import * as store from './invitationStore.ts';
import type { Notifications } from './notifications.ts';
import { findPerson, type PersonRow } from './peopleStore.ts';
import { createSecret, hashSecret, isUuid } from './secrets.ts';
import { askForRenewal } from './sessionStore.ts';
import { findMember, findTeamById, listMembers, lockTeam, setMember } from './teamStore.ts';

const dayMs = 24 * 60 * 60 * 1000;
const aDay = 20;

const spent = () =>
  new Problem('not-found', 'This invitation was used, has expired, or was taken back. Ask for a new one.', {
    reason: 'invitation-spent',
  });

/** An invitation that still works, or a Problem that says it does not. `forUse` keeps others from using it until the transaction ends. */
export async function findUsableInvitation({
  queries,
  clock,
  token,
  forUse,
}: {
  queries: Queries;
  clock: Clock;
  token: string;
  forUse: boolean;
}): Promise<store.InvitationRow> {
  if (!/^[a-z2-7]{32}$/.test(token)) throw spent();
  const row = await store.findInvitation(queries, { tokenHash: hashSecret(token), forUse });
  if (!row || row.usedAt || row.expiresAt.getTime() <= clock.now()) throw spent();
  const inviter = await findPerson(queries, row.createdBy);
  if (!inviter || inviter.disabledAt) throw spent();
  if (row.teamId && !(await findTeamById(queries, row.teamId))) throw spent();
  if (inviter.isAdmin) return row;
  const role = row.teamId && (await findMember(queries, { teamId: row.teamId, login: inviter.login }))?.role;
  if (role !== 'owner') throw spent();
  return row;
}

/** Makes the person what the invitation says; never less than they were. Inside a transaction. */
export async function useInvitation({
  queries,
  clock,
  invitation,
  person,
}: {
  queries: Queries;
  clock: Clock;
  invitation: store.InvitationRow;
  person: PersonRow;
}): Promise<void> {
  const at = new Date(clock.now());
  await store.useInvitation(queries, { id: invitation.id, personId: person.id, at });
  if (!invitation.teamId) return;
  await lockTeam(queries, invitation.teamId);
  const role = (await findMember(queries, { teamId: invitation.teamId, login: person.login }))?.role ?? null;
  if (hasRole(role, invitation.role)) return;
  await setMember(queries, { teamId: invitation.teamId, personId: person.id, role: invitation.role, since: at });
  await askForRenewal(queries, { personId: person.id, at });
}

export type Invitations = ReturnType<typeof createInvitations>;

export function createInvitations({
  database,
  clock,
  access,
  faces,
  notifications,
}: {
  database: Database;
  clock: Clock;
  access: Access;
  faces: Faces;
  notifications: Notifications;
}) {
  /** After somebody used one: whoever looks after the team hears of it. */
  async function announce({
    invitation,
    person,
  }: {
    invitation: store.InvitationRow;
    person: PersonRow;
  }): Promise<void> {
    access.changed({ personId: person.id });
    const team = invitation.teamId && (await findTeamById(database, invitation.teamId));
    if (!team) return;
    const owners = (await listMembers(database, team.id)).filter(
      (member) => member.role === 'owner' || member.id === invitation.createdBy,
    );
    await notifications.notify({
      to: owners.map((owner) => owner.id),
      kind: 'team.joined',
      text: `${person.name} joined ${team.name}.`,
      volume: `team/${team.slug}`,
      by: person.id,
    });
  }

  return {
    announce,

    async create({
      actor,
      team,
      role,
      days,
      origin,
    }: {
      actor: Actor;
      /** where the link leads */ origin: string;
      team: { id: string; slug: string } | null;
      role: Role;
      days: number;
    }): Promise<RouteAnswer<'POST /people/invitations'>> {
      const token = createSecret();
      const now = clock.now();
      const row = await database.transaction(async (queries) => {
        await store.lockInvitationsOf(queries, actor.personId);
        const made = await store.countInvitationsSince(queries, {
          personId: actor.personId,
          since: new Date(now - dayMs),
        });
        if (made >= aDay)
          throw new Problem('rate-limited', `You made ${aDay} invitations in the last 24 hours. Make more tomorrow.`, {
            retryAfter: 60 * 60,
          });
        return store.addInvitation(queries, {
          tokenHash: hashSecret(token),
          teamId: team?.id ?? null,
          role,
          createdBy: actor.personId,
          createdAt: new Date(now),
          expiresAt: new Date(now + days * dayMs),
        });
      });
      const by = (await faces.face(actor.personId))!;
      return { url: `${origin}/join/${token}`, invitation: describe({ row, team: team?.slug ?? null, by }) };
    },

    async list(teamId: string | null): Promise<Invitation[]> {
      const rows = await store.listInvitations(database, { teamId, now: new Date(clock.now()) });
      return rows.map(({ invitation, team, by }) => describe({ row: invitation, team, by }));
    },

    async takeBack({ id, teamId }: { id: string; teamId: string | null }): Promise<void> {
      if (!isUuid(id) || !(await store.endInvitation(database, { id, teamId, now: new Date(clock.now()) })))
        throw notFound('open invitation with this id');
    },

    /** For the page that the link opens. */
    async look(token: string): Promise<RouteAnswer<'GET /invitations/:token'>> {
      const row = await findUsableInvitation({ queries: database, clock, token, forUse: false });
      const team = row.teamId ? await findTeamById(database, row.teamId) : null;
      return {
        team: team?.slug ?? null,
        teamName: team?.name ?? null,
        role: row.role,
        invitedBy: (await faces.face(row.createdBy))!,
      };
    },

    /** By somebody who has an account. */
    async accept({ token, personId }: { token: string; personId: string }): Promise<void> {
      const used = await database.transaction(async (queries) => {
        const invitation = await findUsableInvitation({ queries, clock, token, forUse: true });
        const person = await findPerson(queries, personId);
        if (!person) throw spent();
        if (!invitation.teamId)
          throw new Problem('conflict', 'This invitation is for somebody who has no account here yet. Pass it on.');
        if (
          await findMember(queries, { teamId: invitation.teamId, login: person.login }).then(
            (member) => member && hasRole(member.role, invitation.role),
          )
        ) {
          throw new Problem('conflict', 'You are in this team already. Pass the invitation on.');
        }
        await useInvitation({ queries, clock, invitation, person });
        return { invitation, person };
      });
      await announce(used);
    },
  };
}

function describe({
  row,
  team,
  by,
}: {
  row: store.InvitationRow;
  team: string | null;
  by: Invitation['createdBy'];
}): Invitation {
  return {
    id: row.id,
    team,
    role: row.role,
    createdBy: by,
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
    usedBy: null,
  };
}
