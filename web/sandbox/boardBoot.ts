// The main thread of a virtual board's frame: small, ours alone. It gives power to the worker and takes it away, feeds its line, and
// never runs what people write. It has no network: the page hands in every file.
import { boardLimits, readFromBoard, type BoardAssets, type FromBoard, type ToBoard } from '#shared/board/frame.ts';
import { instrumentInterpreter } from '#shared/board/instrument.ts';
import { createLinkMemory, openLink, pushEvent, type Link } from '#shared/board/link.ts';

type Power = {
  worker: Worker;
  /** Where memory can be shared; else the worker is told by messages. */ link: Link | null;
  startedAt: number;
  second: number;
  messages: number;
};
type Write = Extract<ToBoard, { t: 'write' }>;

/** Milliseconds between two tries to write into a full line. */
const patience = 4;
const shared = typeof SharedArrayBuffer !== 'undefined' && self.crossOriginIsolated;

let port: MessagePort | undefined;
let urls: { worker: string; micropython: string };
let module: Promise<WebAssembly.Module>;
let power: Power | null = null;
const waiting: Write[] = [];
let retry: ReturnType<typeof setTimeout> | undefined;

const tell = (message: FromBoard, transfer: Transferable[] = []) => port?.postMessage(message, transfer);
const blobOf = (script: BlobPart) => URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));

addEventListener('securitypolicyviolation', (event) =>
  tell({ t: 'violation', directive: event.effectiveDirective, uri: event.blockedURI.slice(0, 200) }),
);

addEventListener('message', function begin(event: MessageEvent) {
  if (event.source !== parent || event.data?.t !== 'init' || port) return;
  removeEventListener('message', begin);
  const assets = event.data.assets as BoardAssets;
  urls = { worker: blobOf(assets.worker), micropython: blobOf(assets.micropython) };
  module = WebAssembly.compile(instrumentInterpreter(new Uint8Array(assets.wasm)));
  port = event.ports[0]!;
  port.onmessage = ({ data }: MessageEvent<ToBoard>) => hear(data);
});

/** It is given up after so many milliseconds: what is compiled was written by anybody. */
const compileTime = 60_000;
/**
 * A module worker does not start in a frame like this, so a classic one imports the compiler, which is a module. It fetches a piece of
 * itself from a `data:` address, which the policy of the frame refuses, so that is answered here.
 */
const compileWorker = `
  self.fetch = async (address) => {
    const bytes = Uint8Array.from(atob(address.slice(address.indexOf(',') + 1)), (sign) => sign.charCodeAt(0));
    return new Response(bytes, { headers: { 'content-type': 'application/wasm' } });
  };
  self.onmessage = ({ data }) =>
    import(data.compiler)
      .then(({ compile }) => compile(data))
      .catch((error) => ({ ok: false, text: String(error) }))
      .then((made) => postMessage({ ...made, id: data.id }));
`;
/** It takes seconds to start, so it stays for the next program. */
let compiling: { worker: Worker; address: string } | null = null;

function compile({ id, source, name, compiler }: Extract<ToBoard, { t: 'compile' }>): void {
  if (compiler) compiling ??= { worker: new Worker(blobOf(compileWorker)), address: blobOf(compiler) };
  if (!compiling) return tell({ t: 'compiled', id, wasm: null, text: 'The compiler is not here.' });
  const { worker, address } = compiling;
  const answer = (wasm: Uint8Array<ArrayBuffer> | null, text: string) => {
    clearTimeout(late);
    worker.removeEventListener('message', hearMade);
    tell({ t: 'compiled', id, wasm, text });
  };
  const hearMade = ({ data }: MessageEvent) => {
    if (data.id === id) answer(data.ok ? data.wasm : null, data.ok ? '' : String(data.text));
  };
  const late = setTimeout(() => {
    worker.terminate();
    compiling = { worker: new Worker(blobOf(compileWorker)), address };
    answer(null, 'The compiler was given up after a minute.');
  }, compileTime);
  worker.addEventListener('message', hearMade);
  worker.postMessage({ id, source, name, compiler: address });
}

async function turnOn({ files, world, cause }: Extract<ToBoard, { t: 'on' }>): Promise<void> {
  turnOff();
  const worker = new Worker(urls.worker);
  const memory = shared ? createLinkMemory(true) : null;
  const mine: Power = {
    worker,
    link: memory ? openLink(memory) : null,
    startedAt: performance.now(),
    second: 0,
    messages: 0,
  };
  power = mine;
  worker.onerror = (event) => power === mine && fail(`The worker broke: ${event.message}`);
  worker.onmessage = ({ data }) => power === mine && pass(mine, data);
  worker.postMessage({ t: 'boot', memory, module: await module, micropython: urls.micropython, files, world, cause });
  tell({ t: 'on', shared });
}

function turnOff(): void {
  power?.worker.terminate();
  power = null;
  clearTimeout(retry);
  retry = undefined;
  // what was on its way is lost, as on a wire
  for (const { id } of waiting.splice(0)) tell({ t: 'took', id });
}

function fail(text: string): void {
  turnOff();
  tell({ t: 'failed', text });
}

/** A worker's words are anybody's. */
function pass(from: Power, data: unknown): void {
  const second = Math.floor(performance.now() / 1000);
  if (second !== from.second) [from.second, from.messages] = [second, 0];
  if (++from.messages > boardLimits.flood) return fail('The board sent too many messages at once and was ended.');
  const message = readFromBoard(data);
  if (message?.t === 'bytes' || message?.t === 'world') tell(message, [message.bytes.buffer]);
  else if (message?.t === 'ready') tell({ t: 'ready', ms: Math.round(performance.now() - from.startedAt) });
  else if (message?.t === 'failed') fail(message.text);
  else if (message?.t === 'files' || message?.t === 'violation') tell(message);
}

function write(): void {
  retry = undefined;
  for (let next = waiting[0]; next && power; next = waiting[0]) {
    if (power.link) {
      next.bytes = next.bytes.subarray(power.link.rx.push(next.bytes));
      power.link.ring();
      if (next.bytes.length > 0) {
        retry = setTimeout(write, patience);
        return;
      }
    } else power.worker.postMessage({ t: 'write', bytes: next.bytes });
    tell({ t: 'took', id: next.id });
    waiting.shift();
  }
}

function hear(message: ToBoard): void {
  switch (message.t) {
    case 'ping':
      return tell({ t: 'pong', id: message.id });
    case 'on':
      return void turnOn(message).catch((error: unknown) => fail(String(error)));
    case 'compile':
      return compile(message);
    case 'off':
      return turnOff();
    case 'world':
      if (power?.link) pushEvent(power.link, message.command);
      else power?.worker.postMessage(message);
      return;
    case 'write':
      if (!power) return tell({ t: 'took', id: message.id });
      waiting.push(message);
      if (retry === undefined) write();
  }
}

parent.postMessage({ t: 'hello', kind: 'board' }, '*');
