// The slice put together: what main.ts opens, what other slices are introduced to, and what the routes call.
import { createAccess } from './access.ts';
import { createAttempts } from './attempts.ts';
import type { CookieRules } from './cookies.ts';
import { createDeletedTeams, type TeamGone } from './deletedTeams.ts';
import { createFaces } from './faces.ts';
import { createGithub, type GithubConfig } from './github.ts';
import { createInvitations } from './invitations.ts';
import { createNotifications } from './notifications.ts';
import { createPasswords } from './passwords.ts';
import { createPeople } from './people.ts';
import { removeOldSessions } from './sessions.ts';
import { removeOldGithubStates } from './settingStore.ts';
import { createSignUp, type PersonJoined, type SignUpSetting } from './signUp.ts';
import { createTeams, type TeamFounded } from './teams.ts';
import { createTokens } from './tokens.ts';
import { removeOldTokens } from './tokenStore.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database.ts';
import type { Egress } from '../platform/egress.ts';

export type AccountsOptions = {
  database: Database;
  clock: Clock;
  egress: Egress;
  /** Where the site is, without a slash at the end: `https://llmos.example`. Null: where each request was sent to. */
  origin: string | null;
  /** Browsers come by https: cookies are for https only. */
  secure: boolean;
  /** Cookies travel over plain http beyond this computer (INSECURE_HTTP=1). */
  insecure: boolean;
  signUp: SignUpSetting;
  /** HOST is not loopback: the first account takes the token of `signUp.prepareSetup()`. */
  setupTokenNeeded: boolean;
  github: GithubConfig | null;
  personJoined: PersonJoined;
  teamFounded: TeamFounded;
  teamGone: TeamGone;
};

export type Accounts = ReturnType<typeof createAccounts>;

export function createAccounts({
  database,
  clock,
  egress,
  origin,
  secure,
  insecure,
  signUp: signUpDefault,
  setupTokenNeeded,
  github,
  personJoined,
  teamFounded,
  teamGone,
}: AccountsOptions) {
  const cookies: CookieRules = { secure };
  const passwords = createPasswords();
  const attempts = createAttempts({ clock });
  const faces = createFaces({ database });
  const access = createAccess({ database, clock, cookies });
  const notifications = createNotifications({ database, clock, faces });
  const invitations = createInvitations({ database, clock, access, faces, notifications });
  const signUp = createSignUp({
    database,
    clock,
    passwords,
    invitations,
    signUpDefault,
    setupTokenNeeded,
    personJoined,
  });
  const deletedTeams = createDeletedTeams({ database, clock, access, faces, notifications, teamGone });
  const people = createPeople({ database, clock, access, faces, passwords, attempts, personJoined, insecure });
  return {
    ...access,
    ...faces,
    cookies,
    /** Where the site is, for links in answers to this request. */
    originOf: (request: Request) => origin ?? new URL(request.url).origin,
    signUp,
    people,
    teams: createTeams({ database, clock, access, faces, notifications, teamFounded }),
    deletedTeams,
    invitations,
    tokens: createTokens({ database, clock, access }),
    notifications,
    notify: notifications.notify,
    github: github && createGithub({ database, clock, egress, config: github, people, signUp }),

    /** Forgets what ended: sessions, tokens, half sign-ins, read notifications, deleted teams. Now and then. */
    async tidy(): Promise<void> {
      await removeOldSessions({ queries: database, clock });
      await removeOldGithubStates(database, new Date(clock.now()));
      await removeOldTokens(database, new Date(clock.now()));
      await notifications.removeOld();
      await deletedTeams.removeOld();
    },
  };
}
