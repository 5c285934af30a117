// For tests only: a room on a real socket, as small as y-websocket's protocol allows, that acknowledges, refuses and dies on demand.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import * as syncProtocol from 'y-protocols/sync';
import { WebSocketServer, type WebSocket } from 'ws';
import * as Y from 'yjs';
import { contentRoot, messageAcknowledged } from '#shared/room.ts';

export async function openTestRoom({ text = '' } = {}) {
  const doc = new Y.Doc();
  doc.getText(contentRoot).insert(0, text);
  const sockets = new Set<WebSocket>();
  const urls: string[] = [];
  let acknowledging = true;
  let refuseWith: number | null = null;
  const held: (() => void)[] = [];
  const http = createServer();
  const server = new WebSocketServer({ server: http });

  server.on('connection', (socket, request) => {
    urls.push(request.url ?? '');
    if (refuseWith !== null) return socket.close(refuseWith);
    sockets.add(socket);
    let content = 0;
    const send = (write: (encoder: encoding.Encoder) => void) => {
      const encoder = encoding.createEncoder();
      write(encoder);
      socket.send(encoding.toUint8Array(encoder));
    };
    const relay = (update: Uint8Array, origin: unknown) => {
      if (origin !== socket) send((e) => (encoding.writeVarUint(e, 0), syncProtocol.writeUpdate(e, update)));
    };
    doc.on('update', relay);
    send((e) => (encoding.writeVarUint(e, 0), syncProtocol.writeSyncStep1(e, doc)));
    socket.on('message', (data: Buffer) => {
      const decoder = decoding.createDecoder(new Uint8Array(data));
      if (decoding.readVarUint(decoder) !== 0) return;
      const reply = encoding.createEncoder();
      encoding.writeVarUint(reply, 0);
      const type = syncProtocol.readSyncMessage(decoder, reply, doc, socket);
      if (encoding.length(reply) > 1) socket.send(encoding.toUint8Array(reply));
      if (type === 0) return;
      const count = ++content;
      const acknowledge = () =>
        send((e) => (encoding.writeVarUint(e, messageAcknowledged), encoding.writeVarUint(e, count)));
      if (acknowledging) acknowledge();
      else held.push(acknowledge);
    });
    socket.on('close', () => {
      sockets.delete(socket);
      doc.off('update', relay);
    });
  });
  await new Promise<void>((done) => http.listen(0, '127.0.0.1', done));
  const { port } = http.address() as AddressInfo;

  return {
    doc,
    text: doc.getText(contentRoot),
    urls,
    origin: `http://127.0.0.1:${port}`,
    /** Acknowledgements wait until they are let go. */
    hold: () => void (acknowledging = false),
    letGo() {
      acknowledging = true;
      for (const acknowledge of held.splice(0)) acknowledge();
    },
    /** Ends all connections, and refuses new ones the same way. */
    end(code: number) {
      refuseWith = code;
      for (const socket of sockets) socket.close(code);
    },
    allow: () => void (refuseWith = null),
    /** As if the process died: no close frame. */
    drop() {
      for (const socket of sockets) socket.terminate();
    },
    close: () =>
      new Promise<void>((done) => {
        for (const socket of server.clients) socket.terminate();
        http.close(() => done());
      }),
  };
}
