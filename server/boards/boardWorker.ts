// The thread in which a virtual board of Node lives (nodeBoard.ts).
import { parentPort, workerData } from 'node:worker_threads';
import { pathToFileURL } from 'node:url';
import { Board } from '#shared/board/board.ts';
import { openLink } from '#shared/board/link.ts';
import type { LoadMicroPython } from '#shared/board/micropython.ts';
import type { BoardWorkerData, BoardWorkerMessage } from './nodeBoard.ts';

const { memory, micropython, ...parts } = workerData as BoardWorkerData;
const tell = (message: BoardWorkerMessage) => parentPort!.postMessage(message);
const { loadMicroPython } = (await import(pathToFileURL(micropython).href)) as { loadMicroPython: LoadMicroPython };
const board = new Board({
  ...parts,
  link: openLink(memory),
  load: loadMicroPython,
  say: (bytes) => tell({ t: 'bytes', bytes }),
  tell,
});
await board.start();
await board.run();
