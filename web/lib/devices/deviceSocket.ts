// The socket of one board, for the browser that holds it and for those that watch: frames of bytes and messages, both ways. It comes
// back by itself, at once when the browser says that the network is there again.
import { decodeFrame, encodeFrame, type Frame } from '#shared/devices.ts';
import { longestWait, type Outside as LiveOutside } from '#lib/workspace/live.ts';

export type Link = 'connecting' | 'open' | 'offline';
type Socket = Pick<WebSocket, 'send' | 'close' | 'readyState' | 'bufferedAmount'> & {
  onopen: unknown;
  onmessage: unknown;
  onclose: unknown;
};
export type SocketOutside = Pick<LiveOutside, 'network' | 'after' | 'random'> & {
  connect: (address: string) => Socket;
};

export type DeviceNews<Message> = {
  link: (link: Link) => void;
  message: (message: Message) => void;
  frame: (frame: Frame) => void;
  /** The server will not have us, and no further try changes that. */
  refused: (refusal: { code: number; reason: string }) => void;
};
export type DeviceSocket = {
  /** False: it was not sent, because there is no connection. */
  send: (message: object) => boolean;
  sendFrame: (frame: Frame) => boolean;
  /** Bytes that were handed over and have not left yet. */
  readonly waiting: number;
  retry: () => void;
  close: () => void;
};

/** Broken or too large (1002 to 1009), and the codes of shared/errors.ts that a further try does not change. */
const isFinal = (code: number) => [1002, 1003, 1009].includes(code) || (code >= 4400 && code < 4500);

export function openDeviceSocket<Message>({
  address,
  news,
  outside,
}: {
  /** Asked before each try: what is missing changes. */
  address: () => string;
  news: DeviceNews<Message>;
  outside: SocketOutside;
}): DeviceSocket {
  let socket: Socket | null = null;
  let tries = 0;
  let closed = false;
  let stopTimer: (() => void) | null = null;

  function connect(): void {
    stopTimer?.();
    stopTimer = null;
    if (closed || socket) return;
    news.link('connecting');
    const mine = outside.connect(address());
    socket = mine;
    mine.onopen = () => {
      if (socket !== mine) return;
      tries = 0;
      news.link('open');
    };
    mine.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (socket !== mine) return;
      if (typeof data === 'string') return news.message(JSON.parse(data) as Message);
      const frame = decodeFrame(new Uint8Array(data));
      if (frame) news.frame(frame);
    };
    mine.onclose = ({ code, reason }: { code: number; reason: string }) => {
      if (socket !== mine) return;
      socket = null;
      if (closed) return;
      news.link('offline');
      if (!isFinal(code)) return wait();
      closed = true;
      stopNetwork();
      news.refused({ code, reason });
    };
  }
  function wait(): void {
    const longest = Math.min(longestWait, 250 * 2 ** tries++);
    stopTimer?.();
    stopTimer = outside.after(longest * (0.5 + outside.random() / 2), connect);
  }
  function drop(): void {
    const old = socket;
    socket = null;
    old?.close();
    if (old && !closed) news.link('offline');
  }
  const stopNetwork = outside.network((online) => {
    if (online) {
      tries = 0;
      connect();
    } else {
      stopTimer?.();
      drop();
      wait(); // the browser may be wrong about it
    }
  });
  const put = (data: string | Uint8Array<ArrayBuffer>) => {
    if (socket?.readyState !== 1) return false;
    socket.send(data);
    return true;
  };
  connect();

  return {
    send: (message) => put(JSON.stringify(message)),
    sendFrame: (frame) => put(encodeFrame(frame)),
    get waiting() {
      return socket?.bufferedAmount ?? 0;
    },
    retry: () => {
      tries = 0;
      connect();
    },
    close: () => {
      closed = true;
      stopTimer?.();
      stopNetwork();
      drop();
    },
  };
}

/** Where a board's socket is; `from`: the first byte that is missing. */
export function deviceAddress(origin: string, id: string, how: { from: number } | { host: true }): string {
  const address = new URL(`/devices/${encodeURIComponent(id)}`, origin.replace(/^http/, 'ws'));
  if ('host' in how) address.searchParams.set('host', '1');
  else address.searchParams.set('from', String(how.from));
  return address.href;
}
