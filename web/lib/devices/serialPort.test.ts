import { expect, test } from 'vitest';
import { createSerialPort } from './serialPort.ts';
import type { WebSerial, WebSerialPort } from './webSerial.ts';

/** A port as browsers make them: a broken stream is followed by a new one, or by none when the device is gone. */
class FakePort extends EventTarget {
  readable: ReadableStream<Uint8Array> | null = null;
  writable: WritableStream<Uint8Array> | null = null;
  connected = true;
  opens: number[] = [];
  signals: object[] = [];
  written: number[] = [];
  #out: ReadableStreamDefaultController<Uint8Array> | null = null;
  readonly busy: boolean;
  constructor(busy = false) {
    super();
    this.busy = busy;
  }
  getInfo = () => ({ usbVendorId: 0x303a, usbProductId: 0x1001 });
  async open({ baudRate }: { baudRate: number }) {
    if (this.busy) throw new DOMException('Failed to open serial port.', 'NetworkError');
    this.opens.push(baudRate);
    this.#stream();
    this.writable = new WritableStream({ write: (bytes) => void this.written.push(...bytes) });
  }
  #stream() {
    this.readable = new ReadableStream({ start: (controller) => void (this.#out = controller) });
  }
  async close() {
    if (this.readable?.locked || this.writable?.locked) throw new TypeError('locked');
    this.readable = null;
    this.writable = null;
  }
  async setSignals(signals: object) {
    this.signals.push(signals);
  }
  says(text: string) {
    this.#out!.enqueue(new TextEncoder().encode(text));
  }
  noise(name = 'FramingError') {
    const out = this.#out!;
    this.#stream();
    out.error(new DOMException('noise', name));
  }
  pull(event = true) {
    const out = this.#out!;
    this.connected = false;
    this.readable = null;
    this.writable = null;
    out.error(new DOMException('The device has been lost.', 'NetworkError'));
    if (event) this.dispatchEvent(new Event('disconnect'));
  }
}
class FakeSerial extends EventTarget {
  ports: FakePort[] = [];
  getPorts = async () => this.ports as unknown as WebSerialPort[];
  requestPort = async () => this.ports[0] as unknown as WebSerialPort;
}
const settle = () => new Promise((done) => setTimeout(done, 10));

async function opened(port = new FakePort()) {
  const serial = new FakeSerial();
  serial.ports = [port];
  const board = createSerialPort(port as unknown as WebSerialPort, {
    serial: serial as unknown as WebSerial,
    pause: (ms) => new Promise((done) => setTimeout(done, Math.min(ms, 2))),
    now: () => Date.now(),
  });
  let text = '';
  const lost: string[] = [];
  board.onBytes((bytes) => (text += new TextDecoder().decode(bytes)));
  board.onLost(({ reason }) => lost.push(reason));
  await board.open({ baud: 115_200 });
  return { port, serial, board, lost, text: () => text };
}

test('noise on the line loses bytes, not the board', async () => {
  const { port, text, lost } = await opened();
  port.says('a');
  await settle();
  for (const name of ['FramingError', 'BreakError', 'BufferOverrunError', 'ParityError']) {
    port.noise(name);
    await settle();
    port.says('b');
    await settle();
  }
  expect([text(), lost]).toEqual(['abbbb', []]);
});

test('a read error alone and a disconnect both mean unplugged, once', async () => {
  for (const event of [true, false]) {
    const { port, board, lost } = await opened();
    port.pull(event);
    await settle();
    expect(lost).toEqual(['unplugged']);
    await expect(board.write(Uint8Array.of(1))).rejects.toThrow('not connected');
  }
});

test('[DE5] a change of the rate is not a loss, and bytes flow after it', async () => {
  const { port, board, text, lost } = await opened();
  await board.setSignals({ dtr: true });
  await board.setBaud(921_600);
  port.says('fast');
  await board.write(Uint8Array.of(65));
  await settle();
  expect([port.opens, text(), lost, port.written]).toEqual([[115_200, 921_600], 'fast', [], [65]]);
  expect(port.signals.at(-1)).toEqual({ dataTerminalReady: true });
});

test('[DE5] a board that leaves the bus at its reset comes back as another handle, and nobody sees it go', async () => {
  const { port, serial, board, text, lost } = await opened();
  const reset = board.reset('hard');
  await settle();
  port.pull();
  serial.ports = [];
  await settle();
  const again = new FakePort();
  serial.ports = [again];
  await reset.catch(() => {});
  await board.write(Uint8Array.of(66));
  again.says('boot');
  await settle();
  expect([lost, text(), again.written]).toEqual([[], 'boot', [66]]);
  expect(port.signals).toContainEqual({ dataTerminalReady: false, requestToSend: true });
  again.pull();
  await board.close();
});

test('a port that another program uses says so in plain words', async () => {
  await expect(opened(new FakePort(true))).rejects.toThrow(/another tab or program uses it/);
});

test('closing is told as closing, and the port can be opened again', async () => {
  const { board, port, lost } = await opened();
  await board.close();
  expect(lost).toEqual(['closed']);
  await board.open({ baud: 9600 });
  expect(port.opens).toEqual([115_200, 9600]);
});
