// What the other slices may ask of boards. People drive by the socket `/devices/<id>`; a run drives by `forRun`, under the same lease,
// as a driver of its own: what it may is what its person may now, and a person always goes before it.
import type { Device } from '#shared/api/devices.ts';
import type { Artifact, DeviceState, Job, JobResult, LeaseView, RefusalCode } from '#shared/devices.ts';
import { Problem, type ErrorCode } from '#shared/errors.ts';
import type { Actor } from '#shared/permissions.ts';

/** A job without its id: the hub gives one. */
export type JobAsked = Job extends infer One ? (One extends Job ? Omit<One, 'id'> : never) : never;

/** Why a board did not do what was asked. Its sentence is for people and for models. */
export class BoardRefusal extends Problem {
  readonly refusal: RefusalCode;
  constructor(refusal: RefusalCode, message: string) {
    super(problemOf[refusal], message, { refusal });
    this.refusal = refusal;
  }
}
const problemOf = {
  'no-lease': 'conflict', stale: 'conflict', stopped: 'conflict', busy: 'conflict', offline: 'unavailable', 'queue-full': 'rate-limited',
  'too-fast': 'rate-limited', forbidden: 'forbidden', 'not-allowed': 'forbidden', invalid: 'invalid',
} as const satisfies Record<RefusalCode, ErrorCode>; // prettier-ignore

/** The boards of one volume, for one run. */
export type RunBoards = {
  list(): Promise<Device[]>;
  /** By its id, its path, its file's name or its label. Throws `not-found`; `conflict` when several boards have this label. */
  open(name: string): Promise<RunBoard>;
  /** The run ended: gives back every lease that it holds and leaves every queue. */
  close(): void;
};

export type RunBoard = {
  readonly id: string;
  /** As its file and its state are now; `file.tools` is the allow list for agents, null: no list. */
  device(): Promise<Device>;
  state(): DeviceState;
  /** The lease of this run, when it drives now. */
  lease(): LeaseView | null;
  /** Asks for the lease and waits in the queue for at most `waitMs`; leaves the queue when that is over. Throws BoardRefusal. */
  drive(asked: { waitMs: number; signal: AbortSignal }): Promise<LeaseView>;
  /** Needs the lease, as all that follows up to `release`. Throws BoardRefusal. */
  write(bytes: Uint8Array): Promise<void>;
  /** Resolves when the board's browser is done; `signal` cancels the job. A person who takes the board ends it: `cancelled`. */
  job(
    job: JobAsked,
    asked: { signal: AbortSignal; progress?: (done: number | null, note: string) => void },
  ): Promise<JobResult>;
  reset(how: 'soft' | 'hard'): Promise<void>;
  /** Ctrl-C. While a job runs it cancels the job. */
  interrupt(): Promise<void>;
  release(): void;

  /** Bytes on their way to the board; a `get` job answers with one of its own. */
  keep(bytes: { name: string; bytes: Uint8Array }): Promise<Artifact>;
  /** The same, of a file in the volume of the board. */
  keepFile(path: string): Promise<Artifact>;
  /** As it is now, and not kept. */
  hashOfFile(path: string): Promise<{ bytes: number; sha256: string }>;
  bytesOf(artifact: string): Promise<Uint8Array>;

  /**
   * What the board said: from an offset, or (`from` null) the last `most` bytes. Needs no lease. `end`: all that it said up to now;
   * `skipped`: bytes from `from` on that are no longer held.
   */
  read(range: { from: number | null; most: number }): {
    bytes: Uint8Array;
    from: number;
    to: number;
    end: number;
    skipped: number;
  };
  /** Waits until the board says something that fits. Needs no lease. `bytes` is what it said since `from`, matched or not. */
  waitFor(asked: {
    pattern: Pattern;
    /** null: from now on. */
    from: number | null;
    ms: number;
    signal: AbortSignal;
  }): Promise<{ found: string | null; bytes: Uint8Array; from: number; to: number }>;
  /** Needs no lease and no approval (DE3). */
  stop(): Promise<void>;
};

/** `text`: these characters; `words`: `*` stands for any characters of one line, all else for itself. No regular expressions: they can hang. */
export type Pattern = { kind: 'text' | 'words'; text: string; ignoreCase?: boolean };

export type BoardsOfRuns = {
  forRun(asked: { run: string; actor: Actor; volume: string }): RunBoards;
};
