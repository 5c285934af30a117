// The providers of one owner, a team or a person: read without their keys, set as a whole, tried.
import crypto from 'node:crypto';
import type { EndpointInput, ProbeResult, Provider, ProviderSettings, SettingsInput } from '#shared/api/models.ts';
import { notFound, Problem } from '#shared/errors.ts';
import type { Clock } from '../platform/clock.ts';
import type { Endpoint, ListedModel, Llm } from '../platform/llm.ts';
import { ModelFailure } from '../platform/model.ts';
import type { Keys } from './keys.ts';
import { probeModel } from './probe.ts';
import type { ProviderRow, ProviderStore } from './providerStore.ts';

const probeMs = 120_000;

export type Providers = ReturnType<typeof createProviders>;

/** Owners are written `team:<id>` and `user:<id>`. */
export function createProviders({
  store,
  keys,
  llm,
  clock,
}: {
  store: ProviderStore;
  keys: Keys;
  llm: Llm;
  clock: Clock;
}) {
  const underWay = new Map<string, Promise<ProbeResult>>();

  const place = (baseUrl: string) => new URL(baseUrl).origin;

  async function endpointOf(row: ProviderRow): Promise<Endpoint> {
    const { id, owner, name, baseUrl, sealedKey } = row;
    const bound = { owner, row: id, place: place(baseUrl) };
    return { provider: name, baseUrl, apiKey: sealedKey === null ? null : await keys.open(sealedKey, bound) };
  }

  async function rowOf(owner: string, id: string): Promise<ProviderRow> {
    const row = (await store.list(owner)).find((one) => one.id === id);
    if (!row) throw notFound('such provider');
    return row;
  }

  async function settings(owner: string): Promise<ProviderSettings> {
    const [rows, names] = [await store.list(owner), await store.names(owner)];
    const found = await findings(rows.map(({ baseUrl }) => baseUrl));
    return {
      providers: rows.map(({ id, name, preset, baseUrl, keyEnds, models }) => ({
        id,
        name,
        preset: preset as Provider['preset'],
        baseUrl,
        keyEnds,
        models: models.map((model) => ({ id: model, probe: found(baseUrl, model) })),
      })),
      default: names.standard,
      aliases: names.aliases,
    };
  }

  async function findings(endpoints: string[]): Promise<(baseUrl: string, model: string) => ProbeResult | null> {
    const known = await store.probesOf([...new Set(endpoints)]);
    return (baseUrl, model) => {
      const row = known.find((one) => one.baseUrl === baseUrl && one.model === model);
      return row ? { ...row.result, at: row.at.toISOString() } : null;
    };
  }

  /** Two who ask at once wait for the same tries. Throws `ModelFailure`. */
  function tryOut({ llm, endpoint, model }: { llm: Llm; endpoint: Endpoint; model: string }): Promise<ProbeResult> {
    const { baseUrl } = endpoint;
    const name = `${baseUrl} ${model} ${endpoint.apiKey === null ? '' : crypto.hash('sha256', endpoint.apiKey)}`;
    const before = underWay.get(name);
    if (before) return before;
    const trying = (async () => {
      const result = await probeModel({ llm, endpoint, model, signal: AbortSignal.timeout(probeMs) });
      const at = new Date(clock.now());
      await store.keepProbe({ baseUrl, model, result, at });
      return { ...result, at: at.toISOString() };
    })();
    underWay.set(name, trying);
    void trying.catch(() => undefined).finally(() => underWay.delete(name));
    return trying;
  }

  return {
    settings,
    endpointOf,
    findings,
    tryOut,

    async change({ owner, input }: { owner: string; input: SettingsInput }): Promise<ProviderSettings> {
      const names = input.providers.map(({ name }) => name);
      const twice = names.find((name, index) => names.indexOf(name) !== index);
      if (twice) throw new Problem('invalid', `Two providers are called ${twice}.`, { field: 'name' });
      const before = await store.list(owner);
      const rows: ProviderRow[] = [];
      for (const [position, { id, name, preset, baseUrl: written, key, models }] of input.providers.entries()) {
        const old = before.find((row) => row.id === id);
        if (id && !old) throw notFound('such provider');
        const row = { id: old?.id ?? crypto.randomUUID(), owner, position, name, preset, models: [...new Set(models)] };
        const baseUrl = tidy(written);
        let { sealedKey = null, keyEnds = null } = old ?? {};
        if (key === undefined && sealedKey !== null && place(old!.baseUrl) !== place(baseUrl))
          throw new Problem('invalid', `${name} has another address now: enter its key again.`, { field: 'key' });
        if (key === null) [sealedKey, keyEnds] = [null, null];
        else if (key !== undefined) {
          sealedKey = await keys.seal(key, { owner, row: row.id, place: place(baseUrl) });
          keyEnds = key.length >= 12 ? key.slice(-4) : '';
        }
        rows.push({ ...row, baseUrl, sealedKey, keyEnds });
      }
      const { default: standard, aliases } = input;
      await store.replace({ owner, rows, names: { standard, aliases } });
      return settings(owner);
    },

    /** A saved key goes only to the place that it was saved for. */
    async offered({ owner, input }: { owner: string; input: EndpointInput }): Promise<ListedModel[]> {
      const baseUrl = tidy(input.baseUrl);
      const endpoint: Endpoint = { provider: new URL(baseUrl).host, baseUrl, apiKey: input.key ?? null };
      if (input.id && input.key === undefined) {
        const row = await rowOf(owner, input.id);
        if (place(row.baseUrl) === place(baseUrl)) endpoint.apiKey = (await endpointOf(row)).apiKey;
      }
      return llm.list(endpoint).catch(tell);
    },

    async probe({ owner, id, model }: { owner: string; id: string; model: string }): Promise<ProbeResult> {
      const endpoint = await endpointOf(await rowOf(owner, id));
      return tryOut({ llm, endpoint, model }).catch(tell);
    },
  };
}

export const tidy = (baseUrl: string): string => {
  const url = new URL(baseUrl);
  url.hash = '';
  return url.href.replace(/\/+$/, '').replace(/\/chat\/completions$/, '');
};

/** What a provider did wrong, as an answer to the person who asked about it. */
export function tell(error: unknown): never {
  if (!(error instanceof ModelFailure)) throw error;
  const { kind, message, retryAfter } = error;
  if (kind === 'rate-limited') throw new Problem('rate-limited', message, { retryAfter: retryAfter ?? 10 });
  if (kind === 'unavailable') throw new Problem('unavailable', message);
  throw new Problem('invalid', message, { kind });
}
