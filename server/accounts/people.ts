// People after they have an account: signing in and out, their own name and password, and what an administrator may change.
import type { Me, Person, SessionEntry } from '#shared/api.ts';
import { Problem, notFound } from '#shared/errors.ts';
import type { Actor } from '#shared/permissions.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database.ts';
import type { Access } from './access.ts';
import type { Attempts } from './attempts.ts';
import type { Faces } from './faces.ts';
import { checkNewPassword, type Passwords } from './passwords.ts';
import * as store from './peopleStore.ts';
import { createSession, listSessions, type NewSession } from './sessions.ts';
import { askForRenewal, removeSession, removeSessionsOf } from './sessionStore.ts';
import type { PersonJoined } from './signUp.ts';

export type People = ReturnType<typeof createPeople>;

export function createPeople({
  database,
  clock,
  access,
  faces,
  passwords,
  attempts,
  personJoined,
  insecure,
}: {
  database: Database;
  clock: Clock;
  access: Access;
  faces: Faces;
  passwords: Passwords;
  attempts: Attempts;
  personJoined: PersonJoined;
  /** Cookies travel over plain http beyond this computer. */
  insecure: boolean;
}) {
  async function me(personId: string): Promise<Me> {
    const [person, teams, [github]] = await Promise.all([
      store.findPerson(database, personId),
      access.teamsOf(personId),
      store.githubLoginsOf(database, personId),
    ]);
    if (!person) throw new Problem('unauthenticated', 'Sign in again.');
    return {
      person: toFace(person),
      isAdmin: person.isAdmin,
      hasPassword: person.passwordHash !== null,
      github: github ?? null,
      insecure,
      teams: teams.map(({ slug, name, role }) => ({ slug, name, role })),
    };
  }

  /** A new session for a person who has just proven who they are; the one that this browser had before ends. */
  async function startSession({
    person,
    agent,
    before,
  }: {
    person: { id: string; login: string; name: string };
    agent: string;
    before: Actor | null;
  }): Promise<NewSession> {
    await personJoined(person);
    if (before) await endSession(before);
    await store.changePerson(database, person.id, { lastSeenAt: new Date(clock.now()) });
    return createSession({ queries: database, clock, personId: person.id, agent });
  }

  async function endSession(actor: Actor): Promise<void> {
    if (!actor.sessionId) return;
    await removeSession(database, { id: actor.sessionId, personId: actor.personId });
    access.changed({ personId: actor.personId });
  }

  return {
    me,
    startSession,
    endSession,

    /** The same answer, after the same time, whether the name or the password is wrong. */
    async signIn({
      login,
      password,
      address,
    }: {
      login: string;
      password: string;
      address: string;
    }): Promise<store.PersonRow> {
      const account = login.trim().toLowerCase();
      const attempt = attempts.begin({ account, address });
      const person = /^[a-z0-9-]{1,39}$/.test(account) ? await store.findPersonByLogin(database, account) : null;
      if (!(await passwords.verify({ password, hash: person?.passwordHash ?? null })) || !person)
        throw new Problem('unauthenticated', 'Name and password do not match.', { field: 'password' });
      attempt.succeeded();
      if (person.disabledAt)
        throw new Problem('forbidden', 'This account is disabled. An administrator can enable it again.');
      return person;
    },

    async signOutEverywhere(actor: Actor): Promise<void> {
      await removeSessionsOf(database, { personId: actor.personId });
      access.changed({ personId: actor.personId });
    },

    async sessions(actor: Actor): Promise<SessionEntry[]> {
      const rows = await listSessions({ queries: database, clock, personId: actor.personId });
      return rows.map(({ id, agent, createdAt, lastSeenAt }) => ({
        id,
        agent,
        createdAt: createdAt.toISOString(),
        lastSeenAt: lastSeenAt.toISOString(),
        current: id === actor.sessionId,
      }));
    },

    async endOneSession({ actor, id }: { actor: Actor; id: string }): Promise<void> {
      if (!/^[a-z2-7]{24}$/.test(id) || !(await removeSession(database, { id, personId: actor.personId })))
        throw notFound('session with this id');
      access.changed({ personId: actor.personId });
    },

    async changeMe({
      personId,
      name,
      colour,
    }: {
      personId: string;
      name?: string | undefined;
      colour?: number | undefined;
    }): Promise<Me> {
      if (name !== undefined || colour !== undefined) {
        await store.changePerson(database, personId, {
          ...(name !== undefined && { name }),
          ...(colour !== undefined && { colour }),
        });
        faces.forget(personId);
        access.changed({ personId });
      }
      return me(personId);
    },

    /** All sessions end; the answer starts a new one. */
    async changePassword({
      actor,
      current,
      password,
      address,
      agent,
    }: {
      actor: Actor;
      current: string | undefined;
      password: string;
      address: string;
      agent: string;
    }): Promise<NewSession> {
      const person = await store.findPerson(database, actor.personId);
      if (!person) throw new Problem('unauthenticated', 'Sign in again.');
      if (person.passwordHash !== null) {
        const attempt = attempts.begin({ account: person.login, address });
        if (!(await passwords.verify({ password: current ?? '', hash: person.passwordHash })))
          throw new Problem('invalid', 'This is not your password now.', { field: 'current' });
        attempt.succeeded();
      }
      checkNewPassword(password, [person.login, person.name]);
      const passwordHash = await passwords.hash(password);
      const session = await database.transaction(async (queries) => {
        await store.changePerson(queries, person.id, { passwordHash });
        await removeSessionsOf(queries, { personId: person.id });
        return createSession({ queries, clock, personId: person.id, agent });
      });
      access.changed({ personId: person.id });
      return session;
    },

    /** Who has no password could never sign in again. */
    async disconnectGithub(personId: string): Promise<void> {
      const person = await store.findPerson(database, personId);
      if (person?.passwordHash == null)
        throw new Problem('conflict', 'Set a password first: without GitHub it will be your way in.', {
          field: 'password',
        });
      await store.removeGithubAccounts(database, personId);
    },

    async list(): Promise<Person[]> {
      return (await store.listPeople(database)).map(describe);
    },

    async describe(login: string): Promise<Person> {
      const person = await store.findPersonByLogin(database, login);
      if (!person) throw notFound(`person ${JSON.stringify(login)}`);
      return describe(person);
    },

    /** By an administrator. There is always one who can sign in. */
    async changePerson({
      login,
      disabled,
      admin,
      password,
    }: {
      login: string;
      disabled?: boolean | undefined;
      admin?: boolean | undefined;
      password?: string | undefined;
    }): Promise<Person> {
      const found = await store.findPersonByLogin(database, login);
      if (!found) throw notFound(`person ${JSON.stringify(login)}`);
      if (password !== undefined) checkNewPassword(password, [found.login, found.name]);
      const passwordHash = password === undefined ? undefined : await passwords.hash(password);
      const at = new Date(clock.now());
      const changed = await database.transaction(async (queries) => {
        await store.lockSignUp(queries);
        const row = await store.changePerson(queries, found.id, {
          isAdmin: admin ?? found.isAdmin,
          disabledAt: disabled === undefined ? found.disabledAt : disabled ? (found.disabledAt ?? at) : null,
          ...(passwordHash !== undefined && { passwordHash }),
        });
        if ((await store.countAdministrators(queries)) === 0)
          throw new Problem(
            'conflict',
            'The server needs an administrator who can sign in. Make somebody else one first.',
            { field: admin === false ? 'admin' : 'disabled' },
          );
        if (disabled || passwordHash !== undefined) await removeSessionsOf(queries, { personId: found.id });
        else if (row.isAdmin !== found.isAdmin) await askForRenewal(queries, { personId: found.id, at });
        return row;
      });
      access.changed({ personId: found.id });
      return describe(changed);
    },
  };
}

const toFace = ({ id, login, name, colour }: store.PersonRow) => ({ id, login, name, colour });

const describe = (row: store.PersonRow): Person => ({
  person: toFace(row),
  isAdmin: row.isAdmin,
  disabled: row.disabledAt !== null,
  createdAt: row.createdAt.toISOString(),
  lastSeenAt: row.lastSeenAt?.toISOString() ?? null,
});
