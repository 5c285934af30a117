// Sign-ins, as Lucia's guide teaches them (lucia-auth.com, "Basic session implementation" and "Inactivity timeout"): the cookie
// holds an id and a secret, the database the id and the secret's SHA-256, and a session ends when nobody used it for 30 days.
import type { Clock } from '../platform/clock.ts';
import type { Queries } from '../platform/database.ts';
import { sessionSeconds } from './cookies.ts';
import { createPublicId, createSecret, hashSecret, isSameHash } from './secrets.ts';
import * as store from './sessionStore.ts';

const idleMs = sessionSeconds * 1000;
/** How exactly we know when a session was last used; each update is a write. */
const seenEveryMs = 60 * 60 * 1000;
/** Requests that were under way when the session was replaced still pass. */
const graceMs = 60 * 1000;
const renewAgainMs = 10 * 1000;

export type SignedIn = { sessionId: string; personId: string; login: string; isAdmin: boolean };
/** `token` is for the cookie. */
export type NewSession = { id: string; token: string };

export async function createSession({
  queries,
  clock,
  personId,
  agent,
  replaces = null,
}: {
  queries: Queries;
  clock: Clock;
  personId: string;
  agent: string;
  replaces?: string | null;
}): Promise<NewSession> {
  const id = createPublicId();
  const secret = createSecret();
  const now = new Date(clock.now());
  await store.addSession(queries, {
    id,
    secretHash: hashSecret(secret),
    personId,
    agent: agent.slice(0, 300),
    createdAt: now,
    lastSeenAt: now,
    replaces,
  });
  return { id, token: `${id}.${secret}` };
}

/**
 * Who the cookie's token belongs to; null: nobody (any more). `setCookie` is the token for the answer's Set-Cookie, where one is
 * due: every hour of use, so that the browser forgets it 30 days after the last use too, and with a new token after a role change.
 */
export async function readSession({
  queries,
  clock,
  token,
  mayAnswer,
}: {
  queries: Queries;
  clock: Clock;
  token: string;
  /** There is an answer that can carry a cookie. */ mayAnswer: boolean;
}): Promise<{ signedIn: SignedIn; setCookie: string | null } | null> {
  const parts = /^([a-z2-7]{24})\.([a-z2-7]{32})$/.exec(token);
  if (!parts) return null;
  const found = await store.findSession(queries, parts[1]!);
  if (!found || !isSameHash(hashSecret(parts[2]!), found.session.secretHash)) return null;
  const { session } = found;
  if (!isAlive(found, clock.now())) return null;

  const signedIn = { sessionId: session.id, personId: session.personId, login: found.login, isAdmin: found.isAdmin };
  if (!mayAnswer) return { signedIn, setCookie: null };
  if (session.replaces)
    await store.confirmRenewal(queries, {
      id: session.id,
      replaces: session.replaces,
      endsAt: new Date(clock.now() + graceMs),
    });
  const renewed = await renew({ queries, clock, session });
  if (renewed) return { signedIn: { ...signedIn, sessionId: renewed.id }, setCookie: renewed.token };
  if (clock.now() - session.lastSeenAt.getTime() < seenEveryMs) return { signedIn, setCookie: null };
  await store.markSeen(queries, { id: session.id, personId: session.personId, at: new Date(clock.now()) });
  return { signedIn, setCookie: session.endsAt ? null : token };
}

/** For what stays open longer than a request: is this sign-in still good, for the same person? */
export async function isSessionAlive({
  queries,
  clock,
  id,
}: {
  queries: Queries;
  clock: Clock;
  id: string;
}): Promise<boolean> {
  const found = await store.findSession(queries, id);
  return found !== null && isAlive(found, clock.now());
}

function isAlive({ session, disabledAt }: store.SessionWithPerson, now: number): boolean {
  if (disabledAt) return false;
  if (session.endsAt && session.endsAt.getTime() <= now) return false;
  return now - session.lastSeenAt.getTime() < idleMs;
}

/** Rights changed, so the secret does too; of several requests at once, one gets the new cookie. */
async function renew({
  queries,
  clock,
  session,
}: {
  queries: Queries;
  clock: Clock;
  session: store.SessionRow;
}): Promise<NewSession | null> {
  const now = clock.now();
  if (!session.renewAt || session.renewAt.getTime() > now) return null;
  if (!(await store.claimRenewal(queries, { id: session.id, now: new Date(now), again: new Date(now + renewAgainMs) })))
    return null;
  return createSession({ queries, clock, personId: session.personId, agent: session.agent, replaces: session.id });
}

export async function listSessions({
  queries,
  clock,
  personId,
}: {
  queries: Queries;
  clock: Clock;
  personId: string;
}): Promise<store.SessionRow[]> {
  return store.listSessions(queries, {
    personId,
    usedSince: new Date(clock.now() - idleMs),
    now: new Date(clock.now()),
  });
}

export async function removeOldSessions({ queries, clock }: { queries: Queries; clock: Clock }): Promise<void> {
  await store.removeEndedSessions(queries, { unusedSince: new Date(clock.now() - idleMs), now: new Date(clock.now()) });
}
