// How much one person, or one address without a person, may ask for in a time. A leaky bucket per name: `most` at once, refilled
// evenly over `windowMs`. In memory: a restart forgets, and that is fine.
import { Problem } from '#shared/errors.ts';
import type { Clock } from './clock.ts';

export type Limit = { most: number; windowMs: number };
export type Limits = {
  /** Counts one; throws `rate-limited` with the seconds to wait in `data.retryAfter`. */
  spend: (limit: Limit, name: string) => void;
};

const minute = 60_000;
const hour = 60 * minute;

export const limits = {
  requests: { most: 600, windowMs: minute },
  writes: { most: 120, windowMs: minute },
  searches: { most: 30, windowMs: minute },
  runs: { most: 20, windowMs: hour },
  exports: { most: 5, windowMs: hour },
  invitations: { most: 20, windowMs: 24 * hour },
  signedOut: { most: 60, windowMs: minute },
  signIns: { most: 5, windowMs: 15 * minute },
} as const satisfies Record<string, Limit>;

const mostNames = 100_000;

export function createLimits({ clock, enabled = true }: { clock: Clock; enabled?: boolean }): Limits {
  // name -> the time at which its bucket is empty again (the "theoretical arrival time" of GCRA)
  const emptyAt = new Map<string, number>();
  return {
    spend(limit, name) {
      if (!enabled) return;
      const key = `${limit.most}/${limit.windowMs} ${name}`;
      const now = clock.now();
      const step = limit.windowMs / limit.most;
      const empty = Math.max(emptyAt.get(key) ?? now, now);
      const wait = empty + step - limit.windowMs - now;
      if (wait > 0) {
        const retryAfter = Math.ceil(wait / 1000);
        throw new Problem(
          'rate-limited',
          `That was too much at once. Try again in ${retryAfter === 1 ? 'a second' : `${retryAfter} seconds`}.`,
          { retryAfter },
        );
      }
      emptyAt.delete(key);
      emptyAt.set(key, empty + step);
      if (emptyAt.size > mostNames) forget(emptyAt, now);
    },
  };
}

function forget(emptyAt: Map<string, number>, now: number) {
  for (const [key, empty] of emptyAt) if (empty <= now) emptyAt.delete(key);
  // still too many, all of them busy: the longest unused go first
  for (const key of emptyAt.keys()) {
    if (emptyAt.size <= mostNames / 2) break;
    emptyAt.delete(key);
  }
}
