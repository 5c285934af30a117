// What nobody's browser would send: a browser is trusted with nothing, neither one that looks nor the one that holds the board.
import path from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createDeviceStore } from './deviceStore.ts';
import { createRecordings } from './recordings.ts';
import { idOf, openTestHub, until, type TestHub } from './testHub.ts';

let hub: TestHub;
beforeAll(async () => {
  hub = await openTestHub({ postgresUrl: inject('postgresUrl') });
});
afterAll(async () => {
  await hub.close();
  expect(hub.errors).toEqual([]);
});
const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;

test('a message nested without end closes its own connection (4400), and the board goes on', async () => {
  const id = hub.board();
  const host = await hub.host('ada', id);
  const [ben, vic] = [await hub.viewer('ben', id), await hub.viewer('vic', id)];
  const epoch = await ben.drive();
  const command = `{"action":"x","deep":${deep(50_000)}}`;
  ben.socket.send(
    `{"type":"job","epoch":${epoch},"job":{"id":"deep","kind":"json","timeoutMs":0,"command":${command}}}`,
  );
  expect(await ben.closed).toBe(4400);
  expect(host.of('job')).toEqual([]);

  const dan = await hub.viewer('dan', id);
  dan.say({ type: 'ask' });
  await until(() => dan.state().lease?.holder.person.login === 'dan' || dan.state().queue.length > 0, 'dan comes next');
  host.socket.send(`{"type":"job-result","result":{"id":"one","ok":true,"text":"","json":${deep(50_000)}}}`);
  expect(await host.closed).toBe(4400);
  await until(() => vic.state().connection === 'offline', 'the board is offline');
});

test('[DE5] a command whose words are no words is a job as any other, and the board is free after it', async () => {
  const id = hub.board();
  const host = await hub.host('ada', id);
  const ben = await hub.viewer('ben', id);
  const epoch = await ben.drive();
  const odd = { toString: 1, valueOf: 1 };
  ben.say({
    type: 'job',
    epoch,
    job: { id: 'odd', kind: 'json', command: { cmd: odd, action: 'x'.repeat(100_000) }, timeoutMs: 0 },
  });
  await until(() => host.of('job').length === 1, 'the job');
  await until(() => ben.state().job !== null);
  expect(ben.state().job!.label.length).toBeLessThanOrEqual(200);
  host.say({ type: 'job-result', result: { id: 'odd', ok: true, text: '', json: { status: 'ok' } } });
  await until(() => ben.of('job-result').length === 1);
  ben.type('free', epoch);
  await until(() => host.typed.length === 1, 'the board is free');
});

test('[DE1] a browser that tells one thing after another is heard now and then, or ended; the marks stay few', async () => {
  const id = hub.board();
  const host = await hub.host('ada', id);
  const vic = await hub.viewer('vic', id);
  for (let i = 0; i < 1000; i++) host.say({ type: 'port-failed', of: 'signals', text: 'x'.repeat(2000) });
  host.print('and then?');
  await until(() => vic.bytes.toString() === 'and then?', 'its bytes still come');
  expect(vic.of('mark').length).toBeLessThan(250);
  for (let i = 0; i < 300; i++) host.say({ type: 'connection', connection: i % 2 ? 'online' : 'lost', why: 'loose' });
  expect(await host.closed).toBe(4529);
  await until(() => vic.state().connection === 'offline');
  expect(vic.of('mark').length).toBeLessThan(250);
});

test('[DE3] somebody who presses the stop without end stops the board once', async () => {
  const id = hub.board();
  const host = await hub.host('ada', id);
  const vic = await hub.viewer('vic', id);
  for (let i = 0; i < 150; i++) vic.say({ type: 'stop' });
  await until(() => vic.state().stop !== null);
  vic.say({ type: 'clear-stop' });
  await until(() => vic.state().stop === null);
  expect(host.of('stop')).toHaveLength(1);
  vic.say({ type: 'stop' });
  await until(() => host.of('stop').length === 2, 'a new stop counts at once');
});

test('a recording of many small things is full before its file is large', async () => {
  const id = hub.board();
  await hub.host('ada', id);
  let ended = 0;
  const recordings = createRecordings({ directory: path.join(hub.directory, 'recordings'), store: createDeviceStore(hub.database), clock: { now: Date.now }, failed: (error) => hub.errors.push(error) }); // prettier-ignore
  const by = { id: idOf('ada'), login: 'ada', name: 'ADA', colour: 1 };
  const recorder = await recordings.start({ fileId: id, by, ended: () => void ended++ });
  const words = 'x'.repeat(100_000);
  for (let i = 0; i < 800; i++) recorder.mark(words);
  await until(() => ended === 1, 'the recording is full');
  const { text } = await recordings.read({ id: recorder.id, fileId: id });
  expect(text.length).toBeLessThan(65 * 2 ** 20);
});

test('[VB4] a world that is none is refused, and one that is told without end is shown at its beat, not more often', async () => {
  const id = hub.board();
  const host = await hub.host('ada', id);
  const vic = await hub.viewer('vic', id);
  const began = performance.now();
  for (let i = 0; i < 300; i++) {
    host.world(`world ${i}`);
    await new Promise((done) => setTimeout(done, 3));
  }
  await until(() => vic.worlds.at(-1)?.toString() === 'world 299', 'the last world');
  const mostPerSecond = 25; // the beat is 22; a timer may be a little early, and the first world waits for none
  expect(vic.worlds.length).toBeLessThan(((performance.now() - began) / 1000) * mostPerSecond + 3);
  host.world('x'.repeat(60_000));
  expect(await host.closed).toBe(4400);
});
