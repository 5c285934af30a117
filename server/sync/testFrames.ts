// For tests: messages and updates written byte by byte, honest and hostile ones, and a socket that sends them as they are.
import * as encoding from 'lib0/encoding';
import WebSocket from 'ws';
import { contentRoot } from '#shared/room.ts';

type Write = (encoder: encoding.Encoder) => void;
type Id = [client: number, clock: number];
type Place = { left?: Id; right?: Id; root?: string; parent?: Id; key?: string };

/** An update with these blocks and deletions; nothing is checked. */
export function updateOf(
  blocks: [client: number, clock: number, structs: Write[]][],
  deletions: [client: number, ranges: [from: number, length: number][]][] = [],
): Uint8Array {
  return encoded((encoder) => {
    numbers(encoder, blocks.length);
    for (const [client, clock, structs] of blocks) {
      numbers(encoder, structs.length, client, clock);
      for (const write of structs) write(encoder);
    }
    numbers(encoder, deletions.length);
    for (const [client, ranges] of deletions) numbers(encoder, client, ranges.length, ...ranges.flat());
  });
}

/** One item with content of a kind of Yjs' (4: a string). */
export const itemOf =
  (kind: number, { left, right, root = contentRoot, parent, key }: Place, content: Write): Write =>
  (encoder) => {
    encoding.writeUint8(encoder, kind | (left ? 128 : 0) | (right ? 64 : 0) | (key ? 32 : 0));
    if (left) numbers(encoder, ...left);
    if (right) numbers(encoder, ...right);
    if (!left && !right) {
      if (parent) numbers(encoder, 0, ...parent);
      else {
        numbers(encoder, 1);
        encoding.writeVarString(encoder, root);
      }
      if (key) encoding.writeVarString(encoder, key);
    }
    content(encoder);
  };

export const textOf = (text: string, place: Place = {}): Write =>
  itemOf(4, place, (encoder) => encoding.writeVarString(encoder, text));

export const numbers = (encoder: encoding.Encoder, ...all: number[]): void =>
  all.forEach((number) => encoding.writeVarUint(encoder, number));

export function encoded(write: Write): Uint8Array {
  const encoder = encoding.createEncoder();
  write(encoder);
  return encoding.toUint8Array(encoder);
}

export const syncMessage = (step: 0 | 1 | 2, content: Uint8Array): Uint8Array =>
  encoded((encoder) => {
    numbers(encoder, 0, step);
    encoding.writeVarUint8Array(encoder, content);
  });

export const awarenessMessage = (entries: [client: number, clock: number, state: string][]): Uint8Array =>
  encoded((encoder) => {
    numbers(encoder, 1);
    encoding.writeVarUint8Array(
      encoder,
      encoded((inner) => {
        numbers(inner, entries.length);
        for (const [client, clock, state] of entries) {
          numbers(inner, client, clock);
          encoding.writeVarString(inner, state);
        }
      }),
    );
  });

/** A WebSocket that says what it is told to, and keeps what it hears. */
export function openSocket(url: string) {
  const socket = new WebSocket(url);
  const heard: Buffer[] = [];
  let code: number | null = null;
  let status: number | null = null;
  socket.on('message', (data: Buffer) => heard.push(data));
  socket.on('close', (closed) => (code = closed));
  socket.on('unexpected-response', (_request, response) => (status = response.statusCode ?? 0));
  socket.on('error', () => undefined);
  const opened = new Promise<void>((resolve) =>
    ['open', 'close', 'error', 'unexpected-response'].forEach((event) => socket.once(event, () => resolve())),
  );
  return {
    socket,
    heard,
    opened,
    /** The close code; null while it is open. */
    get code() {
      return code;
    },
    /** The HTTP status of a refused upgrade. */
    get status() {
      return status;
    },
    /** Messages of one type, e.g. 100. */
    ofType: (type: number) => heard.filter((message) => message[0] === type),
    send: (message: Uint8Array) => socket.send(message),
    end: () => socket.terminate(),
  };
}
