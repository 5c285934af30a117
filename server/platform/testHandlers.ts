// For tests only: the routes of slices that a test leaves out. They answer 503.
import { routes, type RouteKey } from '#shared/api.ts';
import { Problem } from '#shared/errors.ts';
import type { Handlers } from './http.ts';

export function withAbsent(present: Partial<Handlers>): Handlers {
  const refuse = () => Promise.reject(new Problem('unavailable', 'That slice is not part of this test.'));
  const absent = Object.fromEntries((Object.keys(routes) as RouteKey[]).map((key) => [key, refuse]));
  return { ...absent, ...present } as Handlers;
}
