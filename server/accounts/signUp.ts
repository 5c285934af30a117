// How an account comes to be. The first person who signs up is the administrator; where the server can be reached from other
// computers, only with the link that its start printed. After that it takes an invitation, unless sign-up is open.
import { Problem } from '#shared/errors.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Queries } from '../platform/database.ts';
import type { InvitationRow } from './invitationStore.ts';
import { findUsableInvitation, useInvitation, type Invitations } from './invitations.ts';
import { checkNewPassword, type Passwords } from './passwords.ts';
import {
  addGithubAccount,
  addPerson,
  countPeople,
  leastUsedColour,
  lockSignUp,
  type PersonRow,
} from './peopleStore.ts';
import { createSecret, hashSecret, isSameHash } from './secrets.ts';
import { readSetting, removeSetting, writeSetting } from './settingStore.ts';

export type SignUpSetting = 'open' | 'invite';
/** What the volumes do when a person joins: make their own volume. Called again at each sign-in, in case it failed; it then changes nothing. */
export type PersonJoined = (person: { id: string; login: string; name: string }) => Promise<void>;

export type SignUp = ReturnType<typeof createSignUp>;

type Key = { invitation?: string | undefined; setup?: string | undefined };

export function createSignUp({
  database,
  clock,
  passwords,
  invitations,
  signUpDefault,
  setupTokenNeeded,
  personJoined,
}: {
  database: Database;
  clock: Clock;
  passwords: Passwords;
  invitations: Invitations;
  /** Until an administrator chose. */
  signUpDefault: SignUpSetting;
  /** The server listens on more than loopback. */
  setupTokenNeeded: boolean;
  personJoined: PersonJoined;
}) {
  async function readSignUp(queries: Queries = database): Promise<SignUpSetting> {
    const chosen = await readSetting(queries, 'sign_up');
    return chosen === 'open' || chosen === 'invite' ? chosen : signUpDefault;
  }

  /** Throws if this person may not sign up. Asked twice: before the work of hashing, and again under the lock. */
  async function open({
    queries,
    key,
    forUse,
  }: {
    queries: Queries;
    key: Key;
    forUse: boolean;
  }): Promise<{ isFirst: boolean; invitation: InvitationRow | null }> {
    if ((await countPeople(queries)) === 0) {
      const hash = setupTokenNeeded ? await readSetting(queries, 'setup_token_hash') : null;
      if (setupTokenNeeded && !(hash && key.setup && isSameHash(hashSecret(key.setup), hash))) {
        throw new Problem(
          'forbidden',
          'The first account is made with the link that the server printed when it started.',
          { field: 'setup' },
        );
      }
      return { isFirst: true, invitation: null };
    }
    if (key.invitation)
      return {
        isFirst: false,
        invitation: await findUsableInvitation({ queries, clock, token: key.invitation, forUse }),
      };
    if ((await readSignUp(queries)) === 'invite')
      throw new Problem('forbidden', 'Sign-up here is by invitation. Ask somebody in the team for a link.', {
        field: 'invitation',
        reason: 'invitation-needed',
      });
    return { isFirst: false, invitation: null };
  }

  async function join({
    key,
    person,
    github,
  }: {
    key: Key;
    person: { login: string; name: string; passwordHash: string | null };
    github?: { githubId: string; githubLogin: string };
  }): Promise<PersonRow> {
    const { row, invitation } = await database.transaction(async (queries) => {
      await lockSignUp(queries);
      const door = await open({ queries, key, forUse: true });
      const added = await addPerson(queries, {
        ...person,
        colour: await leastUsedColour(queries),
        isAdmin: door.isFirst,
        createdAt: new Date(clock.now()),
      });
      if (!added) throw loginTaken();
      if (github && !(await addGithubAccount(queries, { ...github, personId: added.id })))
        throw new Problem('conflict', 'This GitHub account belongs to somebody here already.');
      if (door.isFirst) await removeSetting(queries, 'setup_token_hash');
      if (door.invitation) await useInvitation({ queries, clock, invitation: door.invitation, person: added });
      return { row: added, invitation: door.invitation };
    });
    await personJoined(row);
    if (invitation) await invitations.announce({ invitation, person: row });
    return row;
  }

  return {
    readSignUp,

    async setSignUp(value: SignUpSetting): Promise<void> {
      await writeSetting(database, 'sign_up', value);
    },

    async isFirstVisit(): Promise<boolean> {
      return (await countPeople(database)) === 0;
    },

    setupTokenNeeded,

    /** For the start to print: a token that makes the first account, good until it is used or another start. Null: there are accounts. */
    async prepareSetup(): Promise<string | null> {
      return database.transaction(async (queries) => {
        await lockSignUp(queries);
        if ((await countPeople(queries)) > 0) return null;
        const token = createSecret();
        await writeSetting(queries, 'setup_token_hash', hashSecret(token));
        return token;
      });
    },

    async withPassword({
      login,
      password,
      name,
      ...key
    }: { login: string; password: string; name?: string | undefined } & Key): Promise<PersonRow> {
      await open({ queries: database, key, forUse: false });
      checkNewPassword(password, [login, name ?? '']);
      return join({ key, person: { login, name: name ?? login, passwordHash: await passwords.hash(password) } });
    },

    /** The first account is not made this way: it must not depend on somebody else's site. */
    async withGithub({
      githubId,
      githubLogin,
      name,
      invitation,
    }: {
      githubId: string;
      githubLogin: string;
      name: string;
      invitation: string | null;
    }): Promise<PersonRow> {
      if ((await countPeople(database)) === 0)
        throw new Problem('forbidden', 'The first account is made here, with a password.', { reason: 'first-account' });
      const wanted =
        githubLogin
          .toLowerCase()
          .replace(/[^a-z0-9-]/g, '')
          .replace(/^-+|-+$/g, '')
          .slice(0, 36)
          .replace(/-+$/, '') || 'person';
      for (let n = 1; ; n++) {
        try {
          const login = n === 1 ? wanted : `${wanted}-${n}`;
          return await join({
            key: { invitation: invitation ?? undefined },
            person: { login, name, passwordHash: null },
            github: { githubId, githubLogin },
          });
        } catch (error) {
          if (!(error instanceof Problem && error.data?.field === 'login') || n === 99) throw error;
        }
      }
    },

    /** By an administrator or the operator, without an invitation. */
    async forSomebody({
      login,
      password,
      name,
      admin,
    }: {
      login: string;
      password: string;
      name?: string | undefined;
      admin: boolean;
    }): Promise<PersonRow> {
      checkNewPassword(password, [login, name ?? '']);
      const passwordHash = await passwords.hash(password);
      const row = await database.transaction(async (queries) => {
        await lockSignUp(queries);
        const isFirst = (await countPeople(queries)) === 0;
        const added = await addPerson(queries, {
          login,
          name: name ?? login,
          passwordHash,
          colour: await leastUsedColour(queries),
          isAdmin: admin || isFirst,
          createdAt: new Date(clock.now()),
        });
        if (!added) throw loginTaken();
        if (isFirst) await removeSetting(queries, 'setup_token_hash');
        return added;
      });
      await personJoined(row);
      return row;
    },
  };
}

const loginTaken = () =>
  new Problem('conflict', 'Somebody here has this sign-in name already. Choose another.', { field: 'login' });
