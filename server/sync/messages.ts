// The messages of y-websocket's protocol as frames, ready to be written to any number of sockets, and our one addition to it.
import { messageAcknowledged } from '#shared/room.ts';
import { sizeOfUint, writeUint } from './bytes.ts';
import { frameOf, headerSpace, writeHeaderBefore } from './frames.ts';

export const message = { sync: 0, awareness: 1, auth: 2, queryAwareness: 3 } as const;
export const sync = { step1: 0, step2: 1, update: 2 } as const;

/** Bytes that must be free in front of an update so that its frame can be made in place. */
export const updateSpace = headerSpace + 2 + 5;

/** The frame of an update that lies in `bytes` from `updateSpace` on: headers are written in front of it, nothing is copied. */
export function frameUpdate(bytes: Buffer): Buffer {
  const length = bytes.length - updateSpace;
  const start = updateSpace - sizeOfUint(length) - 2;
  bytes[start] = message.sync;
  bytes[start + 1] = sync.update;
  writeUint(bytes, start + 2, length);
  return bytes.subarray(writeHeaderBefore(bytes, start, bytes.length - start));
}

/** Everything of a sync message but its `length` bytes of content, which are written right after it. */
export function syncHeader(step: number, length: number): Buffer {
  const target = Buffer.allocUnsafe(updateSpace);
  const start = updateSpace - sizeOfUint(length) - 2;
  target[start] = message.sync;
  target[start + 1] = step;
  writeUint(target, start + 2, length);
  return target.subarray(writeHeaderBefore(target, start, updateSpace - start + length));
}

export const frameSync = (step: number, content: Uint8Array): Buffer =>
  Buffer.concat([syncHeader(step, content.length), content]);

/** Entries as they are in an awareness update: id, clock, state. */
export function frameAwareness(entries: Uint8Array[]): Buffer {
  const length = entries.reduce((sum, entry) => sum + entry.length, sizeOfUint(entries.length));
  const payload = Buffer.allocUnsafe(1 + sizeOfUint(length) + length);
  payload[0] = message.awareness;
  let at = writeUint(payload, writeUint(payload, 1, length), entries.length);
  for (const entry of entries) {
    payload.set(entry, at);
    at += entry.length;
  }
  return frameOf(payload);
}

/** An awareness update about nobody: providers reconnect when they hear nothing for 30 s. */
export const keepAliveFrame = frameAwareness([]);

export function frameAcknowledged(count: number): Buffer {
  const payload = Buffer.allocUnsafe(1 + sizeOfUint(count));
  payload[0] = messageAcknowledged;
  writeUint(payload, 1, count);
  return frameOf(payload);
}

/** y-protocols' "permission denied": a stock provider shows the reason in its console and stays connected. */
export function frameDenied(reason: string): Buffer {
  const words = Buffer.from(reason);
  const payload = Buffer.allocUnsafe(2 + sizeOfUint(words.length) + words.length);
  payload[0] = message.auth;
  payload[1] = 0;
  payload.set(words, writeUint(payload, 2, words.length));
  return frameOf(payload);
}
