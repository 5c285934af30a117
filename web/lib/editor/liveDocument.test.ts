import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WebSocket as NodeSocket } from 'ws';
import { LiveDocument } from './liveDocument.ts';
import { openTestRoom } from './testRoom.ts';

const me = { id: 'p1', login: 'ada', name: 'Ada', colour: 6 };
let room: Awaited<ReturnType<typeof openTestRoom>>;
let now = 0;
const opened: LiveDocument[] = [];

beforeEach(async () => {
  room = await openTestRoom({ text: 'one two\n' });
  now = 0;
});
afterEach(async () => {
  for (const live of opened.splice(0)) live.close();
  await room.close();
});

function open({ role = 'editor' as 'editor' | 'viewer', epoch = 3, origin = room.origin } = {}) {
  const live = new LiveDocument({
    file: { id: 'f1', epoch, role, sync: { url: '/sync', room: 'f1' } },
    me,
    origin,
    now: () => now,
    WebSocket: NodeSocket as unknown as typeof WebSocket,
  });
  opened.push(live);
  void live.open({ offlineCopy: false });
  return live;
}
const type = (live: LiveDocument, at: number, words: string) =>
  live.doc.transact(() => live.text.insert(at, words), live.typing);
const shape = (live: LiveDocument, name: string) => live.lights.find((light) => light.name === name)!.shape;
const until = (holds: () => boolean) => vi.waitFor(() => expect(holds()).toBe(true), { timeout: 5_000, interval: 5 });

test('[SY7] it speaks to the file with its epoch and asks for acknowledgements', async () => {
  const live = open();
  await until(() => live.loaded && live.provider.synced);
  expect(live.text.toString()).toBe('one two\n');
  expect(room.urls[0]).toMatch(/^\/sync\/f1\?(?=.*epoch=3)(?=.*ack=1)/);
  expect(shape(live, 'Server')).toBe('done');
});

test('[SY7] what is typed is unsent until the server says that it is durable', async () => {
  const live = open();
  await until(() => live.provider.synced);
  room.hold();
  type(live, 0, 'zero ');
  type(live, 0, 'more ');
  expect(live.unsent).toBe(2);
  expect(shape(live, 'Server')).toBe('busy');
  now += 5_000;
  expect(shape(live, 'Server')).toBe('late');
  await until(() => room.text.toString() === 'more zero one two\n'); // arrived, but not confirmed: still not lit
  expect(live.unsent).toBe(2);
  now += 55_000;
  expect(shape(live, 'Server')).toBe('stop');
  expect(live.base).toBe('one two\n');
  room.letGo();
  await until(() => live.unsent === 0);
  expect(shape(live, 'Server')).toBe('done');
  expect(live.base).toBeNull();
});

test('[SY8] words typed without a connection arrive once, after it is back', async () => {
  const live = open();
  await until(() => live.provider.synced);
  room.end(1013);
  await until(() => shape(live, 'Server') !== 'done');
  for (const word of ['a', 'b', 'c']) type(live, 0, word);
  room.text.insert(room.text.length, 'theirs\n');
  expect(live.unsent).toBe(3);
  room.allow();
  live.reconnect();
  await until(() => live.unsent === 0);
  expect(room.text.toString()).toBe('cbaone two\ntheirs\n');
  expect(live.text.toString()).toBe(room.text.toString());
});

test('[SY2] a server that dies before it confirmed gets the same words again, and has them once', async () => {
  const live = open();
  await until(() => live.provider.synced);
  room.hold();
  type(live, 0, 'zero ');
  await until(() => room.text.toString().startsWith('zero'));
  room.drop();
  await until(() => shape(live, 'Server') === 'busy' && room.urls.length > 1);
  room.letGo();
  await until(() => live.unsent === 0);
  expect(room.text.toString()).toBe('zero one two\n');
});

test('[SY5] another epoch is final: nothing is sent any more, and the text to merge from is kept', async () => {
  const live = open();
  await until(() => live.provider.synced);
  room.hold();
  type(live, 0, 'mine ');
  room.end(4410);
  await until(() => live.ending !== null);
  expect(live.ending).toMatchObject({ code: 4410, offer: 'merge' });
  expect(shape(live, 'Server')).toBe('stop');
  const tries = room.urls.length;
  type(live, 0, 'more ');
  live.reconnect();
  await new Promise((done) => setTimeout(done, 600));
  expect(room.urls.length).toBe(tries);
  expect(live.base).toBe('one two\n');
  expect(live.text.toString()).toBe('more mine one two\n');
});

test('a code from 4400 to 4499 is a last word: it ends the trying and says what it means', async () => {
  await Promise.all(
    [4400, 4401, 4403, 4404, 4413].map(async (code) => {
      const other = await openTestRoom();
      other.end(code);
      const live = open({ origin: other.origin });
      await until(() => live.ending?.code === code);
      expect(live.ending!.title).not.toBe('');
      const tries = other.urls.length;
      await new Promise((done) => setTimeout(done, 600));
      expect(other.urls.length).toBe(tries);
      live.close();
      await other.close();
    }),
  );
});

test('a code that means later is tried again', async () => {
  await Promise.all(
    [4509, 4529, 1013, 1011].map(async (code) => {
      const other = await openTestRoom({ text: 'there' });
      other.end(code);
      const live = open({ origin: other.origin });
      await until(() => other.urls.length >= 2);
      expect(live.ending).toBeNull();
      other.allow();
      await until(() => live.provider.synced);
      expect(live.text.toString()).toBe('there');
      live.close();
      await other.close();
    }),
  );
});

test('[SY9] undo takes back what I typed, not what came from elsewhere', async () => {
  const live = open();
  await until(() => live.provider.synced);
  type(live, 0, 'mine ');
  await until(() => room.text.toString() === 'mine one two\n');
  room.text.insert(0, 'theirs ');
  await until(() => live.text.toString() === 'theirs mine one two\n');
  live.undo.undo();
  expect(live.text.toString()).toBe('theirs one two\n');
  expect(live.rope.toString()).toBe(live.text.toString());
  await until(() => room.text.toString() === 'theirs one two\n');
});

test('[SY10] a reader has nothing unsent, and no light that claims so', async () => {
  const live = open({ role: 'viewer' });
  await until(() => live.provider.synced);
  expect(live.lights.map((light) => light.name)).toEqual(['Server', 'Commit']);
});
