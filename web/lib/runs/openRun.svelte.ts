// A run that somebody looks at: its events from the first on, each that follows, and what people may do to it. The socket brings
// news, not truth: after a gap it is asked for what is missing, and an event that came twice changes nothing.
import type { RunSummary } from '#shared/api/runs.ts';
import { isProblem, Problem } from '#shared/errors.ts';
import type { FromBrowser, ToBrowser } from '#shared/live.ts';
import {
  emptyRun,
  readRun,
  reduceRun,
  type CallState,
  type RunEvent,
  type RunState,
  type RunStatus,
} from '#shared/run.ts';
import type { Api } from '#lib/api.ts';

export type RunOutside = {
  api: Api;
  send: (message: FromBrowser) => void;
  listen: (listener: (message: ToBrowser) => void) => () => void;
};
/** What somebody asks for below what is allowed; null: as much as is. */
export type RunBudget = Partial<Record<'iterations' | 'toolCalls' | 'minutes' | 'tokens' | 'money', number | null>>;
export type Usage = { input: number; output: number; money: number | null; ms: number };
/** A call that waits for a person, of this run or of one that it started. */
export type Waiting = { run: OpenRun; call: CallState };

export class OpenRun {
  readonly id: string;
  /** As it is now. */
  now = $state.raw<RunState>(emptyRun());
  loading = $state.raw<'loading' | 'ready' | Problem>('loading');
  /** Up to which event it is shown; null: as it is now. */
  at = $state<number | null>(null);
  /** Runs that calls of this one started, as they were opened. */
  children = $state.raw<readonly OpenRun[]>([]);
  /** What is under way: `stop`, `steer`, or the id of a call that is being answered. */
  busy = $state.raw<ReadonlySet<string>>(new Set());
  usage = $state.raw<ReadonlyMap<number, Usage>>(new Map());
  /** Milliseconds that it waited for people, which cost it no time; and since when it waits now. */
  waited = $state.raw<{ total: number; since: string | null }>({ total: 0, since: null });
  readonly shown = $derived.by<RunState>(() =>
    this.at === null ? this.now : readRun(this.events.filter((event) => event.seq <= this.at!)),
  );
  readonly #outside: RunOutside;
  #events: RunEvent[] = [];
  #stop: (() => void) | null = null;
  #followed = false;

  constructor(id: string, outside: RunOutside) {
    this.id = id;
    this.#outside = outside;
  }

  /** All events so far, in order. */
  get events(): readonly RunEvent[] {
    void this.now;
    return this.#events;
  }
  /** Milliseconds that it worked, without waiting for people; `now` while it goes on. */
  worked(now: number): number {
    const { total, since } = this.waited;
    if (this.now.startedAt === null) return 0;
    return Math.max(0, (since === null ? now : Date.parse(since)) - Date.parse(this.now.startedAt) - total);
  }
  get isOver(): boolean {
    return ['done', 'failed', 'stopped'].includes(this.now.status);
  }
  /** What waits for a person, here and in the runs below. */
  get waiting(): Waiting[] {
    const own = this.now.items.flatMap((item) => (item.kind === 'step' ? item.calls : []));
    return [
      ...own.filter((call) => call.status === 'asked').map((call) => ({ run: this as OpenRun, call })),
      ...this.children.flatMap((child) => child.waiting),
    ];
  }

  open(): void {
    if (this.#stop) return;
    this.#stop = this.#outside.listen((message) => this.#hear(message));
    void this.read();
  }

  close(): void {
    if (!this.#stop) return;
    this.#stop();
    this.#stop = null;
    this.#unfollow();
    for (const child of this.children) child.close();
    this.children = [];
  }

  /** Everything that happened so far, then whatever follows. */
  async read(): Promise<void> {
    try {
      const { events } = await this.#outside.api('GET /runs/:id', { params: { id: this.id } });
      this.take(events);
      this.loading = 'ready';
    } catch (error) {
      if (!isProblem(error)) throw error;
      if (this.loading !== 'ready') this.loading = error;
      return;
    }
    if (!this.isOver) this.#follow();
  }

  #follow(): void {
    if (!this.#stop) return;
    this.#followed = true;
    this.#outside.send({ type: 'follow', run: this.id, after: this.now.seq });
  }
  #unfollow(): void {
    if (this.#followed) this.#outside.send({ type: 'unfollow', run: this.id });
    this.#followed = false;
  }

  #hear(message: ToBrowser): void {
    if (message.type === 'run' && message.run === this.id) {
      this.take(message.events);
      // a tab may follow few runs at once; when this one goes on, news says so
      if (this.isOver && this.now.seq >= message.through) this.#unfollow();
    } else if (message.type === 'runs' && message.run === this.id) {
      if (!this.#followed && this.loading === 'ready') this.#follow();
    } else if (message.type === 'run-refused' && message.run === this.id) {
      this.#followed = false;
      this.loading = new Problem('not-found', 'This run is not yours to see any more.');
    }
    // the socket is there again: nothing of before is followed any more
    else if (message.type === 'hello') {
      this.#followed = false;
      if (this.loading !== 'ready') void this.read();
      else if (!this.isOver) this.#follow();
    }
  }

  /** Public so that a test can speak. */
  take(events: readonly RunEvent[]): void {
    let state = this.now;
    const begun: string[] = [];
    const usage = new Map(this.usage);
    for (const event of events) {
      if (event.seq <= state.seq) continue;
      if (event.seq > state.seq + 1) {
        this.#follow(); // something is missing: asked for again, from what is here
        break;
      }
      const before = state;
      state = reduceRun(state, event);
      this.#countWaiting(before.status, state.status, event.at);
      this.#events.push(event);
      if (event.type === 'usage') usage.set(event.step, event);
      if (event.type === 'child') begun.push(event.run);
    }
    if (state === this.now) return;
    if (usage.size !== this.usage.size) this.usage = usage;
    this.now = state;
    for (const id of begun) this.#addChild(id);
  }

  #countWaiting(before: RunStatus, now: RunStatus, at: string): void {
    const rests = (status: RunStatus) => status !== 'running';
    if (rests(before) === rests(now)) return;
    const { total, since } = this.waited;
    if (rests(now)) this.waited = { total, since: at };
    else this.waited = { total: total + (since === null ? 0 : Date.parse(at) - Date.parse(since)), since: null };
  }

  /** While this one goes on, what waits below is shown here; of an old one the screen opens what it shows. */
  #addChild(id: string): void {
    if (this.children.some((child) => child.id === id)) return;
    const child = new OpenRun(id, this.#outside);
    this.children = [...this.children, child];
    if (this.#stop && !this.isOver) child.open();
  }

  // ---- what people do ------------------------------------------------------------------------------------------------------

  stop = (): Promise<unknown> =>
    this.#doing('stop', () => this.#outside.api('POST /runs/:id/stop', { params: { id: this.id } }));
  steer = (text: string): Promise<unknown> =>
    this.#doing('steer', () => this.#outside.api('POST /runs/:id/steer', { params: { id: this.id }, body: { text } }));
  /** Its limits, and how far the person here may raise them. */
  limits = () => this.#outside.api('GET /runs/:id/limits', { params: { id: this.id } });
  resume = (budget: RunBudget = {}): Promise<RunSummary> =>
    this.#doing('resume', () =>
      this.#outside.api('POST /runs/:id/resume', { params: { id: this.id }, body: { budget } }),
    );
  retry = (): Promise<RunSummary> =>
    this.#doing('retry', () => this.#outside.api('POST /runs/:id/retry', { params: { id: this.id } }));
  takeOver = (): Promise<unknown> =>
    this.#doing('take-over', () => this.#outside.api('POST /runs/:id/take-over', { params: { id: this.id } }));
  branch = (step: number, text: string): Promise<RunSummary> =>
    this.#doing('branch', () =>
      this.#outside.api('POST /runs/:id/branch', { params: { id: this.id }, body: { step, ...(text && { text }) } }),
    );
  /** Bound to the arguments that were on the screen, by their hash. */
  approve = (call: CallState, verdict: 'approved' | 'refused', note = ''): Promise<unknown> =>
    this.#doing(call.id, () =>
      this.#outside.api('POST /runs/:id/approvals/:call', {
        params: { id: this.id, call: call.id },
        body: { verdict, hash: call.approval?.hash ?? '', ...(note && { note }) },
      }),
    );
  answer = (call: CallState, text: string): Promise<unknown> =>
    this.#doing(call.id, () =>
      this.#outside.api('POST /runs/:id/answers/:call', { params: { id: this.id, call: call.id }, body: { text } }),
    );

  async #doing<T>(what: string, act: () => Promise<T>): Promise<T> {
    this.busy = new Set([...this.busy, what]);
    try {
      return await act();
    } finally {
      this.busy = new Set([...this.busy].filter((one) => one !== what));
    }
  }
}
