// Many people at work: how long a key takes to the screens of the others and until it is durable, and what people cost in memory.
// `node bench/people.ts [--people 200] [--typing 50] [--rate 5] [--seconds 15]`, ten in each file. A real server on a fresh data folder,
// with the model of its memory; each person has a stock y-websocket client with a document of its own, and the news of `/live`.
import { parseArgs } from 'node:util';
import * as decoding from 'lib0/decoding';
import WebSocket from 'ws';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';
import { startServer } from './server.ts';

const { values } = parseArgs({
  options: {
    people: { type: 'string', default: '200' },
    typing: { type: 'string', default: '50' },
    rate: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '15' },
  },
});
const [people, typing, rate, seconds] = [values.people, values.typing, values.rate, values.seconds].map(Number) as [
  number, number, number, number,
]; // prettier-ignore
const inRoom = 10;
const acknowledged = 100;
const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));
process.setMaxListeners(0); // each provider has one

const [shown, durable, late]: number[][] = [[], [], []];
const server = await startServer({ name: 'people', settings: { EMBEDDINGS: 'local' } });
const { origin, cookies } = server;

/** Opens a file as the editor does, without a browser around it. */
async function open(login: string, fileId: string, epoch: number) {
  const headers = { cookie: cookies.get(login)!, origin };
  class Socket extends WebSocket {
    constructor(url: string) {
      super(url, { headers });
    }
  }
  const doc = new Y.Doc();
  const provider = new WebsocketProvider(`${origin.replace('http', 'ws')}/sync`, fileId, doc, {
    params: { epoch: String(epoch), ack: '1' },
    WebSocketPolyfill: Socket as unknown as typeof globalThis.WebSocket,
    disableBc: true,
  });
  const person = { doc, provider, sent: [] as number[], durable: 0, before: 0 };
  provider.messageHandlers[acknowledged] = (_encoder, decoder) => {
    const upto = decoding.readVarUint(decoder) - person.before;
    const now = performance.now();
    for (; person.durable < upto && person.durable < person.sent.length; person.durable++)
      durable!.push(now - person.sent[person.durable]!);
    if (person.sent.length === 0) person.before += upto;
  };
  doc.on('afterTransaction', ({ local, beforeState, afterState }: Y.Transaction) => {
    const now = performance.now();
    if (local) return;
    for (const [client, after] of afterState) {
      const writer = typists.get(client);
      for (let clock = beforeState.get(client) ?? 0; writer && clock < after; clock++)
        shown!.push(now - writer[clock]!);
    }
  });
  await new Promise<void>((done) => provider.once('sync', () => done()));
  const live = new WebSocket(`${origin.replace('http', 'ws')}/live`, { headers });
  await new Promise((done) => live.once('open', done));
  live.send(JSON.stringify({ type: 'watch', volume: 'team/lab' }));
  live.send(JSON.stringify({ type: 'at', volume: 'team/lab', fileId }));
  return person;
}
/** When each character of a client was typed, by its clock. */
const typists = new Map<number, number[]>();

async function type({ doc, sent }: Awaited<ReturnType<typeof open>>, until: number): Promise<void> {
  const text = doc.getText('content');
  typists.set(doc.clientID, sent);
  while (performance.now() < until) {
    const wait = (Math.random() * 2000) / rate;
    const due = performance.now() + wait;
    await pause(wait);
    late!.push(performance.now() - due);
    sent.push(performance.now());
    text.insert(text.length, 'x');
  }
}

const row = (what: string, { server: ours, database }: { server: number; database: number }) =>
  console.log(`| ${what} | ${ours.toFixed(0)} | ${database.toFixed(0)} | ${(ours + database).toFixed(0)} |`);
const at = (times: number[], share: number) => {
  const sorted = Float64Array.from(times).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!.toFixed(1);
};

try {
  await server.call('POST /auth/sign-up', { login: 'w0', password: 'correct horse battery' });
  await server.call('POST /teams', { slug: 'lab', name: 'Lab' });
  await pause(40_000); // what the shipped files mean is measured, and the model is given back
  const empty = server.memory();
  for (let i = 1; i < people; i++) {
    const person = { login: `w${i}`, password: 'correct horse battery' };
    await server.call('POST /people', { ...person, name: person.login });
    await server.call(`PUT /teams/lab/members/${person.login}`, { role: 'editor' });
    await server.call('POST /auth/sign-in', person, person.login);
  }
  const files: { id: string; epoch: number }[] = [];
  for (let i = 0; i < people / inRoom; i++)
    files.push(await server.call(`PUT /volumes/team%2Flab/files/room-${i}.md`, '# A room\n'));
  const here = [];
  for (let i = 0; i < people; i++) {
    const { id, epoch } = files[Math.floor(i / inRoom)]!;
    here.push(await open(`w${i}`, id, epoch));
  }
  await pause(3000);
  const open_ = server.memory();
  const [cpu, from] = [server.cpuSeconds(), performance.now()];
  // spread over the rooms
  const hands = here.filter((_, i) => i % Math.max(1, Math.floor(people / typing)) === 0).slice(0, typing);
  await Promise.all(hands.map((one) => type(one, from + seconds * 1000)));
  await pause(1000);
  const used = (server.cpuSeconds() - cpu) / ((performance.now() - from) / 1000);
  const typed = hands.reduce((sum, { sent }) => sum + sent.length, 0);
  const expected = typed * (inRoom - 1);
  console.log(
    `${people} people in ${files.length} files, ${typing} of them type ${rate} characters a second for ${seconds} s`,
  );
  console.log('| a character | of | p50 ms | p95 ms | p99 ms |\n|---|---|---|---|---|');
  for (const [what, times, of] of [['on the screen of another', shown!, expected], ['durable, for whoever typed it', durable!, typed]] as const)
    console.log(`| ${what} | ${times.length} of ${of} | ${at(times, 0.5)} | ${at(times, 0.95)} | ${at(times, 0.99)} |`); // prettier-ignore
  console.log(
    `our own timers were late by ${at(late!, 0.5)} ms (p95 ${at(late!, 0.95)}); the server used ${used.toFixed(2)} cores\n`,
  );
  console.log('| memory, MB | server | PostgreSQL | both |\n|---|---|---|---|');
  row('after the start', empty);
  row(`${people} people are there`, open_);
  row('they have typed', server.memory());
  for (const { provider } of here) provider.destroy();
} finally {
  await server.stop();
}
process.exit(0);
