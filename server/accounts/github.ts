// Sign-in with GitHub (OAuth 2 with PKCE): arctic makes the address to go to and reads the tokens; the requests themselves go out
// by our own egress, because arctic would use the global fetch, which knows none of its rules.
import { CodeChallengeMethod, OAuth2Client, OAuth2Tokens, generateCodeVerifier } from 'arctic';
import { Problem } from '#shared/errors.ts';
import type { Actor } from '#shared/permissions.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database.ts';
import type { Egress } from '../platform/egress.ts';
import type { People } from './people.ts';
import { addGithubAccount, findGithubPerson } from './peopleStore.ts';
import { createSecret, hashSecret, isSameHash } from './secrets.ts';
import type { NewSession } from './sessions.ts';
import { addGithubState, takeGithubState } from './settingStore.ts';
import type { SignUp } from './signUp.ts';

/** `site` and `api` are other than github.com's only in tests and for GitHub Enterprise. */
export type GithubConfig = { clientId: string; clientSecret: string; site?: string; api?: string };
type GithubPerson = { githubId: string; githubLogin: string; name: string };
export type Github = ReturnType<typeof createGithub>;

export const githubStateSeconds = 10 * 60;

export function createGithub({
  database,
  clock,
  egress,
  config,
  people,
  signUp,
}: {
  database: Database;
  clock: Clock;
  egress: Egress;
  config: GithubConfig;
  people: People;
  signUp: SignUp;
}) {
  const { clientId, clientSecret, site = 'https://github.com', api = 'https://api.github.com' } = config;
  const returnTo = (origin: string) => `${origin}/api/v1/auth/github/callback`;

  async function askWho({
    code,
    codeVerifier,
    origin,
  }: {
    code: string;
    codeVerifier: string;
    origin: string;
  }): Promise<GithubPerson> {
    const answer = await egress.request({
      url: `${site}/login/oauth/access_token`,
      method: 'POST',
      headers: {
        accept: 'application/json',
        'content-type': 'application/x-www-form-urlencoded',
        'user-agent': 'LLMos',
        authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
      },
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        code,
        redirect_uri: returnTo(origin),
        code_verifier: codeVerifier,
      }).toString(),
      maxBytes: 64 * 1024,
    });
    const data = parseJson(await answer.text());
    if (answer.status !== 200 || typeof data.access_token !== 'string')
      throw new Problem('unavailable', 'GitHub did not confirm the sign-in.');
    const person = await egress.request({
      url: `${api}/user`,
      headers: {
        accept: 'application/vnd.github+json',
        'user-agent': 'LLMos',
        authorization: `Bearer ${new OAuth2Tokens(data).accessToken()}`,
      },
      maxBytes: 256 * 1024,
    });
    const { id, login, name } = parseJson(await person.text());
    if (person.status !== 200 || !Number.isSafeInteger(id) || typeof login !== 'string')
      throw new Problem('unavailable', 'GitHub did not say who you are.');
    const cleanName =
      typeof name === 'string'
        ? name
            .replace(/[\p{Cc}\p{Cf}]/gu, '')
            .trim()
            .slice(0, 80)
        : '';
    return { githubId: String(id), githubLogin: login, name: cleanName || login };
  }

  async function whoIsIt(github: GithubPerson, invitation: string | null) {
    const known = await findGithubPerson(database, github.githubId);
    if (!known) return signUp.withGithub({ ...github, invitation });
    if (known.disabledAt)
      throw new Problem('forbidden', 'This account is disabled. An administrator can enable it again.', {
        reason: 'disabled',
      });
    return known;
  }

  return {
    /** `personId`: somebody who is signed in and connects their account. `state` goes into a cookie, so that the same browser must come back. */
    async begin({
      invitation,
      personId,
      origin,
    }: {
      invitation: string | null;
      personId: string | null;
      origin: string;
    }): Promise<{ url: string; state: string }> {
      const state = createSecret();
      const codeVerifier = generateCodeVerifier();
      await addGithubState(database, {
        stateHash: hashSecret(state),
        codeVerifier,
        invitation,
        personId,
        expiresAt: new Date(clock.now() + githubStateSeconds * 1000),
      });
      const client = new OAuth2Client(clientId, clientSecret, returnTo(origin));
      const url = client.createAuthorizationURLWithPKCE(
        `${site}/login/oauth/authorize`,
        state,
        CodeChallengeMethod.S256,
        codeVerifier,
        [],
      );
      return { url: url.href, state };
    },

    /** Where to go next, with a session if it worked. What went wrong is told by the page that it goes to (`?problem=<word>`; it has the sentences). */
    async finish({
      code,
      state,
      error,
      cookieState,
      agent,
      actor,
      origin,
    }: {
      code?: string | undefined;
      state?: string | undefined;
      error?: string | undefined;
      cookieState: string | null;
      agent: string;
      actor: Actor | null;
      origin: string;
    }): Promise<{ session: NewSession | null; to: string }> {
      let page = '/sign-in';
      try {
        if (!state || !cookieState || !isSameHash(hashSecret(state), hashSecret(cookieState)))
          throw new Problem('invalid', 'This sign-in did not start in this browser. Try again.', {
            reason: 'other-browser',
          });
        const begun = await takeGithubState(database, hashSecret(state));
        if (!begun || begun.expiresAt.getTime() <= clock.now())
          throw new Problem('invalid', 'This sign-in took too long. Try again.', { reason: 'too-late' });
        if (begun.personId) page = '/settings';
        if (error || !code) throw new Problem('forbidden', 'GitHub was told not to go on.', { reason: 'declined' });
        const github = await askWho({ code, codeVerifier: begun.codeVerifier, origin });
        if (begun.personId) {
          if (actor?.personId !== begun.personId)
            throw new Problem('invalid', 'Somebody else is signed in by now. Try again.', { reason: 'other-person' });
          const added = await addGithubAccount(database, {
            githubId: github.githubId,
            githubLogin: github.githubLogin,
            personId: begun.personId,
          });
          if (!added && (await findGithubPerson(database, github.githubId))?.id !== begun.personId)
            throw new Problem('conflict', 'This GitHub account belongs to somebody else here.', { reason: 'taken' });
          return { session: null, to: `${page}?connected=github` };
        }
        const person = await whoIsIt(github, begun.invitation);
        return { session: await people.startSession({ person, agent, before: actor }), to: '/' };
      } catch (problem) {
        if (!(problem instanceof Problem)) throw problem;
        return {
          session: null,
          to: `${page}?problem=${encodeURIComponent(String(problem.data?.reason ?? problem.code))}`,
        };
      }
    },
  };
}

function parseJson(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
