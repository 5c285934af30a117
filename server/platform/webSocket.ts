// A connection whose handshake sockets.ts has answered, in the hands of `ws`: frames, pings, closing.
import WebSocket from 'ws';
import type { Duplex } from 'node:stream';

/** The part of `ws` behind its own server: what `completeUpgrade` does once a handshake is answered. */
type Adopting = WebSocket & {
  setSocket(
    socket: Duplex,
    head: Buffer,
    options: { maxPayload: number; skipUTF8Validation: boolean; allowSynchronousEvents: boolean },
  ): void;
};

/** `listen` is called before the first byte is read. A frame above `maxPayload` closes with 1009. */
export function adoptSocket({
  socket,
  head,
  maxPayload,
  listen,
}: {
  socket: Duplex;
  head: Buffer;
  maxPayload: number;
  listen: (adopted: WebSocket) => void;
}): WebSocket {
  // no address: the handshake is done
  const adopted = new WebSocket(null as unknown as string, undefined, { autoPong: true } as object) as Adopting;
  adopted.on('error', () => undefined); // a frame that breaks the protocol; `ws` closes with its code
  listen(adopted);
  adopted.setSocket(socket, head, { maxPayload, skipUTF8Validation: false, allowSynchronousEvents: true });
  return adopted;
}
