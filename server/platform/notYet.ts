// Routes whose slice is not there yet. They answer 503 and are named in the log at every start; the list goes when the last one lands.
import { Problem } from '#shared/errors.ts';
import { routes, type RouteKey } from '#shared/api.ts';
import type { Handlers } from './http.ts';

export function withNotYet(landed: Partial<Handlers>): { handlers: Handlers; notYet: RouteKey[] } {
  const notYet = (Object.keys(routes) as RouteKey[]).filter((key) => !(key in landed));
  const refusals = notYet.map(
    (key) => [key, () => Promise.reject(new Problem('unavailable', 'This is not built yet.'))] as const,
  );
  return { handlers: { ...landed, ...Object.fromEntries(refusals) } as Handlers, notYet };
}
