// Who drives a board: a pure reducer, run by the server only. A state and an event (leaseState.ts, with the picture) give the next state, what
// the server has to do, and a refusal where it may not be. Nothing else decides whose bytes reach a board (DE2).
import type { Connection, Driver, RefusalCode } from './devices.ts';
import { leaseTimes, mostWaiting, type LeaseEffect, type LeaseEvent, type LeaseState, type LeaseStep, type Place, type Refused } from './leaseState.ts'; // prettier-ignore
import type { Face } from './live.ts';

export function stepLease(before: LeaseState, event: LeaseEvent): LeaseStep {
  const step = new Step(before, event.now);
  step.settle();
  const refused = step.take(event);
  step.settle();
  return { state: step.state, effects: step.effects, refused };
}

const refuse = (code: RefusalCode, text: string): Refused => ({ code, text });
const nameOf = ({ person, run }: Driver) => (run === null ? person.name : `an agent of ${person.name}`);
const startOf = (driver: Driver) => nameOf(driver).replace(/^an /, 'An ');

/** One event on its way: a copy of the state that is changed, and what follows from it. */
class Step {
  readonly state: LeaseState;
  readonly effects: LeaseEffect[] = [];
  private readonly now: number;

  constructor(before: LeaseState, now: number) {
    const { lease, queue, stop, job } = before;
    this.state = {
      ...before,
      lease: lease && { ...lease },
      queue: queue.map((place) => ({ ...place })),
      stop: stop && { ...stop },
      job: job && { ...job },
    };
    this.now = now;
  }

  take(event: LeaseEvent): Refused | null {
    const { state, now } = this;
    switch (event.type) {
      case 'tick':
        return null;
      case 'ask':
        return this.ask(event.driver);
      case 'leave-queue':
        state.queue = state.queue.filter(({ driver }) => driver.key !== event.key);
        return null;
      case 'accept': {
        const { lease } = state;
        if (lease?.state !== 'offered' || lease.holder.key !== event.key || lease.epoch !== event.epoch)
          return refuse('stale', 'The board is not offered to you any more.');
        lease.state = 'granted';
        Object.assign(lease, { since: now, until: now + leaseTimes.most, expires: now + leaseTimes.term });
        this.limitRun();
        this.note(lease.holder, `${startOf(lease.holder)} drives`);
        return null;
      }
      case 'renew': {
        const refused = this.notHolder(event);
        if (!refused) this.use();
        return refused;
      }
      case 'release': {
        const { lease } = state;
        if (lease?.holder.key !== event.key) return refuse('no-lease', 'You do not drive.');
        if (lease.epoch !== event.epoch) return refuse('stale', 'That was an earlier turn of yours.');
        this.end('gave the board back');
        return null;
      }
      case 'take':
        return this.takeOver(event.driver, event.owner);
      case 'invite': {
        const refused = this.notHolder(event);
        if (refused) return refused;
        if (event.guest.key === event.key) return refuse('invalid', 'You drive already.');
        state.lease!.with = event.guest;
        this.note(state.lease!.holder, `${nameOf(event.guest)} may drive too`);
        return null;
      }
      case 'uninvite': {
        const lease = state.lease;
        // whoever was invited may also go by themselves
        if (lease?.with?.key !== event.key) {
          const refused = this.notHolder(event);
          if (refused) return refused;
        } else if (lease.epoch !== event.epoch) return refuse('stale', 'That was an earlier turn.');
        this.dropGuest();
        return null;
      }
      case 'write': {
        const refused = this.notDriver(event, event.beside);
        if (!refused) this.use();
        return refused;
      }
      case 'job': {
        const refused = this.notDriver(event);
        if (refused) return refused;
        const { holder, with: guest } = state.lease!;
        this.use();
        state.job = { id: event.id, by: guest?.key === event.key ? guest : holder, whole: event.whole };
        return null;
      }
      case 'job-end':
        if (state.job?.id !== event.id) return null;
        state.job = null;
        if (state.lease?.state === 'granted') this.use();
        return null;
      case 'stop':
        return this.stop(event.by);
      case 'stop-done':
        if (state.stop) state.stop.done = true;
        return null;
      case 'clear-stop': {
        if (!state.stop) return null;
        if (event.by.id !== state.stop.by.id && event.by.id !== state.host && !event.owner)
          return refuse(
            'forbidden',
            `${state.stop.by.name} stopped the board: they, its person or an owner of the team may let it go on.`,
          );
        if (!state.stop.done && state.connection !== 'online') state.restless = true; // nobody heard it
        state.stop = null;
        this.effects.push({ do: 'note', about: 'stop', by: event.by, run: null, text: `${event.by.name} lets the board go on` }); // prettier-ignore
        return null;
      }
      case 'gone':
      case 'back':
        this.presence(event.key, event.type === 'back');
        return null;
      case 'revoke':
        state.queue = state.queue.filter(({ driver }) => driver.key !== event.key);
        if (state.lease?.with?.key === event.key) this.dropGuest();
        if (state.lease?.holder.key === event.key) this.end('may not drive here any more');
        return null;
      case 'connection':
        this.connect(event.connection, event.host);
        return null;
    }
  }

  /** What time does by itself, and who comes next. Afterwards nothing is overdue, and a free board is offered to whoever waits for it. */
  settle(): void {
    const { state, now } = this;
    state.queue = state.queue.filter(({ gone }) => gone === null || now < gone + leaseTimes.grace);
    const { lease, job } = state;
    if (lease?.state === 'granted' && job) this.use(); // a job is use, as long as its driver is here
    if (lease && now >= lease.expires) {
      const isKept = job?.whole && lease.state !== 'offered' && now < lease.expires + leaseTimes.job;
      const why = { offered: 'did not take the offer', granted: 'used it no longer', away: 'did not come back' };
      if (!isKept) this.end(lease.state === 'granted' && now >= lease.until ? 'had their time' : why[lease.state]);
    }
    this.next();
  }

  private get isFree(): boolean {
    const { connection, lease, stop } = this.state;
    return connection === 'online' && !lease && !stop;
  }

  private next(): void {
    if (!this.isFree) return;
    const at = this.state.queue.findIndex(({ gone }) => gone === null);
    if (at < 0) return;
    const [{ driver }] = this.state.queue.splice(at, 1) as [Place];
    this.begin(driver, driver.run === null ? 'offered' : 'granted'); // a run waits for nothing else
  }

  private begin(holder: Driver, how: 'offered' | 'granted'): void {
    const { state, now } = this;
    const expires = now + (how === 'offered' ? leaseTimes.offer : leaseTimes.term);
    const epoch = ++state.epoch;
    state.lease = { epoch, holder, with: null, state: how, here: true, since: now, expires, until: now + leaseTimes.most }; // prettier-ignore
    this.limitRun();
    this.note(holder, how === 'granted' ? `${startOf(holder)} drives` : `The board is offered to ${nameOf(holder)}`);
  }

  private end(why: string): void {
    const { state } = this;
    const lease = state.lease!;
    this.abortJob(why);
    state.lease = null;
    this.note(lease.holder, `${startOf(lease.holder)} ${why}`);
    if (lease.state === 'offered') return; // nobody drove
    if (state.connection === 'online') this.effects.push({ do: 'safe', why: `${nameOf(lease.holder)} ${why}` });
    else state.restless = true;
  }

  private abortJob(why: string): void {
    if (this.state.job) this.effects.push({ do: 'abort-job', id: this.state.job.id, why });
    this.state.job = null;
  }

  /** While nobody waits the time of a driver begins anew with each use. */
  private use(): void {
    const { lease, queue } = this.state;
    if (lease?.state !== 'granted') return;
    if (queue.length === 0) lease.until = this.now + leaseTimes.most;
    lease.expires = Math.min(lease.until, Math.max(lease.expires, this.now + leaseTimes.term));
  }

  /** A person waits for a run only as long as it has already been given. */
  private limitRun(): void {
    const { lease, queue } = this.state;
    if (lease && lease.holder.run !== null && queue.some(({ driver }) => driver.run === null))
      lease.until = Math.min(lease.until, lease.expires);
  }

  private ask(driver: Driver): Refused | null {
    const { state, now } = this;
    if (state.lease?.holder.key === driver.key) return null;
    if (state.queue.some((place) => place.driver.key === driver.key)) return null;
    if (this.isFree) {
      this.begin(driver, 'granted');
      return null;
    }
    if (state.queue.length >= mostWaiting) return refuse('queue-full', `${mostWaiting} people wait already.`);
    const firstRun = state.queue.findIndex((place) => place.driver.run !== null);
    const at = driver.run === null && firstRun >= 0 ? firstRun : state.queue.length;
    state.queue.splice(at, 0, { driver, since: now, gone: null });
    this.limitRun();
    return null;
  }

  private takeOver(driver: Driver, owner: boolean): Refused | null {
    const { state } = this;
    if (state.stop) return refuse('stopped', `${state.stop.by.name} stopped the board.`);
    if (state.connection !== 'online') return refuse('offline', 'The board is not there.');
    const { lease } = state;
    if (lease?.holder.key === driver.key && lease.state === 'granted') return null;
    const isHost = driver.run === null && driver.person.id === state.host;
    const isFromRun = lease?.holder.run != null;
    if (driver.run !== null || (lease && !isHost && !isFromRun && !owner))
      return refuse('forbidden', 'Only its person and owners of the team may take the board from somebody.');
    if (state.job?.whole && !isHost) return refuse('busy', 'An upload or a flash is under way: that must not be cut.');
    state.queue = state.queue.filter((place) => place.driver.key !== driver.key);
    if (lease) this.end(lease.holder.key === driver.key ? 'takes the offer' : `had to make room for ${nameOf(driver)}`);
    this.begin(driver, 'granted');
    return null;
  }

  private stop(by: Face): null {
    const { state, now } = this;
    // the board first: what is said of it can wait, a machine cannot
    if (state.connection === 'online') this.effects.push({ do: 'stop', by });
    this.abortJob('emergency stop');
    if (state.lease) {
      this.note(state.lease.holder, `${startOf(state.lease.holder)} was stopped`);
      state.lease = null;
    }
    state.restless = state.connection !== 'online'; // a stop that is heard is more than rest
    state.stop = state.stop ? { ...state.stop, done: false } : { by, at: now, done: false };
    this.effects.push({ do: 'note', about: 'stop', by, run: null, text: `${by.name} pressed the emergency stop` });
    return null;
  }

  private presence(key: string, here: boolean): void {
    const { state, now } = this;
    for (const place of state.queue) if (place.driver.key === key) place.gone = here ? null : (place.gone ?? now);
    const { lease } = state;
    if (lease?.with?.key === key && !here) this.dropGuest();
    if (lease?.holder.key !== key || lease.here === here) return;
    lease.here = here;
    if (here) this.resume();
    else if (lease.state === 'offered') {
      state.lease = null;
      state.queue.unshift({ driver: lease.holder, since: lease.since, gone: now });
    } else this.away();
  }

  private away(): void {
    const { lease } = this.state;
    if (lease?.state !== 'granted') return;
    lease.state = 'away';
    lease.expires = Math.min(lease.until, this.now + leaseTimes.grace);
    this.note(lease.holder, `${startOf(lease.holder)} is away`);
  }

  /** Under a new epoch: what was written before, and is still on its way, is not what is meant now. */
  private resume(): void {
    const { lease, connection } = this.state;
    if (lease?.state !== 'away' || !lease.here || connection !== 'online') return;
    lease.state = 'granted';
    lease.epoch = ++this.state.epoch;
    lease.expires = Math.min(lease.until, this.now + leaseTimes.term);
    this.note(lease.holder, `${startOf(lease.holder)} is back`);
  }

  private connect(connection: Connection, host: string | null): void {
    const { state } = this;
    state.connection = connection;
    state.host = host;
    if (connection === 'online') {
      if (state.stop && !state.stop.done) this.effects.push({ do: 'stop', by: state.stop.by });
      else if (state.restless && !state.lease) this.effects.push({ do: 'safe', why: 'nobody drives any more' });
      if (!state.lease) state.restless = false;
      return this.resume();
    }
    this.abortJob(connection === 'lost' ? 'the board is gone' : 'its browser is gone');
    const { lease } = state;
    if (!lease) return;
    if (lease.state === 'offered') {
      state.lease = null;
      state.queue.unshift({ driver: lease.holder, since: lease.since, gone: null });
    } else if (connection === 'offline') this.end('lost the board: its browser is gone');
    else this.away();
  }

  private dropGuest(): void {
    const lease = this.state.lease!;
    if (!lease.with) return;
    this.note(lease.holder, `${startOf(lease.with)} drives no longer`);
    lease.with = null;
    lease.epoch = ++this.state.epoch; // the guest's bytes on their way are not wanted any more
  }

  private notHolder({ key, epoch }: { key: string; epoch: number }): Refused | null {
    const { lease } = this.state;
    if (lease?.holder.key !== key || lease.state === 'offered') return refuse('no-lease', 'You do not drive.');
    return lease.epoch === epoch ? null : refuse('stale', 'That was an earlier turn of yours.');
  }

  private notDriver({ key, epoch }: { key: string; epoch: number }, beside?: string): Refused | null {
    const { lease, stop, connection, job } = this.state;
    if (stop) return refuse('stopped', `${stop.by.name} stopped the board. Nobody drives until that is cleared.`);
    const isDriver = lease && lease.state !== 'offered' && (lease.holder.key === key || lease.with?.key === key);
    if (!isDriver) return refuse('no-lease', 'You do not drive.');
    if (lease.epoch !== epoch) return refuse('stale', 'That was an earlier turn of yours.');
    if (connection !== 'online' || lease.state === 'away') return refuse('offline', 'The board is not there.');
    if (beside !== undefined) return job?.id === beside ? null : refuse('stale', 'That program has ended.');
    return job ? refuse('busy', 'The board is busy with a job.') : null;
  }

  private note(driver: Driver, text: string): void {
    this.effects.push({ do: 'note', about: 'lease', by: driver.person, run: driver.run, text });
  }
}
