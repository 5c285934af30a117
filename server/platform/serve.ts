// Opens the port: plain http or TLS, requests to the app, upgrades to the sockets.
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';
import type { Sockets } from './sockets.ts';

export type Certificate = { cert: string; key: string };
export type Serving = { port: number; close: () => Promise<void> };

/** Another listener may take requests first (Vite in development); it calls `next` for what is not its own. */
export type FirstListener = (request: http.IncomingMessage, response: http.ServerResponse, next: () => void) => void;

type ServeParts = {
  app: Hono;
  sockets: Sockets;
  host: string;
  port: number;
  server: http.Server;
  first?: FirstListener | undefined;
};

/** Throws a sentence for people when the port is taken. */
export async function serve({ app, sockets, host, port, server, first }: ServeParts): Promise<Serving> {
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  const serving = server;
  serving.on('request', (request: http.IncomingMessage, response: http.ServerResponse) => {
    if (first) first(request, response, () => void listener(request, response));
    else void listener(request, response);
  });
  serving.on('upgrade', (request: http.IncomingMessage, socket, head) => {
    if (!first || !isViteSocket(request)) sockets.upgrade(request, socket, head);
  });
  serving.on('clientError', (_error, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
    else socket.destroy();
  });
  await new Promise<void>((done, fail) => {
    serving.once('error', (error: NodeJS.ErrnoException) =>
      fail(new Error(explain(error, { host, port }), { cause: error })),
    );
    serving.listen({ host, port }, done);
  });
  return {
    port: (serving.address() as AddressInfo).port,
    async close() {
      const closed = new Promise((done) => serving.close(done));
      serving.closeIdleConnections();
      await sockets.close();
      const patience = setTimeout(() => serving.closeAllConnections(), 2000);
      await closed;
      clearTimeout(patience);
    },
  };
}

export function createServer(certificate: Certificate | null): http.Server {
  // A request's headers must be there in 20 s, all of it in 5 minutes (a large upload over a slow line).
  const options = { headersTimeout: 20_000, requestTimeout: 300_000, keepAliveTimeout: 65_000, maxHeaderSize: 16_384 };
  return certificate
    ? (https.createServer({ ...options, ...certificate, minVersion: 'TLSv1.2' }) as unknown as http.Server)
    : http.createServer(options);
}

const isViteSocket = (request: http.IncomingMessage) =>
  (request.headers['sec-websocket-protocol'] ?? '').startsWith('vite-');

function explain(error: NodeJS.ErrnoException, { host, port }: { host: string; port: number }): string {
  if (error.code === 'EADDRINUSE')
    return `Port ${port} on ${host} is taken. End what uses it, or set PORT to another one (0 takes any).`;
  if (error.code === 'EACCES') return `Port ${port} on ${host} may not be opened by this user. Use a port above 1023.`;
  if (error.code === 'EADDRNOTAVAIL') return `HOST ${host} is not an address of this machine.`;
  return `Port ${port} on ${host} cannot be opened: ${error.message}`;
}
