// esptool-js speaks to a SerialPort; here it speaks to the board that this page holds already. The port is never closed for it: a change of
// the baud rate or a reset is no loss (DE5), and native USB that leaves the bus for a moment is the port's own business.
import { ESPError, Transport } from 'esptool-js';
import type { BoardPort } from '../port.ts';
import { joined } from '../joined.ts';
import { after } from '../steadyTimer.ts';
import { JobFailure } from './jobFailure.ts';

const [end, escape, escapedEnd, escapedEscape] = [0xc0, 0xdb, 0xdc, 0xdd];
const mostWaiting = 1 << 20;
/** In ms. esptool-js gives some answers 100 or 200; the chip keeps to that, but a page on a busy computer hears of them later. */
const patience = { beforeItAnswered: 250, since: 1000 };

/** What esptool-js asks of a port before it uses it: nothing of it is used here. */
const noDevice = { getInfo: () => ({}), readable: null, writable: null } as never;

export class EspTransport extends Transport {
  readonly #port: BoardPort;
  readonly #stops: (() => void)[];
  #arrived: Uint8Array[] = [];
  #waiting = 0;
  #answered = false;
  #ended: JobFailure | null = null;
  #wake: () => void = () => {};

  constructor({ port }: { port: BoardPort }) {
    super(noDevice, false);
    this.#port = port;
    this.whenEnded = new Promise((resolve) => (this.#tellEnd = resolve));
    this.#stops = [
      port.onBytes((bytes) => this.#arrive(bytes)),
      port.onLost((lost) => this.end(new JobFailure('lost', lost.words))),
    ];
  }

  /** Resolves when the job has ended before the loader is done. */
  readonly whenEnded: Promise<void>;
  #tellEnd!: () => void;

  /** From now on every call fails with `why`: the loader cannot be stopped otherwise. */
  end(why: JobFailure): void {
    this.#ended ??= why;
    this.#tellEnd();
    this.#wake();
  }

  get ended(): JobFailure | null {
    return this.#ended;
  }

  release(): void {
    this.end(new JobFailure('failed', 'The job is over.'));
    for (const stop of this.#stops) stop();
    this.#arrived = [];
  }

  override trace(): void {}
  override getInfo = () => (this.#port.usb ? this.#port.label : '');
  override getVid = () => this.#port.usb?.vendor;
  override getPid = () => this.#port.usb?.product;

  override async connect(baud = 115200): Promise<void> {
    this.#ready();
    await this.#port.setBaud(baud);
    this.baudrate = baud;
    this.flushInput();
  }
  override async changeBaudrate(baud: number): Promise<boolean> {
    this.#ready();
    await this.#port.setBaud(baud);
    this.baudrate = baud;
    return false;
  }
  override async disconnect(): Promise<void> {
    this.flushInput();
  }
  override async readLoop(): Promise<void> {}

  override async setSignals(dtr: boolean, rts: boolean): Promise<void> {
    this.#ready();
    await this.#port.setSignals({ dtr, rts });
  }
  override async setRTS(rts: boolean): Promise<void> {
    this.#ready();
    await this.#port.setSignals({ rts });
  }
  override async setDTR(dtr: boolean): Promise<void> {
    this.#ready();
    await this.#port.setSignals({ dtr });
  }

  override async write(data: Uint8Array): Promise<void> {
    this.#ready();
    try {
      await this.#port.write(slip(data));
    } catch (error) {
      throw this.#ended ?? new JobFailure('lost', error instanceof Error ? error.message : String(error));
    }
  }

  override flushInput(): void {
    this.#arrived = [];
    this.#waiting = 0;
  }
  /** Throws away what is still on its way: a chip repeats some answers. Until it is quiet for `quietMs`, `mostMs` at most. */
  override async drainInput(quietMs = 100, mostMs = 400): Promise<void> {
    for (const until = performance.now() + mostMs; performance.now() < until;) {
      this.#ready();
      this.flushInput();
      await this.#sleep(Math.min(quietMs, until - performance.now()));
      if (this.#waiting === 0) break;
    }
    this.flushInput();
  }
  override inWaiting = () => this.#waiting;
  override peek(): Uint8Array<ArrayBuffer> {
    const all = joined(this.#arrived);
    this.#arrived = [all];
    return all;
  }

  /** The next frame. Bytes between frames (a chip that prints) are passed over. */
  override async read(timeout: number): Promise<Uint8Array<ArrayBuffer>> {
    const until = performance.now() + Math.max(timeout, this.#answered ? patience.since : patience.beforeItAnswered);
    let taken: number[] | null = null;
    let escaping = false;
    for (;;) {
      this.#ready();
      const bytes = this.#arrived.shift();
      if (!bytes) {
        const left = until - performance.now();
        if (left <= 0) throw new ESPError('The chip does not answer.');
        await this.#sleep(left);
        continue;
      }
      this.#waiting -= bytes.length;
      for (let i = 0; i < bytes.length; i++) {
        const byte = bytes[i]!;
        if (byte === end) {
          if (!taken || taken.length === 0) taken = [];
          else {
            this.#answered = true;
            this.#putBack(bytes.subarray(i + 1));
            return Uint8Array.from(taken);
          }
        } else if (taken === null) continue;
        else if (escaping) {
          taken.push(byte === escapedEnd ? end : byte === escapedEscape ? escape : byte);
          escaping = false;
        } else if (byte === escape) escaping = true;
        else if (taken.push(byte) > mostWaiting) throw new ESPError('The chip does not answer in frames.');
      }
    }
  }

  #putBack(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#arrived.unshift(bytes);
    this.#waiting += bytes.length;
  }

  #arrive(bytes: Uint8Array): void {
    if (this.#waiting + bytes.length > mostWaiting) this.flushInput();
    this.#arrived.push(bytes);
    this.#waiting += bytes.length;
    this.#wake();
  }

  #ready(): void {
    if (this.#ended) throw this.#ended;
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const callOff = after(ms, resolve);
      this.#wake = () => {
        callOff();
        resolve();
      };
    });
  }
}

function slip(data: Uint8Array): Uint8Array {
  let extra = 2;
  for (const byte of data) if (byte === end || byte === escape) extra++;
  const framed = new Uint8Array(data.length + extra);
  let at = 0;
  framed[at++] = end;
  for (const byte of data) {
    if (byte === end || byte === escape) {
      framed[at++] = escape;
      framed[at++] = byte === end ? escapedEnd : escapedEscape;
    } else framed[at++] = byte;
  }
  framed[at] = end;
  return framed;
}
