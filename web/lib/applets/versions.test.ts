// What an applet may is decided by the version that runs, not by the text that is in the editor by now. Frames and the compiler are not
// real here; in a browser the stories try them.
import { beforeEach, expect, test, vi } from 'vitest';
import type { FromApplet, ToApplet } from '#shared/sandbox.ts';
import { Applet } from './applet.svelte.ts';
import { versionHash } from './grants.ts';

type Port = { onmessage: ((event: { data: unknown }) => void) | null; heard: ToApplet[]; removed: boolean };
const frames: Port[] = [];
vi.mock('#lib/sandbox.ts', () => ({
  createMeter: () => () => 'little',
  openFrame: async () => {
    const mine: Port = { onmessage: null, heard: [], removed: false };
    frames.push(mine);
    return {
      port: Object.assign(mine, { postMessage: (message: ToApplet) => mine.heard.push(message) }),
      element: {},
      alive: () => undefined,
      remove: () => (mine.removed = true),
    };
  },
}));
vi.mock('./compile.ts', () => ({
  compileApplet: async (code: string) =>
    code.includes('BROKEN') ? { ok: false, message: 'no', line: 1 } : { ok: true, code, css: '' },
}));

const place = { volume: 'team/lab', path: 'applets/a.tsx' };
const textOf = (body: string, ...capabilities: string[]) =>
  `/* @capabilities ${capabilities.join(', ')} */\nexport default () => null; // ${body}\n`;
const allowed = new Set<string>();
const read: string[] = [];
let applet: Applet;
let id = 0;
beforeEach(() => {
  frames.length = 0;
  read.length = 0;
  allowed.clear();
  applet = new Applet({
    into: {} as HTMLElement,
    ...place,
    dark: false,
    grants: { has: (hash) => allowed.has(hash), allow: (hash) => void allowed.add(hash) },
    outside: { list: async () => [], read: async (path) => (read.push(path), 'text'), python: null, device: null },
  });
});
async function ask(frame: Port, path: string): Promise<ToApplet | null> {
  const call: FromApplet = { t: 'call', id: ++id, method: 'readFile', value: { path } };
  const mine = id;
  frame.onmessage?.({ data: call });
  for (let i = 0; i < 20; i++) await new Promise((done) => setTimeout(done, 1));
  return frame.heard.find((message) => message.t === 'answer' && message.id === mine) ?? null;
}
const allow = async (text: string) => void allowed.add(await versionHash({ ...place, text }));

test('[AP2] a text that declares more gives nothing to the version that still runs, also when it does not compile', async () => {
  const first = textOf('one', 'read:data/*');
  await allow(first);
  await applet.run(first);
  expect(await ask(frames[0]!, 'data/a.csv')).toMatchObject({ value: 'text' });
  await applet.run(textOf('BROKEN', 'read:**'));
  expect(await ask(frames[0]!, 'secret/plan.md')).toMatchObject({ error: expect.stringMatching(/did not declare/) });
  const compiling = applet.run(textOf('two', 'read:**'));
  expect(await ask(frames[0]!, 'secret/plan.md')).not.toMatchObject({ value: 'text' });
  await compiling;
  expect(read).toEqual(['data/a.csv']);
});

test('[AP2] what another version left running asks for nothing under a version that is allowed', async () => {
  const good = textOf('good', 'read:data/*');
  await allow(good);
  await applet.run(textOf('evil', 'read:data/*'));
  await applet.run(good);
  expect(frames[0]!.removed, 'no code of the other version shares its realm').toBe(true);
  expect(await ask(frames[0]!, 'data/a.csv')).toBeNull();
  expect(await ask(frames.at(-1)!, 'data/a.csv')).toMatchObject({ value: 'text' });
  expect(read).toEqual(['data/a.csv']);
});

test('[AP1] what asks for nothing goes on in its frame while it is typed', async () => {
  await applet.run(textOf('one'));
  await applet.run(textOf('two'));
  expect(frames).toHaveLength(1);
  expect(frames[0]!.heard.filter(({ t }) => t === 'run')).toHaveLength(2);
});
