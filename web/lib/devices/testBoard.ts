// A board for tests: what was written to it, and a way to say something, to be pulled out, or to be slow.
import type { BoardPort, Lost } from './port.ts';

export function testBoard({ kind = 'serial' as BoardPort['kind'] } = {}) {
  const written: string[] = [];
  const bytesListeners = new Set<(bytes: Uint8Array) => void>();
  const lostListeners = new Set<(lost: Lost) => void>();
  let gate: Promise<void> = Promise.resolve();
  let release = () => {};
  const calls: string[] = [];
  const port: BoardPort = {
    kind,
    label: 'Test board',
    noInterrupt: null,
    open: async () => {},
    write: async (bytes) => {
      await gate;
      written.push(new TextDecoder().decode(bytes));
    },
    onBytes: (listener) => {
      bytesListeners.add(listener);
      return () => bytesListeners.delete(listener);
    },
    onLost: (listener) => {
      lostListeners.add(listener);
      return () => lostListeners.delete(listener);
    },
    setBaud: async (baud) => void calls.push(`baud ${baud}`),
    setSignals: async (signals) => void calls.push(`signals ${JSON.stringify(signals)}`),
    reset: async (how) => void calls.push(`reset ${how}`),
    close: async () => void calls.push('close'),
  };
  return {
    port,
    written,
    calls,
    says: (text: string) => bytesListeners.forEach((listener) => listener(new TextEncoder().encode(text))),
    pulled: () =>
      lostListeners.forEach((listener) => listener({ reason: 'unplugged', words: 'The board was unplugged.' })),
    hold: () => (gate = new Promise((done) => (release = done))),
    release: () => release(),
  };
}
