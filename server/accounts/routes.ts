// The edge of accounts: cookies and addresses here, everything else in the verbs.
import type { mcpRoutes } from '#shared/api/mcp.ts';
import type { modelRoutes } from '#shared/api/models.ts';
import type { Me } from '#shared/api.ts';
import { Problem } from '#shared/errors.ts';
import { decide, reachesVolume, type Actor } from '#shared/permissions.ts';
import type { HandlersOf } from '../platform/http.ts';
import type { Accounts } from './accounts.ts';
import { githubCookieName, readCookie, sessionCookieName, sessionSeconds, writeCookie } from './cookies.ts';
import { githubStateSeconds } from './github.ts';
import type { NewSession } from './sessions.ts';

export type AccountRoutes = Omit<
  HandlersOf<
    | (`${'GET' | 'POST'} /auth/${string}` & keyof import('#shared/api.ts').Routes)
    | (`${string} ${'/me' | `/me/${string}`}` & keyof import('#shared/api.ts').Routes)
    | (`${string} /people${string}` & keyof import('#shared/api.ts').Routes)
    | (`${string} /settings` & keyof import('#shared/api.ts').Routes)
    | (`${string} /teams${string}` & keyof import('#shared/api.ts').Routes)
    | (`${string} /deleted-teams${string}` & keyof import('#shared/api.ts').Routes)
    | (`${string} /invitations/${string}` & keyof import('#shared/api.ts').Routes)
  >,
  keyof typeof modelRoutes | keyof typeof mcpRoutes
>;

export function accountRoutes(accounts: Accounts): AccountRoutes {
  const { people, signUp, teams, deletedTeams, invitations, tokens, notifications, cookies } = accounts;
  const github = () => {
    if (!accounts.github) throw new Problem('not-found', 'Sign-in with GitHub is not set up on this server.');
    return accounts.github;
  };
  const agentOf = (request: Request) => request.headers.get('user-agent') ?? '';
  const sessionCookie = (session: NewSession | null) =>
    writeCookie({
      name: sessionCookieName(cookies),
      value: session?.token ?? '',
      seconds: session ? sessionSeconds : 0,
      rules: cookies,
    });
  // A cookie that came with the request may already have put a fresh one into the answer: ours is the last word.
  const setSession = (answer: Headers, session: NewSession | null) => answer.set('set-cookie', sessionCookie(session));

  return {
    'GET /auth/options': async () => {
      const firstVisit = await signUp.isFirstVisit();
      return {
        firstVisit,
        signUp: await signUp.readSignUp(),
        github: accounts.github !== null,
        setupLinkNeeded: firstVisit && signUp.setupTokenNeeded,
      };
    },
    'POST /auth/sign-up': async ({ body, request, answer, actor }) => {
      const person = await signUp.withPassword(body);
      setSession(answer, await people.startSession({ person, agent: agentOf(request), before: actor }));
      return people.me(person.id);
    },
    'POST /auth/sign-in': async ({ body, request, address, answer, actor }) => {
      const person = await people.signIn({ ...body, address });
      setSession(answer, await people.startSession({ person, agent: agentOf(request), before: actor }));
      return people.me(person.id);
    },
    'POST /auth/sign-out': async ({ actor, answer }) => {
      if (actor) await people.endSession(actor);
      setSession(answer, null);
      return {};
    },
    'POST /auth/sign-out-everywhere': async ({ actor, answer }) => {
      await people.signOutEverywhere(actor);
      setSession(answer, null);
      return {};
    },
    'GET /auth/github': async ({ query, actor, request }) => {
      const { url, state } = await github().begin({
        invitation: query.invitation ?? null,
        personId: actor?.sessionId ? actor.personId : null,
        origin: accounts.originOf(request),
      });
      return redirect(url, [
        writeCookie({ name: githubCookieName(cookies), value: state, seconds: githubStateSeconds, rules: cookies }),
      ]);
    },
    'GET /auth/github/callback': async ({ query, request, actor }) => {
      const state = readCookie(request.headers.get('cookie'), githubCookieName(cookies));
      const spent = writeCookie({ name: githubCookieName(cookies), value: '', seconds: 0, rules: cookies });
      const { session, to } = await github().finish({
        ...query,
        cookieState: state,
        agent: agentOf(request),
        actor,
        origin: accounts.originOf(request),
      });
      return redirect(to, session ? [spent, sessionCookie(session)] : [spent]);
    },

    'GET /me': async ({ actor }) => seenBy(actor, await people.me(actor.personId)),
    'PATCH /me': async ({ actor, body }) => seenBy(actor, await people.changeMe({ personId: actor.personId, ...body })),
    'PUT /me/password': async ({ actor, body, address, request, answer }) => {
      setSession(
        answer,
        await people.changePassword({
          actor,
          current: body.current,
          password: body.password,
          address,
          agent: agentOf(request),
        }),
      );
      return {};
    },
    'GET /me/sessions': async ({ actor }) => ({ sessions: await people.sessions(actor) }),
    'DELETE /me/sessions/:session': async ({ actor, params, answer }) => {
      await people.endOneSession({ actor, id: params.session });
      if (params.session === actor.sessionId) setSession(answer, null);
      return {};
    },
    'DELETE /me/github': async ({ actor }) => {
      await people.disconnectGithub(actor.personId);
      return people.me(actor.personId);
    },
    'GET /me/tokens': async ({ actor }) => ({ tokens: await tokens.list(actor.personId) }),
    'POST /me/tokens': ({ actor, body }) => tokens.create({ personId: actor.personId, login: actor.login, ...body }),
    'DELETE /me/tokens/:token': async ({ actor, params }) => {
      await tokens.takeBack({ id: params.token, personId: actor.personId });
      return {};
    },
    'GET /me/notifications': ({ actor, query }) => notifications.list({ ...actor, cursor: query.cursor }),
    'POST /me/notifications/read': async ({ actor, body }) => {
      await notifications.markRead({ ...actor, ids: body.ids });
      return {};
    },

    'GET /people': async () => ({ people: await people.list() }),
    'POST /people': async ({ body }) => {
      const { login } = await signUp.forSomebody(body);
      return people.describe(login);
    },
    'PATCH /people/:login': ({ params, body }) => people.changePerson({ login: params.login, ...body }),
    'POST /people/invitations': ({ actor, body, request }) =>
      invitations.create({ actor, origin: accounts.originOf(request), team: null, role: 'viewer', days: body.days }),
    'GET /people/invitations': async () => ({ invitations: await invitations.list(null) }),
    'DELETE /people/invitations/:invitation': async ({ params }) => {
      await invitations.takeBack({ id: params.invitation, teamId: null });
      return {};
    },
    'GET /settings': async () => ({ signUp: await signUp.readSignUp() }),
    'PUT /settings': async ({ body }) => {
      await signUp.setSignUp(body.signUp);
      return { signUp: body.signUp };
    },

    'GET /teams': async ({ actor }) => ({ teams: (await teams.list(actor.personId)).filter(withinReach(actor)) }),
    'POST /teams': ({ actor, body }) =>
      teams.create({ ...body, sample: body.sample ?? null, personId: actor.personId }),
    'GET /teams/:slug': ({ team }) => teams.describe(team),
    'PATCH /teams/:slug': ({ team, body }) => teams.rename({ team, name: body.name }),
    'DELETE /teams/:slug': async ({ team, query, actor }) => {
      await deletedTeams.delete({ team, confirm: query.confirm, by: actor.personId });
      return {};
    },
    'GET /deleted-teams': async () => ({ teams: await deletedTeams.list() }),
    'POST /deleted-teams/:name/put-back': ({ params, actor }) =>
      deletedTeams.putBack({ slug: params.name, by: actor.personId }),
    'DELETE /deleted-teams/:name': async ({ params, query }) => {
      await deletedTeams.remove({ slug: params.name, confirm: query.confirm });
      return {};
    },
    'GET /teams/:slug/members': async ({ team }) => ({ members: await teams.members(team.id) }),
    'GET /teams/:slug/members/:login': ({ team, params }) => teams.member({ teamId: team.id, login: params.login }),
    'PUT /teams/:slug/members/:login': ({ team, params, body, actor }) =>
      teams.setMember({ team, login: params.login, role: body.role, by: actor.personId }),
    'DELETE /teams/:slug/members/:login': async ({ team, params, actor }) => {
      if (params.login !== actor.login) mayManage(actor, team);
      await teams.removeMember({ team, login: params.login, by: actor });
      return {};
    },
    'GET /teams/:slug/invitations': async ({ team }) => ({ invitations: await invitations.list(team.id) }),
    'POST /teams/:slug/invitations': ({ team, actor, body, request }) =>
      invitations.create({ actor, origin: accounts.originOf(request), team, role: body.role, days: body.days }),
    'DELETE /teams/:slug/invitations/:invitation': async ({ team, params }) => {
      await invitations.takeBack({ id: params.invitation, teamId: team.id });
      return {};
    },
    'GET /invitations/:token': ({ params }) => invitations.look(params.token),
    'POST /invitations/:token/accept': async ({ params, actor }) => {
      await invitations.accept({ token: params.token, personId: actor.personId });
      return seenBy(actor, await people.me(actor.personId));
    },
  };
}

/** A token that is limited to one volume knows of that team only. */
const withinReach =
  (actor: Actor) =>
  ({ slug }: { slug: string }): boolean =>
    reachesVolume(actor, `team/${slug}`);

const seenBy = (actor: Actor, me: Me): Me => ({ ...me, teams: me.teams.filter(withinReach(actor)) });

/** The route lets every member in, because each may leave; taking somebody else out is an owner's. */
function mayManage(actor: Actor, team: { slug: string; role: 'owner' | 'editor' | 'viewer' | null }): void {
  if (decide({ actor, verb: 'team.manage', resource: { kind: 'team', ...team } }) !== 'allow')
    throw new Problem('forbidden', 'Only owners can take somebody out of a team.');
}

function redirect(to: string, setCookies: string[]): Response {
  const headers = new Headers({ location: to, 'cache-control': 'no-store' });
  for (const cookie of setCookies) headers.append('set-cookie', cookie);
  return new Response(null, { status: 303, headers });
}
