// A board port with the mock loader behind it, for tests: it can be pulled after so many blocks, or be heard late.
import { createMockRom } from '../../../../e2e/fakes/mockRom.ts';
import type { BoardPort, Lost } from '../port.ts';

export function romPort(
  options: Omit<Parameters<typeof createMockRom>[0], 'say'> & {
    pullAfterBlocks?: number;
    /** In ms. */ late?: number;
    usb?: BoardPort['usb'];
  } = {},
) {
  const listeners = new Set<(bytes: Uint8Array) => void>();
  const lostListeners = new Set<(lost: Lost) => void>();
  let there = true;
  const calls: string[] = [];
  const rom = createMockRom({
    ...options,
    say(bytes) {
      const arrive = () => there && listeners.forEach((listener) => listener(bytes));
      if (options.late === undefined) arrive();
      else setTimeout(arrive, options.late);
    },
  });
  const pull = () => {
    there = false;
    for (const listener of lostListeners) listener({ reason: 'unplugged', words: 'The board was unplugged.' });
  };
  const port: BoardPort = {
    kind: 'serial',
    label: 'Mock loader',
    ...(options.usb ? { usb: options.usb } : {}),
    noInterrupt: null,
    open: async () => void calls.push('open'),
    close: async () => void calls.push('close'),
    write: async (bytes) => {
      if (!there) throw new Error('The board is not connected.');
      rom.receive(bytes);
      if (options.pullAfterBlocks !== undefined && rom.blocks >= options.pullAfterBlocks) pull();
    },
    onBytes: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onLost: (listener) => {
      lostListeners.add(listener);
      return () => lostListeners.delete(listener);
    },
    setBaud: async (baud) => {
      if (!there) throw new Error('The board is not connected.');
      rom.setBaud(baud);
    },
    setSignals: async (signals) => {
      if (!there) throw new Error('The board is not connected.');
      rom.setSignals(signals);
    },
    reset: async () => {},
  };
  return { port, rom, calls, listeners };
}
