// The edge of models: whose providers a request is about.
import { modelRoutes as table } from '#shared/api/models.ts';
import type { HandlersOf } from '../platform/http.ts';
import type { ModelSlice } from './models.ts';

type ModelRoutes = HandlersOf<keyof typeof table>;

export function modelRoutes({ providers, usable, local }: ModelSlice): ModelRoutes {
  const team = ({ id }: { id: string }) => `team:${id}`;
  const me = ({ personId }: { personId: string }) => `user:${personId}`;
  const short = (models: { id: string; contextSize: number | null }[]) => ({
    models: models.slice(0, 1000).map(({ id, contextSize }) => ({ id, contextSize })),
  });
  return {
    'GET /teams/:slug/providers': (c) => providers.settings(team(c.team)),
    'PUT /teams/:slug/providers': (c) => providers.change({ owner: team(c.team), input: c.body }),
    'POST /teams/:slug/providers/models': async (c) =>
      short(await providers.offered({ owner: team(c.team), input: c.body })),
    'POST /teams/:slug/providers/probe': async (c) => ({
      probe: await providers.probe({ owner: team(c.team), ...c.body }),
    }),
    'GET /me/providers': ({ actor }) => providers.settings(me(actor)),
    'PUT /me/providers': ({ actor, body }) => providers.change({ owner: me(actor), input: body }),
    'POST /me/providers/models': async ({ actor, body }) =>
      short(await providers.offered({ owner: me(actor), input: body })),
    'POST /me/providers/probe': async ({ actor, body }) => ({
      probe: await providers.probe({ owner: me(actor), ...body }),
    }),
    'GET /providers/local': () => local(),
    'GET /volumes/:volume/models': ({ actor, volume }) =>
      usable({ personId: actor.personId, teamId: volume.kind === 'team' ? volume.teamId : null }),
  };
}
