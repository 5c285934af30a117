// Hands sources to the compiling worker, one for the tab.
import type { Compiled } from './compile.worker.ts';

let worker: Worker | null = null;
let count = 0;
const waiting = new Map<number, (done: Compiled) => void>();

export function compileApplet(code: string): Promise<Compiled> {
  if (!worker) {
    worker = new Worker(new URL('./compile.worker.ts', import.meta.url), { type: 'module', name: 'applets' });
    worker.onmessage = ({ data }: MessageEvent<Compiled>) => {
      waiting.get(data.id)?.(data);
      waiting.delete(data.id);
    };
    worker.onerror = () => {
      for (const [id, done] of waiting)
        done({ id, ok: false, message: 'The compiler did not load. Reload the page.', line: null });
      waiting.clear();
      worker = null;
    };
  }
  const id = ++count;
  const mine = worker;
  return new Promise((done) => {
    waiting.set(id, done);
    mine.postMessage({ id, code });
  });
}
