import { expect, test } from 'vitest';
import { describeProblems, readConfig } from './config.ts';

const read = (environment: Record<string, string>) => readConfig(environment, '/srv/llmos');
const config = (environment: Record<string, string>) => {
  const result = read(environment);
  if ('problems' in result) throw new Error(describeProblems(result.problems));
  return result.config;
};
const problems = (environment: Record<string, string>) => {
  const result = read(environment);
  return 'problems' in result ? result.problems : [];
};

test('without any variable everything has a value that works on this machine alone', () => {
  expect(config({})).toMatchObject({
    port: 3000,
    host: '127.0.0.1',
    origin: null,
    dataDir: '/srv/llmos/data',
    databaseUrl: null,
    tls: null,
    secure: false,
    insecure: false,
    exposed: false,
    signUp: null,
    embeddings: 'local',
    logLevel: 'info',
    rateLimits: true,
    checkpoint: { quietMs: 30_000, latestMs: 300_000 },
  });
});

test('an empty variable is one that is not set', () => {
  expect(config({ PORT: '', DATABASE_URL: '', ORIGIN: ' ' })).toEqual(config({}));
});

test('all problems are told together, each with its variable, its rule and what it got', () => {
  const told = problems({
    PORT: 'abc',
    ORIGIN: 'https://llmos.example/path',
    TLS_CERT: '/nowhere/cert.pem',
    LOG_LEVEL: 'loud',
    GITHUB_CLIENT_ID: 'id',
    ALLOWED_HOSTS: 'localhost:11434, ht!tp',
    EMBEDDINGS: 'cloud',
  });
  expect(told.map(({ variable }) => variable).sort()).toEqual([
    'ALLOWED_HOSTS',
    'EMBEDDINGS',
    'GITHUB_CLIENT_SECRET',
    'LOG_LEVEL',
    'ORIGIN',
    'PORT',
    'TLS_CERT',
    'TLS_KEY',
  ]);
  const text = describeProblems(told);
  expect(text).toContain('8 settings are wrong');
  expect(text).toContain('PORT must be a whole number from 0 to 65535. Got: "abc".');
  expect(text).toContain('TLS_CERT must be a file that can be read. Got: "/nowhere/cert.pem".');
  expect(text).toContain('TLS_KEY must be set together with TLS_CERT. Got: nothing.');
});

test('a secret is shown by its length only', () => {
  const text = describeProblems(problems({ SECRET_KEY: 'hunter2', DATABASE_URL: 'mysql://root:hunter2@db' }));
  expect(text).not.toContain('hunter2');
  expect(text).toContain('SECRET_KEY must have at least 32 characters. Got: 7 characters.');
  expect(text).toContain('Got: 23 characters.');
});

test('other machines are let in over plain http only by somebody who says so', () => {
  expect(problems({ HOST: '0.0.0.0' })[0]?.rule).toContain('INSECURE_HTTP=1');
  expect(config({ HOST: '0.0.0.0', INSECURE_HTTP: '1' })).toMatchObject({
    exposed: true,
    secure: false,
    insecure: true,
  });
  expect(config({ HOST: '0.0.0.0', TLS: 'self-signed' })).toMatchObject({
    exposed: true,
    secure: true,
    insecure: false,
    tls: { kind: 'self-signed' },
  });
  expect(config({ HOST: '0.0.0.0', ORIGIN: 'https://llmos.example' })).toMatchObject({
    exposed: true,
    secure: true,
    origin: 'https://llmos.example',
  });
});

test('relative paths start from the working directory, and files must be readable', () => {
  expect(config({ DATA_DIR: 'elsewhere' }).dataDir).toBe('/srv/llmos/elsewhere');
  expect(problems({ TLS_CERT: 'cert.pem', TLS_KEY: 'key.pem' }).map(({ variable }) => variable)).toEqual([
    'TLS_CERT',
    'TLS_KEY',
  ]);
});

test('a provider for everybody needs an address', () => {
  expect(problems({ LLM_API_KEY: 'sk-1234' })).toEqual([
    { variable: 'LLM_BASE_URL', rule: 'must be set together with LLM_API_KEY', got: 'nothing' },
  ]);
  expect(config({ LLM_BASE_URL: 'http://localhost:11434/v1/', LLM_MODEL: 'qwen3' }).llm).toEqual({
    baseUrl: 'http://localhost:11434/v1',
    apiKey: null,
    model: 'qwen3',
  });
});
