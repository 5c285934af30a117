import crypto from 'node:crypto';
import { afterAll, beforeEach, expect, inject, test } from 'vitest';
import { sql } from 'drizzle-orm';
import type { Commit } from '#shared/api.ts';
import type { Actor } from '#shared/permissions.ts';
import { openTestDatabase } from '../platform/testDatabase.ts';
import { openReviews } from './reviews.ts';

const database = await openTestDatabase(inject('postgresUrl'));
afterAll(() => database.close());

const [ada, ben, cyd] = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()];
const volumeId = crypto.randomUUID();
const oid = (n: number) => n.toString(16).padStart(40, '0');
const actor = (personId: string): Actor => ({
  personId,
  login: 'x',
  isAdmin: false,
  scopes: null,
  onlyVolume: null,
  sessionId: 's',
  tokenId: null,
});
let news: { oids: string[] }[] = [];
const reviews = openReviews({
  database,
  volumesToReview: async () => [{ id: volumeId, name: 'team/lab' }],
  commits: async ({ oids }) => oids.map((oid) => ({ oid }) as Commit),
  reviewed: (told) => news.push(told),
});
const waitingFor = async (personId: string, unseen: 'nobody' | 'me' = 'nobody') => {
  const { items, total } = await reviews.inbox({ actor: actor(personId), unseen, cursor: null });
  return { oids: items.flatMap((item) => item.commits.map((commit) => commit.oid)), total };
};

beforeEach(async () => {
  news = [];
  await database.execute(sql`delete from reviews`);
  await database.execute(sql`delete from volumes`);
  await database.execute(sql`insert into volumes (id, name, kind) values (${volumeId}, 'team/lab', 'team')`);
  const commit = (n: number, author: string | null, kind: string, undoes: string | null = null) =>
    database.execute(sql`insert into commits (volume_id, oid, position, author, author_name, author_email, message, kind, group_id, undoes, at)
      values (${volumeId}, ${oid(n)}, ${n}, ${author}, 'x', 'x', 'x', ${kind}, ${crypto.randomUUID()}, ${undoes}, now() + ${n} * interval '1 second')`);
  await commit(1, null, 'sample');
  await commit(2, ada, 'pause');
  await commit(3, ben, 'pause');
  await commit(4, ada, 'pause');
});

test('[RV3] the inbox lists what others landed and nobody reviewed, newest first', async () => {
  expect(await waitingFor(ben)).toEqual({ oids: [oid(4), oid(2)], total: 2 });
  expect(await waitingFor(ada)).toEqual({ oids: [oid(3)], total: 1 });
});

test('[RV3] approving takes a commit out of every inbox and tells who wrote it', async () => {
  await reviews.approve({ volumeId, oids: [oid(2)], personId: ben });
  expect((await waitingFor(ben)).oids).toEqual([oid(4)]);
  expect((await reviews.states({ volumeId, oids: [oid(2), oid(4)] })).get(oid(2))).toMatchObject({
    verdict: 'approved',
    by: ben,
  });
  expect(news).toEqual([{ volumeId, oids: [oid(2)], verdict: 'approved', by: ben, authors: [ada] }]);
});

test('[RV3] what another approved is still new to me until I looked at it myself, and says who approved', async () => {
  await reviews.approve({ volumeId, oids: [oid(2)], personId: ben });
  expect(await waitingFor(cyd)).toEqual({ oids: [oid(4), oid(3)], total: 2 });
  expect(await waitingFor(cyd, 'me')).toEqual({ oids: [oid(4), oid(3), oid(2)], total: 3 });
  expect((await reviews.inbox({ actor: actor(cyd), unseen: 'nobody', cursor: null })).totals).toEqual({
    nobody: 2,
    me: 3,
  });
  expect(await waitingFor(ben, 'me')).toEqual({ oids: [oid(4)], total: 1 });
  await reviews.approve({ volumeId, oids: [oid(2)], personId: cyd });
  expect((await waitingFor(cyd, 'me')).oids).toEqual([oid(4), oid(3)]);
  expect((await reviews.states({ volumeId, oids: [oid(2)] })).get(oid(2))).toMatchObject({
    verdict: 'approved',
    by: ben,
    approvedBy: [ben, cyd],
  });
});

test('[RV3] an approval is taken back by who gave it; what another said stays', async () => {
  await reviews.approve({ volumeId, oids: [oid(2)], personId: ben });
  await reviews.approve({ volumeId, oids: [oid(2)], personId: cyd });
  news.length = 0;
  await reviews.withdraw({ volumeId, oids: [oid(2), oid(4)], personId: ben });
  expect(news).toEqual([{ volumeId, oids: [oid(2)], verdict: 'withdrawn', by: ben, authors: [] }]);
  expect((await waitingFor(ben, 'me')).oids).toEqual([oid(4), oid(2)]);
  expect((await waitingFor(ben)).oids).toEqual([oid(4)]);
  await reviews.withdraw({ volumeId, oids: [oid(2)], personId: cyd });
  expect((await waitingFor(ben)).oids).toEqual([oid(4), oid(2)]);
  await reviews.reverted({ volumeId, oid: oid(4), personId: ada });
  await reviews.withdraw({ volumeId, oids: [oid(4)], personId: ada });
  expect((await waitingFor(ben)).oids).toEqual([oid(2)]);
});

test('[RV3] nobody approves their own, and an unknown version is not there', async () => {
  await expect(reviews.approve({ volumeId, oids: [oid(3)], personId: ben })).rejects.toMatchObject({
    code: 'forbidden',
  });
  await expect(reviews.approve({ volumeId, oids: [oid(9)], personId: ben })).rejects.toMatchObject({
    code: 'not-found',
  });
  expect(news).toEqual([]);
});

test('[RV3] a reverted commit waits for nobody, and reverted is the word that counts', async () => {
  await reviews.approve({ volumeId, oids: [oid(4)], personId: ben });
  await reviews.reverted({ volumeId, oid: oid(4), personId: ada });
  expect((await waitingFor(ben)).oids).toEqual([oid(2)]);
  expect((await reviews.states({ volumeId, oids: [oid(4)] })).get(oid(4))).toMatchObject({
    verdict: 'reverted',
    by: ada,
  });
});

test('[RV3] a revert that is undone leaves what was said before: it waits again, and an approval holds', async () => {
  await reviews.approve({ volumeId, oids: [oid(4)], personId: ben });
  await reviews.reverted({ volumeId, oid: oid(4), personId: ada });
  await reviews.reverted({ volumeId, oid: oid(2), personId: ada });
  news.length = 0;
  await reviews.redone({ volumeId, oid: oid(4), personId: ada });
  await reviews.redone({ volumeId, oid: oid(2), personId: ada });
  await reviews.redone({ volumeId, oid: oid(1), personId: ada }); // was never undone: nothing to tell
  expect((await reviews.states({ volumeId, oids: [oid(4)] })).get(oid(4))).toMatchObject({
    verdict: 'approved',
    by: ben,
  });
  expect((await waitingFor(ben)).oids).toEqual([oid(2)]);
  expect(news.map((told) => told.oids)).toEqual([[oid(4)], [oid(2)]]);
});

test('the inbox pages without gaps', async () => {
  for (let n = 10; n < 130; n++) {
    await database.execute(sql`insert into commits (volume_id, oid, position, author, author_name, author_email, message, kind, group_id, at)
      values (${volumeId}, ${oid(n)}, ${n}, ${ada}, 'x', 'x', 'x', 'pause', ${crypto.randomUUID()}, date_trunc('hour', now()))`);
  }
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof reviews.inbox>> = await reviews.inbox({
      actor: actor(ben),
      unseen: 'nobody',
      cursor,
    });
    seen.push(...page.items.flatMap((item) => item.commits.map((commit) => commit.oid)));
    cursor = page.cursor;
  } while (cursor);
  expect(new Set(seen).size).toBe(122);
  expect(seen.length).toBe(122);
});

test('[RU8] a file that was imported is told as such until somebody has reviewed the import', async () => {
  const fileId = crypto.randomUUID();
  await database.execute(sql`insert into commits (volume_id, oid, position, author, author_name, author_email, message, kind, group_id, at)
    values (${volumeId}, ${oid(9)}, 9, ${ada}, 'x', 'x', 'Import of x.zip', 'import', ${crypto.randomUUID()}, now())`);
  await database.execute(
    sql`insert into commit_files (volume_id, position, file_id, path) values (${volumeId}, 9, ${fileId}, 'a.md')`,
  );
  expect(await reviews.unreviewedImport({ volumeId, fileIds: [fileId] })).toBe('Import of x.zip');
  expect(await reviews.unreviewedImport({ volumeId, fileIds: [crypto.randomUUID()] })).toBeNull();
  await reviews.approve({ volumeId, oids: [oid(9)], personId: ben });
  expect(await reviews.unreviewedImport({ volumeId, fileIds: [fileId] })).toBeNull();
});
