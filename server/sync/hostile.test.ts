// What strangers may send, each with its exact answer, while two honest people go on typing (SY13).
import net from 'node:net';
import * as encoding from 'lib0/encoding';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import * as Y from 'yjs';
import { openTestDatabase } from '../platform/testDatabase.ts';
import { awarenessMessage, encoded, itemOf, numbers, openSocket, syncMessage, textOf, updateOf } from './testFrames.ts';
import { joinRoom, newFile, pause, startRooms, until, type TestRooms } from './testRooms.ts';

const [adasClient, bensClient, stranger] = [10, 20, 666];
const frames = Number(process.env['FUZZ_FRAMES'] ?? 5000);
const fileId = newFile();
let database: Awaited<ReturnType<typeof openTestDatabase>>;
let world: TestRooms;
let ada: ReturnType<typeof joinRoom>;
let ben: ReturnType<typeof joinRoom>;
let typing: NodeJS.Timeout;
let typed = 0;

beforeAll(async () => {
  database = await openTestDatabase(inject('postgresUrl'));
  world = await startRooms({ databaseUrl: database.url, limits: { gapTime: 400 } });
  world.texts.set(fileId, '');
  const docWith = (client: number) => Object.assign(new Y.Doc(), { clientID: client });
  ada = joinRoom({ url: world.url, fileId, person: 'ada', doc: docWith(adasClient) });
  ben = joinRoom({ url: world.url, fileId, person: 'ben', doc: docWith(bensClient) });
  await Promise.all([ada.synced(), ben.synced()]);
  ada.text.insert(0, 'hello world'); // client 10: clocks 0 to 10
  await until(() => ben.text.length === 11);
  ben.text.insert(5, ' brave'); // client 20: clocks 0 to 5
  await until(() => ada.text.length === 17);
  typing = setInterval(() => {
    ada.text.insert(ada.text.length, 'a');
    ben.text.insert(ben.text.length, 'b');
    typed += 2;
  }, 20);
});
afterAll(async () => {
  clearInterval(typing);
  ada.leave();
  ben.leave();
  await world.stop();
  await database.close();
});

/** Opens a socket as Eve, sends, and says the close code that came within a moment. */
async function codeFor(...messages: Uint8Array[]): Promise<number | null> {
  const eve = openSocket(`${world.url}/${fileId}?token=eve`);
  await eve.opened;
  await until(() => eve.heard.length > 0);
  for (const message of messages) eve.send(message);
  const patience = performance.now() + 1500;
  while (eve.code === null && performance.now() < patience) await pause(5);
  eve.end();
  return eve.code;
}

const badUtf8 = (encoder: encoding.Encoder) => [2, 0xc3, 0x28].forEach((byte) => encoding.writeUint8(encoder, byte));
const anyOf = (value: unknown) => (encoder: encoding.Encoder) => {
  numbers(encoder, 1);
  encoding.writeAny(encoder, value as never);
};

/** Updates by what is wrong with them. 4400: refused for ever; 4509: held for a while; 4403: somebody else's. */
const updates: Record<string, [code: number, update: () => Uint8Array]> = {
  'a gap in the own clocks': [4509, () => updateOf([[stranger, 1000, [textOf('x')]]])],
  'the next clock of somebody else': [
    4403,
    () =>
      updateOf([[bensClient, Y.getState(ben.doc.store, bensClient) + 0, [textOf('EVIL', { left: [bensClient, 5] })]]]),
  ],
  'an origin at the own clock': [4400, () => updateOf([[stranger, 0, [textOf('x', { left: [stranger, 0] })]]])],
  'an origin in the own future': [
    4400,
    () => updateOf([[stranger, 0, [textOf('x', { left: [stranger, 5] }), textOf('yyyyyy')]]]),
  ],
  'a right origin in the own future': [
    4400,
    () => updateOf([[stranger, 0, [textOf('x', { right: [stranger, 3] }), textOf('yyyyyy')]]]),
  ],
  'an origin of an unknown client': [4509, () => updateOf([[stranger, 0, [textOf('x', { left: [777, 0] })]]])],
  'an origin beyond a known client': [
    4509,
    () => updateOf([[stranger, 0, [textOf('x', { left: [adasClient, 1_000_000] })]]]),
  ],
  'a parent that is an item': [4400, () => updateOf([[stranger, 0, [textOf('x', { parent: [adasClient, 2] })]]])],
  'the same client twice': [
    4400,
    () =>
      updateOf([
        [stranger, 0, [textOf('first')]],
        [stranger, 0, [textOf('other')]],
      ]),
  ],
  'clients in ascending order': [
    4400,
    () =>
      updateOf([
        [5, 0, [textOf('a')]],
        [stranger, 0, [textOf('b', { left: [5, 0] })]],
      ]),
  ],
  'a deletion of what is not written yet': [4509, () => updateOf([], [[bensClient, [[6, 1_000_000]]]])],
  'a deletion of 2^31 clocks': [4509, () => updateOf([], [[bensClient, [[0, 0x7fffffff]]]])],
  'deletions of a client twice': [
    4400,
    () =>
      updateOf(
        [],
        [
          [adasClient, [[0, 1]]],
          [adasClient, [[1, 1]]],
        ],
      ),
  ],
  'deletions out of order': [
    4400,
    () =>
      updateOf(
        [],
        [
          [
            adasClient,
            [
              [5, 1],
              [2, 1],
            ],
          ],
        ],
      ),
  ],
  'an empty deletion': [4400, () => updateOf([], [[adasClient, [[0, 0]]]])],
  'a skip': [
    4400,
    () =>
      updateOf([
        [
          stranger,
          0,
          [
            (encoder) => {
              encoding.writeUint8(encoder, 10);
              numbers(encoder, 50);
            },
            textOf('x'),
          ],
        ],
      ]),
  ],
  'a garbage struct': [
    4400,
    () =>
      updateOf([
        [
          stranger,
          0,
          [
            (encoder) => {
              encoding.writeUint8(encoder, 0);
              numbers(encoder, 50);
            },
          ],
        ],
      ]),
  ],
  'legacy JSON': [
    4400,
    () =>
      updateOf([
        [
          stranger,
          0,
          [
            itemOf(2, {}, (encoder) => {
              numbers(encoder, 1);
              encoding.writeVarString(encoder, '{');
            }),
          ],
        ],
      ]),
  ],
  'an embed': [
    4400,
    () => updateOf([[stranger, 0, [itemOf(5, {}, (encoder) => encoding.writeVarString(encoder, '{"a":1}'))]]]),
  ],
  'a format': [
    4400,
    () =>
      updateOf([
        [
          stranger,
          0,
          [
            itemOf(6, {}, (encoder) => {
              encoding.writeVarString(encoder, 'bold');
              encoding.writeVarString(encoder, 'true');
            }),
          ],
        ],
      ]),
  ],
  'text that is not UTF-8': [4400, () => updateOf([[stranger, 0, [itemOf(4, {}, badUtf8)]]])],
  'an empty text': [4400, () => updateOf([[stranger, 0, [textOf('')]]])],
  'a subdocument': [
    4400,
    () =>
      updateOf([
        [
          stranger,
          0,
          [
            itemOf(9, {}, (encoder) => {
              encoding.writeVarString(encoder, 'g');
              encoding.writeAny(encoder, {});
            }),
          ],
        ],
      ]),
  ],
  'a type in the text': [4400, () => updateOf([[stranger, 0, [itemOf(7, {}, (encoder) => numbers(encoder, 1))]]])],
  'any values': [4400, () => updateOf([[stranger, 0, [itemOf(8, {}, anyOf(1))]]])],
  'a key __proto__': [4400, () => updateOf([[stranger, 0, [itemOf(8, { key: '__proto__' }, anyOf(1))]]])],
  'a key in the text': [4400, () => updateOf([[stranger, 0, [textOf('x', { key: 'k' })]]])],
  'an unknown root': [4400, () => updateOf([[stranger, 0, [textOf('x', { root: 'acl' })]]])],
  'a deleted item beyond 2^31 clocks': [
    4400,
    () => updateOf([[stranger, 0, [itemOf(1, {}, (encoder) => numbers(encoder, 0x7fffffff)), textOf('x')]]]),
  ],
  '2^31 declared structs': [4413, () => encoded((encoder) => numbers(encoder, 1, 0x7fffffff, stranger, 0))],
  '2^31 declared clients': [4400, () => encoded((encoder) => numbers(encoder, 0x7fffffff))],
  'too many structs': [4413, () => updateOf([[stranger, 0, Array.from({ length: 5001 }, () => textOf('x'))]])],
  'a block without structs': [4400, () => updateOf([[stranger, 0, []]])],
  'bytes after the end': [4400, () => Buffer.concat([updateOf([[stranger, 0, [textOf('x')]]]), Buffer.of(0)])],
  'half an update': [4400, () => updateOf([[stranger, 0, [textOf('hello')]]]).subarray(0, 12)],
  nothing: [4400, () => new Uint8Array(0)],
  'more than 512 KiB': [4413, () => updateOf([[stranger, 0, [textOf('x'.repeat(600_000))]]])],
};

const messages: Record<string, [code: number, message: () => Uint8Array]> = {
  'an empty message': [4400, () => new Uint8Array(0)],
  'an unknown type': [4400, () => Uint8Array.of(77)],
  'an unknown step': [4400, () => Uint8Array.of(0, 9, 0)],
  garbage: [4400, () => Uint8Array.from({ length: 40 }, (_, i) => (i * 7) & 255)],
  'a length that lies': [4400, () => Uint8Array.of(0, 2, 255, 255, 255, 255, 7, 0)],
  'a state vector of 2^31 clients': [4400, () => Uint8Array.of(0, 0, 6, 255, 255, 255, 255, 7, 0)],
  'a number without end': [4400, () => Uint8Array.from({ length: 64 }, () => 255)],
  'a message of more than 1 MiB': [4413, () => new Uint8Array(1_100_000)],
  'a first SyncStep2 of more than 8 MiB': [4413, () => Buffer.concat([Buffer.of(0, 1), Buffer.alloc(8_400_000)])],
  'presence that is not JSON': [4400, () => awarenessMessage([[stranger, 1, '{']])],
  'presence that is a list': [4400, () => awarenessMessage([[stranger, 1, '[]']])],
  'presence of 5 KiB': [4413, () => awarenessMessage([[stranger, 1, JSON.stringify({ x: 'y'.repeat(5000) })]])],
  'half a presence': [4400, () => awarenessMessage([[stranger, 1, '{}']]).subarray(0, 5)],
};

describe('hostile updates', () => {
  test.each(Object.entries(updates))('[SY13] %s', async (_name, [code, update]) => {
    expect(await codeFor(syncMessage(2, update()))).toBe(code);
  });
});

describe('hostile messages', () => {
  test.each(Object.entries(messages))('[SY13] %s', async (_name, [code, message]) => {
    expect(await codeFor(message())).toBe(code);
  });

  test('[SY13] a text frame ends its connection with 1003', async () => {
    const eve = openSocket(`${world.url}/${fileId}?token=eve`);
    await eve.opened;
    eve.socket.send('400000000');
    await until(() => eve.code !== null);
    expect(eve.code).toBe(1003);
  });

  test('[SY13] more than 200 messages a second', async () => {
    const one = syncMessage(2, Uint8Array.of(0, 0));
    expect(await codeFor(...Array.from({ length: 600 }, () => one))).toBe(4529);
  });

  test('[SY13] the same question again and again', async () => {
    const question = syncMessage(0, Uint8Array.of(0));
    expect(await codeFor(...Array.from({ length: 30 }, () => question))).toBe(4529);
  });
});

describe('hostile frames', () => {
  /** Raw bytes after a proper upgrade; resolves with the close code, or 0 when the socket ended without one. */
  function rawCode(...chunks: Buffer[]): Promise<number> {
    return new Promise((resolve) => {
      let heard = Buffer.alloc(0);
      const socket = net.connect(world.port, '127.0.0.1', () => {
        socket.write(
          `GET /sync/${fileId}?token=eve HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n`,
        );
      });
      let sent = false;
      socket.on('data', (data) => {
        heard = Buffer.concat([heard, data]);
        if (!sent && heard.includes('\r\n\r\n')) {
          sent = true;
          for (const chunk of chunks) socket.write(chunk);
        }
      });
      socket.on('error', () => undefined);
      socket.on('close', () => {
        const at = heard.lastIndexOf(0x88);
        resolve(at >= 0 && at + 4 <= heard.length ? heard.readUInt16BE(at + 2) : 0);
      });
      setTimeout(() => socket.destroy(), 3000).unref();
    });
  }
  const masked = (first: number, length: number[], payload: number[] = []) =>
    Buffer.from([first, ...length, 0, 0, 0, 0, ...payload]);

  test.each<[string, number, Buffer[]]>([
    ['a frame without mask', 1002, [Buffer.of(0x82, 1, 0)]],
    ['reserved bits', 1002, [masked(0xc2, [0x81], [0])]],
    ['an unknown kind of frame', 1002, [masked(0x83, [0x81], [0])]],
    ['a length of 2^63', 4413, [masked(0x82, [0xff, 255, 255, 255, 255, 255, 255, 255, 255])]],
    ['a ping of 126 bytes', 1002, [masked(0x89, [0xfe, 0, 126])]],
    ['a ping in fragments', 1002, [masked(0x09, [0x80])]],
    ['a continuation of nothing', 1002, [masked(0x80, [0x81], [0])]],
    ['a message inside a fragmented one', 1002, [masked(0x02, [0x81], [0]), masked(0x82, [0x81], [0])]],
    [
      '300 fragments',
      1009,
      [masked(0x02, [0x81], [0]), ...Array.from({ length: 300 }, () => masked(0x00, [0x81], [0]))],
    ],
  ])('[SY13] %s', async (_name, code, chunks) => {
    expect(await rawCode(...chunks)).toBe(code);
  });

  test('[SY13] 2 MiB of fragments that are no SyncStep2', async () => {
    const part = Buffer.concat([Buffer.of(0, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0), Buffer.alloc(65536)]);
    const first = Buffer.from(part);
    first[0] = 2;
    expect(await rawCode(first, ...Array.from({ length: 31 }, () => part))).toBe(4413);
  });
});

test(`[SY13] ${frames} mutated frames`, { timeout: 60_000 + frames * 5 }, async () => {
  const good = Object.values(updates)
    .map(([, update]) => syncMessage(2, update()))
    .filter((message) => message.length < 10_000 && message.length > 4);
  let seed = 1;
  const random = (below: number) => (seed = (seed * 48271) % 0x7fffffff) % below;
  for (let i = 0; i < frames / 50; i++) {
    const eve = openSocket(`${world.url}/${fileId}?token=eve`);
    await eve.opened;
    for (let k = 0; k < 50 && eve.socket.readyState === 1; k++) {
      const frame = Buffer.from(good[random(good.length)]!);
      for (let times = 0; times <= k % 3; times++) frame[random(frame.length)] = random(256);
      eve.send(frame);
    }
    await pause(2);
    eve.end();
  }
});

test('[SY13] the two who typed meanwhile saw nothing of it', async () => {
  clearInterval(typing);
  expect(typed).toBeGreaterThan(100);
  await until(() => ada.text.toString() === ben.text.toString());
  const joiner = joinRoom({ url: world.url, fileId, person: 'ada' });
  await joiner.synced();
  await until(() => joiner.text.toString() === ada.text.toString());
  const text = ada.text.toString();
  // a mutated frame may be a good one that deletes what others typed, but nobody types in their place
  for (const doc of [ada.doc, ben.doc, joiner.doc]) {
    expect(Y.getState(doc.store, adasClient)).toBe('hello world'.length + typed / 2);
    expect(Y.getState(doc.store, bensClient)).toBe(' brave'.length + typed / 2);
  }
  expect(ada.closes).toEqual([]);
  expect(ben.closes).toEqual([]);
  for (const doc of [ada.doc, ben.doc, joiner.doc])
    expect([doc.store.pendingStructs, doc.store.pendingDs]).toEqual([null, null]);
  expect(await world.rooms.read(fileId)).toBe(text);
  joiner.leave();
});
