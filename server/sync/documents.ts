// Our side of the worker in which documents are built: started when first needed, replaced when it dies, stopped when idle.
import { Worker } from 'node:worker_threads';
import { Problem } from '#shared/errors.ts';
import type { Answer, Ask, Job } from './documentWorker.ts';
import type { EditResult, TextChange, Window } from './types.ts';

export type Edited = { result: EditResult; update: Uint8Array | null };

export type Documents = {
  read(no: number): Promise<string>;
  /** `client`: the client id under which the room appends; its clocks must all be in the log. */
  edit(edit: { no: number; client: number; change: TextChange; preview: boolean }): Promise<Edited>;
  window(window: { no: number; fileId: string; order?: (string | null)[] | undefined }): Promise<Window | null>;
  /** Null: nothing to fold, or somebody else did it meanwhile. */
  compact(no: number): Promise<{ upto: number; size: number; vector: Uint8Array; folded: number } | null>;
  /** What `update` has beyond `vector`; slow for a long history, hence here. */
  difference(update: Uint8Array, vector: Uint8Array): Promise<Uint8Array>;
  /** After an edit that was not appended. */
  forget(no: number): void;
  close(): Promise<void>;
};

type Waiting = { job: Job; resolve: (result: unknown) => void; reject: (error: Error) => void };

/** `memory` in MiB for all documents that are in use at once; `patience` in ms for one job; `idle` in ms until the thread ends. */
export function createDocuments({
  databaseUrl,
  memory = 512,
  patience = 30_000,
  idle = 60_000,
}: {
  databaseUrl: string;
  memory?: number;
  patience?: number;
  idle?: number;
}): Documents {
  let worker: Worker | null = null;
  let lastId = 0;
  let timer: NodeJS.Timeout | undefined;
  const waiting = new Map<number, Waiting>();

  function start(): Worker {
    const started = new Worker(new URL('./documentWorker.ts', import.meta.url), {
      workerData: { databaseUrl },
      resourceLimits: { maxOldGenerationSizeMb: memory },
      execArgv: [],
    });
    started.unref();
    started.on('message', (answer: Answer) => settle(answer));
    started.on('error', () => lose(started)); // out of memory, too
    started.on('exit', () => lose(started));
    return started;
  }

  function settle(answer: Answer) {
    const ask = waiting.get(answer.id);
    waiting.delete(answer.id);
    watch();
    if (!ask) return;
    if ('result' in answer) ask.resolve(answer.result);
    else
      ask.reject(
        answer.invalid
          ? new Problem('invalid', 'That place is not in the text any more.')
          : new Error(`document: ${answer.error}`),
      );
  }

  /** The job that it died of fails; those behind it did nothing wrong and go to the next worker. */
  function lose(lost: Worker) {
    if (worker !== lost) return;
    worker = null;
    const [first, ...others] = waiting;
    if (first) {
      waiting.delete(first[0]);
      first[1].reject(new Problem('unavailable', 'This document is too large to be read just now.'));
    }
    for (const [id, { job }] of others) post({ id, job });
    watch();
  }

  /** Jobs are done in order, so the time since the last answer is the time of the first that waits. */
  function watch() {
    clearTimeout(timer);
    const current = worker;
    if (!current) return;
    timer = setTimeout(
      () => {
        if (waiting.size === 0) worker = null;
        void current.terminate();
        if (waiting.size > 0) lose(current);
      },
      waiting.size > 0 ? patience : idle,
    ).unref();
  }

  function post(ask: Ask) {
    worker ??= start();
    worker.postMessage(ask);
  }

  function run<T>(job: Job): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const id = ++lastId;
      waiting.set(id, { job, resolve: resolve as (result: unknown) => void, reject });
      post({ id, job });
      if (waiting.size === 1) watch();
    });
  }

  return {
    read: (no) => run({ kind: 'read', no }),
    edit: ({ no, client, change, preview }) => run({ kind: 'edit', no, client, change, preview }),
    window: ({ no, fileId, order }) => run({ kind: 'window', no, fileId, order }),
    compact: (no) => run({ kind: 'compact', no }),
    difference: (update, vector) => run({ kind: 'difference', update, vector }),
    forget: (no) => {
      if (worker) void run({ kind: 'forget', no }).catch(() => undefined);
    },
    async close() {
      clearTimeout(timer);
      const current = worker;
      worker = null;
      for (const { reject } of waiting.values()) reject(new Problem('unavailable', 'The server is stopping.'));
      waiting.clear();
      await current?.terminate();
    },
  };
}
