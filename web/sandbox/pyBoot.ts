// The main thread of Python's frame: small, ours alone. It owns the workers, their interrupt buffers and the limits, and never runs
// what people write. It has no network: the page hands in every file.
import {
  sandboxLimits as limits,
  type FromPython,
  type Lane,
  type PythonFiles,
  type ToPython,
} from '#shared/sandbox.ts';

type Open = {
  worker: Worker;
  interrupt: Uint8Array | null;
  /** Shared memory of `input()`: state, length, then bytes. */
  input: SharedArrayBuffer | null;
  fromSnapshot: boolean;
  startedAt: number;
  second: number;
  messages: number;
};
const inputBytes = 65_536;

let port: MessagePort | undefined;
let files: PythonFiles;
let urls: { worker: string; pyodide: string; asm: string };
let compiled: Promise<WebAssembly.Module> | undefined;
/** `maker` makes a snapshot and runs nobody's code. */
const lanes = new Map<Lane | 'maker', Open>();
const shared = typeof SharedArrayBuffer !== 'undefined' && self.crossOriginIsolated;

const tell = (message: FromPython, transfer: Transferable[] = []) => port?.postMessage(message, transfer);
const blobOf = (script: BlobPart) => URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));

addEventListener('securitypolicyviolation', (event) =>
  tell({ t: 'violation', directive: event.effectiveDirective, uri: event.blockedURI.slice(0, 200) }),
);

addEventListener('message', function begin(event: MessageEvent) {
  if (event.source !== parent || event.data?.t !== 'init' || port) return;
  removeEventListener('message', begin);
  port = event.ports[0]!;
  port.onmessage = ({ data }: MessageEvent<ToPython>) => hear(data);
});

/** They come by the port: the way of windows leads through one more process, and copies tens of megabytes each time. */
function take(given: PythonFiles): void {
  files = given;
  urls = { worker: blobOf(files.worker), pyodide: blobOf(files.pyodide), asm: blobOf(files.asm) };
  compiled = WebAssembly.compile(files.wasm);
  compiled.catch(() => undefined); // told to whoever opens a lane
}

async function open(lane: Lane | 'maker'): Promise<void> {
  close(lane);
  const making = lane === 'maker';
  const snapshot = making ? null : files.snapshot;
  const startedAt = performance.now();
  const worker = new Worker(urls.worker);
  const mine: Open = {
    worker,
    interrupt: shared && !making ? new Uint8Array(new SharedArrayBuffer(1)) : null,
    input: shared && !making ? new SharedArrayBuffer(8 + inputBytes) : null,
    fromSnapshot: snapshot !== null,
    startedAt,
    second: 0,
    messages: 0,
  };
  lanes.set(lane, mine);
  worker.onerror = (event) => lanes.get(lane) === mine && fail(lane, `The worker broke: ${event.message}`);
  worker.onmessage = ({ data }) => lanes.get(lane) === mine && pass(lane, mine, data);
  const module = await (compiled ??= WebAssembly.compile(files.wasm));
  worker.postMessage({
    t: 'boot',
    module,
    stdlib: files.stdlib,
    lock: files.lock,
    pyodide: urls.pyodide,
    asm: urls.asm,
    interrupt: mine.interrupt,
    input: mine.input,
    snapshot,
    making,
    noPackages: files.noPackages,
  });
}

function close(lane: Lane | 'maker'): void {
  lanes.get(lane)?.worker.terminate();
  lanes.delete(lane);
}

function fail(lane: Lane | 'maker', text: string): void {
  close(lane);
  if (lane === 'maker') return tell({ t: 'snapshot', data: null });
  tell({ t: 'failed', lane, text: text.slice(0, 4000) });
}

/** A worker's words are anybody's: the lane is ours to say, a snapshot counts only from one that never ran anybody's code. */
function pass(lane: Lane | 'maker', from: Open, message: any): void {
  const second = Math.floor(performance.now() / 1000);
  if (second !== from.second) [from.second, from.messages] = [second, 0];
  if (++from.messages > limits.pythonFlood) return fail(lane, 'Python sent too many messages at once and was ended.');
  if (lane === 'maker') {
    if (message?.t === 'failed') return fail(lane, String(message.text));
    if (message?.t !== 'snapshot' || !(message.data instanceof Uint8Array)) return;
    close(lane);
    files.snapshot = message.data;
    return tell({ t: 'snapshot', data: message.data });
  }
  switch (message?.t) {
    case 'ready':
      return tell({
        t: 'ready',
        lane,
        ms: Math.round(performance.now() - from.startedAt),
        snapshot: from.fromSnapshot,
      });
    case 'failed':
      return fail(lane, String(message.text));
    case 'out':
    case 'err':
    case 'plot':
    case 'table':
    case 'done':
    case 'input':
    case 'need':
    case 'violation':
      return tell({ ...message, lane });
  }
}

function hear(message: ToPython): void {
  if (message.t === 'ping') return tell({ t: 'pong', id: message.id });
  if (message.t === 'files') return take(message.files);
  if (message.t === 'open' || message.t === 'make') {
    const lane = message.t === 'make' ? 'maker' : message.lane;
    return void open(lane).catch((error: unknown) => fail(lane, String(error)));
  }
  const lane = lanes.get(message.lane);
  if (!lane) return;
  switch (message.t) {
    case 'close':
      return close(message.lane);
    case 'interrupt':
      if (lane.interrupt) lane.interrupt[0] = 2;
      return;
    case 'input':
      if (lane.input) {
        const state = new Int32Array(lane.input, 0, 2);
        const text =
          message.text === null ? null : new TextEncoder().encode(`${message.text}\n`).subarray(0, inputBytes);
        if (text) new Uint8Array(lane.input, 8).set(text);
        state[1] = text ? text.length : -1;
        Atomics.store(state, 0, 1);
        Atomics.notify(state, 0);
      } else lane.worker.postMessage(message);
      return;
    case 'run':
      if (lane.interrupt) lane.interrupt[0] = 0;
      return lane.worker.postMessage(
        message,
        message.files.map((file) => file.data.buffer),
      );
    case 'package':
      return lane.worker.postMessage(message, message.data ? [message.data.buffer] : []);
  }
}

parent.postMessage({ t: 'hello', kind: 'python' }, '*');
