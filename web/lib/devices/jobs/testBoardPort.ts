// A board port with real MicroPython behind it, for tests: its line can be cut at any write, its power at any time.
import { onTestFinished } from 'vitest';
import type { FlashFiles } from '#shared/board/flash.ts';
import { openNodeBoard } from '../../../../server/boards/nodeBoard.ts';
import type { BoardPort, Lost } from '../port.ts';

export function openBoardPort({ files = new Map() }: { files?: FlashFiles } = {}) {
  const listeners = new Set<(bytes: Uint8Array) => void>();
  let said = '';
  const board = openNodeBoard({
    say(bytes) {
      said = (said + Buffer.from(bytes).toString('latin1')).slice(-10_000);
      for (const listener of listeners) listener(bytes);
    },
    failed(error) {
      throw error;
    },
    files,
  });
  onTestFinished(() => board.close());

  /** Another connection with the same board. `cutAfter`: after so many writes the line is gone; with `half`, in the middle of the last one. */
  const connect = ({ cutAfter = Infinity, half = false }: { cutAfter?: number; half?: boolean } = {}) => {
    const lostListeners = new Set<(lost: Lost) => void>();
    let writes = 0;
    const port: BoardPort = {
      kind: 'virtual',
      label: 'Board in a thread',
      noInterrupt: null,
      open: async () => {},
      close: async () => {},
      setBaud: async () => {},
      setSignals: async () => {},
      reset: async (how) => {
        if (how === 'hard') await board.hardReset();
      },
      async write(bytes) {
        if (writes >= cutAfter) throw new Error('The board is not connected.');
        writes += 1;
        await board.write(half && writes === cutAfter ? bytes.subarray(0, bytes.length >> 1) : bytes);
        if (writes === cutAfter)
          for (const listener of lostListeners) listener({ reason: 'unplugged', words: 'The board was unplugged.' });
      },
      onBytes(listener) {
        const heard = (bytes: Uint8Array) => writes < cutAfter && listener(bytes.slice());
        listeners.add(heard);
        return () => listeners.delete(heard);
      },
      onLost(listener) {
        lostListeners.add(listener);
        return () => lostListeners.delete(listener);
      },
    };
    return port;
  };
  return {
    board,
    connect,
    /** The last that it said. */
    said: () => said,
    async booted() {
      const late = performance.now() + 20_000;
      while (!said.endsWith('>>> ')) {
        if (performance.now() > late) throw new Error(`no prompt: ${JSON.stringify(said)}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
  };
}
