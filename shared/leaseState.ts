// Who drives a board: what there is to know of it, and what may happen; lease.ts says what follows. Each time somebody may write anew there is a new epoch; bytes carry the epoch
// that they were written under, and those of another one are dropped (DE2).
//
//   ask ─► granted (2 min, renewed by use; 30 min at most while others wait) ─► released, expired, taken, revoked ─► the board is
//    │        ▲   │ tab closed, board unplugged                                   brought to rest ─► the next one is offered
//    ▼        │   ▼
//   queue ─► offered (20 s)     away (10 s to come back)
//
// An emergency stop ends the lease at once, and nobody drives until it is cleared (DE3). A job has the board for itself: nothing else is
// written meanwhile, and an upload or a flash is not cut by the clock (DE5).
import type { Connection, Driver, LeaseView, RefusalCode, Waiting } from './devices.ts';
import type { Face } from './live.ts';

export const leaseTimes = {
  /** To take an offer. */
  offer: 20_000,
  /** From one use to the next. */
  term: 2 * 60_000,
  /** Of one driver, while others wait. */
  most: 30 * 60_000,
  /** To come back, for a driver whose tab is gone and for a board that was unplugged. */
  grace: 10_000,
  /** An upload or a flash may go on for so long after its lease should have ended. */
  job: 10 * 60_000,
};
export const mostWaiting = 20;

type Lease = LeaseView & {
  /** Is there a tab of the holder? */
  here: boolean;
};
/** `gone`: since when they have no tab; null while they have one. */
export type Place = { driver: Driver; since: number; gone: number | null };

export type LeaseState = {
  /** The last one that was given. */
  epoch: number;
  connection: Connection;
  /** The person whose browser holds the board. */
  host: string | null;
  lease: Lease | null;
  queue: Place[];
  stop: { by: Face; at: number; done: boolean } | null;
  /** `whole`: half of it is worse than nothing. */
  job: { id: string; by: Driver; whole: boolean } | null;
  /** Somebody drove, and the board could not be brought to rest because it was not there. */
  restless: boolean;
};

/** `owner`: of the volume. */
export type LeaseEvent = { now: number } & (
  | { type: 'ask'; driver: Driver }
  | { type: 'leave-queue'; key: string }
  | { type: 'accept' | 'renew' | 'release'; key: string; epoch: number }
  | { type: 'take'; driver: Driver; owner: boolean }
  | { type: 'invite'; key: string; epoch: number; guest: Driver }
  | { type: 'uninvite'; key: string; epoch: number }
  /** `beside`: a job that hears what is typed. */
  | { type: 'write'; key: string; epoch: number; beside?: string }
  | { type: 'job'; key: string; epoch: number; id: string; whole: boolean }
  | { type: 'job-end'; id: string }
  | { type: 'stop'; by: Face }
  | { type: 'stop-done' }
  | { type: 'clear-stop'; by: Face; owner: boolean }
  /** The last tab of a driver closed, or the first one opened. */
  | { type: 'gone' | 'back'; key: string }
  /** May not drive any more. */
  | { type: 'revoke'; key: string }
  | { type: 'connection'; connection: Connection; host: string | null }
  | { type: 'tick' }
);

/** What the server has to do, in this order. */
export type LeaseEffect =
  /** Bring the board to rest. */
  | { do: 'safe'; why: string }
  | { do: 'stop'; by: Face }
  | { do: 'abort-job'; id: string; why: string }
  | { do: 'note'; about: 'lease' | 'stop'; by: Face; run: string | null; text: string };
export type Refused = { code: RefusalCode; text: string };
export type LeaseStep = { state: LeaseState; effects: LeaseEffect[]; refused: Refused | null };

/** `epoch`: the last one that may have been given before. */
export const newLeaseState = ({ epoch, restless = false }: { epoch: number; restless?: boolean }): LeaseState => ({
  epoch,
  connection: 'offline',
  host: null,
  lease: null,
  queue: [],
  stop: null,
  job: null,
  restless,
});

/** What everybody may see. */
export function viewLease({ lease, queue }: LeaseState): { lease: LeaseView | null; queue: Waiting[] } {
  const { offer, most } = leaseTimes;
  let by = lease ? (lease.state === 'offered' ? lease.expires + most : lease.until) : 0;
  const waiting = queue.map(({ driver, since }): Waiting => {
    const turn = { driver, since, by: Math.max(by, since) };
    by += offer + most;
    return turn;
  });
  if (!lease) return { lease: null, queue: waiting };
  const { here: _, ...view } = lease;
  return { lease: view, queue: waiting };
}

/** When something happens by itself next: ms of the clock, null if nothing does. */
export function nextLeaseTime({ lease, queue }: LeaseState): number | null {
  const times = queue.flatMap(({ gone }) => (gone === null ? [] : [gone + leaseTimes.grace]));
  if (lease) times.push(lease.expires);
  return times.length > 0 ? Math.min(...times) : null;
}
