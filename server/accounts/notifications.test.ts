import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Notification } from '#shared/api.ts';
import { openTestServer, type TestServer } from './testServer.ts';

type Somebody = Awaited<ReturnType<TestServer['addPerson']>>;
type Page = { notifications: Notification[]; unread: number; cursor: string | null };
let server: TestServer;
let ada: Somebody;
let ben: Somebody;
beforeAll(async () => {
  server = await openTestServer();
  ada = await server.addPerson('ada', { name: 'Ada Okafor' });
  ben = await server.addPerson('ben');
});
afterAll(() => server.close());

const read = async (who: Somebody, cursor?: string) =>
  (await who.call<Page>(`GET /me/notifications${cursor ? `?cursor=${encodeURIComponent(cursor)}` : ''}`)).body;

test('whoever is concerned hears of it, not the one who did it, and who is there at once', async () => {
  const pushed: unknown[] = [];
  const stop = server.accounts.notifications.onNotified((news) => pushed.push(news));
  await server.accounts.notify({
    to: [ada.id, ben.id, ben.id],
    kind: 'review.reverted',
    text: 'Ada Okafor reverted your edit of plan.md.',
    volume: 'team/lab',
    path: 'plan.md',
    oid: 'a'.repeat(40),
    by: ada.id,
  });
  stop();
  const { notifications, unread, cursor } = await read(ben);
  expect(notifications).toEqual([
    {
      id: expect.any(String),
      run: null,
      kind: 'review.reverted',
      text: 'Ada Okafor reverted your edit of plan.md.',
      volume: 'team/lab',
      path: 'plan.md',
      oid: 'a'.repeat(40),
      by: { id: ada.id, login: 'ada', name: 'Ada Okafor', colour: 1 },
      at: new Date(server.time.now).toISOString(),
      read: false,
    },
  ]);
  expect([unread, cursor]).toEqual([1, null]);
  expect(pushed).toEqual([{ personId: ben.id, notification: notifications[0] }]);
  expect((await read(ada)).notifications).toEqual([]);
});

test('pages go from newest to oldest, each once, also when many came at the same moment', async () => {
  const cem = await server.addPerson('cem');
  for (let n = 0; n < 120; n++) {
    if (n % 40 === 0) server.time.now += 1000;
    await server.accounts.notify({ to: [cem.id], kind: 'test', text: `${n}` });
  }
  const seen: Notification[] = [];
  let cursor: string | null = null;
  const sizes: number[] = [];
  do {
    const page: Page = await read(cem, cursor ?? undefined);
    seen.push(...page.notifications);
    sizes.push(page.notifications.length);
    cursor = page.cursor;
  } while (cursor);
  expect(sizes).toEqual([50, 50, 20]);
  expect(new Set(seen.map(({ id }) => id)).size).toBe(120);
  expect(seen.map(({ at }) => at)).toEqual(
    seen
      .map(({ at }) => at)
      .sort()
      .reverse(),
  );
});

test("reading marks mine, some or all, nobody else's", async () => {
  await server.accounts.notify({ to: [ada.id, ben.id], kind: 'test', text: 'one' });
  await server.accounts.notify({ to: [ada.id, ben.id], kind: 'test', text: 'two' });
  const mine = (await read(ada)).notifications;
  const bens = (await read(ben)).notifications;
  await ada.call('POST /me/notifications/read', { ids: [mine[0]!.id, bens[0]!.id, 'nonsense'] });
  expect((await read(ada)).notifications.map((n) => n.read)).toEqual([true, false]);
  expect((await read(ben)).unread).toBe(3);
  await ada.call('POST /me/notifications/read', {});
  expect((await read(ada)).unread).toBe(0);
  server.time.now += 91 * 24 * 60 * 60 * 1000;
  await server.accounts.tidy();
  const [left] = await Promise.all([
    server.accounts.notifications.list({ personId: ada.id, cursor: undefined }),
    server.accounts.notifications.list({ personId: ben.id, cursor: undefined }),
  ]);
  expect(left.notifications).toEqual([]);
  expect((await server.accounts.notifications.list({ personId: ben.id, cursor: undefined })).unread).toBe(3);
});

test.each(['x', '1_2', '99999999999999999999_a', `1_${'z'.repeat(36)}`, "1_'; drop table"])(
  'hostile cursor: %s',
  async (cursor) => {
    const dora = await server.addPerson(`d${Math.random().toString(36).slice(2, 8)}`);
    expect((await dora.call(`GET /me/notifications?cursor=${encodeURIComponent(cursor)}`)).status).toBe(400);
  },
);
