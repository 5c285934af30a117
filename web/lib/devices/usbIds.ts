// The USB ids of what is usually on a bench, for the browser's chooser and for words.
import type { SerialFilter, SerialPortInfo } from './webSerial.ts';

const vendors: [id: number, name: string, products?: Record<number, string>][] = [
  [0x303a, 'Espressif', { 0x1001: 'native USB', 0x0002: 'ESP32-S2, native USB', 0x4001: 'native USB' }],
  [0x10c4, 'Silicon Labs', { 0xea60: 'CP210x', 0xea70: 'CP2105' }],
  [0x1a86, 'WCH', { 0x7523: 'CH340', 0x55d4: 'CH9102', 0x55d3: 'CH343', 0x5523: 'CH341' }],
  [0x0403, 'FTDI', { 0x6001: 'FT232', 0x6010: 'FT2232', 0x6014: 'FT232H', 0x6015: 'FT231X' }],
  [0x067b, 'Prolific', { 0x2303: 'PL2303', 0x23a3: 'PL2303GC' }],
  [0x2e8a, 'Raspberry Pi', { 0x0005: 'Pico with MicroPython' }],
  [0x2341, 'Arduino'],
  [0x239a, 'Adafruit'],
  [0x1b4f, 'SparkFun'],
  [0x0d28, 'Arm', { 0x0204: 'micro:bit' }],
];

export const knownBoards: SerialFilter[] = vendors.map(([usbVendorId]) => ({ usbVendorId }));

const hex = (id: number) => id.toString(16).padStart(4, '0');

/** `303a:1001, native USB`; a port without USB ids has none. */
export function portWords({ usbVendorId, usbProductId }: SerialPortInfo): string {
  if (usbVendorId === undefined) return 'Serial port';
  const vendor = vendors.find(([id]) => id === usbVendorId);
  const ids = `${hex(usbVendorId)}:${hex(usbProductId ?? 0)}`;
  return vendor ? `${ids}, ${vendor[2]?.[usbProductId ?? -1] ?? vendor[1]}` : ids;
}

/** `Chrome on macOS`, for people. */
export function browserWords(agent: string): string {
  const browser = [
    [/Edg\//, 'Edge'],
    [/OPR\//, 'Opera'],
    [/Firefox\//, 'Firefox'],
    [/Chrome\//, 'Chrome'],
    [/Safari\//, 'Safari'],
  ].find(([test]) => (test as RegExp).test(agent))?.[1];
  const system = [
    [/Android/, 'Android'],
    [/iPhone|iPad/, 'iOS'],
    [/CrOS/, 'ChromeOS'],
    [/Windows/, 'Windows'],
    [/Mac OS/, 'macOS'],
    [/Linux/, 'Linux'],
  ].find(([test]) => (test as RegExp).test(agent))?.[1];
  return `${(browser as string | undefined) ?? 'A browser'}${system ? ` on ${system as string}` : ''}`;
}
