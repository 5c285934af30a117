// A board on a serial port of this computer, by Web Serial. A board with native USB leaves the bus at each reset and comes back as
// another handle: right after signals that reset it that is waited for, and not told as a loss. A read error and the browser's
// `disconnect` both mean unplugged; noise on the line (framing, break, overrun) means nothing but lost bytes.
import type { BoardPort, BoardSignals, Lost } from './port.ts';
import { pause } from './steadyTimer.ts';
import { portWords } from './usbIds.ts';
import type { WebSerial, WebSerialPort } from './webSerial.ts';

/** How long after signals a board may be away, in ms. */
const returnTime = 5000;
/** A reset that pulls EN low, in ms. */
const resetTime = 100;
/** So many errors in a row without a byte between them are no noise any more. */
const mostErrors = 200;
const bufferSize = 65_536;

/** Handles that are in use here, so that of two equal boards one does not take the other's. */
const inUse = new WeakSet<WebSerialPort>();

export type SerialOutside = { serial: WebSerial; pause: (ms: number) => Promise<void>; now: () => number };

export function createSerialPort(first: WebSerialPort, outside: SerialOutside): BoardPort {
  const { serial, pause, now } = outside;
  const info = first.getInfo();
  const listeners = new Set<(bytes: Uint8Array) => void>();
  const lostListeners = new Set<(lost: Lost) => void>();
  let port = first;
  let baud = 115_200;
  let signals: BoardSignals = {};
  /** Open for the world above, also while the handle changes below. */
  let open = false;
  let reading: { stop: () => Promise<void> } | null = null;
  let mayLeaveUntil = 0;
  /** While the handle changes: writes wait for it. */
  let away: Promise<void> | null = null;
  let lastWrite: Promise<void> = Promise.resolve();

  async function openHandle(): Promise<void> {
    try {
      await port.open({ baudRate: baud, bufferSize });
    } catch (error) {
      throw new Error(openWords(error), { cause: error });
    }
    inUse.add(port);
    reading = startReading(port);
  }
  async function closeHandle(): Promise<void> {
    const mine = reading;
    reading = null;
    await mine?.stop();
    inUse.delete(port);
    await port.close().catch(() => {}); // gone already
  }

  function startReading(from: WebSerialPort): { stop: () => Promise<void> } {
    let stopped = false;
    let reader: ReadableStreamDefaultReader<Uint8Array> | null = null;
    const gone = () => !stopped && onGone(from);
    const heard = (event: Event) =>
      (event.target === from || event.target === serial) && from.connected === false && gone();
    from.addEventListener('disconnect', gone);
    serial.addEventListener('disconnect', heard);
    const loop = async () => {
      let errors = 0;
      while (!stopped && from.readable && errors < mostErrors) {
        try {
          reader = from.readable.getReader();
          for (;;) {
            const { value, done } = await reader.read();
            if (done) break;
            if (stopped) return;
            errors = 0;
            if (value.length > 0) for (const listener of listeners) listener(value.slice());
          }
        } catch {
          errors += 1; // after noise the port has a new stream, after a loss none
        } finally {
          reader?.releaseLock();
          reader = null;
        }
        if (!stopped) await pause(0);
      }
      gone();
    };
    const ended = loop();
    return {
      stop: async () => {
        stopped = true;
        from.removeEventListener('disconnect', gone);
        serial.removeEventListener('disconnect', heard);
        await reader?.cancel().catch(() => {});
        await ended.catch(() => {});
      },
    };
  }

  function onGone(from: WebSerialPort): void {
    if (!open || from !== port || away) return;
    away = comeBack().finally(() => (away = null));
    away.catch(() => {});
  }
  async function comeBack(): Promise<void> {
    await closeHandle();
    while (open && now() < mayLeaveUntil) {
      const found = await findAgain();
      if (found && open) {
        port = found;
        try {
          await openHandle();
          await applySignals().catch(() => {});
          return;
        } catch {
          // it is there, but not ready yet
        }
      }
      await pause(100);
    }
    if (!open) throw new Error('The port was closed.');
    open = false;
    const words = 'The board was unplugged.';
    for (const listener of [...lostListeners]) listener({ reason: 'unplugged', words });
    throw new Error(words);
  }
  async function findAgain(): Promise<WebSerialPort | null> {
    const all = (await serial.getPorts()).filter((one) => one.connected !== false && !inUse.has(one));
    if (all.includes(port)) return port;
    const same = all.filter((one) => {
      const { usbVendorId, usbProductId } = one.getInfo();
      return usbVendorId === info.usbVendorId && usbProductId === info.usbProductId;
    });
    return same[0] ?? null;
  }

  async function write(bytes: Uint8Array): Promise<void> {
    if (away) await away;
    if (!open || !port.writable) throw new Error('The board is not connected.');
    const writer = port.writable.getWriter();
    try {
      await writer.write(bytes);
    } catch (error) {
      // the stream is broken; the read loop finds out why
      throw new Error('The board was lost while bytes were sent to it.', { cause: error });
    } finally {
      writer.releaseLock();
    }
  }
  const applySignals = () =>
    port.setSignals({
      ...(signals.dtr !== undefined && { dataTerminalReady: signals.dtr }),
      ...(signals.rts !== undefined && { requestToSend: signals.rts }),
    });
  async function setSignals(next: BoardSignals): Promise<void> {
    if (away) await away;
    if (!open) throw new Error('The board is not connected.');
    signals = { ...signals, ...next };
    const before = mayLeaveUntil;
    mayLeaveUntil = now() + returnTime;
    try {
      await applySignals();
    } catch (error) {
      mayLeaveUntil = before; // nothing was reset: a loss is a loss
      throw error;
    }
  }
  const enqueue = (bytes: Uint8Array): Promise<void> => {
    const mine = lastWrite.then(() => write(bytes));
    lastWrite = mine.catch(() => {});
    return mine;
  };

  return {
    kind: 'serial',
    label: portWords(info),
    ...(info.usbVendorId !== undefined && { usb: { vendor: info.usbVendorId, product: info.usbProductId ?? 0 } }),
    noInterrupt: null,
    open: async (options) => {
      if (open) throw new Error('The port is open already.');
      baud = options.baud;
      lastWrite = Promise.resolve();
      if (port.connected === false) port = (await findAgain()) ?? port;
      await openHandle();
      open = true;
    },
    write: enqueue,
    onBytes: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onLost: (listener) => {
      lostListeners.add(listener);
      return () => lostListeners.delete(listener);
    },
    setBaud: async (next) => {
      if (away) await away;
      if (!open) throw new Error('The board is not connected.');
      if (next === baud) return;
      const before = baud;
      baud = next;
      mayLeaveUntil = now() + returnTime;
      const change = async () => {
        await lastWrite;
        await closeHandle();
        try {
          await openHandle();
        } catch (error) {
          baud = before;
          await openHandle(); // a rate that the driver refuses is no reason to lose the board
          throw error;
        }
        await applySignals().catch(() => {}); // a port without these lines
      };
      away = change().finally(() => (away = null));
      await away;
    },
    setSignals,
    reset: async (kind) => {
      if (kind === 'soft') {
        await enqueue(Uint8Array.of(3, 3));
        await pause(50);
        return enqueue(Uint8Array.of(2, 4));
      }
      await setSignals({ dtr: false, rts: true });
      await pause(resetTime);
      await setSignals({ rts: false });
    },
    close: async () => {
      const wasOpen = open;
      open = false;
      if (away) await away.catch(() => {});
      if (!wasOpen) return;
      await closeHandle();
      for (const listener of [...lostListeners]) listener({ reason: 'closed', words: 'The port was closed.' });
    },
  };
}

/** What went wrong with opening, in plain words. */
function openWords(error: unknown): string {
  const name = error instanceof DOMException ? error.name : '';
  if (name === 'InvalidStateError') return 'This port is open already, in this tab.';
  if (name === 'NetworkError')
    return 'The port did not open: another tab or program uses it (a serial monitor, an IDE, another browser), or you may not use it. Close the other one and try again.';
  if (name === 'SecurityError') return 'The browser does not let this page use serial ports.';
  return `The port did not open: ${error instanceof Error ? error.message : String(error)}`;
}

export const serialOutside = (serial: WebSerial): SerialOutside => ({
  serial,
  pause,
  now: () => Date.now(),
});
