// The socket of one board, for the browser that holds it and for those that watch: frames of bytes and messages, both ways.
import { decodeFrame, encodeFrame, type Frame } from '#shared/devices.ts';
import { openLastingSocket, type LinkState, type Outside } from '#lib/workspace/lastingSocket.ts';

export type DeviceNews<Message> = {
  link: (link: LinkState) => void;
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
  outside: Outside;
}): DeviceSocket {
  const socket = openLastingSocket({
    address,
    outside,
    firstWait: 250,
    isFinal,
    news: {
      state: news.link,
      opened: () => undefined,
      data: (data) => {
        if (typeof data === 'string') return news.message(JSON.parse(data) as Message);
        const frame = decodeFrame(new Uint8Array(data));
        if (frame) news.frame(frame);
      },
      refused: news.refused,
    },
  });
  return {
    send: (message) => socket.send(JSON.stringify(message)),
    sendFrame: (frame) => socket.send(encodeFrame(frame)),
    get waiting() {
      return socket.waiting;
    },
    retry: socket.retry,
    close: socket.close,
  };
}

/** Where a board's socket is; `from`: the first byte that is missing. */
export function deviceAddress(origin: string, id: string, how: { from: number } | { host: true }): string {
  const address = new URL(`/devices/${encodeURIComponent(id)}`, origin.replace(/^http/, 'ws'));
  if ('host' in how) address.searchParams.set('host', '1');
  else address.searchParams.set('from', String(how.from));
  return address.href;
}
