// The one job that has a board for itself: forwarded to the board's browser, its result to whoever asked. A browser that falls silent does
// not hold the board for ever, and what was cut says what the board may hold now (DE5).
import type { Driver, Job, JobResult, JobView, ToHost } from '#shared/devices.ts';
import type { Clock } from '../platform/clock.ts';

/** Beyond what the job allows itself. */
const patienceMs = 10_000;
/** How long the board's browser may take to say how a cancelled job ended. */
const goodbyeMs = 3000;

type Open = {
  job: Job;
  view: JobView;
  answer: (result: JobResult) => void;
  progress: (done: number | null, note: string) => void;
  /** By the clock; null: as long as its driver has a turn. */
  deadline: number | null;
  /** It was told to stop, for this reason. */
  ending: { code: 'cancelled' | 'lost' | 'timeout'; text: string; by: number } | null;
};

/** Half of these is worse than nothing. */
export const isWhole = ({ kind }: Pick<Job, 'kind'>): boolean => kind === 'put' || kind === 'flash';

/** Files go in conversations of programs, which a console may fold. What a program prints is what everybody is here for. */
export const foldedJob = ({ id, kind }: { id: string; kind: Job['kind'] }) => (kind === 'exec' ? {} : { job: id });

export class BoardJobs {
  private open: Open | null = null;
  /** Aborted, and not yet answered. */
  private readonly leaving = new Map<string, Open>();
  private readonly clock: Clock;
  private readonly toHost: (message: ToHost) => void;
  private readonly ended: (view: JobView, result: JobResult) => void;

  constructor({
    clock,
    toHost,
    ended,
  }: {
    clock: Clock;
    toHost: (message: ToHost) => void;
    /** The board is free for others. */
    ended: (view: JobView, result: JobResult) => void;
  }) {
    this.clock = clock;
    this.toHost = toHost;
    this.ended = ended;
  }

  get view(): JobView | null {
    return this.open?.view ?? null;
  }

  /** The job whose program began then and still hears what is typed. */
  programOf(since: number): string | null {
    const { open } = this;
    return open && open.job.kind === 'exec' && open.view.since === since && !open.ending ? open.job.id : null;
  }

  begin({
    job,
    by,
    answer,
    progress = () => undefined,
  }: {
    job: Job;
    by: Driver;
    answer: Open['answer'];
    progress?: Open['progress'] | undefined;
  }): JobView {
    const since = this.clock.now();
    const view: JobView = { id: job.id, kind: job.kind, label: labelOf(job), by, since, done: null, note: '' };
    const time = timeOf(job);
    this.open = { job, view, answer, progress, deadline: time === null ? null : since + time, ending: null };
    this.toHost({ type: 'job', job, by });
    return view;
  }

  /** From the board's browser. False: it is not about the job that is under way. */
  progressed({ id, done, note }: { id: string; done: number | null; note: string }): boolean {
    if (this.open?.job.id !== id) return false;
    Object.assign(this.open.view, { done, note });
    this.open.progress(done, note);
    return true;
  }

  result(result: JobResult): void {
    const left = this.leaving.get(result.id);
    if (left) {
      this.leaving.delete(result.id);
      left.answer(result.ok ? { id: result.id, ok: false, code: 'cancelled', text: left.ending!.text } : result);
    } else if (this.open?.job.id === result.id) this.finish(this.open, result);
  }

  /** Asks the board's browser to end it; its answer frees the board. */
  cancel(code: 'cancelled' | 'timeout', text: string): void {
    if (!this.open || this.open.ending) return;
    this.open.ending = { code, text, by: this.clock.now() + goodbyeMs };
    this.toHost({ type: 'cancel-job', id: this.open.job.id });
  }

  /** Somebody else has the board now, or it is gone: the board's browser may still say how it ended. */
  abort({ text, lost }: { text: string; lost: boolean }): void {
    const open = this.open;
    if (!open) return;
    this.open = null;
    open.ending = { code: lost ? 'lost' : 'cancelled', text, by: this.clock.now() + goodbyeMs };
    this.toHost({ type: 'cancel-job', id: open.job.id });
    this.ended(open.view, cut(open));
    if (lost) open.answer(cut(open));
    else this.leaving.set(open.job.id, open);
  }

  tick(): void {
    const now = this.clock.now();
    for (const [id, open] of this.leaving) {
      if (now < open.ending!.by) continue;
      this.leaving.delete(id);
      open.answer(cut(open));
    }
    const { open } = this;
    if (!open) return;
    if (open.ending && now >= open.ending.by) this.finish(open, cut(open));
    else if (open.deadline !== null && now >= open.deadline) this.cancel('timeout', 'It took too long.');
  }

  private finish(open: Open, result: JobResult): void {
    this.open = null;
    const told = open.ending?.code === 'timeout' && !result.ok ? { ...result, code: 'timeout' as const } : result;
    this.ended(open.view, told);
    open.answer(told);
  }
}

function cut({ job, ending }: Open): JobResult {
  const partial =
    job.kind === 'put' ? { partial: `“${job.path}” may be missing or cut short on the board: look before you use it.` }
    : job.kind === 'flash' ? { partial: 'The flash was cut: the board may not start until it is flashed again.' }
    : {}; // prettier-ignore
  return { id: job.id, ok: false, code: ending!.code, text: ending!.text, ...partial };
}

/** As everybody is told of it: short, whatever somebody wrote into it. */
const labelOf = (job: Job): string => wordsOf(job).slice(0, 200);

function wordsOf(job: Job): string {
  switch (job.kind) {
    case 'exec':
      return job.name || 'run';
    case 'flash':
      return `flash ${job.images.map(({ artifact }) => artifact.name).join(', ')}`;
    case 'json':
      return `json ${['cmd', 'command', 'action'].map((key) => job.command[key]).find((word) => typeof word === 'string') ?? ''}`.trim(); // prettier-ignore
    case 'rename':
      return `rename ${job.path} to ${job.to}`;
    default:
      return `${job.kind} ${job.path}`;
  }
}

function timeOf(job: Job): number | null {
  if (job.kind === 'exec') return job.timeoutMs === 0 ? null : job.timeoutMs + patienceMs;
  if (job.kind === 'json') return (job.timeoutMs || 10_000) + patienceMs;
  if (job.kind === 'flash') return 15 * 60_000;
  return job.kind === 'put' || job.kind === 'get' ? 5 * 60_000 : 60_000;
}
