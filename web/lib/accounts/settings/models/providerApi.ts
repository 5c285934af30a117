// The same four questions for a team's providers and for mine.
import type { RouteBody } from '#shared/api.ts';
import type { ProbeResult, ProviderSettings } from '#shared/api/models.ts';
import type { Api } from '#lib/api.ts';

export type SettingsBody = RouteBody<'PUT /me/providers'>;
type Endpoint = RouteBody<'POST /me/providers/models'>;

export type ProviderApi = {
  read: () => Promise<ProviderSettings>;
  save: (body: SettingsBody) => Promise<ProviderSettings>;
  offered: (endpoint: Endpoint) => Promise<{ id: string; contextSize: number | null }[]>;
  probe: (question: { id: string; model: string }) => Promise<ProbeResult>;
};

/** `slug`: of the team; empty: mine. */
export function providerApi(api: Api, slug: string): ProviderApi {
  const params = { slug };
  return slug
    ? {
        read: () => api('GET /teams/:slug/providers', { params }),
        save: (body) => api('PUT /teams/:slug/providers', { params, body }),
        offered: async (body) => (await api('POST /teams/:slug/providers/models', { params, body })).models,
        probe: async (body) => (await api('POST /teams/:slug/providers/probe', { params, body })).probe,
      }
    : {
        read: () => api('GET /me/providers'),
        save: (body) => api('PUT /me/providers', { body }),
        offered: async (body) => (await api('POST /me/providers/models', { body })).models,
        probe: async (body) => (await api('POST /me/providers/probe', { body })).probe,
      };
}

/** What is saved, ready to be saved again: keys stay as they are. */
export const bodyOf = ({ providers, default: standard, aliases }: ProviderSettings): SettingsBody => ({
  providers: providers.map(({ id, name, preset, baseUrl, models }) => ({
    id,
    name,
    preset,
    baseUrl,
    models: models.map((model) => model.id),
  })),
  default: standard,
  aliases,
});
