// The socket that brings news: who is where, what changed in the tree, what concerns me. It carries news, not truth, so whoever
// holds it reads the API again after a gap. It comes back by itself, at once when the browser says the network is there.
import type { FromBrowser, ToBrowser } from '#shared/live.ts';

export type LiveState = 'connecting' | 'open' | 'offline';
type Socket = Pick<WebSocket, 'send' | 'close' | 'readyState'> & {
  onopen: unknown;
  onmessage: unknown;
  onclose: unknown;
};

export type Outside = {
  connect: () => Socket;
  /** The browser's `online` and `offline`; gives a way to stop listening. */
  network: (heard: (online: boolean) => void) => () => void;
  after: (milliseconds: number, run: () => void) => () => void;
  random: () => number;
};

export type LiveNews = {
  message: (message: ToBrowser) => void;
  state: (state: LiveState) => void;
  /** Open, for the first time or again after a gap: say what to watch, and read again what may have been missed. */
  opened: (again: boolean) => void;
  /** The server will not have us: the session is over. */
  refused: () => void;
};

export type Live = {
  send: (message: FromBrowser) => void;
  /** Try now instead of later. */ retry: () => void;
  close: () => void;
};

/** After this many milliseconds at most, the next try. */
export const longestWait = 15_000;
/** A last word that no further try will change (shared/errors.ts: unauthenticated, forbidden). */
const finalCodes = new Set([4401, 4403]);

export function openLive(news: LiveNews, outside: Outside): Live {
  let socket: Socket | null = null;
  let tries = 0;
  let wasOpen = false;
  let closed = false;
  let stopTimer: (() => void) | null = null;

  function connect(): void {
    stopTimer?.();
    stopTimer = null;
    if (closed || socket) return;
    news.state('connecting');
    const mine = outside.connect();
    socket = mine;
    mine.onopen = () => {
      if (socket !== mine) return;
      tries = 0;
      news.state('open');
      news.opened(wasOpen);
      wasOpen = true;
    };
    mine.onmessage = (event: MessageEvent<string>) => {
      if (socket === mine) news.message(JSON.parse(event.data) as ToBrowser);
    };
    mine.onclose = (event: { code: number }) => {
      if (socket !== mine) return;
      socket = null;
      if (closed) return;
      news.state('offline');
      if (finalCodes.has(event.code)) return news.refused();
      wait();
    };
  }

  function wait(): void {
    const longest = Math.min(longestWait, 500 * 2 ** tries++);
    stopTimer?.();
    stopTimer = outside.after(longest * (0.5 + outside.random() / 2), connect);
  }

  function drop(): void {
    const old = socket;
    socket = null;
    old?.close();
    if (!closed) news.state('offline');
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
    send: (message) => {
      if (socket?.readyState === 1) socket.send(JSON.stringify(message));
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

export const browserOutside = (address: URL): Outside => ({
  connect: () => new WebSocket(address),
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
});
