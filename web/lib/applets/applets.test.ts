import fs from 'node:fs';
import { expect, test } from 'vitest';
import { fits, perform, type Outside } from './capabilities.ts';
import { createGrants, versionHash } from './grants.ts';
import { readAppletMessage } from './messages.ts';
import { readSource, readWants, wantWords } from './source.ts';

const outside = (more: Partial<Outside> = {}): Outside => ({
  list: async () => [
    { path: 'data/a.csv', kind: 'text' },
    { path: 'secret.md', kind: 'text' },
  ],
  read: async (path) => `text of ${path}`,
  python: async ({ code }) => ({ value: code }),
  device: null,
  ...more,
});
const wants = readWants(['read:data/*.csv', 'python']);
const ask = (method: string, value: unknown, more: Partial<Parameters<typeof perform>[0]> = {}) =>
  perform({ method, value, wants, allowed: async () => true, outside: outside(), ...more });

test('[AP2] an applet may ask only what its file declares, after the person allowed it', async () => {
  expect(await ask('readFile', { path: 'data/a.csv' })).toBe('text of data/a.csv');
  expect(await ask('listFiles', {})).toEqual(['data/a.csv']);
  expect(await ask('runPython', { code: '1', files: ['data/a.csv'] })).toEqual({ value: '1' });
  for (const [method, value] of [
    ['readFile', { path: 'secret.md' }],
    ['readFile', { path: 'data/../secret.md' }],
    ['readFile', { path: ['data/a.csv'] }],
    ['readFile', null],
    ['runPython', { code: '1', files: ['secret.md'] }],
    ['askDevice', { device: 'bench-1' }],
    ['constructor', {}],
    ['fetch', { path: 'data/a.csv' }],
  ] as const)
    await expect(ask(method, value)).rejects.toThrow();
  let read = 0;
  const counting = outside({ read: async () => String(++read) });
  await expect(
    ask('readFile', { path: 'data/a.csv' }, { allowed: async () => false, outside: counting }),
  ).rejects.toThrow('The person did not allow it.');
  expect(read).toBe(0);
  await expect(
    ask('readFile', { path: 'data/a.csv' }, { outside: outside({ read: async () => 'x'.repeat(300_000) }) }),
  ).rejects.toThrow('256 KiB');
});

test('[AP2] what was allowed belongs to exactly one version of one file, and to one person', async () => {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  };
  const one = await versionHash({ volume: 'v', path: 'a.tsx', text: 'x' });
  createGrants({ storage, login: 'ada' }).allow(one);
  expect(createGrants({ storage, login: 'ada' }).has(one)).toBe(true);
  expect(createGrants({ storage, login: 'ben' }).has(one)).toBe(false);
  for (const other of [
    { volume: 'v', path: 'a.tsx', text: 'y' },
    { volume: 'v', path: 'b.tsx', text: 'x' },
    { volume: 'w', path: 'a.tsx', text: 'x' },
  ])
    expect(createGrants({ storage, login: 'ada' }).has(await versionHash(other))).toBe(false);
});

test('[AP3] messages of an applet are checked; 256 KiB is the most', () => {
  expect(readAppletMessage({ t: 'call', id: 1, method: 'readFile', value: { path: 'a' } })).toMatchObject({
    t: 'call',
  });
  const loop: Record<string, unknown> = { t: 'submit' };
  loop['value'] = loop;
  for (const bad of [
    null,
    1,
    { t: 'x' },
    { t: 'call', id: 'a' },
    { t: 'painted', turn: 0.5 },
    { t: 'error', turn: 1, kind: 'other' },
    { t: 'submit', value: 'x'.repeat(300_000) },
    loop,
  ])
    expect(readAppletMessage(bad)).toBeNull();
  expect(readAppletMessage({ t: 'error', turn: 1, kind: 'render', message: 'x'.repeat(9000), line: -1 })).toMatchObject(
    {
      line: null,
      stack: '',
      painted: false,
    },
  );
});

test('[AP1] the applets of the original are read as modules, on the lines of their own source', () => {
  const folder = 'samples/llmos-original/applets';
  for (const file of fs.readdirSync(folder)) {
    const text = fs.readFileSync(`${folder}/${file}`, 'utf8');
    const source = readSource({ path: `applets/${file}`, text });
    expect(source).toMatchObject({ isOld: true, trouble: null, wants: { reads: [], python: false } });
    const own = (JSON.parse(text) as { code: string }).code.split('\n');
    expect(source.code!.split('\n').slice(1, own.length - 1)).toEqual(own.slice(1, -1));
  }
  expect(readSource({ path: 'a.app', text: '{' })).toMatchObject({ code: null, trouble: { line: 1 } });
});

test('[AP2] the first comment of a source declares what it asks', () => {
  const text = `/**\n * @name Tides\n * @description Shows tides\n * @capabilities read:data/*.csv, python, device:bench-1, read:../x, read:, else\n */\nexport default () => null;`;
  const source = readSource({ path: 'applets/tides.tsx', text });
  expect(source).toMatchObject({ name: 'Tides', wants: { reads: ['data/*.csv'], python: true, devices: ['bench-1'] } });
  expect(wantWords(source.wants)).toEqual(['read data/*.csv', 'run Python in this browser', 'ask bench-1']);
  expect(fits(['data/**'], 'data/x/y.csv')).toBe(true);
  expect(fits(['data/*'], 'data/x/y.csv')).toBe(false);
});

test('[AP3] a pattern costs as much as it is long, whatever an applet declares and asks', () => {
  const pattern = `${'**a'.repeat(60)}b`;
  expect(fits([pattern, '*a'.repeat(60)], 'a'.repeat(4000))).toBe(true);
  expect(fits([pattern], 'a'.repeat(4000))).toBe(false);
  expect(fits(['?'], 'a'.repeat(100_000))).toBe(false);
  expect(fits(['data/**/x.csv'], 'data/deep/er/x.csv')).toBe(true);
  expect(fits(['data/**/x.csv'], 'data/secretx.csv')).toBe(false);
});
