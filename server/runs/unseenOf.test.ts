import crypto from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { openTestDatabase } from '../platform/testDatabase.ts';
import { createRunStore, type RunStore } from './runStore.ts';
import { runCommits, runs } from './tables.ts';
import { headOf } from './testLoop.ts';

let database: Awaited<ReturnType<typeof openTestDatabase>>;
let store: RunStore;
const [volumeId, person, fileId] = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()];
let position = 0;
beforeAll(async () => {
  database = await openTestDatabase(inject('postgresUrl'));
  store = createRunStore(database);
  await database.execute(sql`insert into volumes (id, name, kind) values (${volumeId}, 'team/lab', 'team')`);
});
afterAll(() => database.close());

async function commit(kind: string, { author = person as string | null, run = null as string | null } = {}) {
  const oid = (++position).toString(16).padStart(40, '0');
  await database.execute(sql`insert into commits (volume_id, oid, position, author, author_name, author_email, message, kind, group_id, at)
    values (${volumeId}, ${oid}, ${position}, ${author}, 'x', 'x', 'm', ${kind}, ${crypto.randomUUID()}, now())`);
  await database.execute(
    sql`insert into commit_files (volume_id, position, file_id, path) values (${volumeId}, ${position}, ${fileId}, 'a.md')`,
  );
  if (run) await database.insert(runCommits).values({ runId: run, volumeId, oid, at: new Date() });
}
async function addRun(goal: string, tainted: boolean): Promise<string> {
  const id = crypto.randomUUID();
  const actor = { login: 'ada', scopes: null, onlyVolume: null, tokenId: null };
  const request = { agent: null, skills: [], paths: [], model: null, budget: {} };
  await database.insert(runs).values({
    id, volumeId, personId: person, actor, request, head: headOf({ id, goal }), private: false, rootId: id,
    browserOf: person, status: 'done', tainted, createdAt: new Date(),
  }); // prettier-ignore
  return id;
}
const unseen = () => store.unseenOf({ volumeId, fileIds: [fileId, crypto.randomUUID()] });

test('[RU8] what a tainted run wrote is seen once a person has worked on the file, not once another run, an import or the server has', async () => {
  const [clean, dirty, later] = [await addRun('clean', false), await addRun('dirty', true), await addRun('later', false)];
  await commit('create', { run: clean });
  expect(await unseen()).toBeNull();
  await commit('save', { run: dirty });
  expect(await unseen()).toBe('dirty');
  await commit('save', { run: later });
  await commit('import');
  await commit('upgrade', { author: null });
  expect(await unseen()).toBe('dirty');
  await commit('pause');
  expect(await unseen()).toBeNull();
  await commit('save', { run: dirty });
  expect(await unseen()).toBe('dirty');
  expect(await store.unseenOf({ volumeId: crypto.randomUUID(), fileIds: [fileId] })).toBeNull();
  expect(await store.unseenOf({ volumeId, fileIds: [] })).toBeNull();
}); // prettier-ignore
