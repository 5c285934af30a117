// What a board says, on its way to the server: gathered, numbered by offset, and held while there is no connection. What is too much to be
// held is left out where the server can see it.
import { frameMostBytes, frameTypes } from '#shared/devices.ts';
import type { DeviceSocket } from './deviceSocket.ts';
import { joined } from './joined.ts';

/** What waits for a connection, at most. */
const mostWaiting = 1024 * 1024;

export function createHostOutput({
  socket,
  isOpen,
  soon = afterThisTask,
}: {
  socket: Pick<DeviceSocket, 'sendFrame' | 'waiting'>;
  isOpen: () => boolean;
  soon?: ((run: () => void) => void) | undefined;
}) {
  let gathered: Uint8Array[] = [];
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let sent = 0;
  let dropped = 0;
  let ended = false;

  function flush(): void {
    const all = gathered;
    gathered = [];
    send(all.length === 1 ? all[0]! : joined(all));
  }
  function send(bytes: Uint8Array): void {
    if (ended) return;
    if (!isOpen() || socket.waiting > mostWaiting) return hold(bytes);
    sendHeld();
    put(bytes);
  }
  function hold(bytes: Uint8Array): void {
    held.push(bytes);
    heldBytes += bytes.length;
    while (heldBytes > mostWaiting) {
      const oldest = held.shift()!;
      heldBytes -= oldest.length;
      dropped += oldest.length;
      sent += oldest.length; // a gap that the server can see
    }
  }
  function sendHeld(): void {
    const all = held;
    held = [];
    heldBytes = 0;
    for (const one of all) put(one);
  }
  function put(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length; from += frameMostBytes) {
      const part = bytes.subarray(from, from + frameMostBytes);
      socket.sendFrame({ type: frameTypes.output, epoch: 0, offset: sent, bytes: part });
      sent += part.length;
    }
  }

  return {
    get dropped() {
      return dropped;
    },
    /** Many small pieces are one frame: the server counts frames. */
    gather(bytes: Uint8Array): void {
      gathered.push(bytes);
      if (gathered.length === 1) soon(flush);
    },
    /** There is a connection again. */
    resume: sendHeld,
    end(): void {
      ended = true;
    },
  };
}

/** Behind what has come already, a millisecond after the last time at the earliest; unlike a timer also in a hidden tab. */
function afterThisTask(run: () => void): void {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    const now = performance.now();
    if (now - lastTask < 1) return port2.postMessage(null);
    lastTask = now;
    port1.close();
    run();
  };
  port2.postMessage(null);
}
let lastTask = 0;
