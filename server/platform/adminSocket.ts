// The local door for `npm run admin`: a unix socket in the data folder that only its owner may open. One JSON line asks, JSON lines
// answer: `{ say }` while it works, at the end `{ done }` or `{ failed }`. It also keeps a second server out of the same data folder.
import crypto from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

export type AdminRequest = { command: string; options: Record<string, string | boolean> };
/** Returns what `--json` prints; throws a sentence for people. */
export type AdminHandler = (request: AdminRequest, say: (line: string) => void) => Promise<unknown>;
export type AdminReply = { say: string } | { done: unknown } | { failed: string };

export type AdminSocket = { answer: (handler: AdminHandler) => void; close: () => Promise<void> };

/** A socket's path has at most 107 bytes; for a deeper data folder it lies in the temporary folder, named by the data folder. */
export function adminSocketPath(dataDir: string): string {
  const direct = path.join(dataDir, 'admin.sock');
  if (process.platform === 'win32') return `\\\\.\\pipe\\llmos-${hash(dataDir)}`;
  return Buffer.byteLength(direct) <= 100 ? direct : path.join(os.tmpdir(), `llmos-${hash(dataDir)}.sock`);
}

const hash = (text: string) => crypto.createHash('sha256').update(text).digest('hex').slice(0, 16);

/** Throws when another server has this data folder. */
export async function openAdminSocket({ dataDir }: { dataDir: string }): Promise<AdminSocket> {
  const file = adminSocketPath(dataDir);
  let handler: AdminHandler = async () => {
    throw new Error('The server is still starting. Try again in a moment.');
  };
  const open = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    open.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => open.delete(socket));
    void answer(socket, (request, say) => handler(request, say));
  });
  if (!(await listen(server, file))) {
    if (await connect(file))
      throw new Error(
        `Another LLMos server works in ${dataDir}. Stop that one first, or set DATA_DIR to a folder of its own.`,
      );
    fs.rmSync(file, { force: true }); // left behind by a kill
    if (!(await listen(server, file)))
      throw new Error(`${file} cannot be opened. Is another LLMos server starting in ${dataDir}?`);
  }
  if (process.platform !== 'win32') fs.chmodSync(file, 0o600);
  return {
    answer: (next) => void (handler = next),
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}

/** The running server's answer; null when none runs in this data folder. Throws what the server refused. */
export async function askRunningServer({
  dataDir,
  request,
  say,
}: {
  dataDir: string;
  request: AdminRequest;
  say: (line: string) => void;
}): Promise<{ done: unknown } | null> {
  const socket = await connect(adminSocketPath(dataDir));
  if (!socket) return null;
  socket.write(`${JSON.stringify(request)}\n`);
  for await (const line of lines(socket)) {
    const reply = JSON.parse(line) as AdminReply;
    if ('say' in reply) say(reply.say);
    else if ('failed' in reply) throw new Error(reply.failed);
    else return reply;
  }
  throw new Error('The server ended before it was done.');
}

async function answer(socket: net.Socket, handler: AdminHandler) {
  const reply = (words: AdminReply) => socket.write(`${JSON.stringify(words)}\n`);
  try {
    for await (const line of lines(socket)) {
      const done = await handler(JSON.parse(line) as AdminRequest, (say) => reply({ say }));
      reply({ done: done ?? {} });
      break;
    }
  } catch (error) {
    reply({ failed: error instanceof Error ? error.message : String(error) });
  }
  socket.end();
}

async function* lines(socket: net.Socket): AsyncGenerator<string> {
  socket.setEncoding('utf8');
  let rest = '';
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    const parts = (rest + String(chunk)).split('\n');
    rest = parts.pop()!;
    if (rest.length > 2 ** 22) throw new Error('That line is too long.');
    yield* parts;
  }
}

function listen(server: net.Server, file: string): Promise<boolean> {
  return new Promise((done, fail) => {
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? done(false) : fail(error)));
    const mask = process.umask(0o177); // the socket is private from its first moment
    server.listen(file, () => done(true));
    process.umask(mask);
  });
}

function connect(file: string): Promise<net.Socket | null> {
  return new Promise((done) => {
    const socket = net.connect(file, () => done(socket));
    socket.once('error', () => done(null));
  });
}
