// Another origin that writes down whatever reaches it: requests, connections that ask nothing, packets of WebRTC.
import dgram from 'node:dgram';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';

export type Canary = { http: string; tcpPort: number; udpPort: number; hits: string[]; close: () => void };

export async function startCanary(): Promise<Canary> {
  const hits: string[] = [];
  const server = http.createServer((request, response) => {
    hits.push(`${request.method} ${request.url}`);
    response.setHeader('access-control-allow-origin', '*');
    response.setHeader('cross-origin-resource-policy', 'cross-origin');
    response.setHeader('cross-origin-embedder-policy', 'require-corp');
    response.end('hit');
  });
  server.on('upgrade', (request, socket) => {
    hits.push(`UPGRADE ${request.url}`);
    socket.destroy();
  });
  const tcp = net.createServer((socket) => {
    hits.push('TCP');
    socket.destroy();
  });
  const udp = dgram.createSocket('udp4');
  udp.on('message', () => hits.push('UDP'));
  await Promise.all([
    new Promise<void>((done) => server.listen(0, '127.0.0.1', done)),
    new Promise<void>((done) => tcp.listen(0, '127.0.0.1', done)),
    new Promise<void>((done) => udp.bind(0, '127.0.0.1', done)),
  ]);
  return {
    http: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tcpPort: (tcp.address() as AddressInfo).port,
    udpPort: udp.address().port,
    hits,
    close: () => {
      server.close();
      server.closeAllConnections();
      tcp.close();
      udp.close();
    },
  };
}
