// A shared bench from outside: one board at 2 Mbaud with 20 viewers, then 24 boards at 115,200 baud with 100 viewers; how long a byte takes to
// every screen, whether all of them have the same bytes, what it costs the server; a key to the board and back to a second viewer; an
// emergency stop to the board's browser. `node bench/devices.ts [--seconds 10]`. A real server on a fresh data folder; boards and
// viewers are sockets of this process, so that their own time is in the figures.
import { parseArgs } from 'node:util';
import WebSocket from 'ws';
import { startServer } from './server.ts';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '10' } } });
const seconds = Number(values.seconds);
const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));
const server = await startServer({ name: 'devices' });
const { origin, cookies, call, cpuSeconds } = server;
const quantile = (list: number[], share: number) => {
  const sorted = Float64Array.from(list).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!.toFixed(1);
};

// ---- [type u8][epoch u32][offset f64][bytes], docs/PROTOCOL.md
function frame(type: number, epoch: number, bytes: Buffer): Buffer {
  const head = Buffer.alloc(13);
  head[0] = type;
  head.writeUInt32BE(epoch, 1);
  return Buffer.concat([head, bytes]);
}
type Lease = { epoch: number; state: string } | null;
type Message = {
  type: string;
  from?: number;
  end?: number;
  state?: { connection: string; lease: Lease; stop: object | null };
};
type Heard = { json: (message: Message) => void; bytes: (type: number, offset: number, bytes: Buffer) => void };
async function connect(address: string, who: string, heard: Heard): Promise<WebSocket> {
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/devices/${address}`, {
    headers: { cookie: cookies.get(who)!, origin },
  });
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    if (isBinary) heard.bytes(data[0]!, data.readDoubleBE(5), data.subarray(13));
    else heard.json(JSON.parse(String(data)) as Message);
  });
  await new Promise((done, fail) => socket.once('open', done).once('error', fail));
  return socket;
}
const silent: Heard = { json: () => undefined, bytes: () => undefined };
const pattern = Buffer.from(Array.from({ length: 1 << 16 }, (_, i) => (i * 31 + (i >> 8) * 7) & 255));

/** A board that says a known pattern at a speed. `sent`: when the board had said how much. */
async function openBoard(name: string, heard: Partial<Heard> = {}) {
  const { id } = await call<{ id: string }>('POST /devices', { volume: 'team/lab', name, kind: 'virtual' });
  const socket = await connect(`${id}?host=1`, 'w0', { ...silent, ...heard });
  socket.send(JSON.stringify({ type: 'hosting', kind: 'virtual', port: 'bench', agent: 'bench', baud: 115200 }));
  const sent: { upto: number; at: number }[] = [];
  let said = 0;
  let from = 0;
  let owed = 0;
  return {
    id,
    socket,
    sent,
    get said() {
      return said;
    },
    begin: () => (from = performance.now()),
    /** What it has to say by now. */
    speak(bytesPerSecond: number) {
      owed = Math.floor(((performance.now() - from) / 1000) * bytesPerSecond);
      for (let most = 4096; owed > said;) {
        const start = said % pattern.length;
        const bytes = pattern.subarray(start, start + Math.min(most, owed - said));
        said += bytes.length;
        sent.push({ upto: said, at: performance.now() });
        socket.send(frame(1, 0, bytes));
      }
    },
  };
}
type OpenBoard = Awaited<ReturnType<typeof openBoard>>;

async function openViewer(board: OpenBoard, who: string, latencies: number[]) {
  const it = { next: 0, faults: 0, states: [] as NonNullable<Message['state']>[] };
  let base = -1;
  let shown = 0;
  const socket = await connect(board.id, who, {
    json(message) {
      if (message.type === 'hello') base = it.next = message.from!;
      if (message.state) it.states.push(message.state);
    },
    bytes(type, offset, bytes) {
      if (type !== 1) return;
      if (offset !== it.next) it.faults++;
      it.next = offset + bytes.length;
      const start = (offset - base) % pattern.length;
      const first = Math.min(bytes.length, pattern.length - start);
      if (bytes.compare(pattern, start, start + first, 0, first) !== 0) it.faults++;
      if (first < bytes.length && bytes.compare(pattern, 0, bytes.length - first, first) !== 0) it.faults++;
      const now = performance.now();
      for (; shown < board.sent.length && board.sent[shown]!.upto <= it.next - base; shown++)
        latencies.push(now - board.sent[shown]!.at);
    },
  });
  return Object.assign(it, { socket, got: () => it.next - base });
}

async function flow({
  boards: count,
  viewers: perBoard,
  baud,
}: {
  boards: number;
  viewers: number[];
  baud: number;
}): Promise<string> {
  // prettier-ignore
  const boards = await Promise.all(Array.from({ length: count }, (_, i) => openBoard(`b${baud}-${i}`)));
  const latencies: number[] = [];
  const viewers = await Promise.all(
    boards.flatMap((board, b) => Array.from({ length: perBoard[b]! }, async (_, i) => ({ board, viewer: await openViewer(board, `w${(b + i) % 5}`, latencies) }))), // prettier-ignore
  );
  await pause(500);
  for (const board of boards) board.begin();
  const [cpu, from] = [cpuSeconds(), performance.now()];
  while (performance.now() - from < seconds * 1000) {
    for (const board of boards) board.speak(baud / 10);
    await pause(4);
  }
  const load = (cpuSeconds() - cpu) / ((performance.now() - from) / 1000);
  await pause(500);
  const whole = viewers.filter(({ board, viewer }) => viewer.got() === board.said && viewer.faults === 0).length;
  for (const { viewer } of viewers) viewer.socket.close();
  for (const { socket } of boards) socket.close();
  const at = (share: number) => quantile(latencies, share);
  return `| ${count} x ${baud} baud, ${viewers.length} viewers | ${whole} of ${viewers.length} | ${at(0.5)} | ${at(0.99)} | ${at(1)} | ${(load * 100).toFixed(0)} % |`;
}

async function keys(): Promise<{ echo: number[]; stops: number[] }> {
  const stops: number[] = [];
  const echo: number[] = [];
  let pressed = 0;
  const board = await openBoard('echo', {
    bytes: (type, _offset, bytes) => type === 2 && board.socket.send(frame(1, 0, Buffer.from(bytes))),
    json(message) {
      if (message.type === 'stop') {
        stops.push(performance.now() - pressed);
        board.socket.send(JSON.stringify({ type: 'stopped', text: '' }));
      }
    },
  });
  let state: Message['state'];
  const driver = await connect(board.id, 'w0', { ...silent, json: (message) => (state = message.state ?? state) });
  let typed = 0;
  const other = await connect(board.id, 'w1', { ...silent, bytes: () => echo.push(performance.now() - typed) });
  const say = (socket: WebSocket, message: object) => socket.send(JSON.stringify(message));
  const until = async (holds: () => boolean) => {
    for (let i = 0; i < 2000 && !holds(); i++) await pause(2);
  };
  for (let round = 0; round < 20; round++) {
    say(driver, { type: 'ask' });
    await until(() => state?.lease?.state === 'granted' || state?.lease?.state === 'offered');
    for (let key = 0; key < 10; key++) {
      const before = echo.length;
      typed = performance.now();
      driver.send(frame(2, state!.lease!.epoch, Buffer.from('x')));
      await until(() => echo.length > before);
      await pause(15 + ((round * 7 + key * 3) % 11));
    }
    pressed = performance.now();
    say(other, { type: 'stop' });
    await until(() => stops.length > round && state?.stop != null);
    say(driver, { type: 'clear-stop' });
    await until(() => state?.stop === null);
  }
  for (const socket of [driver, other, board.socket]) socket.close();
  return { echo, stops };
}

try {
  const password = 'correct horse battery';
  await call('POST /auth/sign-up', { login: 'w0', password });
  await call('POST /teams', { slug: 'lab', name: 'Lab' });
  for (let i = 1; i < 5; i++) {
    const { url } = await call<{ url: string }>('POST /teams/lab/invitations', { role: 'viewer' });
    await call('POST /auth/sign-up', { login: `w${i}`, password, invitation: url.split('/').at(-1)! }, `w${i}`);
  }
  await pause(1500);
  console.log(
    '| | viewers with every byte | p50 ms | p99 ms | most ms | server, of one core |\n|---|---|---|---|---|---|',
  );
  console.log(await flow({ boards: 1, viewers: [20], baud: 2_000_000 }));
  const spread = Array.from({ length: 24 }, (_, i) => (i < 4 ? 5 : 4));
  console.log(await flow({ boards: 24, viewers: spread, baud: 115_200 }));
  const { echo, stops } = await keys();
  console.log(`key to the board and back to a second viewer: ${echo.length} keys, p50 ${quantile(echo, 0.5)} ms, p99 ${quantile(echo, 0.99)} ms`); // prettier-ignore
  console.log(`emergency stop to the board's browser: ${stops.length}, p50 ${quantile(stops, 0.5)} ms, most ${quantile(stops, 1)} ms`); // prettier-ignore
} finally {
  await server.stop();
}
