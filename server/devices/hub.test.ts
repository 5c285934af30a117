import crypto from 'node:crypto';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { encodeFrame, frameTypes } from '#shared/devices.ts';
import { actorOf, idOf, openTestHub, until, type TestHub } from './testHub.ts';

let hub: TestHub;
beforeAll(async () => {
  hub = await openTestHub({ postgresUrl: inject('postgresUrl') });
});
afterAll(async () => {
  await hub.close();
  expect(hub.errors).toEqual([]);
});

/** Of what must happen within a time: on a machine that does something else just then it is tried again. */
const timed = { retry: 2, timeout: 20_000 };
const wait = (ms: number) => new Promise((done) => setTimeout(done, ms));

test('[DE1] what the board says reaches everybody byte for byte, in order, also who comes later and who comes back', async () => {
  const id = hub.board();
  const host = await hub.host('ada', id);
  const ben = await hub.viewer('ben', id);
  const said = crypto.randomBytes(300_000); // no text at all
  for (let at = 0; at < said.length; at += 3000) host.print(said.subarray(at, at + 3000));
  await until(() => ben.bytes.length === said.length);
  expect(ben.bytes.equals(said)).toBe(true);
  let next = ben.hello.from;
  for (const { offset, bytes } of ben.chunks) {
    expect(offset).toBe(next);
    next += bytes.length;
  }
  const vic = await hub.viewer('vic', id);
  await until(() => vic.bytes.length === said.length);
  expect(vic.bytes.equals(said)).toBe(true);

  vic.socket.terminate();
  host.print('while away');
  await until(() => ben.bytes.toString('latin1').endsWith('while away'));
  const back = await hub.viewer('vic', id, next);
  await until(() => back.bytes.length > 0);
  expect([back.hello.from, back.bytes.toString()]).toEqual([next, 'while away']);
  expect(back.hello.marks.some(({ kind }) => kind === 'skipped')).toBe(false);
});

test('[DE1] who comes back too late is told how much is missing, and gets the rest', async () => {
  const id = hub.board();
  const host = await hub.host('ada', id);
  const ben = await hub.viewer('ben', id);
  const { from } = ben.hello;
  const said = crypto.randomBytes(1_500_000);
  for (let at = 0; at < said.length; at += 50_000) {
    host.print(said.subarray(at, at + 50_000));
    await wait(10);
  }
  await until(() => ben.bytes.length === said.length);
  const late = await hub.viewer('vic', id, from);
  const missing = said.length - 2 ** 20;
  await until(() => late.bytes.length === 2 ** 20);
  expect(late.hello.from).toBe(from + missing);
  expect(late.hello.marks[0]).toMatchObject({ kind: 'skipped', text: `${missing} bytes are no longer held` });
  expect(late.bytes.equals(said.subarray(missing))).toBe(true);
});

test('[DE1] a viewer that does not read costs a bounded amount and catches up', async () => {
  const id = hub.board();
  const host = await hub.host('ada', id);
  const [slow, quick] = [await hub.viewer('ben', id), await hub.viewer('vic', id)];
  slow.socket.pause();
  const said = crypto.randomBytes(3_000_000);
  for (let at = 0; at < said.length; at += 30_000) {
    host.print(said.subarray(at, at + 30_000));
    await wait(4);
  }
  await until(() => quick.bytes.length === said.length);
  expect(quick.bytes.equals(said)).toBe(true);
  slow.socket.resume();
  const end = quick.chunks.at(-1)!.offset + quick.chunks.at(-1)!.bytes.length;
  await until(() => (slow.chunks.at(-1)?.offset ?? 0) + (slow.chunks.at(-1)?.bytes.length ?? 0) === end);
  // what it has is right, and where something is missing it was told
  const from = slow.hello.from;
  for (const { offset, bytes } of slow.chunks)
    expect(said.subarray(offset - from, offset - from + bytes.length).equals(bytes)).toBe(true);
  const gaps = slow.chunks.filter(({ offset }, i) => i > 0 && offset !== slow.chunks[i - 1]!.offset + slow.chunks[i - 1]!.bytes.length); // prettier-ignore
  expect(slow.of('mark').filter(({ mark }) => mark.kind === 'skipped').map(({ mark }) => mark.offset)).toEqual(gaps.map(({ offset }) => offset)); // prettier-ignore
});

test('[DE2] only the driver types; the board gets the epoch, after it knows it', async () => {
  const id = hub.board();
  const host = await hub.host('ada', id);
  const [ben, dan, vic] = [await hub.viewer('ben', id), await hub.viewer('dan', id), await hub.viewer('vic', id)];
  dan.type('no lease');
  await until(() => dan.refusals.length === 1);
  const first = await ben.drive();
  ben.type('print(1)\r');
  await until(() => host.typed.length === 1);
  expect(host.typed).toEqual([{ epoch: first, text: 'print(1)\r' }]);
  expect(host.of('state').some(({ state }) => state.lease?.epoch === first)).toBe(true);
  expect(vic.state().lease?.holder.person.login).toBe('ben');

  dan.type('forged', first);
  dan.say({ type: 'ask' });
  await until(() => ben.state().queue.length === 1);
  ben.say({ type: 'release', epoch: first });
  await until(() => dan.state().lease?.state === 'offered');
  expect(host.of('safe')).toHaveLength(1);
  const second = dan.state().lease!.epoch;
  dan.say({ type: 'accept', epoch: second });
  await until(() => dan.state().lease?.state === 'granted');
  ben.type('stale', first);
  dan.type('stale', first);
  dan.type('mine', second);
  vic.type('reader', second);
  await until(() => host.typed.length === 2 && vic.refusals.length === 1);
  expect(host.typed[1]).toEqual({ epoch: second, text: 'mine' });
  expect(dan.refusals).toEqual(['bytes no-lease', 'bytes no-lease', 'bytes stale']);
  expect(ben.refusals).toEqual(['bytes no-lease']);
  expect(vic.refusals).toEqual(['bytes forbidden']);
});

test(
  '[DE3] a reader stops the board at once, by socket or by hand; nobody drives until it is cleared',
  timed,
  async () => {
    const id = hub.board();
    const host = await hub.host('ada', id);
    const [ben, vic] = [await hub.viewer('ben', id), await hub.viewer('vic', id)];
    const epoch = await ben.drive();
    vic.say({ type: 'stop' });
    await until(() => host.of('stop').length === 1);
    await until(() => ben.state().stop !== null);
    expect(ben.state()).toMatchObject({ lease: null, stop: { by: { login: 'vic' }, done: false } });
    ben.type('x', epoch);
    ben.say({ type: 'ask' });
    ben.say({ type: 'clear-stop' });
    await until(() => ben.refusals.length === 2);
    expect(ben.refusals).toEqual(['bytes stopped', 'clear-stop forbidden']);
    host.say({ type: 'stopped', text: 'Two Ctrl-C' });
    await until(() => ben.state().stop?.done === true);
    vic.say({ type: 'clear-stop' });
    await until(() => ben.state().lease?.state === 'offered');
  },
);

test('[DE4] the person who holds the board takes it back, an owner takes it from a person, an editor does not', async () => {
  const id = hub.board();
  await hub.host('dan', id);
  const [ben, dan, ada] = [await hub.viewer('ben', id), await hub.viewer('dan', id), await hub.viewer('ada', id)];
  await ben.drive();
  dan.say({ type: 'take' });
  await until(() => ben.state().lease?.holder.person.login === 'dan');
  ben.say({ type: 'take' });
  await until(() => ben.refusals.length === 1);
  expect(ben.refusals).toEqual(['take forbidden']);
  ada.say({ type: 'take' });
  await until(() => ben.state().lease?.holder.person.login === 'ada');
});

test('a second driver by invitation, until it is taken back', async () => {
  const id = hub.board();
  const host = await hub.host('ada', id);
  const [ben, dan, vic] = [await hub.viewer('ben', id), await hub.viewer('dan', id), await hub.viewer('vic', id)];
  const epoch = await ben.drive();
  ben.say({ type: 'invite', epoch, personId: vic.hello.you.replace('person:', '') });
  ben.say({ type: 'invite', epoch, personId: dan.hello.you.replace('person:', '') });
  await until(() => dan.state().lease?.with?.person.login === 'dan');
  expect(ben.refusals).toEqual(['invite invalid']);
  // beside what the board says everybody reads who typed, each time somebody else does
  for (const [n, who] of [dan, dan, ben, dan].entries()) {
    who.type(`${n}`);
    await until(() => host.typed.length === n + 1);
    host.print('echo\r\n');
    await until(() => vic.bytes.length === (n + 1) * 6);
  }
  const typed = () =>
    vic.of('mark').flatMap(({ mark }) => (mark.kind === 'typed' ? [[mark.by?.login, mark.offset]] : []));
  expect(typed()).toEqual([['dan', 0], ['ben', 12], ['dan', 18]]); // prettier-ignore
  ben.say({ type: 'uninvite', epoch });
  await until(() => dan.state().lease?.with === null);
  dan.type('three', epoch);
  await until(() => dan.refusals.length === 1);
  expect(host.typed.map(({ text }) => text)).toEqual(['0', '1', '2', '3']);
  ben.type('alone');
  await until(() => host.typed.length === 5);
  expect(typed()).toHaveLength(3);
});

test("[DE2] the driver's tab closes: everybody sees it at once, and it may come back within 10 s under a new epoch", async () => {
  const id = hub.board();
  const host = await hub.host('ada', id);
  const [ben, vic] = [await hub.viewer('ben', id), await hub.viewer('vic', id)];
  const epoch = await ben.drive();
  ben.socket.terminate();
  await until(() => vic.state().lease?.state === 'away');
  const again = await hub.viewer('ben', id);
  await until(() => vic.state().lease?.state === 'granted');
  again.type('old', epoch);
  again.type('new', vic.state().lease!.epoch);
  await until(() => host.typed.length === 1);
  expect(host.typed[0]!.text).toBe('new');
  again.socket.terminate();
  await until(() => vic.state().lease?.state === 'away');
  hub.time.ahead += 10_000;
  await until(() => vic.state().lease === null);
  expect(host.of('safe')).toHaveLength(1);
});

test(
  "the board's browser is killed, or falls silent: everybody knows within 2 s, the turn ends, and it is brought to rest when it is back",
  timed,
  async () => {
    const id = hub.board();
    const host = await hub.host('ada', id);
    const ben = await hub.viewer('ben', id);
    await ben.drive();
    host.socket.terminate();
    await until(() => ben.state().connection === 'offline', 'offline', 500);
    expect(ben.state()).toMatchObject({ lease: null, host: null, why: 'ADA closed the page' });
    const back = await hub.host('ada', id);
    await until(() => back.of('safe').length === 1);

    back.socket.pause(); // the network is gone: no close, no answer to a ping
    await until(() => ben.state().connection === 'offline', 'offline', 3000);
    expect(ben.state().why).toBe("ADA's browser does not answer");
  },
);

test('a reload of the page that holds the board takes its place; somebody else may not', async () => {
  const id = hub.board();
  const first = await hub.host('ada', id);
  const second = await hub.host('ada', id);
  expect(await first.closed).toBe(4403);
  second.print('from the second');
  const vic = await hub.viewer('vic', id);
  await until(() => vic.bytes.toString() === 'from the second');
  expect(vic.state().connection).toBe('online');
  expect((await hub.open('ben', `${id}?host=1`)).status).toBe(409);
  expect((await hub.open('vic', `${id}?host=1`)).status).toBe(403);
});

test('unplugged and plugged in again: who drove has it back, what was on its way is dropped', async () => {
  const id = hub.board();
  const host = await hub.host('ada', id);
  const ben = await hub.viewer('ben', id);
  const epoch = await ben.drive();
  host.say({ type: 'connection', connection: 'lost', why: 'The cable was pulled' });
  await until(() => ben.state().connection === 'lost');
  expect(ben.state()).toMatchObject({ why: 'The cable was pulled', lease: { state: 'away' } });
  ben.type('lost', epoch);
  await until(() => ben.refusals.length === 1);
  host.say({ type: 'connection', connection: 'online', why: '' });
  await until(() => ben.state().lease?.state === 'granted');
  ben.type('stale', epoch);
  ben.type('good');
  await until(() => host.typed.length === 1);
  expect([host.typed[0]!.text, ben.refusals]).toEqual(['good', ['bytes offline', 'bytes stale']]);
});

test('[AC2] forged ids, another team, nobody: refused with the exact status', async () => {
  const id = hub.board();
  for (const [who, address, status] of [
    ['mallory', id, 404],
    ['ada', crypto.randomUUID(), 404],
    ['ada', 'nonsense', 404],
    ['nobody', id, 401],
    ['mallory', `${id}?host=1`, 404],
  ] as const)
    expect((await hub.open(who, address)).status, `${who} ${address}`).toBe(status);
});

test('[AC3] who loses a role or signs out is out within 2 s, and so is their turn', async () => {
  const id = hub.board();
  const host = await hub.host('ada', id);
  const [ben, dan, eve] = [await hub.viewer('ben', id), await hub.viewer('dan', id), await hub.viewer('vic', id)];
  const epoch = await ben.drive();
  hub.roles.set('ben', 'viewer');
  await hub.devices.recheck();
  ben.type('x', epoch);
  await until(() => ben.refusals.length === 1 && dan.state().lease === null);
  expect(ben.refusals).toEqual(['bytes forbidden']);
  hub.roles.set('vic', null);
  hub.signedIn.delete('dan');
  hub.roles.set('ada', 'viewer');
  await hub.devices.recheck();
  expect([await eve.closed, await dan.closed, await host.closed]).toEqual([4404, 4401, 4403]);
  await until(() => ben.state().connection === 'offline');
  hub.roles.set('vic', 'viewer').set('ada', 'owner').set('ben', 'editor');
  hub.signedIn.add('dan');
});

test.each([
  ['a role', 'dan', () => hub.roles.set('dan', null), 4404],
  ['a sign-in', 'ben', () => hub.signedIn.delete('ben'), 4401],
] as const)('[AC3] %s that is taken away while somebody is on their way in lets nobody in', async (_, login, take, code) => {
  const id = hub.board();
  await hub.host('ada', id);
  const then = async () => {
    take();
    await hub.devices.recheck(idOf(login));
  };
  hub.onTheWay.push({ of: login, then });
  const { closed } = await hub.open(login, id);
  expect(await closed).toBe(code);
  hub.roles.set('dan', 'editor');
  hub.signedIn.add('ben');
}); // prettier-ignore

test('[DE2] bytes that are written at once reach the board after it knows whose they are', async () => {
  const id = hub.board();
  const host = await hub.host('ada', id);
  const run = hub.devices.forRun({ run: '00000000-0000-4000-a000-000000000077', actor: actorOf('ben'), volume: 'team/lab' }); // prettier-ignore
  const board = await run.open(id);
  await board.drive({ waitMs: 1000, signal: AbortSignal.timeout(5000) });
  await board.write(Buffer.from('at once'));
  await until(() => host.typed.length === 1);
  expect(host.untold).toEqual([]);
  run.close();
});

test('[AC3] a run whose token is taken back acts on no board any more', async () => {
  const id = hub.board();
  const host = await hub.host('ada', id);
  const run = hub.devices.forRun({ run: '00000000-0000-4000-a000-000000000078', actor: actorOf('ben'), volume: 'team/lab' }); // prettier-ignore
  const board = await run.open(id);
  await board.drive({ waitMs: 1000, signal: AbortSignal.timeout(5000) });
  hub.signedIn.delete('ben');
  await expect(board.write(Buffer.from('x'))).rejects.toMatchObject({ code: 'unauthenticated' });
  await expect(board.device()).rejects.toMatchObject({ code: 'unauthenticated' });
  expect(host.typed).toEqual([]);
  hub.signedIn.add('ben');
  run.close();
});

test('a board whose file is deleted or moved away is gone for everybody; a new label is told', async () => {
  const id = hub.board();
  const host = await hub.host('ada', id);
  const ben = await hub.viewer('ben', id);
  hub.rows.get(id)!.text = '---\nlabel: Another name\n---\n';
  hub.devices.edited({ fileId: id });
  await until(() => ben.state().label === 'Another name');
  hub.rows.get(id)!.deletedAt = new Date();
  hub.devices.committed({ fileIds: [id] });
  expect([await ben.closed, await host.closed]).toEqual([4404, 4404]);
});

test('a killed server: the same offsets and epochs never mean something else, and a stop still holds', async () => {
  const id = hub.board();
  const host = await hub.host('ada', id);
  const ben = await hub.viewer('ben', id);
  const epoch = await ben.drive();
  host.print('before the kill');
  await until(() => ben.bytes.toString() === 'before the kill');
  ben.say({ type: 'stop' });
  await until(() => ben.state().stop !== null);
  host.say({ type: 'stopped', text: '' });
  await until(() => ben.state().stop!.done);
  await wait(200); // written down
  const end = ben.hello.from + 'before the kill'.length;
  await hub.restart({ kindly: false });

  const again = await hub.viewer('ben', id, end);
  expect(again.hello.begin).toBeGreaterThan(end);
  expect(again.hello.from).toBe(again.hello.begin);
  expect(again.hello.marks[0]).toMatchObject({
    kind: 'skipped',
    text: 'The server was started again; what was said meanwhile is not held',
  });
  expect(again.state()).toMatchObject({ connection: 'offline', stop: { by: { login: 'ben' }, done: true } });
  const hostAgain = await hub.host('ada', id);
  again.say({ type: 'clear-stop' });
  const later = await again.drive();
  expect(later).toBeGreaterThan(epoch);
  again.type('stale', epoch);
  again.type('new', later);
  await until(() => hostAgain.typed.length === 1);
  expect(hostAgain.typed[0]!.text).toBe('new');
});

test('a killed server that somebody was driving: the board is brought to rest when it is back', async () => {
  const id = hub.board();
  await hub.host('ada', id);
  await (await hub.viewer('ben', id)).drive();
  await wait(200);
  await hub.restart({ kindly: false });
  const host = await hub.host('ada', id);
  await until(() => host.of('safe').length === 1);
});

test('only the newest world is shown, also to who comes later; forged frames end a connection', async () => {
  const id = hub.board();
  const host = await hub.host('ada', id);
  const ben = await hub.viewer('ben', id);
  for (let i = 0; i < 50; i++) host.world(`pose ${i}`);
  await until(() => ben.worlds.at(-1)?.toString() === 'pose 49');
  expect(ben.worlds.length).toBeLessThan(50);
  const dan = await hub.viewer('dan', id);
  await until(() => dan.worlds.at(-1)?.toString() === 'pose 49');
  dan.say({ type: 'world', command: { do: 'map', map: 'maze' } });
  await until(() => host.of('world').length === 1);
  dan.socket.send(encodeFrame({ type: frameTypes.output, epoch: 0, offset: 0, bytes: Buffer.from('forged') }));
  expect(await dan.closed).toBe(4400);
  expect(ben.bytes.length).toBe(0);
});

test.each([
  ['no JSON', 4400, 'nonsense'],
  ['an unknown message', 4400, '{"type":"reboot"}'],
  ['a wrong epoch', 4400, '{"type":"accept","epoch":-1}'],
  ['a frame that is too short', 4400, Buffer.from([2, 0])],
  ['a frame that is too large', 4413, Buffer.concat([Buffer.from([2]), Buffer.alloc(70_000)])],
  ['a message that is too large', 1009, `{"type":"ask","x":"${'x'.repeat(300_000)}"}`],
])('%s ends the connection with %i, the others are not disturbed', async (_what, code, message) => {
  const id = hub.board();
  const host = await hub.host('ada', id);
  const [bad, good] = [await hub.viewer('ben', id), await hub.viewer('vic', id)];
  bad.socket.send(message);
  expect(await bad.closed).toBe(code);
  host.print('still here');
  await until(() => good.bytes.toString() === 'still here');
});

test('a client that writes without the lease, as fast as it can, is refused and then ended; the board hears nothing', async () => {
  const id = hub.board();
  const host = await hub.host('ada', id);
  const [bad, good] = [await hub.viewer('ben', id), await hub.viewer('vic', id)];
  for (let i = 0; i < 1000; i++) bad.type('x'.repeat(100));
  expect(await bad.closed).toBe(4529);
  expect(bad.refusals.every((refusal) => refusal === 'bytes no-lease')).toBe(true);
  host.print('fine');
  await until(() => good.bytes.toString() === 'fine');
  expect(host.typed).toEqual([]);
});

test('a driver who sends more than the board takes is told, not ended', async () => {
  const id = hub.board();
  const host = await hub.host('ada', id);
  const ben = await hub.viewer('ben', id);
  const epoch = await ben.drive();
  for (let i = 0; i < 30; i++) ben.type(Buffer.alloc(60_000, 97), epoch);
  await until(() => ben.refusals.length > 0);
  expect(new Set(ben.refusals)).toEqual(new Set(['bytes too-fast']));
  await wait(100);
  const passed = host.typed.reduce((sum, { text }) => sum + text.length, 0);
  expect(passed).toBeGreaterThan(900_000);
  expect(passed + ben.refusals.length * 60_000).toBe(30 * 60_000);
});

test('10 MB/s from a board: bounded, said so, and another board does not notice', timed, async () => {
  const [loud, quiet] = [hub.board(), hub.board()];
  const [loudHost, quietHost] = [await hub.host('ada', loud), await hub.host('ada', quiet)];
  const [ben, vic] = [await hub.viewer('ben', loud), await hub.viewer('vic', quiet)];
  const before = process.memoryUsage().rss;
  const bomb = Buffer.from('\u001b[2J\u001b]0;title\u0007\u001b[999999C'.repeat(1800)).subarray(0, 60_000);
  let flooding = true;
  const flood = (async () => {
    for (let tick = 0; tick < 100; tick++) {
      for (let i = 0; i < 4; i++) loudHost.print(bomb); // 240 kB each 24 ms
      await wait(24);
    }
    flooding = false;
  })();
  let heard = 0;
  for (; flooding; heard++) {
    const length = vic.bytes.length;
    quietHost.print('.');
    await until(() => vic.bytes.length > length);
  }
  await flood;
  expect(heard).toBeGreaterThan(50); // its words do not stand in line behind the gusts of the flood
  await until(() => ben.of('mark').some(({ mark }) => mark.kind === 'skipped'));
  const said = 100 * 4 * bomb.length;
  expect(ben.bytes.length).toBeLessThan(said / 2);
  await until(() => {
    const left = ben.of('mark').reduce((sum, { mark }) => sum + (mark.kind === 'skipped' ? Number(/^\d+/.exec(mark.text)?.[0] ?? 0) : 0), 0); // prettier-ignore
    return ben.bytes.length + left === said;
  }, 'every byte is shown or counted');
  expect(process.memoryUsage().rss - before).toBeLessThan(200 * 2 ** 20);
});

test('those who look at the bench hear how a board is, at once and then once a second at most', async () => {
  const id = hub.board();
  const ofBoard = () => hub.news.filter((state) => state.id === id);
  const host = await hub.host('ada', id);
  await until(() => ofBoard().at(-1)?.connection === 'online', 'the news');
  for (let baud = 9600; baud < 9650; baud++) host.say({ type: 'baud', baud });
  await until(() => ofBoard().at(-1)?.baud === 9649, 'the last speed');
  expect(ofBoard().length).toBeLessThan(6);
});
