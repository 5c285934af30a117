// What comes from a provider in pieces, on its way to screens and traces: a secret that the other side repeats is taken out, also when
// it is split over pieces, and half of a character waits for its other half.

export type TextGate = { push(text: string): string; flush(): string };

const taken = '[key removed]';

/** `secrets`: those shorter than 8 characters are no secrets, and would be found in ordinary words. */
export const withoutSecrets = (text: string, secrets: readonly (string | null)[]): string =>
  secrets.reduce<string>((left, secret) => (isSecret(secret) ? left.replaceAll(secret, taken) : left), text);

const isSecret = (secret: string | null): secret is string => secret !== null && secret.length >= 8;

export function createTextGate(secrets: readonly (string | null)[]): TextGate {
  const known = secrets.filter(isSecret);
  let held = '';
  return {
    push(text) {
      const all = withoutSecrets(held + text, known);
      const keep = Math.max(...known.map((secret) => beginningAtEnd(all, secret)), endsInHalf(all) ? 1 : 0);
      held = all.slice(all.length - keep);
      return all.slice(0, all.length - keep);
    },
    flush() {
      const rest = held;
      held = '';
      return rest;
    },
  };
}

/** How many characters at the end of `text` begin `word`, without being all of it. */
export function beginningAtEnd(text: string, word: string): number {
  for (let size = Math.min(word.length - 1, text.length); size > 0; size--)
    if (text.endsWith(word.slice(0, size))) return size;
  return 0;
}

const endsInHalf = (text: string) => /[\ud800-\udbff]$/.test(text);
