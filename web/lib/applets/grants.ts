// What a person allowed an applet, remembered in this browser by the hash of exactly that version: another text asks again.
import type { Storage } from '#lib/workspace/layout.svelte.ts';
import { readKept, writeKept } from '#lib/workspace/layout.svelte.ts';

const most = 300;
const session = new Set<string>();

export async function versionHash({
  volume,
  path,
  text,
}: {
  volume: string;
  path: string;
  text: string;
}): Promise<string> {
  const whole = `${volume}\n${path}\n${text}`;
  if (!globalThis.crypto?.subtle) return whole; // plain http: remembered as long as the page lives
  const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(whole)));
  return [...sum].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function createGrants({ storage, login }: { storage: Storage; login: string }) {
  const key = `llmos.applets.${login}`;
  const kept = () => {
    const all = readKept<unknown>(storage, key);
    return Array.isArray(all) ? all.filter((one): one is string => typeof one === 'string') : [];
  };
  return {
    has: (hash: string): boolean => session.has(`${login} ${hash}`) || kept().includes(hash),
    allow(hash: string): void {
      session.add(`${login} ${hash}`);
      if (hash.length === 64) writeKept(storage, key, [...kept().filter((one) => one !== hash), hash].slice(-most));
    },
  };
}
export type Grants = ReturnType<typeof createGrants>;
