import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Workspace } from '#lib/workspace/workspace.svelte.ts';
import { OpenFile } from './openFile.svelte.ts';
import { openTestRoom } from './testRoom.ts';

const me = { id: 'p1', login: 'ada', name: 'Ada', colour: 6 };
let room: Awaited<ReturnType<typeof openTestRoom>>;
let file: OpenFile;
beforeEach(async () => {
  room = await openTestRoom({ text: 'one two\n' });
  vi.stubGlobal('location', { origin: room.origin });
});
afterEach(async () => {
  file.live?.close();
  file.close();
  vi.unstubAllGlobals();
  await room.close();
});
const until = (holds: () => boolean) => vi.waitFor(() => expect(holds()).toBe(true), { timeout: 5_000, interval: 5 });

test('[SY5] the file is rebuilt while nothing of mine waits: what I type before the new one is here comes along', async () => {
  let epoch = 3;
  let answers = Promise.resolve();
  const told: string[] = [];
  const workspace = {
    async api(key: string) {
      await answers;
      return key.endsWith('conflicts')
        ? { conflicts: [] }
        : { id: 'f1', epoch, role: 'editor', path: 'a.md', sync: { url: '/sync', room: 'f1' }, deleted: null };
    },
    gone: new Map(),
    files: new Map(),
    toasts: {
      show: ({ text }: { text: string }) => told.push(text),
      fail: (error: unknown) => told.push(String(error)),
    },
  };
  file = new OpenFile({ fileId: 'f1', workspace: workspace as unknown as Workspace, me });
  await file.open();
  const stale = file.live!;
  await until(() => stale.provider.synced);

  epoch = 4;
  let answer = () => {};
  answers = new Promise((done) => (answer = done));
  room.end(4410);
  await until(() => stale.ending !== null && file.busy);
  stale.doc.transact(() => stale.text.insert(0, 'zero '), stale.typing); // the server is being asked
  room.text.insert(room.text.length, 'three\n');
  room.allow();
  answer();
  await until(() => file.live !== stale && room.text.toString() === 'zero one two\nthree\n');
  expect(file.live!.text.toString()).toBe(room.text.toString());
  expect(told).toEqual(['Your words are in the file.']);
});

test('[GI1] while the sentence of a version is written the server is told, until it is done', () => {
  const said: unknown[] = [];
  const workspace = { send: (message: unknown) => said.push(message) };
  file = new OpenFile({ fileId: 'f1', workspace: workspace as unknown as Workspace, me });
  file.writeSentence()(); // not known yet where the file is
  expect(said).toEqual([]);
  file.detail = { volume: 'team/lab' } as typeof file.detail;
  const done = file.writeSentence();
  expect(said).toEqual([{ type: 'saving', volume: 'team/lab', open: true }]);
  done();
  expect(said[1]).toEqual({ type: 'saving', volume: 'team/lab', open: false });
});
