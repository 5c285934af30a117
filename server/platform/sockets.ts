// The door for WebSockets: who asks, from where, for which path; then the slice that owns the path takes the bare connection and speaks
// its own frames. Browsers cannot read the status of a refused upgrade, so a browser is let in and told by a close code.
import crypto from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { errorCodes, isProblem, notFound, Problem } from '#shared/errors.ts';
import type { Actor } from '#shared/permissions.ts';
import { bearer, forwardedFor, type Edge } from './api.ts';
import { limits } from './limits.ts';
import { isOwnOrigin } from './origin.ts';

/** A connection that asks to be let in. Call `accept` or `refuse`, once. */
export type Visit = {
  actor: Actor;
  /** What follows the prefix, decoded: the file id of `/sync/<file id>`, empty for `/live`. */
  id: string;
  query: URLSearchParams;
  address: string;
  /** Answers the upgrade. From here on bytes flow; `head` is what came with the request. The acceptor listens to `error` and `close`. */
  accept: () => { socket: Duplex; head: Buffer };
  refuse: (problem: Problem) => void;
};
export type Acceptor = (visit: Visit) => Promise<void> | void;

export type Sockets = {
  upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** Ends the open connections of whoever `gone` is true for, with the close code of `code` (AC3). */
  end: (gone: (actor: Actor) => boolean, code: 'unauthenticated' | 'forbidden') => void;
  count: () => number;
  /** Tells every open connection that the server goes away (1001: come back later), and lets go of it. */
  close: () => Promise<void>;
};

const mostPerPerson = 64;

/** `acceptors`: by prefix, e.g. `{ '/sync/': ..., '/live': ... }`; a prefix that ends in `/` wants an id after it. */
export function createSockets({
  acceptors,
  gatekeepers,
  origins,
  trustProxy,
  limits: counters,
  log,
}: Edge & { acceptors: Record<string, Acceptor> }): Sockets {
  const open = new Map<Duplex, Actor>();
  let closing = false;

  /** A function of its own: what it leaves behind holds the socket for hours, and must not hold the request with it. */
  function keep(socket: Duplex, actor: Actor): void {
    // whoever left while we asked the database: the acceptor hears of it as of any other end
    if (socket.closed) process.nextTick(() => socket.emit('close'));
    else open.set(socket, actor);
    socket.once('close', () => open.delete(socket));
  }

  async function receive(request: IncomingMessage, socket: Duplex, head: Buffer) {
    const [pathname = '/', search = ''] = (request.url ?? '/').split('?', 2);
    const query = new URLSearchParams(search);
    const origin = request.headers.origin ?? null;
    const host = request.headers.host ?? null;
    const token = query.get('token') ?? bearer(request.headers.authorization ?? null);
    const browser = token === null && origin !== null && isOwnOrigin(origins, { origin, host });
    const refuse = (problem: Problem) =>
      browser ? acceptAndClose(request, socket, problem) : refuseUpgrade(socket, problem);
    try {
      if (
        request.headers['sec-websocket-version'] !== '13' ||
        !/^[\w+/]{22}==$/.test(request.headers['sec-websocket-key'] ?? '')
      )
        return refuseUpgrade(socket, new Problem('invalid', 'That is not a WebSocket handshake.'));
      if (origin !== null && !isOwnOrigin(origins, { origin, host }))
        return refuseUpgrade(socket, new Problem('forbidden', 'Not from this page.'));
      if (closing) return refuse(new Problem('unavailable', 'The server is stopping.'));
      const found = findAcceptor(acceptors, pathname);
      if (!found) return refuse(notFound('such socket'));
      if (token === null && !browser) throw new Problem('unauthenticated', 'Send a token, or come from our own page.');
      const address = forwardedFor({
        peer: request.socket.remoteAddress ?? '',
        header: headerText(request.headers['x-forwarded-for']),
        trustProxy,
      });
      const actor = await gatekeepers
        .who(
          {
            cookie: token === null ? (request.headers.cookie ?? null) : null,
            token,
            address,
            agent: request.headers['user-agent'] ?? '',
          },
          null,
        )
        .catch((error: unknown) => {
          counters.spend(limits.signedOut, address); // guessing tokens has its limit too
          throw error;
        });
      if (!actor) {
        counters.spend(limits.signedOut, address);
        throw new Problem('unauthenticated', 'Sign in first.');
      }
      let held = 0;
      for (const other of open.values()) if (other.personId === actor.personId) held++;
      if (held >= mostPerPerson)
        throw new Problem('rate-limited', `More than ${mostPerPerson} connections at once are too many.`, {
          retryAfter: 30,
        });
      let answered = false;
      await found.accept({
        actor,
        id: found.id,
        query,
        address,
        accept() {
          answered = true;
          keep(socket, actor);
          socket.write(switching(request));
          return { socket, head };
        },
        refuse(problem) {
          answered = true;
          refuse(problem);
        },
      });
      if (!answered) throw new Error(`The acceptor of ${pathname} did not answer`);
    } catch (error) {
      if (!isProblem(error)) log.error({ err: error }, 'socket.failed');
      if (open.has(socket)) socket.destroy();
      else refuse(isProblem(error) ? error : new Problem('internal', 'Something went wrong.'));
    }
  }

  return {
    upgrade(request, socket, head) {
      socket.on('error', () => socket.destroy());
      void receive(request, socket, head);
    },
    end(gone, code) {
      for (const [socket, actor] of open) if (gone(actor)) endWith(socket, errorCodes[code].close, code);
    },
    count: () => open.size,
    async close() {
      closing = true;
      const sockets = [...open.keys()];
      for (const socket of sockets) endWith(socket, 1001, 'The server is going away');
      await Promise.race([
        Promise.all(
          sockets.map((socket) => new Promise((done) => (socket.destroyed ? done(null) : socket.once('close', done)))),
        ),
        new Promise((done) => setTimeout(done, 1000).unref()),
      ]);
      for (const socket of sockets) socket.destroy();
    },
  };
}

function findAcceptor(acceptors: Record<string, Acceptor>, pathname: string): { accept: Acceptor; id: string } | null {
  for (const [prefix, accept] of Object.entries(acceptors)) {
    if (pathname === prefix && !prefix.endsWith('/')) return { accept, id: '' };
    const rest = prefix.endsWith('/') && pathname.startsWith(prefix) ? pathname.slice(prefix.length) : '';
    if (/^[\w-]{1,255}$/.test(rest)) return { accept, id: rest };
  }
  return null;
}

const headerText = (header: string | string[] | undefined) =>
  Array.isArray(header) ? header.join(',') : (header ?? null);

/** RFC 6455, section 4.2.2. No extensions: without compression a frame costs what it says. */
function switching(request: IncomingMessage): string {
  const key = crypto
    .createHash('sha1')
    .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64');
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${key}\r\n\r\n`;
}

/** A close frame from the server: never masked, at most 125 bytes. */
export function closeFrame(code: number, reason: string): Buffer {
  let text = Buffer.from(reason, 'utf8');
  while (text.length > 123) text = Buffer.from(text.toString('utf8').slice(0, -1), 'utf8');
  return Buffer.concat([Buffer.from([0x88, 2 + text.length, code >> 8, code & 0xff]), text]);
}

function endWith(socket: Duplex, code: number, reason: string) {
  socket.end(closeFrame(code, reason));
  setTimeout(() => socket.destroy(), 1000).unref();
}

function acceptAndClose(request: IncomingMessage, socket: Duplex, problem: Problem) {
  socket.write(switching(request));
  socket.resume(); // what the browser still says goes nowhere, and its goodbye is read
  endWith(socket, errorCodes[problem.code].close, problem.message);
}

function refuseUpgrade(socket: Duplex, problem: Problem) {
  const body = JSON.stringify({ error: { code: problem.code, message: problem.message } });
  const retry =
    typeof problem.data?.['retryAfter'] === 'number' ? `Retry-After: ${problem.data['retryAfter']}\r\n` : '';
  socket.end(
    `HTTP/1.1 ${problem.status} ${problem.code}\r\nConnection: close\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n${retry}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
