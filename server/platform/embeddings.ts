// Meaning as numbers: a text becomes 512 of them, near for texts that mean alike. The model (Universal Sentence Encoder) comes inside
// its npm package, so that nothing is asked of a network; it runs in a thread of its own, because a text takes about 10 ms.
import { Worker } from 'node:worker_threads';
import { Problem } from '#shared/errors.ts';

export type Embeddings = {
  /** Vectors of length 1, in the order of the texts. `soon`: somebody waits for it; such texts go before those of an index. */
  embed(texts: string[], options?: { soon?: boolean }): Promise<Float32Array[]>;
  close(): Promise<void>;
};

export type EmbeddingAsk = { id: number; texts: string[] };
export type EmbeddingAnswer = { id: number; vectors: Float32Array[] } | { id: number; error: string };

type Job = { texts: string[]; resolve: (vectors: Float32Array[]) => void; reject: (error: Error) => void };

/** Texts that go to the thread at once: few of those that can wait, because somebody's question waits behind them. */
const atOnce = { soon: 8, later: 2 };
/**
 * Milliseconds: after a question an index leaves the processor to it, and to the next one, for so long; but while people keep asking its
 * texts still go, one job in so long.
 */
const [courtesy, patience] = [150, 500];
/** The characters of each that count: its beginning says what it is about. */
const longest = 1000;
const remembered = 2000;

/** ms until the thread and its 150 MB are given back: after a question, as the next is near, and `done` after an index needed it. */
export function createEmbeddings({ idle = 300_000, done = 15_000 } = {}): Embeddings {
  const waiting: { soon: Job[]; later: Job[] } = { soon: [], later: [] };
  const known = new Map<string, Float32Array>();
  let worker: Worker | null = null;
  let busy: Job | null = null;
  let lastId = 0;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  let [askedAt, indexedAt] = [-Infinity, -Infinity];

  function start(): Worker {
    const started = new Worker(new URL('./embeddingsWorker.ts', import.meta.url), { execArgv: [] });
    started.unref();
    started.on('message', (answer: EmbeddingAnswer) => {
      const job = busy;
      busy = null;
      if ('vectors' in answer) job?.resolve(answer.vectors);
      else job?.reject(new Error(`embeddings: ${answer.error}`));
      next();
    });
    const lose = () => {
      if (worker !== started) return;
      worker = null;
      const job = busy;
      busy = null;
      job?.reject(new Problem('unavailable', 'Search by meaning is not available just now.'));
      next();
    };
    started.on('error', lose);
    started.on('exit', lose);
    return started;
  }

  function next(): void {
    clearTimeout(timer);
    if (busy) return;
    const early = Math.min(askedAt + courtesy, indexedAt + patience) - performance.now();
    if (waiting.soon.length === 0 && waiting.later.length > 0 && early > 0) {
      timer = setTimeout(next, early);
      return;
    }
    busy = waiting.soon.shift() ?? null;
    if (!busy && (busy = waiting.later.shift() ?? null)) indexedAt = performance.now();
    if (busy) {
      worker ??= start();
      worker.postMessage({ id: ++lastId, texts: busy.texts } satisfies EmbeddingAsk);
    } else if (worker) {
      const wait = Math.max(askedAt + idle - performance.now(), Math.min(done, idle));
      timer = setTimeout(() => {
        const idling = worker;
        worker = null;
        void idling?.terminate();
      }, wait).unref();
    }
  }

  const ask = (texts: string[], soon: boolean) =>
    new Promise<Float32Array[]>((resolve, reject) => {
      if (closed) return reject(new Problem('unavailable', 'The server is stopping.'));
      waiting[soon ? 'soon' : 'later'].push({ texts, resolve, reject });
      next();
    });

  function remember(text: string, vector: Float32Array): void {
    known.set(text, vector);
    if (known.size > remembered) known.delete(known.keys().next().value!);
  }

  return {
    async embed(texts, { soon = false } = {}) {
      if (soon) askedAt = performance.now(); // also when its answer is known: the rest of the search takes the processor, too
      const cut = texts.map((text) => text.slice(0, longest));
      const missing = [...new Set(cut)].filter((text) => !known.has(text));
      const found = new Map<string, Float32Array>();
      const size = atOnce[soon ? 'soon' : 'later'];
      for (let at = 0; at < missing.length; at += size) {
        const part = missing.slice(at, at + size);
        const vectors = await ask(part, soon);
        for (const [i, text] of part.entries()) found.set(text, vectors[i]!);
      }
      const vectors = cut.map((text) => found.get(text) ?? known.get(text)!);
      if (soon) for (const [text, vector] of found) remember(text, vector);
      return vectors;
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      const current = worker;
      worker = null;
      for (const { reject } of [...waiting.soon.splice(0), ...waiting.later.splice(0), ...(busy ? [busy] : [])])
        reject(new Problem('unavailable', 'The server is stopping.'));
      busy = null;
      await current?.terminate();
    },
  };
}
