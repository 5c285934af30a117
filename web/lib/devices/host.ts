// The board's side of a shared board, in the browser that holds it: what the board says goes to the server, what its driver sends comes
// back, fenced by the lease (DE2). It runs in a tab that may be hidden, where timers sleep: no byte waits for one.
import {
  frameTypes,
  type DeviceState,
  type FromHost,
  type Job,
  type JobResult,
  type ToHost,
  type WorldCommand,
} from '#shared/devices.ts';
import { openDeviceSocket } from './deviceSocket.ts';
import type { LinkState, Outside } from '#lib/workspace/lastingSocket.ts';
import { createHostOutput } from './hostOutput.ts';
import { restBoard, stopBoard } from './hostStop.ts';
import type { BoardPort, Lost } from './port.ts';
import { ProgramKeys } from './programKeys.ts';
import { pause as steadyPause } from './steadyTimer.ts';

export type PerformJob = (work: {
  port: BoardPort;
  job: Job;
  baud: number;
  /** What its driver types for the program of an `exec`. */
  keys: ProgramKeys;
  progress: (progress: { done: number | null; note: string }) => void;
  signal: AbortSignal;
}) => Promise<JobResult>;

/** What a virtual board's world can be told, and what it says of itself. */
export type WorldOfBoard = {
  command: (command: WorldCommand) => void;
  onState: (listener: (bytes: Uint8Array) => void) => () => void;
};

export type HostNews = {
  state: (state: DeviceState) => void;
  link: (link: LinkState) => void;
  /** The board was unplugged or crashed. */
  lost: (lost: Lost) => void;
  baud: (baud: number) => void;
  /** Not shared from here any more: another browser holds it, or the file is gone. */
  refused: (reason: string) => void;
};
export type Host = {
  readonly dropped: number;
  /** The board is back, perhaps as another port. */
  attach: (port: BoardPort, early?: Uint8Array[]) => void;
  /** No longer shared from here; the port is closed. */
  leave: () => Promise<void>;
};

/** What waits for the board to take it, at most. */
const mostInput = 256 * 1024;
/** Without the server nobody can be told anything: a board that was driven comes to rest by itself. */
const lonelyTime = 10_000;
const progressEvery = 200;

export function openHost({
  address,
  port: firstPort,
  baud: firstBaud,
  early = [],
  world,
  agent,
  perform,
  news,
  outside,
  pause = steadyPause,
  soon,
}: {
  address: string;
  port: BoardPort;
  baud: number;
  /** What it said before this. */
  early?: Uint8Array[];
  world?: WorldOfBoard | undefined;
  /** "Chrome on macOS" */
  agent: string;
  perform: PerformJob;
  news: HostNews;
  outside: Outside;
  pause?: (ms: number) => Promise<void>;
  soon?: (run: () => void) => void;
}): Host {
  let port = firstPort;
  let baud = firstBaud;
  let detach = () => {};
  let state: DeviceState | null = null;
  /** The newest lease that was heard of, and those that are over: what comes under them is stale. */
  let epoch = 0;
  let over = -1;
  let open = false;
  let input: Promise<void> = Promise.resolve();
  let inputBytes = 0;
  /** Counts up whenever what waits for the board must not reach it any more. */
  let turn = 0;
  let lost: Lost | null = null;
  let stopping: Promise<void> | null = null;
  const jobs = new Map<string, AbortController>();
  /** Of the job that runs. */
  let keys: ProgramKeys | null = null;
  /** A flash opens a board that left the bus by itself: until it ends a loss is not told (DE5). */
  let flashing = false;
  let stopLonely: (() => void) | null = null;
  let newestWorld: Uint8Array | null = null;
  /** The connection is new, and the server has not told yet how the board is. */
  let returned = false;

  const socket = openDeviceSocket<ToHost>({
    address: () => address,
    outside,
    news: {
      link: (link) => {
        open = link === 'open';
        if (open) returned = true;
        if (open) sayAll();
        else if (link === 'offline') alone();
        news.link(link);
      },
      message: hear,
      frame: ({ type, epoch: under, bytes }) => {
        if (type === frameTypes.input) receive(under, bytes.slice());
        if (type === frameTypes.program && !isFenced(under)) keys?.type(bytes.slice());
      },
      refused: ({ reason }) => {
        output.end();
        alone();
        news.refused(reason || 'The server does not take this board any more.');
      },
    },
  });
  const say = (message: FromHost) => socket.send(message);
  const output = createHostOutput({ socket, isOpen: () => open, soon });

  function sayAll(): void {
    stopLonely?.();
    stopLonely = null;
    say({ type: 'hosting', kind: port.kind, port: port.label, agent, baud });
    if (lost) say({ type: 'connection', connection: 'lost', why: lost.words });
    output.resume();
    showWorld(); // a world at rest says nothing by itself
  }
  /** The newest only: what a slow connection has not taken is not worth sending. */
  function showWorld(): void {
    if (newestWorld && open && socket.waiting < 64 * 1024)
      socket.sendFrame({ type: frameTypes.world, epoch: 0, offset: 0, bytes: newestWorld });
  }

  // ---- what the board says
  function attach(next: BoardPort): void {
    detach();
    port = next;
    lost = null;
    const stops = [
      port.onBytes(output.gather),
      port.onLost((why) => {
        if (why.reason === 'closed') return;
        turn += 1;
        if (flashing) lostInFlash = why;
        else tellLost(why);
      }),
      world?.onState((bytes) => {
        newestWorld = bytes;
        showWorld();
      }) ?? (() => {}),
    ];
    detach = () => stops.forEach((stop) => stop());
  }

  let lostInFlash: Lost | null = null;
  function tellLost(why: Lost): void {
    lost = why;
    abortJobs('lost');
    say({ type: 'connection', connection: 'lost', why: why.words });
    news.lost(why);
  }

  // ---- what reaches the board
  const isFenced = (under: number) => under < epoch || under <= over || !!state?.stop || !!stopping || !!lost;
  function receive(under: number, bytes: Uint8Array): void {
    if (isFenced(under) || jobs.size > 0) return;
    if (inputBytes + bytes.length > mostInput) return;
    inputBytes += bytes.length;
    const mine = turn;
    input = input
      .then(() => (mine === turn ? port.write(bytes) : undefined))
      .catch(() => {}) // its loss is told by the port
      .finally(() => (inputBytes -= bytes.length));
  }
  function abortJobs(why: 'cancelled' | 'lost'): void {
    keys?.end();
    for (const job of jobs.values()) job.abort(why);
  }
  function rest(): void {
    turn += 1;
    abortJobs('cancelled');
    if (!lost) void restBoard(port);
  }
  async function stop(): Promise<void> {
    turn += 1;
    abortJobs('cancelled');
    const text = lost ? `The board is not there: ${lost.words}` : await stopBoard(port, pause);
    say({ type: 'stopped', text });
  }
  function alone(): void {
    if (stopLonely || !state?.lease) return;
    stopLonely = outside.after(lonelyTime, () => {
      stopLonely = null;
      over = Math.max(over, epoch);
      rest();
    });
  }

  async function work(job: Job): Promise<void> {
    if (jobs.size > 0) {
      say({ type: 'job-result', result: { id: job.id, ok: false, code: 'busy', text: 'Another job has the board.' } });
      return;
    }
    const controller = new AbortController();
    jobs.set(job.id, controller);
    turn += 1;
    let told = 0;
    let phase = '';
    let result: JobResult;
    const typed = new ProgramKeys();
    keys = typed;
    flashing = job.kind === 'flash';
    lostInFlash = null;
    try {
      await input;
      result = await perform({
        port,
        job,
        baud,
        keys: typed,
        signal: controller.signal,
        progress: ({ done, note }) => {
          if (note === phase && Date.now() - told < progressEvery && done !== 1) return;
          told = Date.now();
          phase = note;
          say({ type: 'job-progress', id: job.id, done, note });
        },
      });
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      result = {
        id: job.id,
        ok: false,
        code: lost ? 'lost' : controller.signal.aborted ? 'cancelled' : 'failed',
        text,
      };
    } finally {
      typed.end();
      keys = null;
      jobs.delete(job.id);
      flashing = false;
    }
    const why = lostInFlash;
    if (why) await port.write(new Uint8Array()).catch(() => tellLost(why)); // it may be back by now
    if (!say({ type: 'job-result', result })) late.push(result);
  }
  /**
   * The first words after the connection was away, perhaps of a server that was started again: what it knows nothing of has ended, so that
   * no program of a driver who is none any more goes on, and no job that nobody sees keeps the board.
   */
  function comeBack({ before, now }: { before: DeviceState | null; now: DeviceState }): void {
    if (before?.lease && before.lease.epoch !== now.lease?.epoch) rest();
    for (const [id, job] of jobs) if (id !== now.job?.id) job.abort('lost');
  }
  /** Results that had no connection. */
  const late: JobResult[] = [];

  /** A driver elsewhere sees nothing of the port but what is said here. */
  const failed = (of: 'signals' | 'reset' | 'baud') => (error: unknown) =>
    void say({ type: 'port-failed', of, text: error instanceof Error ? error.message : String(error) });

  function hear(message: ToHost): void {
    if (message.type === 'state') {
      const before = state;
      state = message.state;
      epoch = Math.max(epoch, state.lease?.epoch ?? 0);
      if (!state.lease && before?.lease) over = Math.max(over, before.lease.epoch);
      if (returned) comeBack({ before, now: state });
      returned = false;
      for (const result of late.splice(0)) say({ type: 'job-result', result });
      news.state(state);
    } else if (message.type === 'stop') {
      stopping ??= stop().finally(() => (stopping = null));
    } else if (message.type === 'safe') {
      over = Math.max(over, epoch);
      rest();
    } else if (message.type === 'job') void work(message.job);
    else if (message.type === 'cancel-job') {
      if (jobs.has(message.id)) keys?.end();
      jobs.get(message.id)?.abort('cancelled');
    } else if (message.type === 'signals') {
      const { dtr, rts } = message;
      port
        .setSignals({ ...(dtr !== undefined && { dtr }), ...(rts !== undefined && { rts }) })
        .catch(failed('signals'));
    } else if (message.type === 'reset') port.reset(message.how).catch(failed('reset'));
    else if (message.type === 'baud') void changeBaud(message.baud);
    else if (message.type === 'world') world?.command(message.command);
  }
  async function changeBaud(next: number): Promise<void> {
    try {
      await port.setBaud(next);
      baud = next;
      news.baud(baud);
    } catch (error) {
      failed('baud')(error);
    }
    say({ type: 'baud', baud });
  }

  attach(port);
  for (const bytes of early) output.gather(bytes);
  return {
    get dropped() {
      return output.dropped;
    },
    attach: (next, before = []) => {
      attach(next);
      say({ type: 'connection', connection: 'online', why: '' });
      for (const bytes of before) output.gather(bytes);
    },
    leave: async () => {
      output.end();
      stopLonely?.();
      turn += 1;
      abortJobs('cancelled');
      detach();
      say({ type: 'leave' });
      socket.close();
      await port.close().catch(() => {});
    },
  };
}
