// The models of a server, put together: where their keys and settings are kept, the way out to them, the edge.
import type { Clock } from '../platform/clock.ts';
import type { Queries } from '../platform/database.ts';
import { createEgress } from '../platform/egress.ts';
import { createLlm } from '../platform/llm.ts';
import { createKeys } from './keys.ts';
import { modelRoutes } from './modelRoutes.ts';
import { createModels } from './models.ts';
import { createProviderStore } from './providerStore.ts';

/** `server`: the provider for everybody; its address is the administrator's own word and needs no place in `allowedHosts`. */
export function openModels({
  database,
  clock,
  serverKey,
  server,
  allowedHosts,
}: {
  database: Queries;
  clock: Clock;
  serverKey: Buffer;
  server: { baseUrl: string; apiKey: string | null; model: string | null } | null;
  allowedHosts: readonly string[];
}) {
  const store = createProviderStore(database);
  const keys = createKeys({ serverKey, store });
  const egress = createEgress({ allowedHosts });
  const models = createModels({
    store,
    keys,
    clock,
    llm: createLlm({ egress }),
    server: server && {
      ...server,
      llm: createLlm({ egress: createEgress({ allowedHosts: [...allowedHosts, new URL(server.baseUrl).host] }) }),
    },
    isAllowed: (url) =>
      egress.check(url).then(
        () => true,
        () => false,
      ),
  });
  return {
    open: models.open,
    /** The standard model of these askers; null: they have none. */
    standardModel: async (asker: { personId: string | null; teamId: string | null }) =>
      (await models.usable(asker)).default,
    keys,
    handlers: modelRoutes(models),
  };
}
