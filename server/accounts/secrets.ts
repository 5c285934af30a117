// Random secrets of 160 bits for cookies, access tokens and links. Only their SHA-256 is ever stored; a fast hash is enough,
// because nobody guesses 160 bits.
import { sha256 } from '@oslojs/crypto/sha2';
import { constantTimeEqual } from '@oslojs/crypto/subtle';
import { encodeBase32LowerCaseNoPadding, encodeHexLowerCase } from '@oslojs/encoding';

/** 32 small letters and digits. */
export function createSecret(): string {
  return encodeBase32LowerCaseNoPadding(crypto.getRandomValues(new Uint8Array(20)));
}

/** 24 small letters and digits, 120 bits: names that are not secret, yet cannot be guessed. */
export function createPublicId(): string {
  return encodeBase32LowerCaseNoPadding(crypto.getRandomValues(new Uint8Array(15)));
}

/** SHA-256, in hex. */
export const hashSecret = (secret: string): string => encodeHexLowerCase(sha256(new TextEncoder().encode(secret)));

export function isSameHash(a: string, b: string): boolean {
  return constantTimeEqual(new TextEncoder().encode(a), new TextEncoder().encode(b));
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** What comes from an address may be anything; PostgreSQL must not see what is no UUID. */
export const isUuid = (text: string): boolean => uuid.test(text);
