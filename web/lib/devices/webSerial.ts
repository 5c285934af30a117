// Web Serial as far as it is used here (TypeScript does not know it), and whether this browser has it.

export type SerialPortInfo = { usbVendorId?: number; usbProductId?: number };
export type SerialFilter = { usbVendorId: number; usbProductId?: number };
export type WebSerialPort = EventTarget & {
  readonly readable: ReadableStream<Uint8Array> | null;
  readonly writable: WritableStream<Uint8Array> | null;
  readonly connected?: boolean;
  getInfo: () => SerialPortInfo;
  open: (options: { baudRate: number; bufferSize?: number }) => Promise<void>;
  close: () => Promise<void>;
  setSignals: (signals: { dataTerminalReady?: boolean; requestToSend?: boolean }) => Promise<void>;
  forget?: () => Promise<void>;
};
export type WebSerial = EventTarget & {
  getPorts: () => Promise<WebSerialPort[]>;
  requestPort: (options?: { filters?: SerialFilter[] }) => Promise<WebSerialPort>;
};

export const webSerial = (): WebSerial | null => (navigator as { serial?: WebSerial }).serial ?? null;

/** Null: it is there. Else why not, and what to do. */
export function noSerial(
  where: { secure: boolean; has: boolean; agent: string } = {
    secure: isSecureContext,
    has: webSerial() !== null,
    agent: navigator.userAgent,
  },
): string | null {
  if (where.has) return null;
  if (!where.secure)
    return 'Browsers open a serial port only on pages that came by https (or from this very computer). Ask whoever runs this server to turn TLS on.';
  if (/Android|iPhone|iPad|Mobile/i.test(where.agent))
    return 'Browsers on phones cannot open serial ports. Share the board from Chrome, Edge or Opera on a computer; from here you can watch, take turns and stop it.';
  if (/Firefox\//.test(where.agent))
    return 'This Firefox has no Web Serial. Chrome, Edge and Opera on a computer have it (from version 89 on). Watching and driving work here too.';
  return 'This browser has no Web Serial. Chrome, Edge and Opera on a computer have it (from version 89 on). Watching and driving work in every browser.';
}
