// Passwords are kept as argon2id hashes. One hash takes 64 MiB and a third of a second on purpose, so at most two are computed at a
// time, and behind a bounded queue whoever comes next is told to come again.
import crypto from 'node:crypto';
import { promisify } from 'node:util';
import { Problem } from '#shared/errors.ts';
import { passwordFault } from '#shared/password.ts';

const cost = { memory: 64 * 1024, passes: 3, parallelism: 1, tagLength: 32 };
const atOnce = 2;
const queueLimit = 40;

export type Passwords = {
  /** The hash in PHC form: `$argon2id$v=19$m=65536,t=3,p=1$salt$hash`. */
  hash(password: string): Promise<string>;
  /** Null for `hash`: there is no such person, or they have no password. It takes as long as a real comparison, and is false. */
  verify(input: { password: string; hash: string | null }): Promise<boolean>;
};

/** `argon2`: Node's own. */
export function createPasswords(
  { argon2: callback }: { argon2: typeof crypto.argon2 | undefined } = { argon2: crypto.argon2 },
): Passwords {
  if (typeof callback !== 'function') {
    throw new Error(
      `Passwords need argon2id, which Node has since 24.7; this is Node ${process.versions.node}. Start with \`npm start\`, which brings its own Node, or install Node 24.7 or newer.`,
    );
  }
  const argon2 = promisify(callback);
  const inTurn = createTurns({ atOnce, queueLimit });
  const derive = (password: string, nonce: Buffer, with_: typeof cost) =>
    inTurn(() => argon2('argon2id', { message: password.normalize('NFC'), nonce, ...with_ }));
  const nobody = { nonce: crypto.randomBytes(16), tag: crypto.randomBytes(cost.tagLength) };

  return {
    async hash(password) {
      const nonce = crypto.randomBytes(16);
      const tag = await derive(password, nonce, cost);
      return `$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=${cost.parallelism}$${base64(nonce)}$${base64(tag)}`;
    },
    async verify({ password, hash }) {
      const parts = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/.exec(hash ?? '');
      const tag = parts ? Buffer.from(parts[5]!, 'base64') : nobody.tag;
      const nonce = parts ? Buffer.from(parts[4]!, 'base64') : nobody.nonce;
      const with_ = parts
        ? { memory: Number(parts[1]), passes: Number(parts[2]), parallelism: Number(parts[3]), tagLength: tag.length }
        : cost;
      const derived = await derive(password, nonce, with_);
      return crypto.timingSafeEqual(derived, tag) && parts !== null;
    },
  };
}

const base64 = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '');

/** Lets `atOnce` run and `queueLimit` wait; refuses the rest. */
export function createTurns({ atOnce, queueLimit }: { atOnce: number; queueLimit: number }) {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async function inTurn<T>(act: () => Promise<T>): Promise<T> {
    if (running >= atOnce) {
      if (waiting.length >= queueLimit)
        throw new Problem('unavailable', 'Too many people are signing in at this moment. Try again in a few seconds.', {
          retryAfter: 5,
        });
      await new Promise<void>((resolve) => waiting.push(resolve)); // whoever finishes hands over its place
    } else running += 1;
    try {
      return await act();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}

/** Throws what to change. `own`: the person's names. */
export function checkNewPassword(password: string, own: readonly string[]): void {
  const fault = passwordFault(password, own);
  if (fault) throw new Problem('invalid', fault, { field: 'password' }, 422);
}
