import crypto from 'node:crypto';
import { expect, test } from 'vitest';
import { createPasswords, createTurns } from './passwords.ts';

const passwords = createPasswords();

test('[AC3] a password is kept as argon2id with 64 MiB and three passes, and compared as people type it', async () => {
  const hash = await passwords.hash('na\u0131ve Zo\u00eb 1815');
  expect(hash).toMatch(/^\$argon2id\$v=19\$m=65536,t=3,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  expect(await passwords.verify({ password: 'na\u0131ve Zoe\u0308 1815', hash })).toBe(true); // the same letters in another Unicode form
  expect(await passwords.verify({ password: 'na\u0131ve Zoe 1815', hash })).toBe(false);
  expect(await passwords.hash('na\u0131ve Zo\u00eb 1815')).not.toBe(hash);
});

test('[AC3] for somebody unknown the same work is done as for a wrong password', async () => {
  const calls: unknown[] = [];
  const counted = createPasswords({
    argon2: ((
      name: 'argon2id',
      parameters: crypto.Argon2Parameters,
      done: (error: Error | null, tag: Buffer) => void,
    ) => {
      calls.push([
        name,
        parameters.memory,
        parameters.passes,
        parameters.parallelism,
        parameters.tagLength,
        parameters.nonce.toString().length > 0,
      ]);
      crypto.argon2(name, parameters, done);
    }) as typeof crypto.argon2,
  });
  const hash = await counted.hash('one of a kind');
  calls.length = 0;
  expect(await counted.verify({ password: 'another', hash })).toBe(false);
  expect(await counted.verify({ password: 'another', hash: null })).toBe(false);
  expect(calls).toEqual([
    ['argon2id', 65536, 3, 1, 32, true],
    ['argon2id', 65536, 3, 1, 32, true],
  ]);
});

test('two are computed at a time, a bounded number waits, the rest is told to come again', async () => {
  let running = 0;
  let most = 0;
  const releases: (() => void)[] = [];
  const inTurn = createTurns({ atOnce: 2, queueLimit: 3 });
  const act = () =>
    inTurn(async () => {
      most = Math.max(most, ++running);
      await new Promise<void>((resolve) => releases.push(resolve));
      running -= 1;
    });
  const all = Array.from({ length: 5 }, act);
  await expect(act()).rejects.toMatchObject({
    code: 'unavailable',
    status: 503,
    data: { retryAfter: expect.any(Number) },
  });
  for (let done = 0; done < 5; done++) {
    await expect.poll(() => releases.length).toBeGreaterThan(0);
    releases.shift()!();
  }
  await Promise.all(all);
  expect(most).toBe(2);
  const after = act();
  await expect.poll(() => releases.length).toBe(1);
  releases.shift()!();
  await after;
});

test('a failure gives its turn back', async () => {
  const inTurn = createTurns({ atOnce: 1, queueLimit: 1 });
  for (let n = 0; n < 3; n++) await expect(inTurn(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await expect(inTurn(async () => 'yes')).resolves.toBe('yes');
});

test('a Node without argon2 is told what it needs', () => {
  expect(() => createPasswords({ argon2: undefined })).toThrow(/Node has since 24\.7.*npm start/);
});
