// Who asks, and what they are where: the two questions before every request, socket and message. Answers are remembered until
// something changes; whoever keeps something open (a socket) listens for that and asks again (SY10, AC3).
import { Problem } from '#shared/errors.ts';
import type { Actor, Role, VolumeKind } from '#shared/permissions.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database.ts';
import type { TeamTarget } from '../platform/http.ts';
import { readCookie, sessionCookieName, sessionSeconds, writeCookie, type CookieRules } from './cookies.ts';
import { findPerson } from './peopleStore.ts';
import { isSessionAlive, readSession } from './sessions.ts';
import { findTeam, teamsOf } from './teamStore.ts';
import { isTokenAlive, readToken } from './tokens.ts';

/** Something about this person changed: a sign-out, a role, a token taken back, an account disabled. */
export type AccessChange = { personId: string };

export type Access = {
  /**
   * Null: nobody. A token that is not good throws, whatever cookie comes with it. `answer`: headers of the answer, where a fresh
   * cookie may have to go; null where there is none that the browser would keep.
   */
  authenticate(
    credentials: { cookie: string | null; token: string | null },
    answer: Headers | null,
  ): Promise<Actor | null>;
  /** For what was opened earlier: is the sign-in or token behind it still good? */
  isStillValid(actor: Actor): Promise<boolean>;
  /** May this person sign in? */
  isActive(personId: string): Promise<boolean>;
  /** The same for what a token alone stands behind. */
  isTokenGood(tokenId: string): Promise<boolean>;
  /** A team as somebody sees it; null: there is none. `decide` says what a missing role means. */
  team(question: { slug: string; personId: string | null }): Promise<TeamTarget | null>;
  teamsOf(personId: string): Promise<{ id: string; slug: string; name: string; role: Role }[]>;
  /** A person's role in a volume, now. */
  roleIn(question: {
    volume: { kind: VolumeKind; teamId: string | null; personId: string | null };
    personId: string;
  }): Promise<Role | null>;
  /** Listeners are called after the change is committed. Returns how to stop listening. */
  onAccessChanged(listener: (change: AccessChange) => void): () => void;
  /** For the verbs of this slice: says that something changed. */
  changed(change: AccessChange): void;
};

type Teams = Awaited<ReturnType<typeof teamsOf>>;

export function createAccess({
  database,
  clock,
  cookies,
}: {
  database: Database;
  clock: Clock;
  cookies: CookieRules;
}): Access {
  const listeners = new Set<(change: AccessChange) => void>();
  const known = new Map<string, Promise<Teams>>();
  const keptAtMost = 10_000;

  function teams(personId: string): Promise<Teams> {
    const kept = known.get(personId);
    if (kept) return kept;
    if (known.size >= keptAtMost) known.clear();
    // The promise itself is kept, so that a change while the query runs drops the old answer for whoever asks next.
    const asked = teamsOf(database, personId);
    known.set(personId, asked);
    asked.catch(() => known.get(personId) === asked && known.delete(personId));
    return asked;
  }

  return {
    async authenticate({ cookie, token }, answer) {
      if (token !== null) {
        const actor = await readToken({ queries: database, clock, token });
        if (!actor)
          throw new Problem('unauthenticated', 'This access token is not known here, has expired, or was taken back.');
        return actor;
      }
      const value = readCookie(cookie, sessionCookieName(cookies));
      const found =
        value === null
          ? null
          : await readSession({ queries: database, clock, token: value, mayAnswer: answer !== null });
      if (!found) return null;
      if (found.setCookie)
        answer?.append(
          'set-cookie',
          writeCookie({
            name: sessionCookieName(cookies),
            value: found.setCookie,
            seconds: sessionSeconds,
            rules: cookies,
          }),
        );
      return { ...found.signedIn, scopes: null, onlyVolume: null, tokenId: null };
    },

    async isStillValid(actor) {
      if (actor.sessionId) return isSessionAlive({ queries: database, clock, id: actor.sessionId });
      if (actor.tokenId) return isTokenAlive({ queries: database, clock, id: actor.tokenId });
      return false;
    },

    async isActive(personId) {
      const person = await findPerson(database, personId);
      return person !== null && person.disabledAt === null;
    },

    isTokenGood: (id) => isTokenAlive({ queries: database, clock, id }),

    async team({ slug, personId }) {
      const found = await findTeam(database, slug);
      if (!found) return null;
      const role =
        personId === null ? null : ((await teams(personId)).find((team) => team.id === found.id)?.role ?? null);
      return { id: found.id, slug: found.slug, name: found.name, role };
    },

    teamsOf: teams,

    async roleIn({ volume, personId }) {
      if (volume.kind === 'system') return 'viewer';
      if (volume.kind === 'user') return volume.personId === personId ? 'owner' : null;
      return (await teams(personId)).find((team) => team.id === volume.teamId)?.role ?? null;
    },

    onAccessChanged(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },

    changed(change) {
      known.delete(change.personId);
      for (const listener of listeners) listener(change);
    },
  };
}
