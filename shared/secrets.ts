// Does a text look as if it held a key? Such a file stays out of versions, because git never forgets (GI1). Only formats that name
// themselves are looked for, and long assignments to names like `api_key`: a file held back for nothing costs people more than trust.
import { sha256 } from '@oslojs/crypto/sha2';
import { encodeHexLowerCase } from '@oslojs/encoding';

export type Secret = { /** from 1 */ line: number; what: string; hash: string };

type Format = { what: string; pattern: RegExp; /** the part of the match that must look random */ group?: number };

const formats: Format[] = [
  {
    what: 'a private key',
    pattern: /-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----(?=\s*(?:\\[rn]\s*)?[A-Za-z0-9+/=:\\]{16})/g,
  },
  { what: 'an AWS access key', pattern: /\b((?:AKIA|ASIA)[A-Z2-7]{16})\b/g, group: 1 },
  {
    what: 'a GitHub token',
    pattern: /\b(?:gh[pousr]_([A-Za-z0-9]{36,251})|github_pat_([A-Za-z0-9]{22}_[A-Za-z0-9]{59}))\b/g,
    group: 1,
  },
  { what: 'a GitLab token', pattern: /\bglpat-([A-Za-z0-9_-]{20,})\b/g, group: 1 },
  { what: 'a Slack token', pattern: /\bxox[abeoprs]-(?:[0-9]+-)+([A-Za-z0-9]{10,})\b/g, group: 1 },
  {
    what: 'a Slack address that anybody may post to',
    pattern: /hooks\.slack\.com\/services\/T[A-Z0-9]+\/B[A-Z0-9]+\/([A-Za-z0-9]{20,})/g,
    group: 1,
  },
  {
    what: 'an OpenAI key',
    pattern: /\bsk-(?:(?:proj|svcacct|admin)-([A-Za-z0-9_-]{40,})|([A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}))/g,
    group: 1,
  },
  { what: 'an OpenRouter key', pattern: /\bsk-or-v1-([0-9a-f]{64})\b/g, group: 1 },
  { what: 'an Anthropic key', pattern: /\bsk-ant-[a-z0-9]+-([A-Za-z0-9_-]{40,})/g, group: 1 },
  { what: 'a Google API key', pattern: /\bAIza([A-Za-z0-9_-]{35})(?![A-Za-z0-9_-])/g, group: 1 },
  { what: 'a Stripe key', pattern: /\b[rs]k_live_([A-Za-z0-9]{20,})\b/g, group: 1 },
  { what: 'an npm token', pattern: /\bnpm_([A-Za-z0-9]{36})\b/g, group: 1 },
  { what: 'a PyPI token', pattern: /\bpypi-AgEIcHlwaS5vcmc([A-Za-z0-9_-]{50,})/g, group: 1 },
  { what: 'a Hugging Face token', pattern: /\bhf_([A-Za-z0-9]{34,})\b/g, group: 1 },
  { what: 'a SendGrid key', pattern: /\bSG\.([A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43})(?![A-Za-z0-9_-])/g, group: 1 },
  { what: 'a Telegram bot token', pattern: /\b[0-9]{8,10}:AA([A-Za-z0-9_-]{33})(?![A-Za-z0-9_-])/g, group: 1 },
  { what: 'an access token of this workspace', pattern: /\bllmos_([A-Za-z0-9]{27,64})\b/g, group: 1 },
  {
    what: 'a password in an address',
    pattern: /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:@/"'`<>]{1,64}:([^\s:@/"'`<>${}()*]{8,128})@[\w.-]+/gi,
    group: 1,
  },
  {
    what: 'what is assigned to the name of a key',
    pattern:
      /\b[\w-]{0,32}(?:api[_-]?key|secret[_-]?(?:access[_-]?)?key|access[_-]?token|auth[_-]?token|client[_-]?secret)["']?\s{0,4}(?::=|[:=])\s{0,4}["']?([A-Za-z0-9_+/=.-]{24,200})(?![A-Za-z0-9_+/=.(-])/gi,
    group: 1,
  },
];

/** Text that is only there to show where a key goes. */
const placeholder =
  /example|sample|placeholder|your[_-]?|my[_-]?key|change[_-]?me|dummy|fake|redacted|xxxx|\.\.\.|0000|1234567|abcdefg|process\.env|os\.environ|getenv/i;

/**
 * The first key that a text seems to hold, or null. `path` is only for what a name tells. `hash` stands for everything in the text
 * that looks like one: when a person says that it is none (`files.notSecret`), that holds until something else looks like one.
 */
export function looksSecret(path: string, text: string): Secret | null {
  let first: { at: number; what: string } | null = null;
  const found = new Set<string>();
  for (const { at, what, value } of findSecrets(text)) {
    // a private key is all that follows its first line
    found.add(value ?? text.slice(at, at + 400));
    if (!first || at < first.at) first = { at, what };
  }
  if (!first && isKeyFile(path) && /^[A-Za-z0-9+/=\s]{200,}$/.test(text)) {
    first = { at: 0, what: 'a private key' };
    found.add(text);
  }
  if (!first) return null;
  const hash = encodeHexLowerCase(sha256(new TextEncoder().encode(JSON.stringify([...found].sort()))));
  return { line: lineAt(text, first.at), what: first.what, hash };
}

/** The text with everything that looks like a key taken out, for models, traces and whoever reads along (RU9). */
export function hideSecrets(text: string): string {
  const ranges: { from: number; to: number; what: string }[] = [];
  const endOf = endsOfPrivateKeys(text);
  let keysTo = 0;
  for (const { at, what, value, length } of findSecrets(text)) {
    if (value === null) {
      if (at < keysTo) continue; // inside of the one before
      ranges.push({ from: at, to: (keysTo = endOf(at + length)), what });
      continue;
    }
    const from = text.indexOf(value, at);
    ranges.push({ from, to: from + value.length, what });
  }
  if (ranges.length === 0) return text;
  let [shown, end] = ['', 0];
  for (const { from, to, what } of ranges.sort((a, b) => a.from - b.from)) {
    if (from >= end) shown += `${text.slice(end, from)}[hidden: ${what}]`;
    end = Math.max(end, to);
  }
  return shown + text.slice(end);
}

function* findSecrets(text: string): Generator<{ at: number; length: number; what: string; value: string | null }> {
  for (const { what, pattern, group } of formats) {
    for (const match of text.matchAll(pattern)) {
      const value = group === undefined ? null : (match.slice(group).find((part) => part !== undefined) ?? match[0]);
      if (value !== null && (placeholder.test(value) || !isRandom(value))) continue;
      yield { at: match.index, length: match[0].length, what, value };
    }
  }
}

/**
 * Its last line, or where what looks like its body ends. To be asked in the order of the text, so that however many keys begin in it,
 * no part of it is looked through more than once.
 */
function endsOfPrivateKeys(text: string): (from: number) => number {
  const end = /-----END [A-Z0-9 ]{0,40}-----/g;
  const body = /(?:[A-Za-z0-9+/=:,\s-]|\\[rn])*/y;
  let next: { from: number; to: number } | null = { from: -1, to: 0 };
  return (from) => {
    if (next && next.from < from) {
      end.lastIndex = from;
      const found = end.exec(text);
      next = found && { from: found.index, to: end.lastIndex };
    }
    if (next && next.from - from < 20_000) return next.to;
    body.lastIndex = from;
    return from + (body.exec(text)?.[0].length ?? 0);
  };
}

const isKeyFile = (path: string) => /(?:^|\/)(?:id_(?:rsa|dsa|ecdsa|ed25519)|[^/]+\.(?:pem|p12|pfx))$/i.test(path);

/** At least 3 bits a character: words, repetitions and counted-up letters have fewer or are only letters of one kind. */
function isRandom(value: string): boolean {
  const counts = new Map<string, number>();
  for (const character of value) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / value.length) * Math.log2(count / value.length);
  const kinds = [/[a-z]/, /[A-Z]/, /[0-9]/].filter((kind) => kind.test(value)).length;
  return bits >= Math.min(3, Math.log2(value.length) * 0.75) && kinds >= 2;
}

function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line++;
  return line;
}
