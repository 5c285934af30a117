import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { hideSecrets, looksSecret } from './secrets.ts';

// put together here, so that no scanner takes this file for a leak
const random = (length: number, alphabet = 'aZ3kQ9xW7mB2vN8cR5tY1pL6sD4fG0hJuEiOzXqAwSe') =>
  Array.from({ length }, (_, i) => alphabet[(i * 17 + ((i * i) % 7)) % alphabet.length]).join('');
const upper = (length: number) => random(length, 'Q7ZKXW2MBVN5CRTYPL6SDFGHJUEA3OI4');
const keys: Record<string, string> = {
  'an AWS access key': `AKIA${upper(16)}`,
  'a GitHub token': `ghp_${random(36)}`,
  'a GitLab token': `glpat-${random(20)}`,
  'a Slack token': `xoxb-17653672481-19874698323-${random(24)}`,
  'a Slack address that anybody may post to': `https://hooks.slack.com/services/T0AB12CD3/B0AB12CD3/${random(24)}`,
  'an OpenAI key': `sk-proj-${random(48)}`,
  'an OpenRouter key': `sk-or-v1-${random(64, '3a9f0c7b5e1d8246')}`,
  'an Anthropic key': `sk-ant-api03-${random(93)}`,
  'a Google API key': `AIza${random(35)}`,
  'a Stripe key': `sk_live_${random(24)}`,
  'an npm token': `npm_${random(36)}`,
  'a Hugging Face token': `hf_${random(34)}`,
  'an access token of this workspace': `llmos_${random(32, 'a3kq9xw7mb2vn5crtyplsdfghjuei4z6')}`,
  'a password in an address': `postgres://app:${random(14)}@db.internal:5432/app`,
  'what is assigned to the name of a key': `API_KEY = "${random(32)}"`,
  'a private key': `-----BEGIN OPENSSH PRIVATE KEY-----\n${random(64)}\n-----END OPENSSH PRIVATE KEY-----`,
};

for (const [what, key] of Object.entries(keys)) {
  test(`[GI1] ${what} is noticed, with its line`, () => {
    expect(looksSecret('notes.md', `# Notes\n\nuse ${key} for it\n`)).toMatchObject({ line: 3, what });
    expect(looksSecret('notes.md', key)).toMatchObject({ line: 1, what });
  });
}

test('[GI1] a key inside JSON with escaped line breaks is noticed', () => {
  expect(
    looksSecret(
      'account.json',
      `{ "private_key": "-----BEGIN PRIVATE KEY-----\\n${random(64)}\\n-----END PRIVATE KEY-----\\n" }`,
    ),
  ).toMatchObject({ line: 1 });
});

test('[GI1] the first of several is told', () => {
  expect(looksSecret('a', `x\n${keys['a Stripe key']}\n${keys['an AWS access key']}`)).toMatchObject({
    line: 2,
    what: 'a Stripe key',
  });
});

test('[GI1] what was judged has a hash: the same while nothing else looks like a key', () => {
  const hash = (text: string) => looksSecret('a', text)?.hash;
  const [one, other] = [keys['a Stripe key']!, keys['an npm token']!];
  expect(hash(`a ${one} b`)).toBe(hash(`typed more\n${one}\nand more, ${one}`));
  expect(hash(`${one} ${other}`)).toBe(hash(`${other}, ${one}`));
  expect(hash(one)).not.toBe(hash(`${one} ${other}`));
});

test('[GI1] what only shows where a key goes is none', () => {
  for (const text of [
    'AKIAIOSFODNN7EXAMPLE',
    'API_KEY=your-api-key-goes-here-123456',
    'api_key: process.env.OPENAI_API_KEY_FOR_THE_TEAM',
    'LLM_API_KEY=${LLM_API_KEY}',
    'sk-...',
    `ghp_${'x'.repeat(36)}`,
    'postgres://user:password@localhost/db',
    'postgres://user:${PASSWORD}@localhost/db',
    '-----BEGIN PRIVATE KEY-----\n...\n',
    'the header says -----BEGIN PRIVATE KEY----- and then',
    'client_secret: string',
    'api_key = get_the_key_from_the_environment()',
    'AUTH_TOKEN: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"',
    'https://example.org/a:b@c',
    'git@github.com:org/repo.git',
    'llmos_agent_definitions_and_skills',
    'access_token: the-token-of-the-person-who-asks',
    `oid: ${random(40, '0123456789abcdef')}`,
    'data:image/png;base64,' + random(400),
  ]) {
    expect(looksSecret('notes.md', text), text).toBeNull();
  }
});

test('[GI1] no file of the sample volume, and none of our own, is held back', () => {
  const root = path.join(import.meta.dirname, '..');
  let seen = 0;
  for (const folder of ['samples', 'system', 'docs']) {
    if (!fs.existsSync(path.join(root, folder))) continue;
    for (const entry of fs.readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      seen++;
      const file = path.join(entry.parentPath, entry.name);
      expect(looksSecret(file, fs.readFileSync(file, 'utf8')), file).toBeNull();
    }
  }
  expect(seen).toBeGreaterThan(60);
});

/** In microseconds, whatever else the machine does. A quadratic reading of these texts takes minutes. */
const mostProcessorTime = 2_000_000;

test('[GI1] judging a large text takes no noticeable time, also a hostile one', () => {
  const texts = [
    'a'.repeat(1_000_000),
    'api_key='.repeat(100_000),
    'api_key = '.padEnd(1_000_000, ' '),
    'x://'.repeat(250_000),
    'a-'.repeat(500_000),
    'a:'.repeat(500_000),
    '-----BEGIN PRIVATE KEY-----'.repeat(30_000),
    'xoxb-' + '1-'.repeat(400_000),
  ];
  for (const text of texts) {
    const start = process.cpuUsage();
    looksSecret('a', text);
    expect(process.cpuUsage(start).user, text.slice(0, 20)).toBeLessThan(mostProcessorTime);
  }
});

test('[RU9] [SY13] taking keys out of a hostile text takes no noticeable time', () => {
  const texts = [
    `-----BEGIN PRIVATE KEY-----${' '.repeat(1_000_000)}!`,
    `-----BEGIN PRIVATE KEY-----${'\\n'.repeat(500_000)}!`,
    `-----BEGIN PRIVATE KEY-----\n${'A'.repeat(24)}\n`.repeat(20_000),
    `-----BEGIN PRIVATE KEY-----\\x${'A'.repeat(24)}\n`.repeat(20_000),
  ];
  for (const text of texts) {
    const start = process.cpuUsage();
    looksSecret('a', text);
    hideSecrets(text);
    expect(process.cpuUsage(start).user, text.slice(0, 60)).toBeLessThan(mostProcessorTime);
  }
});

test('[RU9] of several private keys each is hidden to its own last line, one without a last line to where its body ends', () => {
  const body = random(64);
  const whole = `-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----`;
  const text = `a\n${whole}\nb\n${whole.replaceAll('\n', '\\n')} c\n-----BEGIN EC PRIVATE KEY-----\n${body}\n(d)`;
  const hidden = '[hidden: a private key]';
  expect(hideSecrets(text)).toBe(`a\n${hidden}\nb\n${hidden} c\n${hidden}(d)`);
  expect(hideSecrets(`${whole}${'. '.repeat(15_000)}${whole} z`)).toBe(`${hidden}${'. '.repeat(15_000)}${hidden} z`);
});
