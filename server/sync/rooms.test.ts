import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import * as Y from 'yjs';
import { contentRoot } from '#shared/room.ts';
import { openTestDatabase } from '../platform/testDatabase.ts';
import { awarenessMessage, openSocket, syncMessage, textOf, updateOf } from './testFrames.ts';
import { faces, joinRoom, newFile, pause, startRooms, until, type Person, type TestRooms } from './testRooms.ts';

let database: Awaited<ReturnType<typeof openTestDatabase>>;
let world: TestRooms;
const guests: { leave: () => void }[] = [];

const join = (fileId: string, person: Person, params: Record<string, string> = {}, doc = new Y.Doc()) => {
  const guest = joinRoom({ url: world.url, fileId, person, params, doc });
  guests.push(guest);
  return guest;
};
const socketOf = (fileId: string, query: string) => {
  const socket = openSocket(`${world.url}/${fileId}?${query}`);
  guests.push({ leave: socket.end });
  return socket;
};
function fileWith(text: string): string {
  const fileId = newFile();
  world.texts.set(fileId, text);
  return fileId;
}
async function restart(limits = {}) {
  const { texts } = world;
  await world.stop();
  world = await startRooms({ databaseUrl: database.url, limits: { idleRoom: 50, ...limits } });
  for (const [fileId, text] of texts) world.texts.set(fileId, text);
}
/** Nobody can append while the work runs. */
async function withLogStuck(work: () => Promise<void>) {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query('begin');
  await client.query('lock table room_updates in share mode');
  try {
    await work();
  } finally {
    await client.query('commit');
    await client.end();
  }
}
const rowsOfLog = async (): Promise<number[]> => {
  const { rows } = await database.$client.query<{ counts: number[] }>(
    'select array[(select count(*) from rooms), (select count(*) from room_updates), (select count(*) from room_clients)]::int[] as counts',
  );
  return rows[0]!.counts;
};
const acknowledged = (socket: ReturnType<typeof openSocket>) => socket.ofType(100).at(-1)?.[1] ?? 0;

beforeAll(async () => {
  database = await openTestDatabase(inject('postgresUrl'));
  world = await startRooms({ databaseUrl: database.url, limits: { idleRoom: 50 } });
});
afterEach(() => {
  for (const guest of guests.splice(0)) guest.leave();
  Object.assign(world.rights, { ada: 'write', ben: 'write', eve: 'write', vic: 'read' });
});
afterAll(async () => {
  await world.stop();
  await database.close();
});

describe('durability', () => {
  test('[SY1] an update is durable before it is broadcast or acknowledged', async () => {
    const fileId = fileWith('');
    const [ada, ben] = [join(fileId, 'ada'), join(fileId, 'ben')];
    await Promise.all([ada.synced(), ben.synced()]);
    const eve = socketOf(fileId, 'token=eve&ack=1');
    await until(() => eve.heard.length > 0);
    await withLogStuck(async () => {
      ada.text.insert(0, 'seen by nobody yet');
      eve.send(syncMessage(2, updateOf([[9, 0, [textOf('x')]]])));
      await pause(200);
      expect(ben.text.toString()).toBe('');
      expect(acknowledged(eve)).toBe(0);
    });
    await until(() => ben.text.length === 19 && acknowledged(eve) === 1);
  });

  test('[SY1] message 100 counts what is durable, in order, and never past a gap', async () => {
    const fileId = fileWith('');
    const eve = socketOf(fileId, 'token=eve&ack=1');
    await until(() => eve.heard.length > 0);
    eve.send(syncMessage(1, Uint8Array.of(0, 0)));
    await until(() => acknowledged(eve) === 1);
    eve.send(syncMessage(2, updateOf([[9, 0, [textOf('a')]]])));
    await until(() => acknowledged(eve) === 2);
    eve.send(syncMessage(2, updateOf([[9, 2, [textOf('c', { left: [9, 1] })]]]))); // 3: waits for 5
    eve.send(syncMessage(2, updateOf([[8, 0, [textOf('z')]]]))); // 4
    await pause(100);
    expect(acknowledged(eve)).toBe(2);
    eve.send(syncMessage(2, updateOf([[9, 1, [textOf('b', { left: [9, 0] })]]]))); // 5
    await until(() => acknowledged(eve) === 5);
    expect(await world.rooms.read(fileId)).toContain('abc');
    const quiet = socketOf(fileId, 'token=eve');
    await until(() => quiet.heard.length > 0);
    quiet.send(syncMessage(2, updateOf([[7, 0, [textOf('q')]]])));
    await pause(50);
    expect(quiet.ofType(100)).toEqual([]);
  });

  test('[SY1] what is known is acknowledged only when it is durable', async () => {
    const fileId = fileWith('');
    const [first, second] = [socketOf(fileId, 'token=eve&ack=1'), socketOf(fileId, 'token=eve&ack=1')];
    await until(() => first.heard.length > 0 && second.heard.length > 0);
    const update = syncMessage(2, updateOf([[9, 0, [textOf('twice')]]]));
    const next = syncMessage(2, updateOf([[9, 5, [textOf(' more', { left: [9, 4] })]]]));
    await withLogStuck(async () => {
      first.send(update); // on its way to the log
      await pause(50);
      first.send(next); // waits for the next flush
      await pause(50);
      second.send(update);
      second.send(next);
      second.send(syncMessage(1, Uint8Array.of(0, 0)));
      await pause(100);
      expect(acknowledged(second)).toBe(0);
    });
    await until(() => acknowledged(second) === 3);
    expect(await world.rooms.read(fileId)).toBe('twice more');
  });

  test('[SY2] one flush is one row for each person', async () => {
    const fileId = fileWith('');
    const people = [join(fileId, 'ada'), join(fileId, 'ben')];
    await Promise.all(people.map((person) => person.synced()));
    await withLogStuck(async () => {
      for (const { text } of people) text.insert(0, 'first ');
      await pause(50); // these are in a flush that waits
      for (const { text } of [...people, ...people]) text.insert(0, 'more ');
      await pause(50);
    });
    await until(() => people[0]!.text.length === 32 && people[0]!.text.toString() === people[1]!.text.toString());
    const { rows } = await database.$client.query(
      'select seq, person from room_updates join rooms on room = no where file_id = $1 order by seq',
      [fileId],
    );
    expect(rows.length).toBeLessThanOrEqual(4);
    expect(new Set(rows.map((row) => row.person))).toEqual(new Set([faces.ada.id, faces.ben.id]));
    expect(world.edited.filter((edit) => edit.fileId === fileId).length).toBe(rows.length);
  });
});

describe('beginnings', () => {
  test('[SY3] a room whose first text cannot be read is refused, and opens later', async () => {
    const fileId = newFile();
    expect((await refusalOf(fileId)).status).toBe(404);
    world.texts.set(fileId, 'now it is there');
    const ada = join(fileId, 'ada');
    await ada.synced();
    expect(ada.text.toString()).toBe('now it is there');
  });

  test('[SY3] a log that cannot be read is a refusal, not an empty document', async () => {
    const fileId = fileWith('precious');
    const ada = join(fileId, 'ada');
    await ada.synced();
    ada.text.insert(0, 'most ');
    await world.rooms.read(fileId);
    ada.leave();
    await restart();
    await database.$client.query('alter table room_updates rename to away');
    expect((await refusalOf(fileId)).status).toBe(503);
    await database.$client.query('alter table away rename to room_updates');
    const ben = join(fileId, 'ben');
    await ben.synced();
    expect(ben.text.toString()).toBe('most precious');
  });

  test('[SY4] many who open a new file at once seed it once', async () => {
    const fileId = fileWith('once\n');
    const all = Array.from({ length: 20 }, (_, i) => join(fileId, i % 2 ? 'ada' : 'ben'));
    await Promise.all(all.map((guest) => guest.synced()));
    for (const guest of all) expect(guest.text.toString()).toBe('once\n');
  });

  test('[SY4] nothing re-seeds a file that has a log', async () => {
    const fileId = fileWith('from git');
    const ada = join(fileId, 'ada');
    await ada.synced();
    ada.text.delete(0, 8);
    await world.rooms.read(fileId);
    ada.leave();
    await restart();
    world.texts.set(fileId, 'another version');
    const ben = join(fileId, 'ben');
    await ben.synced();
    expect(ben.text.toString()).toBe('');
    await expect(world.rooms.seed({ fileId, text: 'again', person: null })).rejects.toMatchObject({ code: 'conflict' });
  });

  test('[SY4] a first text that is made anew, after a backup from before the room, is nothing new to who has it', async () => {
    const fileId = fileWith('the last version\n');
    const ada = join(fileId, 'ada');
    await ada.synced();
    ada.text.insert(0, 'typed on ');
    await until(async () => (await world.rooms.read(fileId)) === 'typed on the last version\n');
    ada.provider.disconnect();
    await world.rooms.remove([fileId]);
    await restart();
    const again = join(fileId, 'ada', {}, ada.doc);
    await again.synced();
    await until(async () => (await world.rooms.read(fileId)) !== 'the last version\n');
    expect(await world.rooms.read(fileId)).toBe('typed on the last version\n');
    expect(again.text.toString()).toBe('typed on the last version\n');
    expect(again.closes).toEqual([]);
  });

  test('[SY4] a new file is seeded by its maker, whose words it then holds', async () => {
    const fileId = newFile();
    await world.rooms.seed({ fileId, text: 'new file\n', person: faces.ada.id });
    expect(await world.rooms.window(fileId)).toMatchObject({
      before: '',
      after: 'new file\n',
      layers: [{ person: faces.ada.id }],
    });
    const ben = join(fileId, 'ben');
    await ben.synced();
    expect(ben.text.toString()).toBe('new file\n');
  });
});

describe('epochs', () => {
  test('[SY5] a client of another epoch is told 4410 and sends nothing', async () => {
    const fileId = fileWith('text');
    const stale = join(fileId, 'ada', { epoch: '7' });
    await until(() => stale.closes.length > 0);
    expect(stale.closes[0]).toBe(4410);
    const current = join(fileId, 'ada', { epoch: '1' });
    await current.synced();
    expect(await world.rooms.epoch(fileId)).toBe(1);
  });

  test('[SY5] a renewal ends everybody with 4410 and begins again with the given text', async () => {
    const fileId = fileWith('old text');
    const [ada, ben] = [join(fileId, 'ada', { epoch: '1' }), join(fileId, 'ben')];
    await Promise.all([ada.synced(), ben.synced()]);
    ada.text.insert(0, 'words of the old epoch ');
    await until(() => ben.text.length === 31);
    world.texts.set(fileId, 'restored');
    await world.rooms.renew({ fileId, text: () => 'restored' });
    await until(() => ada.closes.includes(4410) && ben.closes.includes(4410));
    expect(await world.rooms.epoch(fileId)).toBe(2);
    expect(await world.rooms.read(fileId)).toBe('restored');
    expect(await world.rooms.window(fileId)).toBeNull(); // it is the text of the last version
    const again = join(fileId, 'ada', { epoch: '1' }, ada.doc);
    await until(() => again.closes.length > 0);
    expect(again.closes).toEqual([4410]);
    const eve = join(fileId, 'eve', { epoch: '2' });
    await eve.synced();
    expect(eve.text.toString()).toBe('restored');
  });

  test('[SY5] who says no epoch and brings an old one is told 4410, also who writes while it is renewed', async () => {
    const fileId = fileWith('old text');
    const [ada, ben, eve] = [join(fileId, 'ada'), join(fileId, 'ben'), join(fileId, 'eve')];
    await Promise.all([ada.synced(), ben.synced(), eve.synced()]);
    eve.text.insert(0, 'seen ');
    await until(() => ben.text.toString() === 'seen old text');
    eve.provider.disconnect();
    eve.text.insert(0, 'offline ');
    let renewing: Promise<void> | undefined;
    await withLogStuck(async () => {
      ada.text.insert(0, 'on its way ');
      renewing = world.rooms.renew({ fileId, text: (now) => now.replace('old text', 'new text') });
      for (let i = 0; ada.closes.length === 0; i++) {
        ada.text.insert(0, `${i} `); // until it is not taken any more; the provider comes back at once, with all of it
        await pause(5);
      }
      expect(ada.closes[0]).toBe(1013);
    });
    await renewing;
    await until(() => ada.closes.includes(4410) && ben.closes.includes(4410));
    eve.provider.connect();
    await until(() => eve.closes.includes(4410));
    const text = (await world.rooms.read(fileId))!;
    expect(text).toMatch(/^(\d+ )*(on its way )?seen new text$/); // what was taken is in it, once, and nothing else
    for (const guest of [ada, ben, eve]) expect(guest.text.toString()).toMatch(/seen old text$/); // kept as it was
    await restart();
    const again = join(fileId, 'ben', {}, ben.doc);
    await until(() => again.closes.includes(4410));
    const fresh = join(fileId, 'ada');
    fresh.text.insert(0, 'typed at once, ');
    await until(async () => (await world.rooms.read(fileId))!.includes('typed at once, '));
    await fresh.synced();
    expect(fresh.text.toString()).toHaveLength(text.length + 'typed at once, '.length);
  });

  test("[SY5] nothing is brought over by a deletion in another epoch's text alone", async () => {
    const fileId = fileWith('old text');
    const ada = join(fileId, 'ada');
    await ada.synced();
    await world.rooms.renew({ fileId, text: () => 'new text' });
    const [client] = [...Y.decodeStateVector(Y.encodeStateVector(ada.doc)).keys()];
    const socket = socketOf(fileId, 'token=ada');
    await socket.opened;
    socket.send(syncMessage(2, updateOf([], [[client!, [[0, 3]]]])));
    await until(() => socket.code !== null);
    expect(socket.code).toBe(4410);
    expect(await world.rooms.read(fileId)).toBe('new text');
  });
});

describe('programs', () => {
  test('[SY6] a merge changes only what it must: a cursor stays at its word', async () => {
    const fileId = fileWith('one two three\nfour five six\n');
    const ada = join(fileId, 'ada');
    await ada.synced();
    const cursor = Y.createRelativePositionFromTypeIndex(ada.text, 'one two three\nfour '.length);
    ada.text.insert(0, 'ADA ');
    await until(async () => (await world.rooms.read(fileId))!.startsWith('ADA'));
    const result = await world.rooms.edit({
      fileId,
      person: faces.ben.id,
      change: { kind: 'merge', base: 'one two three\nfour five six\n', theirs: 'one 2 three\nfour five six\nseven\n' },
    });
    expect(result).toMatchObject({ after: 'ADA one 2 three\nfour five six\nseven\n', overlaps: [], changed: true });
    await until(() => ada.text.toString() === result.after);
    expect(Y.createAbsolutePositionFromRelativePosition(cursor, ada.doc)!.index).toBe('ADA one 2 three\nfour '.length);
    const window = await world.rooms.window(fileId);
    expect(window!.layers.map((layer) => layer.person)).toEqual([faces.ada.id, faces.ben.id]);
  });

  test('[SY6] words that clash stay, and are anchored in the living text', async () => {
    const fileId = fileWith('the quick fox\n');
    const ada = join(fileId, 'ada');
    await ada.synced();
    ada.text.delete(4, 5);
    ada.text.insert(4, 'slow');
    await until(async () => (await world.rooms.read(fileId)) === 'the slow fox\n');
    const change = { kind: 'merge', base: 'the quick fox\n', theirs: 'the fast fox\n' } as const;
    const preview = await world.rooms.edit({ fileId, person: faces.ben.id, change, preview: true });
    expect(preview).toMatchObject({ before: 'the slow fox\n', after: 'the slow fox\n', changed: false });
    const { overlaps } = await world.rooms.edit({ fileId, person: faces.ben.id, change });
    expect(overlaps).toMatchObject([{ ours: 'slow', theirs: 'fast' }]);
    ada.text.insert(0, 'behold, ');
    await until(async () => (await world.rooms.read(fileId))!.startsWith('behold'));
    const result = await world.rooms.edit({
      fileId,
      person: faces.ben.id,
      change: { kind: 'replace', from: overlaps[0]!.from, to: overlaps[0]!.to, text: 'fast' },
    });
    expect(result.after).toBe('behold, the fast fox\n');
  });

  test('[SY11] an agent is seen in the file it writes in, by name, with its caret, and leaves when it is done', async () => {
    const fileId = fileWith('one two\nthree\n');
    const ada = join(fileId, 'ada');
    await ada.synced();
    const { caret } = await world.rooms.edit({
      fileId,
      person: faces.ben.id,
      change: { kind: 'merge', base: 'one two\nthree\n', theirs: 'one 2 two\nthree\n' },
    });
    const face = { id: 'agent:r1', login: 'ben', name: 'Coder for BEN', colour: 2 };
    const agents = () =>
      [...ada.provider.awareness.getStates().values()].filter(({ user }) => user?.id === face.id) as {
        user: typeof face;
        cursor: { head: object };
      }[];
    world.rooms.showAgent({ fileId, agent: 'r1', face, caret });
    await until(() => agents().length === 1 && ada.text.toString().includes('2'));
    const head = Y.createRelativePositionFromJSON(agents()[0]!.cursor.head);
    expect(Y.createAbsolutePositionFromRelativePosition(head, ada.doc)!.index).toBe('one 2 '.length);
    expect(agents()[0]!.user).toEqual(face);
    const late = join(fileId, 'vic');
    await until(() => [...late.provider.awareness.getStates().values()].some(({ user }) => user?.id === face.id));
    world.rooms.hideAgent('r1');
    await until(() => agents().length === 0);
  });

  test('[SY6] a preview changes nothing; edits at once do not undo each other', async () => {
    const fileId = fileWith('a\nb\nc\n');
    const preview = await world.rooms.edit({
      fileId,
      person: null,
      change: { kind: 'merge', base: 'a\nb\nc\n', theirs: 'a\nB\nc\n' },
      preview: true,
    });
    expect(preview).toMatchObject({ before: 'a\nb\nc\n', after: 'a\nB\nc\n', changed: true });
    expect(await world.rooms.read(fileId)).toBe('a\nb\nc\n');
    await Promise.all(
      ['x', 'y', 'z'].map((word, i) =>
        world.rooms
          .edit({
            fileId,
            person: faces.ada.id,
            change: { kind: 'merge', base: 'a\nb\nc\n', theirs: ['x\nb\nc\n', 'a\ny\nc\n', 'a\nb\nz\n'][i]! },
          })
          .then(() => word),
      ),
    );
    expect(await world.rooms.read(fileId)).toBe('x\ny\nz\n');
  });

  test('[GI3] compaction never passes what is in a version, and then folds all of it', async () => {
    await restart({ compactRows: 5, compactBytes: 1 << 20 });
    const fileId = fileWith('base\n');
    const ada = join(fileId, 'ada');
    await ada.synced();
    const type = async (letter: string) => {
      for (let i = 0; i < 10; i++) {
        ada.text.insert(0, letter);
        await world.rooms.read(fileId);
      }
    };
    await type('a');
    const first = await world.rooms.window(fileId);
    expect(first).toMatchObject({ before: 'base\n', after: 'aaaaaaaaaabase\n' });
    await type('b');
    await database.execute(world.rooms.markCommitted([{ fileId, upto: first!.upto }]));
    await until(() => world.rooms.statistics().compactions === 1);
    const stored = async () =>
      (
        await database.$client.query(
          'select upto::int, committed::int, (select count(*)::int from room_updates where room = no) as rows from rooms where file_id = $1',
          [fileId],
        )
      ).rows[0];
    // two letters may share a flush and so a row; what matters is that the rows after the version are all still there
    expect(await stored()).toMatchObject({
      upto: first!.upto,
      committed: first!.upto,
      rows: expect.toSatisfy((rows) => rows > 5),
    });
    const second = await world.rooms.window(fileId);
    expect(second).toMatchObject({
      before: 'aaaaaaaaaabase\n',
      after: 'bbbbbbbbbbaaaaaaaaaabase\n',
      layers: [{ person: faces.ada.id }],
    });
    const ben = join(fileId, 'ben');
    await ben.synced();
    expect(ben.text.toString()).toBe(second!.after);
    ben.provider.disconnect();
    ben.text.insert(0, 'offline ');
    ada.text.insert(0, 'online ');
    ben.provider.connect(); // knows all of the blob: gets its deletions and the log
    await until(() => ben.text.toString() === ada.text.toString() && ben.text.length === 40);
    const third = await world.rooms.window(fileId);
    await database.execute(world.rooms.markCommitted([{ fileId, upto: third!.upto }]));
    await until(() => world.rooms.statistics().compactions === 2);
    expect(await world.rooms.window(fileId)).toBeNull();
    expect(await world.rooms.pending()).not.toContainEqual(expect.objectContaining({ fileId }));
    await restart();
    const eve = join(fileId, 'eve');
    await eve.synced();
    expect(eve.text.toString()).toBe(third!.after);
  });
});

describe('rights', () => {
  test('[SY10] a reader sees and is seen; what they write is dropped, and they are told', async () => {
    const fileId = fileWith('hello world');
    const ada = join(fileId, 'ada');
    await ada.synced();
    ada.text.delete(0, 6); // a reader repeats this deletion when it comes: nothing new
    await world.rooms.read(fileId);
    const vic = socketOf(fileId, 'token=vic&ack=1');
    await until(() => vic.heard.length > 0);
    const { stateVector, state } = {
      stateVector: Y.encodeStateVector(ada.doc),
      state: Y.encodeStateAsUpdate(ada.doc, Y.encodeStateVector(ada.doc)),
    };
    vic.send(syncMessage(0, stateVector));
    vic.send(syncMessage(1, state));
    await until(() => acknowledged(vic) === 1);
    vic.send(syncMessage(2, updateOf([[9, 0, [textOf('vandal')]]])));
    await until(() => vic.ofType(2).length === 1);
    expect(vic.ofType(2)[0]!.toString()).toContain('not change it');
    vic.send(awarenessMessage([[9, 1, JSON.stringify({ cursor: null })]]));
    await until(() => ada.provider.awareness.getStates().has(9));
    expect(vic.code).toBeNull();
    expect(acknowledged(vic)).toBe(1);
    expect(await world.rooms.read(fileId)).toBe('world');
  });

  test("[SY10] a reader's deletion is dropped too", async () => {
    const fileId = fileWith('hello world');
    const vic = join(fileId, 'vic');
    await vic.synced();
    vic.provider.disconnect();
    vic.text.delete(0, 6);
    vic.provider.connect();
    await vic.synced();
    vic.text.insert(0, 'x');
    await pause(100);
    expect(await world.rooms.read(fileId)).toBe('hello world');
  });

  test('[SY10] a sign-in that merely ends closes its connections within a look', async () => {
    await restart({ recheck: 50 });
    const fileId = fileWith('');
    const [ada, ben] = [join(fileId, 'ada'), join(fileId, 'ben')];
    await Promise.all([ada.synced(), ben.synced()]);
    world.rights.ben = 'not-found'; // and nobody says so
    await until(() => ben.closes.length > 0, 2000);
    expect([ben.closes, ada.closes]).toEqual([[4404], []]);
    await restart();
  });

  test('[SY10] a file that is removed for good ends for everybody, and nothing typed in it is kept', async () => {
    const [fileId, other] = [fileWith('gone'), fileWith('stays')];
    const [ada, ben] = [join(fileId, 'ada'), join(other, 'ben')];
    await Promise.all([ada.synced(), ben.synced()]);
    ada.text.insert(0, 'typed, ');
    ben.text.insert(0, 'it ');
    await until(async () => (await world.rooms.read(fileId)) === 'typed, gone');
    const before = await rowsOfLog();
    world.texts.delete(fileId);
    await world.rooms.remove([fileId, newFile()]);
    await until(() => ada.closes.length > 0, 2000);
    expect(ada.closes[0]).toBe(4404);
    expect(await world.rooms.read(fileId)).toBeNull();
    expect(await world.rooms.read(other)).toBe('it stays');
    const after = await rowsOfLog();
    expect(before.map((count, i) => count - after[i]!)).toEqual([1, 2, 2]); // the room; its first text and what was typed; who did
  });

  test('[SY10] a file that is removed for good while somebody opens it stays away, with all that was in it', async () => {
    const fileId = newFile();
    let answer: (text: string) => void;
    world.texts.set(fileId, new Promise((resolve) => (answer = resolve)));
    const before = await rowsOfLog();
    const socket = socketOf(fileId, 'token=ada');
    await until(() => world.asked.includes(fileId));
    const removed = world.rooms.remove([fileId]);
    await Promise.race([removed, pause(200)]); // whoever does not wait for the room is through by then
    answer!('the last version');
    await removed;
    await socket.opened;
    expect([socket.status, await rowsOfLog()]).toEqual([404, before]);
    world.texts.set(fileId, 'the last version'); // its row goes a little later
    expect((await refusalOf(fileId)).status).toBe(404);
    expect(await rowsOfLog()).toEqual(before);
  });

  test('[SY10] what could not be removed can be opened as before, and be removed later', async () => {
    const fileId = fileWith('still here');
    await database.$client.query('alter table room_clients rename to away');
    await expect(world.rooms.remove([fileId])).rejects.toThrow('room_clients');
    await database.$client.query('alter table away rename to room_clients');
    const ada = join(fileId, 'ada');
    await ada.synced();
    expect(ada.text.toString()).toBe('still here');
    await world.rooms.remove([fileId]);
    await until(() => ada.closes.length > 0);
    expect(ada.closes[0]).toBe(4404);
  });

  test('[SY10] whose role is taken away is out or reads only, at once', async () => {
    const fileId = fileWith('');
    const [ada, ben, eve] = [join(fileId, 'ada'), join(fileId, 'ben'), join(fileId, 'eve')];
    await Promise.all([ada.synced(), ben.synced(), eve.synced()]);
    Object.assign(world.rights, { ben: 'read', eve: 'not-found' });
    await world.rooms.recheck();
    await until(() => eve.closes.length > 0, 2000);
    expect(eve.closes).toEqual([4404]);
    ben.text.insert(0, 'no longer');
    ada.text.insert(0, 'still');
    await until(() => ben.text.toString().includes('still'));
    expect(await world.rooms.read(fileId)).toBe('still');
    expect(ben.closes).toEqual([]);
    world.rights.ben = 'write';
    await world.rooms.recheck(faces.ben.id);
    ben.provider.disconnect();
    ben.provider.connect();
    await until(() => ada.text.toString().includes('no longer'));
    expect((await refusalOf(fileId, 'eve')).status).toBe(404);
  });

  test('[SY14] a file that is gone for good ends with 4404', async () => {
    const fileId = fileWith('');
    const ada = join(fileId, 'ada');
    await ada.synced();
    world.rooms.close(fileId);
    await until(() => ada.closes.length > 0);
    expect(ada.closes).toEqual([4404]);
  });
});

describe('identity', () => {
  test('[SY11] nobody writes under a client id of somebody else, also after a restart', async () => {
    const fileId = fileWith('');
    const ada = join(fileId, 'ada', {}, Object.assign(new Y.Doc(), { clientID: 77 }));
    await ada.synced();
    ada.text.insert(0, 'mine');
    await world.rooms.read(fileId);
    ada.leave();
    await restart();
    const eve = socketOf(fileId, 'token=eve');
    await until(() => eve.heard.length > 0);
    eve.send(syncMessage(2, updateOf([[77, 4, [textOf('EVIL', { left: [77, 3] })]]])));
    await until(() => eve.code !== null);
    expect(eve.code).toBe(4403);
    expect(await world.rooms.read(fileId)).toBe('mine');
  });

  test('[SY11] nobody writes under a client id of the server', async () => {
    const fileId = fileWith('seed');
    const ada = join(fileId, 'ada');
    await ada.synced();
    const [seeder] = [...ada.doc.store.clients.keys()];
    const eve = socketOf(fileId, 'token=eve');
    await until(() => eve.heard.length > 0);
    eve.send(syncMessage(2, updateOf([[seeder!, 4, [textOf('EVIL', { left: [seeder!, 3] })]]])));
    await until(() => eve.code !== null);
    expect(eve.code).toBe(4403);
  });

  test('[SY11] who somebody is comes from the socket; nobody speaks for another', async () => {
    const fileId = fileWith('');
    const [ada, ben] = [join(fileId, 'ada'), join(fileId, 'ben')];
    await Promise.all([ada.synced(), ben.synced()]);
    ada.provider.awareness.setLocalState({
      cursor: { anchor: 1 },
      user: { id: faces.ben.id, name: 'Somebody', color: 'url(evil)' },
    });
    const adaAtBens = () => ben.provider.awareness.getStates().get(ada.doc.clientID);
    await until(() => adaAtBens()?.['cursor']);
    expect(adaAtBens()).toEqual({ cursor: { anchor: 1 }, user: faces.ada });
    const eve = socketOf(fileId, 'token=eve');
    await until(() => eve.heard.length > 0);
    eve.send(awarenessMessage([[ada.doc.clientID, 1_000_000, JSON.stringify({ user: { name: 'EVIL' } })]]));
    eve.send(awarenessMessage([[ada.doc.clientID, 1_000_001, 'null']]));
    await pause(100);
    expect(adaAtBens()).toEqual({ cursor: { anchor: 1 }, user: faces.ada });
    expect(eve.code).toBeNull(); // a stock provider repeats what it heard of others
    expect(world.rooms.here(fileId)).toEqual(expect.arrayContaining([faces.ada, faces.ben, faces.eve]));
    ada.leave();
    await until(() => adaAtBens() === undefined);
  });

  test('[SY11] nobody is seen under a client id of somebody who wrote and is away', async () => {
    const fileId = fileWith('');
    const ben = join(fileId, 'ben');
    const ada = join(fileId, 'ada', {}, Object.assign(new Y.Doc(), { clientID: 78 }));
    await Promise.all([ben.synced(), ada.synced()]);
    ada.text.insert(0, 'mine');
    await until(() => ben.text.toString() === 'mine');
    ada.leave();
    const seen = () => ben.provider.awareness.getStates().get(78);
    await until(() => seen() === undefined);
    const eve = socketOf(fileId, 'token=eve');
    await until(() => eve.heard.length > 0);
    eve.send(awarenessMessage([[78, 1_000_000, '{"at":1}']]));
    eve.send(awarenessMessage([[79, 1, '{"at":2}']]));
    await until(() => ben.provider.awareness.getStates().get(79)?.['at'] === 2);
    expect(seen()).toBeUndefined();
  });

  test('[SY11] a person who comes back over another socket keeps their cursor', async () => {
    const fileId = fileWith('');
    const ben = join(fileId, 'ben');
    await ben.synced();
    const [first, second] = [socketOf(fileId, 'token=ada'), socketOf(fileId, 'token=ada')];
    await until(() => first.heard.length > 0 && second.heard.length > 0);
    first.send(awarenessMessage([[5, 1, '{"at":1}']]));
    await until(() => ben.provider.awareness.getStates().get(5)?.['at'] === 1);
    second.send(awarenessMessage([[5, 2, '{"at":2}']]));
    await until(() => ben.provider.awareness.getStates().get(5)?.['at'] === 2);
    first.end();
    await pause(100);
    expect(ben.provider.awareness.getStates().get(5)?.['at']).toBe(2);
  });

  test('[SY11] at most 64 new client ids of a person in a file and hour', async () => {
    const fileId = fileWith('');
    const eve = socketOf(fileId, 'token=eve&ack=1');
    await until(() => eve.heard.length > 0);
    for (let client = 1; client <= 64; client++) eve.send(syncMessage(2, updateOf([[client, 0, [textOf('x')]]])));
    await until(() => acknowledged(eve) === 64);
    eve.send(syncMessage(2, updateOf([[65, 0, [textOf('x')]]])));
    await until(() => eve.code !== null);
    expect(eve.code).toBe(4529);
    expect((await world.rooms.read(fileId))!.length).toBe(64);
  });
});

describe('limits', () => {
  test('[SY12] a reader that stops costs a bounded amount, and catches up with what it missed', async () => {
    await restart({ buffered: 256 << 10, bytesPerSecond: 1 << 30, messagesPerSecond: 1e6, document: 64 << 20 });
    const fileId = fileWith('');
    const [ada, ben] = [join(fileId, 'ada'), join(fileId, 'ben')];
    await Promise.all([ada.synced(), ben.synced()]);
    const slow = (ben.provider.ws as unknown as { _socket: { pause(): void; resume(): void } })._socket;
    slow.pause();
    const catchUps = world.rooms.statistics().catchUps;
    for (let i = 0; i < 60; i++) {
      ada.text.insert(ada.text.length, `${i} `.padEnd(100_000, 'x'));
      await world.rooms.read(fileId);
    }
    slow.resume();
    await until(() => ben.text.length === ada.text.length, 20_000);
    expect(ben.text.toString()).toBe(ada.text.toString());
    expect(world.rooms.statistics().catchUps).toBeGreaterThan(catchUps);
    expect(ben.closes).toEqual([]);
  });

  test('[SY13] a full document takes no more text, but deletions', async () => {
    await restart({ document: 20_000 });
    const fileId = fileWith('');
    const eve = socketOf(fileId, 'token=eve&ack=1');
    await until(() => eve.heard.length > 0);
    eve.send(syncMessage(2, updateOf([[9, 0, [textOf('x'.repeat(15_000))]]])));
    await until(() => acknowledged(eve) === 1);
    eve.send(syncMessage(2, updateOf([], [[9, [[0, 10_000]]]])));
    await until(() => acknowledged(eve) === 2);
    eve.send(syncMessage(2, updateOf([[9, 15_000, [textOf('y'.repeat(10_000), { left: [9, 14_999] })]]])));
    await until(() => eve.code !== null);
    expect(eve.code).toBe(4413);
    expect((await world.rooms.read(fileId))!.length).toBe(5000);
  });

  test('[SY13] sockets of a person and of a room are counted', async () => {
    await restart({ socketsPerPerson: 3, socketsPerRoom: 4 });
    const fileId = fileWith('');
    const eves = Array.from({ length: 3 }, () => socketOf(fileId, 'token=eve'));
    await until(() => eves.every((eve) => eve.heard.length > 0));
    expect((await refusalOf(fileId, 'eve')).status).toBe(429);
    const ada = socketOf(fileId, 'token=ada');
    await until(() => ada.heard.length > 0);
    expect((await refusalOf(fileId, 'ben')).status).toBe(429);
    eves[0]!.end();
    await until(() => world.rooms.statistics().connections === 3);
    const ben = socketOf(fileId, 'token=ben');
    await until(() => ben.heard.length > 0);
  });

  test('[SY8] a long offline session of 3 MB gets in', async () => {
    await restart();
    const fileId = fileWith('start ');
    const ada = join(fileId, 'ada');
    await ada.synced();
    ada.provider.disconnect();
    for (let i = 0; i < 300; i++) ada.text.insert(ada.text.length, 'offline '.repeat(1250));
    ada.provider.connect();
    const ben = join(fileId, 'ben');
    await until(() => ben.text.length === ada.text.length, 20_000);
    expect(ada.closes.filter((code) => code >= 4000)).toEqual([]);
  });

  test('[SY15] a room that nobody is in leaves memory', async () => {
    await restart();
    const fileId = fileWith('text');
    const ada = join(fileId, 'ada');
    await ada.synced();
    expect(world.rooms.statistics().rooms).toBe(1);
    ada.leave();
    await until(() => world.rooms.statistics().rooms === 0);
    expect(world.left).toContain(fileId);
    const doc = new Y.Doc();
    const again = join(fileId, 'ada', {}, doc);
    await again.synced();
    expect(doc.getText(contentRoot).toString()).toBe('text');
  });

  test('[SY2] several tabs of a person are several clients', async () => {
    const fileId = fileWith('');
    const tabs = [join(fileId, 'ada'), join(fileId, 'ada'), join(fileId, 'ada')];
    await Promise.all(tabs.map((tab) => tab.synced()));
    for (const [i, tab] of tabs.entries()) tab.text.insert(0, `tab ${i}\n`);
    await until(() => tabs.every((tab) => tab.text.length === 18 && tab.text.toString() === tabs[0]!.text.toString()));
    expect(world.rooms.here(fileId)).toEqual([faces.ada]);
    tabs[0]!.leave();
    await pause(50);
    expect(world.left).not.toContain(fileId);
  });
});

async function refusalOf(fileId: string, person: Person = 'ada') {
  const socket = openSocket(`${world.url}/${fileId}?token=${person}`);
  await socket.opened;
  await until(() => socket.status !== null);
  socket.end();
  return socket;
}
