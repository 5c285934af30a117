// How often somebody may try a password: five failures in fifteen minutes for one account from one address. An attempt is counted
// before it is judged, so that many at once are not let through, and given back when it succeeds.
import { Problem } from '#shared/errors.ts';
import type { Clock } from '../platform/clock.ts';

const limit = 5;
const windowMs = 15 * 60 * 1000;
const keysKept = 20_000;

export function createAttempts({ clock }: { clock: Clock }) {
  const byKey = new Map<string, number[]>();

  return {
    /** Throws `rate-limited` with `retryAfter` in seconds. */
    begin({ account, address }: { account: string; address: string }): { succeeded: () => void } {
      const key = `${account} ${address}`;
      const now = clock.now();
      const recent = (byKey.get(key) ?? []).filter((at) => at > now - windowMs);
      if (recent.length >= limit) {
        const retryAfter = Math.max(1, Math.ceil((recent[0]! + windowMs - now) / 1000));
        throw new Problem('rate-limited', `Too many attempts. Try again in ${Math.ceil(retryAfter / 60)} min.`, {
          retryAfter,
        });
      }
      byKey.delete(key); // to the end of the map: the oldest key goes first when there are too many
      byKey.set(key, [...recent, now]);
      if (byKey.size > keysKept) byKey.delete(byKey.keys().next().value!);
      return { succeeded: () => void byKey.delete(key) };
    },
  };
}
export type Attempts = ReturnType<typeof createAttempts>;
