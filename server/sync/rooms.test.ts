import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';
import { openTestDatabase } from '../platform/testDatabase.ts';
import { faces, joinRoom, newFile, startRooms, until, type TestRooms } from './testRooms.ts';

let database: Awaited<ReturnType<typeof openTestDatabase>>;
let world: TestRooms;
const guests: { leave: () => void }[] = [];
const join = (...args: Parameters<typeof joinRoom>) => {
  const guest = joinRoom(...args);
  guests.push(guest);
  return guest;
};

beforeAll(async () => {
  database = await openTestDatabase(inject('postgresUrl'));
  world = await startRooms({ databaseUrl: database.url });
});
afterEach(() => {
  for (const guest of guests.splice(0)) guest.leave();
});
afterAll(async () => {
  await world.stop();
  await database.close();
});

function fileWith(text: string): string {
  const fileId = newFile();
  world.texts.set(fileId, text);
  return fileId;
}

test('two stock providers write together', async () => {
  const fileId = fileWith('hello');
  const ada = join({ url: world.url, fileId, person: 'ada' });
  const ben = join({ url: world.url, fileId, person: 'ben' });
  await Promise.all([ada.synced(), ben.synced()]);
  expect(ada.text.toString()).toBe('hello');
  ada.text.insert(5, ' wörld 😀');
  await until(() => ben.text.toString() === 'hello wörld 😀');
  ben.text.delete(0, 1);
  ben.text.insert(0, 'H');
  await until(() => ada.text.toString() === 'Hello wörld 😀');
  expect(await world.rooms.read(fileId)).toBe('Hello wörld 😀');
  const window = await world.rooms.window(fileId);
  expect(window).toMatchObject({ before: 'hello', after: 'Hello wörld 😀' });
  expect(await world.rooms.pending()).toContainEqual({
    fileId,
    people: expect.arrayContaining([faces.ada.id, faces.ben.id]),
  });
});
