// Secrets of teams and people at rest: AES-256-GCM with a key of each owner, which the server's own key seals. What is sealed is bound
// to its owner, its row and the place it may be sent to: moved to another row, or its address changed, it opens no more.
import crypto from 'node:crypto';
import { Problem } from '#shared/errors.ts';

/** `place`: where the secret may go, e.g. `https://api.openai.com`. */
export type SealedFor = { owner: string; row: string; place: string };
export type Keys = {
  seal(secret: string, bound: SealedFor): Promise<string>;
  /** Throws `Problem` when it cannot be read: another server key, another row, another place. */
  open(sealed: string, bound: SealedFor): Promise<string>;
};
type KeyStore = {
  wrappedKey(owner: string): Promise<string | null>;
  keepWrappedKey(key: { owner: string; wrapped: string }): Promise<string>;
};

/** `serverKey`: 32 bytes. */
export function createKeys({ serverKey, store }: { serverKey: Buffer; store: KeyStore }): Keys {
  const bindingOf = ({ owner, row, place }: SealedFor) => JSON.stringify([owner, row, place]);

  async function ownerKey(owner: string): Promise<Buffer> {
    const wrapped =
      (await store.wrappedKey(owner)) ??
      (await store.keepWrappedKey({ owner, wrapped: encrypt(crypto.randomBytes(32), serverKey, `owner ${owner}`) }));
    return decrypt(wrapped, serverKey, `owner ${owner}`);
  }

  return {
    seal: async (secret, bound) => encrypt(Buffer.from(secret), await ownerKey(bound.owner), bindingOf(bound)),
    async open(sealed, bound) {
      try {
        return decrypt(sealed, await ownerKey(bound.owner), bindingOf(bound)).toString('utf8');
      } catch (error) {
        if (!(error instanceof BadSeal)) throw error;
        throw new Problem(
          'unavailable',
          'A key that is stored here cannot be read any more, because the SECRET_KEY of the server has changed. Enter the key again.',
        );
      }
    },
  };
}

class BadSeal extends Error {}

/** base64url of nonce (12 bytes), tag (16), text. */
function encrypt(text: Buffer, key: Buffer, bound: string): string {
  const nonce = crypto.randomBytes(12);
  const cipher = crypto.createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(bound));
  const body = Buffer.concat([cipher.update(text), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url');
}

function decrypt(sealed: string, key: Buffer, bound: string): Buffer {
  const bytes = Buffer.from(sealed, 'base64url');
  try {
    const decipher = crypto.createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 });
    decipher.setAAD(Buffer.from(bound)).setAuthTag(bytes.subarray(12, 28));
    return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]);
  } catch {
    throw new BadSeal();
  }
}
