// One board as this browser sees it: its state, what it said, and what a person does with it. Reconnects with the offset of the next
// missing byte (DE1), and says honestly when what is shown is not of now.
import {
  frameMostBytes,
  frameTypes,
  type DeviceState,
  type FromViewer,
  type Job,
  type JobResult,
  type JobView,
  type ToViewer,
} from '#shared/devices.ts';
import { deviceAddress, openDeviceSocket, type DeviceSocket } from './deviceSocket.ts';
import type { LinkState, Outside } from '#lib/workspace/lastingSocket.ts';
import { Scrollback } from './scrollback.ts';

type Refusal = Extract<ToViewer, { type: 'refused' }>;
/** A job without its id. */
export type NewJob = Job extends infer Each ? (Each extends Job ? Omit<Each, 'id'> : never) : never;
/** What needs the lease, without its epoch. */
type Driving = FromViewer extends infer Each ? (Each extends { epoch: number } ? Omit<Each, 'epoch'> : never) : never;
type Pending = { done: (result: JobResult) => void; stopListening: () => void };

/** What one person's keys send at once, at most. */
const mostTyped = 64 * 1024;

export class DeviceView {
  readonly id: string;
  readonly scrollback = new Scrollback();
  state = $state.raw<DeviceState | null>(null);
  link = $state<LinkState>('connecting');
  /** When what is shown was true last, while there is no connection. */
  since = $state<number | null>(null);
  /** Why the server will not have us; no further try is made. */
  refusal = $state.raw<{ code: number; reason: string } | null>(null);
  /** My key as a driver. */
  you = $state('');
  /** The server's clock minus ours. */
  skew = $state(0);
  /** Bytes so far. */
  end = $state(0);
  readonly #outside: Outside;
  readonly #origin: string;
  readonly #newId: () => string;
  #socket: DeviceSocket | null = null;
  #world: Uint8Array | null = null;
  readonly #worldListeners = new Set<(bytes: Uint8Array) => void>();
  readonly #refusalListeners = new Set<(refusal: Refusal) => void>();
  readonly #jobs = new Map<string, Pending>();
  #live = false;
  /** Said before the first connection stood: what is shown until then comes from the list of boards, and can be clicked. */
  #early: FromViewer[] = [];
  /** The bytes up to here were said before we came. */
  #old = 0;

  constructor({
    id,
    origin,
    outside,
    newId = () => crypto.randomUUID(),
  }: {
    id: string;
    origin: string;
    outside: Outside;
    newId?: () => string;
  }) {
    this.id = id;
    this.#origin = origin;
    this.#outside = outside;
    this.#newId = newId;
  }

  open(): void {
    this.#socket ??= openDeviceSocket<ToViewer>({
      address: () => deviceAddress(this.#origin, this.id, { from: this.scrollback.end }),
      outside: this.#outside,
      news: {
        link: (link) => this.#linked(link),
        message: (message) => this.#hear(message),
        frame: ({ type, offset, bytes }) => {
          if (type === frameTypes.world) this.#showWorld(bytes);
          if (type !== frameTypes.output) return;
          this.scrollback.add(offset, bytes, offset >= this.#old ? Date.now() : null);
          this.end = this.scrollback.end;
        },
        refused: (refusal) => (this.refusal = refusal),
      },
    });
  }
  close(): void {
    this.#socket?.close();
    this.#socket = null;
    this.#early = [];
    for (const id of [...this.#jobs.keys()]) this.#finish(id, lostJob(id));
  }
  retry(): void {
    this.#socket?.retry();
  }

  // ---- what is so
  get mine(): boolean {
    const lease = this.state?.lease;
    return (
      !!lease &&
      this.you !== '' &&
      (lease.holder.key === this.you || lease.with?.key === this.you) &&
      lease.state !== 'offered'
    );
  }
  /** It is offered to me: I may take it in time. */
  get offered(): boolean {
    const lease = this.state?.lease;
    return lease?.state === 'offered' && lease.holder.key === this.you;
  }
  /** My place among those who wait, from 1 on; 0: I do not wait. */
  get place(): number {
    return (this.state?.queue.findIndex((one) => one.driver.key === this.you) ?? -1) + 1;
  }
  /** Bytes from the keys reach the board. */
  get mayType(): boolean {
    const { state } = this;
    return (
      this.mine &&
      this.link === 'open' &&
      state?.connection === 'online' &&
      !state.stop &&
      (!state.job || !!this.#program)
    );
  }

  /** The program that a job runs hears the keys (`input()`, Ctrl-C). */
  get #program(): JobView | null {
    const job = this.state?.job;
    return job?.kind === 'exec' ? job : null;
  }

  // ---- what a person does
  /** While the first connection is being made it is said as soon as that stands. False: it was not sent; whoever asked hears why. */
  say(message: FromViewer): boolean {
    if (this.#socket?.send(message)) return true;
    if (this.#socket && this.state === null && this.link === 'connecting') return this.#early.push(message) > 0;
    this.#unsaid(message);
    return false;
  }
  /** What needs the lease, under the epoch of now. */
  drive(message: Driving): boolean {
    return this.say({ ...message, epoch: this.state?.lease?.epoch ?? 0 } as FromViewer);
  }
  /** False: not sent. */
  type(bytes: Uint8Array): boolean {
    const epoch = this.state?.lease?.epoch;
    if (!this.mayType || epoch === undefined || !this.#socket || this.#socket.waiting > mostTyped * 4) return false;
    const to = this.#program;
    for (let from = 0; from < bytes.length; from += frameMostBytes)
      this.#socket.sendFrame({
        type: to ? frameTypes.program : frameTypes.input,
        epoch,
        offset: to?.since ?? 0,
        bytes: bytes.subarray(from, from + frameMostBytes),
      });
    return true;
  }
  /** What the board's browser does for me; an answer in any case. */
  perform(work: NewJob, signal?: AbortSignal): Promise<JobResult> {
    const job = { ...work, id: this.#newId() } as Job;
    return new Promise((done) => {
      const cancel = () => void this.say({ type: 'cancel-job', id: job.id });
      signal?.addEventListener('abort', cancel);
      this.#jobs.set(job.id, { done, stopListening: () => signal?.removeEventListener('abort', cancel) });
      if (signal?.aborted || !this.drive({ type: 'job', job }))
        this.#finish(
          job.id,
          signal?.aborted
            ? { id: job.id, ok: false, code: 'cancelled', text: 'It was cancelled.' }
            : { id: job.id, ok: false, code: 'lost', text: 'No connection to the server. Nothing was sent.' },
        );
    });
  }

  onWorld(listener: (bytes: Uint8Array) => void): () => void {
    if (this.#world) listener(this.#world);
    this.#worldListeners.add(listener);
    return () => this.#worldListeners.delete(listener);
  }
  onRefusal(listener: (refusal: Refusal) => void): () => void {
    this.#refusalListeners.add(listener);
    return () => this.#refusalListeners.delete(listener);
  }

  // ---- what the server says
  #linked(link: LinkState): void {
    if (link === 'offline' && this.#live) {
      this.since = Date.now();
      this.#live = false;
      // whether the board went on with them nobody here knows
      for (const id of [...this.#jobs.keys()]) this.#finish(id, lostJob(id));
    }
    this.link = link === 'open' ? 'connecting' : link; // open with the server's first words
    const early = link === 'connecting' ? [] : this.#early.splice(0);
    for (const message of early) this.say(message);
  }
  #hear(message: ToViewer): void {
    switch (message.type) {
      case 'hello':
        this.you = message.you;
        this.#old = message.end;
        this.scrollback.begin(message);
        this.end = this.scrollback.end;
        this.link = 'open';
        this.#live = true;
        this.since = null;
        break;
      case 'state':
        this.state = message.state;
        this.skew = message.state.now - Date.now();
        break;
      case 'mark':
        this.scrollback.mark(message.mark);
        break;
      case 'job-result':
        this.#finish(message.result.id, message.result);
        break;
      case 'refused':
        if (message.of === 'job') this.#refuseJob(message);
        for (const listener of this.#refusalListeners) listener(message);
        break;
    }
  }
  /** A refused job has no result: it is the newest one that has not begun. */
  #refuseJob({ code, text }: Refusal): void {
    const id = [...this.#jobs.keys()].findLast((one) => one !== this.state?.job?.id);
    if (id) this.#finish(id, { id, ok: false, code: code === 'busy' ? 'busy' : 'failed', text });
  }
  #finish(id: string, result: JobResult): void {
    const job = this.#jobs.get(id);
    if (!job) return;
    this.#jobs.delete(id);
    job.stopListening();
    job.done(result);
  }
  /** A job has its own answer, and a stop another way. */
  #unsaid({ type }: FromViewer): void {
    if (type === 'job' || type === 'cancel-job' || type === 'stop') return;
    const refusal: Refusal = { type: 'refused', of: type, code: 'offline', text: 'There is no connection to the server. Nothing was sent.' }; // prettier-ignore
    for (const listener of this.#refusalListeners) listener(refusal);
  }
  #showWorld(bytes: Uint8Array): void {
    this.#world = bytes;
    for (const listener of this.#worldListeners) listener(bytes);
  }
}

const lostJob = (id: string): JobResult => ({
  id,
  ok: false,
  code: 'lost',
  text: 'The connection to the server was lost. The board may have gone on; look at what it says.',
});
