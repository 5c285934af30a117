// A socket that comes back by itself: after a pause that grows, and at once when the browser says that the network is there. What is
// said on it is for its owner: /live and /devices speak their own words over it.

export type LinkState = 'connecting' | 'open' | 'offline';
type Socket = Pick<WebSocket, 'send' | 'close' | 'readyState' | 'bufferedAmount'> & {
  onopen: unknown;
  onmessage: unknown;
  onclose: unknown;
};

export type Outside = {
  connect: (address: string) => Socket;
  /** The browser's `online` and `offline`; gives a way to stop listening. */
  network: (heard: (online: boolean) => void) => () => void;
  after: (milliseconds: number, run: () => void) => () => void;
  random: () => number;
};
export type SocketNews = {
  state: (state: LinkState) => void;
  opened: () => void;
  data: (data: string | ArrayBuffer) => void;
  /** The server will not have us, and no further try is made. */
  refused: (refusal: { code: number; reason: string }) => void;
};

/** After this many milliseconds at most, the next try. */
export const longestWait = 15_000;

export function openLastingSocket({
  address,
  news,
  outside,
  firstWait,
  isFinal,
}: {
  /** Asked before each try: what is missing changes. */
  address: () => string;
  news: SocketNews;
  outside: Outside;
  /** Milliseconds; twice as long after each further try. */
  firstWait: number;
  /** Close codes that a further try does not change (shared/errors.ts). */
  isFinal: (code: number) => boolean;
}) {
  let socket: Socket | null = null;
  let tries = 0;
  let closed = false;
  let stopTimer: (() => void) | null = null;

  function connect(): void {
    stopTimer?.();
    stopTimer = null;
    if (closed || socket) return;
    news.state('connecting');
    const mine = outside.connect(address());
    socket = mine;
    mine.onopen = () => {
      if (socket !== mine) return;
      tries = 0;
      news.state('open');
      news.opened();
    };
    mine.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (socket === mine) news.data(data);
    };
    mine.onclose = ({ code, reason }: { code: number; reason: string }) => {
      if (socket !== mine) return;
      socket = null;
      if (closed) return;
      news.state('offline');
      if (!isFinal(code)) return wait();
      end();
      news.refused({ code, reason });
    };
  }
  function wait(): void {
    const longest = Math.min(longestWait, firstWait * 2 ** tries++);
    stopTimer?.();
    stopTimer = outside.after(longest * (0.5 + outside.random() / 2), connect);
  }
  function drop(): void {
    const old = socket;
    socket = null;
    old?.close();
    if (old && !closed) news.state('offline');
  }
  function end(): void {
    closed = true;
    stopTimer?.();
    stopNetwork();
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
  connect();

  return {
    /** False: there is no connection. */
    send(data: string | Uint8Array<ArrayBuffer>): boolean {
      if (socket?.readyState !== 1) return false;
      socket.send(data);
      return true;
    },
    /** Bytes that were handed over and have not left yet. */
    get waiting(): number {
      return socket?.bufferedAmount ?? 0;
    },
    /** Try now instead of later. */
    retry(): void {
      tries = 0;
      connect();
    },
    close(): void {
      end();
      drop();
    },
  };
}

export const browserOutside: Outside = {
  connect: (address) => {
    const socket = new WebSocket(address);
    socket.binaryType = 'arraybuffer';
    return socket;
  },
  network: (heard) => {
    const on = () => heard(true);
    const off = () => heard(false);
    window.addEventListener('online', on);
    window.addEventListener('offline', off);
    return () => {
      window.removeEventListener('online', on);
      window.removeEventListener('offline', off);
    };
  },
  after: (milliseconds, run) => {
    const timer = setTimeout(run, milliseconds);
    return () => clearTimeout(timer);
  },
  random: Math.random,
};
