// Apart from database.ts, and without drizzle: a thread that only reads is there in a quarter of the time.
import pg from 'pg';

/**
 * Whether the database was away, so that trying again makes sense. What PostgreSQL itself says has an SQL state; all else is a
 * lost connection (by its class, not by the look of its code: EPIPE has five letters too) unless it is a fault of our own.
 */
export function isOutage(error: unknown): boolean {
  const cause = error instanceof Error && error.constructor.name === 'DrizzleQueryError' ? error.cause : error;
  if (cause instanceof pg.DatabaseError) return /^(08|53|57P|25006)/.test(cause.code ?? '');
  return !(cause instanceof TypeError || cause instanceof RangeError);
}
