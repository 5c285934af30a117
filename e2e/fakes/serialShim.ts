// A serial port for browsers of a story: `navigator.serial` with one board on it, which is a real MicroPython in a thread of this process.
// The permission that a person gave outlives a reload, as it does in a browser; a pull and a plug are told as browsers tell them.
import type { BrowserContext, Page } from '@playwright/test';

type NodeBoard = {
  write: (bytes: Uint8Array) => Promise<void>;
  hardReset: () => Promise<void>;
  close: () => Promise<void>;
};
/** Another board than MicroPython: a stream of bytes that hears the lines and the rate itself. */
export type OtherBoard = {
  receive: (bytes: Uint8Array) => void;
  setSignals: (signals: { dtr?: boolean; rts?: boolean }) => void;
  setBaud: (baud: number) => void;
};
export type Serial = {
  /** What the page did with the lines DTR and RTS. */
  signals: { dataTerminalReady?: boolean; requestToSend?: boolean }[];
  /** All that was written to the board. */
  written: () => string;
  /** Something that no program says: bytes on the line. */
  say: (bytes: Uint8Array | string) => void;
  /** Out of the socket, and in again. */
  pull: (page: Page) => Promise<void>;
  plug: (page: Page) => Promise<void>;
  close: () => Promise<void>;
};

const address = 'ws://serial.test/board';

export async function plugIn(
  context: BrowserContext,
  ids = { vendor: 0x303a, product: 0x1001 },
  other?: (say: (bytes: Uint8Array) => void) => OtherBoard,
): Promise<Serial> {
  // by its address: a story looks at the product from outside, and this is the other end of the cable
  const { openNodeBoard } = (await import(new URL('../../server/boards/nodeBoard.ts', import.meta.url).href)) as {
    openNodeBoard: (options: { say: (bytes: Uint8Array) => void; failed: (error: Error) => void }) => NodeBoard;
  };
  let line: { send: (bytes: Buffer) => void; close: () => void } | null = null;
  let heard = '';
  let held = false;
  const signals: Serial['signals'] = [];
  const say = (bytes: Uint8Array | string) => line?.send(Buffer.from(bytes as Uint8Array));
  const instead = other?.(say);
  const board = instead ? null : openNodeBoard({ say, failed: () => undefined });

  await context.routeWebSocket(address, (socket) => {
    const mine = { send: (bytes: Buffer) => socket.send(bytes), close: () => void socket.close() };
    line = mine;
    socket.onMessage((message) => {
      if (typeof message !== 'string') {
        heard += message.toString('latin1');
        if (instead) instead.receive(message);
        void board?.write(message);
        return;
      }
      const next = JSON.parse(message) as Serial['signals'][number] & { baudRate?: number };
      if (next.baudRate !== undefined) return instead?.setBaud(next.baudRate);
      signals.push(next);
      instead?.setSignals({
        ...(next.dataTerminalReady !== undefined && { dtr: next.dataTerminalReady }),
        ...(next.requestToSend !== undefined && { rts: next.requestToSend }),
      });
      if (next.requestToSend === undefined) return;
      if (held && !next.requestToSend) void board?.hardReset();
      held = next.requestToSend;
    });
    socket.onClose(() => {
      if (line === mine) line = null;
    });
  });
  await context.addInitScript(installShim, { address, ...ids });
  return {
    signals,
    written: () => heard,
    say,
    pull: (page) => page.evaluate(() => (window as any).serialShim.pull()),
    plug: (page) => page.evaluate(() => (window as any).serialShim.plug()),
    close: async () => board?.close(),
  };
}

/** Runs in the page. */
function installShim({ address, vendor, product }: { address: string; vendor: number; product: number }) {
  if (window.top !== window) return;
  const lost = () => new DOMException('The device has been lost.', 'NetworkError');
  class Port extends EventTarget {
    connected = true;
    readable: ReadableStream<Uint8Array> | null = null;
    writable: WritableStream<Uint8Array> | null = null;
    socket: WebSocket | null = null;
    fail = () => {};
    getInfo = () => ({ usbVendorId: vendor, usbProductId: product });
    async open({ baudRate }: { baudRate: number }) {
      if (this.socket) throw new DOMException('The port is already open.', 'InvalidStateError');
      if (!(baudRate > 0)) throw new TypeError('baudRate');
      if (!this.connected) throw new DOMException('Failed to open serial port.', 'NetworkError');
      const socket = (this.socket = new WebSocket(address));
      socket.binaryType = 'arraybuffer';
      await new Promise((done, fail) => {
        socket.onopen = done;
        socket.onerror = () => fail(new DOMException('Failed to open serial port.', 'NetworkError'));
      });
      socket.send(JSON.stringify({ baudRate }));
      this.readable = new ReadableStream({
        start: (controller) => {
          socket.onmessage = ({ data }) => controller.enqueue(new Uint8Array(data));
          this.fail = () => controller.error(lost());
        },
      });
      this.writable = new WritableStream({
        write: (chunk) => {
          if (this.socket !== socket) throw lost();
          socket.send(new Uint8Array(chunk));
        },
      });
    }
    async setSignals(next: object) {
      if (!this.socket) throw new DOMException('The port is closed.', 'InvalidStateError');
      this.socket.send(JSON.stringify(next));
    }
    async close() {
      if (this.readable?.locked || this.writable?.locked) throw new TypeError('Cannot close while a stream is locked.');
      this.end();
    }
    end() {
      this.socket?.close();
      this.socket = null;
      this.readable = null;
      this.writable = null;
    }
  }
  const port = new Port();
  const serial = Object.assign(new EventTarget(), {
    getPorts: async () => (sessionStorage.getItem('shim.granted') && port.connected ? [port] : []),
    requestPort: async ({ filters = [] as { usbVendorId: number }[] } = {}) => {
      const fits = filters.length === 0 || filters.some(({ usbVendorId }) => usbVendorId === vendor);
      if (!fits || !port.connected) throw new DOMException('No port selected by the user.', 'NotFoundError');
      sessionStorage.setItem('shim.granted', 'yes');
      return port;
    },
  });
  Object.defineProperty(navigator, 'serial', { value: serial, configurable: true });
  Object.assign(window, {
    serialShim: {
      pull: () => {
        const { fail } = port;
        port.connected = false;
        port.end();
        fail();
        port.dispatchEvent(new Event('disconnect'));
        serial.dispatchEvent(new Event('disconnect'));
      },
      plug: () => {
        port.connected = true;
        serial.dispatchEvent(new Event('connect'));
      },
    },
  });
}
