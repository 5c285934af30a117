// Timers that go on in a hidden tab. A browser lets the timers of a hidden page sleep for a second, later for a minute; those of a worker
// go on. The tab that holds a board is mostly hidden, and others wait for what it does.
let worker: Worker | null = null;
let broken = false;
let last = 0;
const waiting = new Map<number, () => void>();

/** Returns the way to call it off. */
export function after(ms: number, run: () => void): () => void {
  const asleep = globalThis.document?.visibilityState === 'hidden' ? open() : null;
  if (!asleep) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  }
  const id = ++last;
  waiting.set(id, run);
  asleep.postMessage({ id, ms });
  return () => {
    if (waiting.delete(id)) asleep.postMessage({ id, ms: null });
  };
}
export const pause = (ms: number): Promise<void> => new Promise((done) => void after(ms, done));

function open(): Worker | null {
  if (worker || broken || typeof Worker === 'undefined') return worker;
  worker = new Worker(new URL('./steadyTimer.worker.ts', import.meta.url), { type: 'module', name: 'timers' });
  worker.onmessage = ({ data }: MessageEvent<number>) => {
    const run = waiting.get(data);
    waiting.delete(data);
    run?.();
  };
  worker.onerror = () => {
    // it could not be fetched: sleepy timers are better than none
    broken = true;
    worker = null;
    for (const run of waiting.values()) setTimeout(run);
    waiting.clear();
  };
  return worker;
}
