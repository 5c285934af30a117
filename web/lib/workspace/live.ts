// The socket that brings news: who is where, what changed in the tree, what concerns me. It carries news, not truth, so whoever
// holds it reads the API again after a gap.
import type { FromBrowser, ToBrowser } from '#shared/live.ts';
import { openLastingSocket, type LinkState, type Outside } from './lastingSocket.ts';

export type LiveNews = {
  message: (message: ToBrowser) => void;
  state: (state: LinkState) => void;
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

/** unauthenticated, forbidden */
const finalCodes = new Set([4401, 4403]);

export function openLive(news: LiveNews, { address, outside }: { address: string; outside: Outside }): Live {
  let wasOpen = false;
  const { send, retry, close } = openLastingSocket({
    address: () => address,
    outside,
    firstWait: 500,
    isFinal: (code) => finalCodes.has(code),
    news: {
      state: news.state,
      opened: () => {
        news.opened(wasOpen);
        wasOpen = true;
      },
      data: (data) => news.message(JSON.parse(data as string) as ToBrowser),
      refused: news.refused,
    },
  });
  return { send: (message) => void send(JSON.stringify(message)), retry, close };
}
