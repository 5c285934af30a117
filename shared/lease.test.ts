import { expect, test } from 'vitest';
import type { Driver } from './devices.ts';
import { stepLease } from './lease.ts';
import { leaseTimes, mostWaiting, newLeaseState, nextLeaseTime, viewLease, type LeaseEffect, type LeaseEvent, type LeaseState, type LeaseStep } from './leaseState.ts'; // prettier-ignore

const { offer, term, most, grace } = leaseTimes;
const face = (login: string) => ({ id: login, login, name: login.toUpperCase(), colour: 1 });
const person = (login: string): Driver => ({ key: `person:${login}`, person: face(login), run: null });
const run = (login: string): Driver => ({ key: `run:${login}`, person: face(login), run: `run-${login}` });
const [ada, ben, cat, bot] = [person('ada'), person('ben'), person('cat'), run('ben')];

type Timeless = LeaseEvent extends infer E ? (E extends LeaseEvent ? Omit<E, 'now'> : never) : never;
/** A board that is online in ada's browser, at time 0. */
function openBoard() {
  let state = newLeaseState({ epoch: 100 });
  let now = 0;
  const effects: LeaseEffect[] = [];
  const step = (event: Timeless): LeaseStep => {
    const result = stepLease(state, { ...event, now } as LeaseEvent);
    state = result.state;
    effects.push(...result.effects);
    return result;
  };
  step({ type: 'connection', connection: 'online', host: 'ada' });
  return {
    step,
    /** The refusal's code, null when it reached the board. */
    write: (driver: Driver, epoch = state.lease?.epoch ?? 0) =>
      step({ type: 'write', key: driver.key, epoch }).refused?.code ?? null,
    accept: (driver: Driver) => step({ type: 'accept', key: driver.key, epoch: state.lease!.epoch }).refused,
    later(ms: number) {
      now += ms;
      step({ type: 'tick' });
    },
    get state() {
      return state;
    },
    get drives() {
      return state.lease && [state.lease.holder.person.login, state.lease.state];
    },
    took: () => effects.splice(0).filter((effect) => effect.do !== 'note'),
  };
}

test('[DE2] a free board is granted at once; the next one waits, is offered it for 20 s, and takes it under a new epoch', () => {
  const board = openBoard();
  board.step({ type: 'ask', driver: ada });
  expect(board.drives).toEqual(['ada', 'granted']);
  const first = board.state.lease!.epoch;
  board.step({ type: 'ask', driver: ben });
  expect(board.write(ada)).toBeNull();
  expect(board.write(ben)).toBe('no-lease');
  board.step({ type: 'release', key: ada.key, epoch: first });
  expect(board.took()).toEqual([{ do: 'safe', why: 'ADA gave the board back' }]);
  expect(board.drives).toEqual(['ben', 'offered']);
  expect(board.write(ben)).toBe('no-lease');
  expect(board.accept(ben)).toBeNull();
  expect(board.write(ben)).toBeNull();
  expect(board.write(ada, first)).toBe('no-lease');
  expect(board.write(ben, first)).toBe('stale');
  expect(board.state.lease!.epoch).toBeGreaterThan(first);
});

test('[DE2] an offer that is not taken goes to the next one, and a lease that is not used ends', () => {
  const board = openBoard();
  for (const driver of [ada, ben, cat]) board.step({ type: 'ask', driver });
  board.later(term);
  expect(board.took()).toEqual([{ do: 'safe', why: 'ADA used it no longer' }]);
  expect(board.drives).toEqual(['ben', 'offered']);
  board.later(offer);
  expect(board.drives).toEqual(['cat', 'offered']);
  expect(board.took()).toEqual([]); // ben never drove
  board.later(offer);
  expect(board.drives).toBeNull();
});

test('[DE2] use renews, but not beyond 30 min while others wait', () => {
  const board = openBoard();
  board.step({ type: 'ask', driver: ada });
  for (let i = 0; i < 40; i++) {
    board.later(60_000);
    expect(board.write(ada)).toBeNull();
  }
  board.step({ type: 'ask', driver: ben });
  let minutes = 0;
  for (; board.drives![0] === 'ada'; minutes++) {
    board.write(ada);
    board.later(60_000);
  }
  expect(minutes).toBe(most / 60_000);
  expect(board.drives).toEqual(['ben', 'offered']);
});

test('[DE2] a tab that closes has 10 s to come back, and does so under a new epoch', () => {
  const board = openBoard();
  board.step({ type: 'ask', driver: ada });
  const { epoch } = board.state.lease!;
  board.step({ type: 'gone', key: ada.key });
  expect(board.drives).toEqual(['ada', 'away']);
  expect(board.write(ada)).toBe('offline');
  board.later(grace - 1);
  board.step({ type: 'back', key: ada.key });
  expect(board.write(ada, epoch)).toBe('stale');
  expect(board.write(ada)).toBeNull();
  board.step({ type: 'gone', key: ada.key });
  board.later(grace);
  expect(board.drives).toBeNull();
  expect(board.took()).toEqual([{ do: 'safe', why: 'ADA did not come back' }]);
});

test('[DE2] an unplugged board drops what was on its way; its browser gone ends the lease, and the board is brought to rest when it is back', () => {
  const board = openBoard();
  board.step({ type: 'ask', driver: ben });
  const { epoch } = board.state.lease!;
  board.step({ type: 'job', key: ben.key, epoch, id: 'j', whole: true });
  board.step({ type: 'connection', connection: 'lost', host: 'ada' });
  expect(board.took()).toEqual([{ do: 'abort-job', id: 'j', why: 'the board is gone' }]);
  board.step({ type: 'connection', connection: 'online', host: 'ada' });
  expect(board.write(ben, epoch)).toBe('stale');
  expect(board.write(ben)).toBeNull();
  board.step({ type: 'connection', connection: 'offline', host: null });
  expect(board.drives).toBeNull();
  expect(board.took()).toEqual([]);
  board.step({ type: 'connection', connection: 'online', host: 'ada' });
  expect(board.took()).toEqual([{ do: 'safe', why: 'nobody drives any more' }]);
});

test("[DE3] a stop ends everything and blocks until the presser, the board's person or an owner clears it", () => {
  const board = openBoard();
  board.step({ type: 'ask', driver: ben });
  board.step({ type: 'job', key: ben.key, epoch: board.state.lease!.epoch, id: 'j', whole: true });
  board.step({ type: 'stop', by: face('vic') });
  expect(board.took().map((effect) => effect.do)).toEqual(['stop', 'abort-job']);
  expect(board.drives).toBeNull();
  board.step({ type: 'ask', driver: ben });
  expect(board.drives).toBeNull();
  expect(board.step({ type: 'take', driver: ada, owner: true }).refused?.code).toBe('stopped');
  expect(board.step({ type: 'clear-stop', by: face('ben'), owner: false }).refused?.code).toBe('forbidden');
  for (const [by, owner] of [['vic', false], ['ada', false], ['olaf', true]] as const) {
    const { refused, state } = stepLease(board.state, { type: 'clear-stop', by: face(by), owner, now: 0 });
    expect([refused, state.stop, state.lease?.state]).toEqual([null, null, 'offered']);
  } // prettier-ignore
});

test('[DE3] a stop that the board did not hear is said again when it is back', () => {
  const board = openBoard();
  board.step({ type: 'connection', connection: 'offline', host: null });
  board.step({ type: 'stop', by: face('vic') });
  expect(board.took()).toEqual([]);
  board.step({ type: 'connection', connection: 'online', host: 'ada' });
  expect(board.took()).toEqual([{ do: 'stop', by: face('vic') }]);
  board.step({ type: 'stop-done' });
  board.step({ type: 'connection', connection: 'online', host: 'ada' });
  expect(board.took()).toEqual([]);
});

test('[DE5] a job locks everything else out; a flash is not cut by the clock, other work is', () => {
  const board = openBoard();
  board.step({ type: 'ask', driver: ben });
  board.step({ type: 'ask', driver: cat });
  const { epoch } = board.state.lease!;
  board.step({ type: 'job', key: ben.key, epoch, id: 'flash', whole: true });
  expect(board.write(ben)).toBe('busy');
  expect(board.step({ type: 'job', key: ben.key, epoch, id: 'two', whole: false }).refused?.code).toBe('busy');
  board.later(most + 60_000);
  expect(board.drives).toEqual(['ben', 'granted']);
  expect(board.step({ type: 'take', driver: cat, owner: true }).refused?.code).toBe('busy');
  board.step({ type: 'job-end', id: 'flash' });
  expect(board.drives).toEqual(['cat', 'offered']);

  board.accept(cat);
  board.step({ type: 'ask', driver: ben });
  board.step({ type: 'job', key: cat.key, epoch: board.state.lease!.epoch, id: 'exec', whole: false });
  board.later(term * 3); // the job is use
  expect(board.drives).toEqual(['cat', 'granted']);
  board.later(most);
  expect(board.drives).toEqual(['ben', 'offered']);
  expect(board.took().map((effect) => effect.do)).toEqual(['safe', 'abort-job', 'safe']);
});

test('[DE4] the person of the board takes it from anybody, an owner from a person, a person from a run, nobody else', () => {
  const board = openBoard();
  board.step({ type: 'ask', driver: ben });
  expect(board.step({ type: 'take', driver: cat, owner: false }).refused?.code).toBe('forbidden');
  board.step({ type: 'job', key: ben.key, epoch: board.state.lease!.epoch, id: 'flash', whole: true });
  board.step({ type: 'take', driver: ada, owner: false });
  expect(board.took().map((effect) => effect.do)).toEqual(['abort-job', 'safe']);
  expect(board.drives).toEqual(['ada', 'granted']);
  board.step({ type: 'take', driver: cat, owner: true });
  expect(board.drives).toEqual(['cat', 'granted']);
  board.step({ type: 'release', key: cat.key, epoch: board.state.lease!.epoch });
  board.step({ type: 'ask', driver: bot });
  board.step({ type: 'take', driver: cat, owner: false });
  expect(board.drives).toEqual(['cat', 'granted']);
  expect(board.step({ type: 'take', driver: bot, owner: true }).refused?.code).toBe('forbidden');
});

test('[DE4] people go before runs in the queue, and a run is not renewed while a person waits', () => {
  const board = openBoard();
  board.step({ type: 'ask', driver: run('ada') });
  board.step({ type: 'ask', driver: bot });
  board.step({ type: 'ask', driver: cat });
  expect(board.state.queue.map(({ driver }) => driver.key)).toEqual([cat.key, bot.key]);
  board.later(term / 2);
  expect(board.write(run('ada'))).toBeNull();
  board.later(term / 2);
  expect(board.drives).toEqual(['cat', 'offered']);
  board.later(offer);
  expect(board.drives).toEqual(['ben', 'granted']); // a run needs no offer
});

test('[DE2] a second driver by invitation writes too, and not a byte after it was taken back', () => {
  const board = openBoard();
  board.step({ type: 'ask', driver: ben });
  const { epoch } = board.state.lease!;
  expect(board.step({ type: 'invite', key: cat.key, epoch, guest: cat }).refused?.code).toBe('no-lease');
  board.step({ type: 'invite', key: ben.key, epoch, guest: cat });
  expect([board.write(ben, epoch), board.write(cat, epoch)]).toEqual([null, null]);
  expect(board.step({ type: 'release', key: cat.key, epoch }).refused?.code).toBe('no-lease');
  board.step({ type: 'uninvite', key: ben.key, epoch });
  expect([board.write(cat, epoch), board.write(cat)]).toEqual(['no-lease', 'no-lease']);
  expect(board.write(ben, epoch)).toBe('stale');
  expect(board.write(ben)).toBeNull();
});

test('[AC3] who may not drive any more is out of the lease and of the queue', () => {
  const board = openBoard();
  board.step({ type: 'ask', driver: ben });
  board.step({ type: 'ask', driver: cat });
  board.step({ type: 'revoke', key: ben.key });
  expect(board.drives).toEqual(['cat', 'offered']);
  board.step({ type: 'ask', driver: ben });
  board.step({ type: 'revoke', key: ben.key });
  expect(board.state.queue).toEqual([]);
});

test('who waits is told by when their turn comes at the latest', () => {
  const board = openBoard();
  for (const driver of [ada, ben, cat]) board.step({ type: 'ask', driver });
  const { queue, lease } = viewLease(board.state);
  expect(queue.map(({ by }) => by)).toEqual([most, most + offer + most]);
  expect(lease).not.toHaveProperty('here');
  expect(nextLeaseTime(board.state)).toBe(term);
});

test('[DE2] 200,000 random events keep what must stay true', () => {
  let seed = 4;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return (seed >>> 8) % below;
  };
  const drivers = [...'abcdefgh'].map(person).concat([...'ab'].map(run));
  const one = () => drivers[random(drivers.length)]!;
  let state: LeaseState = newLeaseState({ epoch: 0 });
  let now = 0;
  let dirty = false; // somebody could write since the board was last brought to rest
  let lastDriver: string | null = null;
  const here = new Map(drivers.map(({ key }) => [key, true]));
  const seen = { granted: 0, away: 0, offered: 0, safe: 0, abort: 0, wrote: 0, refused: 0, taken: 0 };
  let unusedSince = 0;

  for (let i = 0; i < 200_000; i++) {
    now += random(4) === 0 ? random(40_000) : random(900);
    const driver = one();
    const { key } = driver;
    const epoch = random(8) === 0 ? random(state.epoch + 1) : (state.lease?.epoch ?? 0);
    const holder = random(3) > 0 ? (state.lease?.holder.key ?? key) : key;
    const isGone = random(2) === 0;
    const events: LeaseEvent[] = [
      { type: 'ask', driver, now },
      { type: 'ask', driver, now },
      { type: 'leave-queue', key, now },
      { type: 'accept', key: holder, epoch, now },
      { type: 'accept', key: holder, epoch, now },
      { type: 'renew', key: holder, epoch, now },
      { type: 'release', key: holder, epoch, now },
      { type: 'take', driver, owner: random(4) === 0, now },
      { type: 'invite', key: holder, epoch, guest: one(), now },
      { type: 'uninvite', key: holder, epoch, now },
      ...Array.from({ length: 8 }, (): LeaseEvent => ({ type: 'write', key: holder, epoch, now })),
      { type: 'job', key: holder, epoch, id: `job${i}`, whole: random(2) === 0, now },
      { type: 'job-end', id: state.job?.id ?? 'none', now },
      { type: 'job-end', id: state.job?.id ?? 'none', now },
      { type: isGone ? 'gone' : 'back', key, now },
      { type: 'back', key, now },
      { type: 'tick', now },
    ];
    if (random(30) === 0) events.splice(0, 99, { type: 'stop', by: driver.person, now }, { type: 'revoke', key, now });
    else if (state.stop && random(3) === 0)
      events.splice(0, 99, { type: 'stop-done', now }, { type: 'clear-stop', by: driver.person, owner: random(2) === 0, now }); // prettier-ignore
    else if (random(12) === 0 || (state.connection !== 'online' && random(2) === 0)) {
      const connection = (['online', 'online', 'online', 'lost', 'offline'] as const)[random(5)]!;
      events.splice(0, 99, { type: 'connection', connection, host: connection === 'offline' ? null : 'a', now });
    }
    // now and then everybody only waits, and the driver goes on and on
    if (Math.floor(i / 1500) % 4 === 0)
      events.splice(0, 99, { type: 'ask', driver, now }, { type: 'write', key: holder, epoch, now }, { type: 'renew', key: holder, epoch, now }); // prettier-ignore
    const event = events[random(events.length)]!;
    if (event.type === 'gone' || event.type === 'back') here.set(event.key, event.type === 'back');
    if (event.type === 'ask' && !here.get(event.driver.key)) continue; // a driver without a tab says nothing

    const before = state;
    const { state: after, effects, refused } = stepLease(before, event);
    const say = (what: string) => `${what} after ${JSON.stringify(event)} at ${i}: ${JSON.stringify(before)} -> ${JSON.stringify(after)}`; // prettier-ignore
    const must = (holds: boolean, what: string) => {
      if (!holds) throw new Error(say(what));
    };
    const { lease, queue, job, stop, connection } = after;

    must(after.epoch >= before.epoch, 'epochs only grow');
    const isNewTurn = lease && (lease.holder.key !== before.lease?.holder.key || lease.since !== before.lease.since) && before.lease?.state !== 'offered'; // prettier-ignore
    if (isNewTurn) must(lease.epoch > before.epoch, 'a new turn has a new epoch');
    if (lease) must(lease.epoch === after.epoch, 'nobody drives under an old epoch');
    if (before.lease?.state === 'away' && lease?.state === 'granted')
      must(lease.epoch > before.lease.epoch, 'who comes back writes under a new epoch');
    if (before.lease?.with && before.lease.with.key !== lease?.with?.key && lease?.with !== undefined && lease.holder.key === before.lease.holder.key && event.type !== 'invite')
      must(lease.epoch > before.lease.epoch, 'who is not invited any more has an old epoch'); // prettier-ignore

    for (const effect of effects) {
      if (effect.do === 'safe' || effect.do === 'stop') dirty = false;
      if (effect.do === 'safe') seen.safe++;
      if (effect.do === 'abort-job') must(before.job?.id === effect.id, 'what is aborted was there');
    }
    if (before.job && before.job.id !== job?.id && event.type !== 'job-end') {
      must(effects.some((effect) => effect.do === 'abort-job' && effect.id === before.job!.id), 'a job never just vanishes'); // prettier-ignore
      seen.abort++;
    }
    if (lease && lease.state === 'granted' && lease.holder.key !== lastDriver) {
      must(!dirty, 'the board is at rest before somebody else drives');
      lastDriver = lease.holder.key;
    }
    if (lease?.state === 'granted') dirty = true;
    if (!lease) lastDriver = null;

    if (event.type === 'write') {
      const allowed =
        lease !== null && lease.state === 'granted' && lease.epoch === event.epoch && !stop && !job && connection === 'online' &&
        (lease.holder.key === event.key || lease.with?.key === event.key); // prettier-ignore
      must((refused === null) === allowed, 'only the driver of this epoch writes');
      seen[allowed ? 'wrote' : 'refused']++;
    }
    must(!stop || (!lease && !job), 'while it is stopped nobody drives');
    must(connection !== 'offline' || (!lease && !job), 'without a browser nobody drives');
    must(connection === 'online' || !job, 'no job without a board');
    must(!job || (lease !== null && lease.state !== 'offered'), 'a job belongs to a lease');
    must(connection !== 'lost' || lease === null || lease.state === 'away', 'an unplugged board is away');
    if (lease) {
      seen[lease.state]++;
      must(lease.expires <= lease.until, 'never beyond the limit');
      must(now < lease.expires || (job?.whole === true && now < lease.expires + leaseTimes.job), 'nothing is overdue');
      must(lease.expires <= now + term, 'a lease always ends');
      must(lease.with?.key !== lease.holder.key, 'the second driver is another one');
    }
    must(queue.length <= mostWaiting, 'a bounded queue');
    must(new Set(queue.map((place) => place.driver.key)).size === queue.length, 'nobody waits twice');
    must(!lease || queue.every((place) => place.driver.key !== lease.holder.key), 'who drives does not wait');
    const runs = queue.findIndex((place) => place.driver.run !== null);
    must(runs < 0 || queue.slice(runs).every((place) => place.driver.run !== null || place.gone !== null), 'people go before runs'); // prettier-ignore
    const isFree = connection === 'online' && !lease && !stop;
    must(!isFree || queue.every((place) => place.gone !== null), 'a free board is given to who waits');
    // while others wait, one driver has it for 30 min at most (an upload or a flash may end first)
    if (queue.length === 0 || !lease || lease.state === 'offered' || lease.holder.key !== before.lease?.holder.key) unusedSince = now; // prettier-ignore
    if (!job?.whole) must(now - unusedSince <= most, 'a turn ends while others wait');
    if (event.type === 'take' && !refused && before.lease && before.lease.holder.key !== event.driver.key) seen.taken++;
    state = after;
  }
  for (const [what, count] of Object.entries(seen)) expect(count, what).toBeGreaterThan(500);
}, 60_000);
