// What a driver asked of a board, done by the browser that holds it: raw REPL and flashing happen beside the board, where the network cannot
// cut them in half. It always ends with a result, and always leaves the board at its friendly prompt (a flashed one restarts).
import type { Artifact, Job, JobResult } from '#shared/devices.ts';
import type { BoardPort } from '../port.ts';
import type { ProgramKeys } from '../programKeys.ts';
import {
  listFolder,
  makeFolder,
  readFile,
  removeFile,
  removeUnfinished,
  renameFile,
  unfinishedSuffix,
  writeFile,
  type Progress,
} from './boardFiles.ts';
import { sha256Hex } from './bytes.ts';
import { JobFailure } from './jobFailure.ts';
import { askJson } from './jsonLine.ts';
import { RawRepl } from './rawRepl.ts';
import { Wire } from './wire.ts';

export type FetchArtifact = (artifact: Artifact, signal: AbortSignal) => Promise<Uint8Array>;
export type JobSurroundings = {
  /** Open. While a `flash` runs, the caller does not report it as lost and does not open it again: flashing does (DE5). */
  port: BoardPort;
  job: Job;
  /** What the board is spoken to at; flashing changes it and puts it back. */
  baud?: number;
  fetchArtifact: FetchArtifact;
  /** What its driver types while the program of an `exec` runs. */
  keys?: ProgramKeys;
  storeArtifact(file: { name: string; bytes: Uint8Array<ArrayBuffer> }): Promise<Artifact>;
  /** `done`: 0 to 1, null where that is not known. At most ten times a second, and at the end. */
  progress(progress: { done: number | null; note: string }): void;
  signal: AbortSignal;
};

type Done = Omit<Extract<JobResult, { ok: true }>, 'id' | 'ok'>;
const mostText = 256 * 1024;

export async function performJob(asked: JobSurroundings): Promise<JobResult> {
  const { job } = asked;
  try {
    return { id: job.id, ok: true, ...(await perform(asked, seldom(asked.progress))) };
  } catch (error) {
    const failure =
      error instanceof JobFailure
        ? error
        : new JobFailure(
            asked.signal.aborted ? 'cancelled' : 'failed',
            error instanceof Error ? error.message : String(error),
          );
    const { code, message, partial } = failure;
    return {
      id: job.id,
      ok: false,
      code,
      text: message.slice(-mostText),
      ...(partial === undefined ? {} : { partial }),
    };
  }
}

async function perform(asked: JobSurroundings, progress: Progress): Promise<Done> {
  const { port, job, fetchArtifact, storeArtifact, signal } = asked;
  if (job.kind === 'flash') {
    const { flash } = await import('./flash.ts');
    return { text: await flash({ port, job, baud: asked.baud ?? 115_200, fetchArtifact, progress, signal }) };
  }
  if (job.kind === 'json')
    return withWire(asked, (wire) => askJson({ wire, command: job.command, timeoutMs: job.timeoutMs }));
  if (job.kind === 'exec') return withRepl(asked, (repl) => execute({ repl, job, asked }));

  const path = onBoard(job.path);
  switch (job.kind) {
    case 'list': {
      const entries = await withRepl(asked, (repl) => listFolder({ repl, path }));
      return { text: `${entries.length} in ${path}`, entries };
    }
    case 'get': {
      const bytes = await withRepl(asked, (repl) => readFile({ repl, path, progress }));
      const artifact = await storeArtifact({ name: path.slice(path.lastIndexOf('/') + 1), bytes });
      return { text: `${path}, ${bytes.length} bytes`, artifact };
    }
    case 'put': {
      const bytes = await fetchArtifact(job.artifact, signal);
      if (bytes.length !== job.artifact.bytes || sha256Hex(bytes) !== job.artifact.sha256)
        throw new JobFailure(
          'mismatch',
          `${job.artifact.name} is not the file that was chosen.`,
          'The board was not touched.',
        );
      await withRepl(asked, (repl) => put({ repl, path, bytes, progress }));
      return { text: `${path}, ${bytes.length} bytes, checked on the board` };
    }
    case 'remove':
      await withRepl(asked, (repl) => removeFile({ repl, path }));
      return { text: `${path} is removed` };
    case 'mkdir':
      await withRepl(asked, (repl) => makeFolder({ repl, path }));
      return { text: `${path} is made` };
    case 'rename': {
      const to = onBoard(job.to);
      await withRepl(asked, (repl) => renameFile({ repl, path, to }));
      return { text: `${path} is ${to} now` };
    }
  }
}

async function execute({
  repl,
  job,
  asked: { port, keys },
}: {
  repl: RawRepl;
  job: Extract<Job, { kind: 'exec' }>;
  asked: JobSurroundings;
}): Promise<Done> {
  if (job.fresh) await repl.softReset();
  const ran = await repl.run({
    code: job.code,
    timeoutMs: job.timeoutMs,
    most: mostText / 2,
    onBegin: () => keys?.begin((bytes) => port.write(bytes)),
    onEnd: () => keys?.end(),
  });
  const out = new TextDecoder().decode(ran.out);
  const text = ran.skipped > 0 ? `[${ran.skipped} bytes before]\n${out}` : out;
  if (ran.error) throw new JobFailure('failed', [text.trimEnd(), ran.error].filter((part) => part !== '').join('\n'));
  return { text };
}

/** What goes wrong on a board that still answers leaves no unfinished file; one that is gone keeps it, under its other name. */
async function put({
  repl,
  path,
  bytes,
  progress,
}: {
  repl: RawRepl;
  path: string;
  bytes: Uint8Array;
  progress: Progress;
}) {
  try {
    await writeFile({ repl, path, bytes, progress });
  } catch (error) {
    if (!(error instanceof JobFailure)) throw error;
    const kept = `${path} is as it was.`;
    const gone = await repl.tidy(() => removeUnfinished({ repl, path }));
    throw new JobFailure(
      error.code,
      error.message,
      gone ? kept : `${kept} ${path}${unfinishedSuffix} may be left beside it.`,
    );
  }
}

async function withRepl<T>(asked: JobSurroundings, work: (repl: RawRepl) => Promise<T>): Promise<T> {
  return withWire(asked, async (wire) => {
    const repl = new RawRepl(wire);
    try {
      await repl.enter();
      return await work(repl);
    } finally {
      await repl.leave();
    }
  });
}

async function withWire<T>({ port, signal }: JobSurroundings, work: (wire: Wire) => Promise<T>): Promise<T> {
  const wire = new Wire({ port, signal });
  try {
    return await work(wire);
  } finally {
    wire.close();
  }
}

/** Absolute, and nothing that climbs: the same path means the same file wherever a program has gone. */
function onBoard(path: string): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  const whole = `/${parts.join('/')}`;
  if (parts.includes('..') || /[\0-\x1f]/.test(whole) || whole.length > 255)
    throw new JobFailure('failed', `${JSON.stringify(path)} is no path of a board.`);
  return whole;
}

function seldom(progress: JobSurroundings['progress']): Progress {
  let told = -Infinity;
  return (done, note) => {
    const now = performance.now();
    if (now - told < 100 && done !== null && done < 1) return;
    told = now;
    progress({ done, note });
  };
}
