// Which model a definition means, among what the person, the team and the server provide; opened, it can be asked. What stands in a
// definition may come from anywhere (`sonnet`, `gpt-4o`, `fast`): a name that nobody here knows means the standard model.
import type { UsableModel } from '#shared/api/models.ts';
import { Problem } from '#shared/errors.ts';
import type { Clock } from '../platform/clock.ts';
import type { Endpoint, Llm } from '../platform/llm.ts';
import { ModelFailure } from '../platform/model.ts';
import type { Keys } from './keys.ts';
import { createProviders, tell, tidy } from './providers.ts';
import type { ProviderRow, ProviderStore } from './providerStore.ts';
import type { Models } from './types.ts';

/** `personId` null: what only a team or the server pays for. */
export type Asker = { personId: string | null; teamId: string | null };
type Usable = { name: string; from: UsableModel['from']; model: string; baseUrl: string; row: ProviderRow | null };

export const ollama = 'http://127.0.0.1:11434/v1';
export const noProvider =
  'There is no model yet. Add a provider under Settings, Models (yours, or your team’s), or start the server with LLM_BASE_URL and LLM_MODEL.';

export type ModelSlice = ReturnType<typeof createModels>;

/** `server`: the provider for everybody, from the environment. */
export function createModels({
  store,
  keys,
  llm,
  clock,
  server,
  isAllowed,
}: {
  store: ProviderStore;
  keys: Keys;
  llm: Llm;
  clock: Clock;
  server: { baseUrl: string; apiKey: string | null; model: string | null; llm: Llm } | null;
  /** May this address be reached although it is private? */
  isAllowed: (url: string) => Promise<boolean>;
}) {
  const providers = createProviders({ store, keys, llm, clock });
  const ownEndpoint: Endpoint | null = server && {
    provider: 'server',
    baseUrl: tidy(server.baseUrl),
    apiKey: server.apiKey,
  };
  const local = remembered(30_000, clock, async () => {
    const allowed = await isAllowed(ollama);
    const endpoint = { provider: 'ollama', baseUrl: ollama, apiKey: null };
    const listed = allowed ? await llm.list(endpoint, AbortSignal.timeout(1500)).catch(() => null) : null;
    return { baseUrl: ollama, allowed, models: listed?.map(({ id }) => id) ?? null };
  });
  const serverModels = remembered(300_000, clock, async () => {
    if (!ownEndpoint) return [];
    if (server!.model) return [server!.model];
    return (await server!.llm.list(ownEndpoint)).slice(0, 100).map(({ id }) => id);
  });

  async function lookUp({ personId, teamId }: Asker) {
    const owners = [
      ...(personId ? [{ owner: `user:${personId}`, from: 'me' as const }] : []),
      ...(teamId ? [{ owner: `team:${teamId}`, from: 'team' as const }] : []),
    ];
    const models: Usable[] = [];
    const names: { standard: string | null; aliases: Record<string, string> }[] = [];
    for (const { owner, from } of owners) {
      for (const row of await store.list(owner))
        for (const model of row.models)
          models.push({ name: `${row.name}/${model}`, from, model, baseUrl: row.baseUrl, row });
      names.push(await store.names(owner));
    }
    let unreachable: unknown = null;
    const offered = await serverModels().catch((error: unknown) => {
      unreachable = error;
      return [];
    });
    for (const model of offered)
      models.push({ name: `server/${model}`, from: 'server', model, baseUrl: ownEndpoint!.baseUrl, row: null });
    const named = (wanted: string) =>
      models.find(({ name }) => name === wanted) ?? models.find(({ model }) => model === wanted);
    const standard = names.map((one) => one.standard && named(one.standard)).find(Boolean) || models[0] || null;
    // the nearest owner's aliases win
    const aliases = Object.assign({}, ...names.map((one) => one.aliases).reverse()) as Record<string, string>;
    return { models, named, standard, aliases, unreachable };
  }

  async function choose({ wanted, ...asker }: Asker & { wanted: string | null }): Promise<Usable> {
    const { named, standard, aliases, unreachable } = await lookUp(asker);
    const word = wanted?.trim() ?? '';
    const target = Object.hasOwn(aliases, word) ? aliases[word] : aliases[word.toLowerCase()];
    const chosen = (target && named(target)) || (word && named(word)) || standard;
    if (chosen) return chosen;
    if (unreachable) tell(unreachable);
    throw new Problem('unavailable', noProvider, { kind: 'no-provider' });
  }

  const open: Models['open'] = async (asked) => {
    const { name, model, baseUrl, row } = await choose(asked);
    const endpoint = row ? await providers.endpointOf(row) : ownEndpoint!;
    const known = (await providers.findings([baseUrl]))(baseUrl, model);
    // a provider that is only busy is taken at its best until it can be tried
    const wire = row ? llm : server!.llm;
    const found = known ?? (await providers.tryOut({ llm: wire, endpoint, model }).catch(unlessBusy));
    const { strategy, contextSize, price } = found ?? { strategy: 'native', contextSize: null, price: null };
    return wire.open({ name, endpoint, model, strategy, contextSize, price });
  };

  return {
    open,
    providers,
    local,

    async usable(asker: Asker) {
      const { models, aliases, standard, unreachable } = await lookUp(asker);
      const found = await providers.findings(models.map(({ baseUrl }) => baseUrl));
      const problem = standard ? null : unreachable instanceof ModelFailure ? unreachable.message : noProvider;
      return {
        models: models.map(({ name, from, baseUrl, model }) => ({ name, from, probe: found(baseUrl, model) })),
        aliases,
        default: standard?.name ?? null,
        problem,
      };
    },
  };
}

function unlessBusy(error: unknown): null {
  if (error instanceof ModelFailure && error.kind === 'rate-limited') return null;
  return tell(error);
}

/** Asks again after `ms`, and at once after a failure. */
function remembered<T>(ms: number, clock: Clock, ask: () => Promise<T>): () => Promise<T> {
  let kept: { until: number; answer: Promise<T> } | null = null;
  return () => {
    if (!kept || kept.until < clock.now()) {
      const answer = ask();
      kept = { until: clock.now() + ms, answer };
      answer.catch(() => kept?.answer === answer && (kept = null));
    }
    return kept.answer;
  };
}
