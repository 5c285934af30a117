import { expect, test } from 'vitest';
import type { RunEvent } from '#shared/run.ts';
import { createFollowing, type Batch } from './following.ts';

const event = (seq: number): RunEvent => ({
  type: 'text',
  step: 1,
  text: `t${seq}`,
  seq,
  at: '2026-01-01T00:00:00.000Z',
});
const settle = () => new Promise<void>((done) => setTimeout(done, 5));
const fail = (error: unknown) => {
  throw error;
};

/** A run whose events are all in the database, the last ones in memory too. */
function openRun(events: RunEvent[], kept = 10) {
  const reads: number[] = [];
  const following = createFollowing({
    async read({ after, limit }) {
      reads.push(after);
      await settle();
      return events.filter(({ seq }) => seq > after).slice(0, limit);
    },
    openRun: () => ({ id: 'r', state: { seq: events.at(-1)?.seq ?? 0 } as never, recent: events.slice(-kept), isBroken: false, emit: fail as never }),
    failed: fail,
  }); // prettier-ignore
  return { following, reads };
}

test('[RU5] who comes late gets all from where they were, in order, without gaps, and then what follows', async () => {
  const events = Array.from({ length: 1234 }, (_, i) => event(i + 1));
  const { following } = openRun(events);
  const got: number[] = [];
  const throughs: number[] = [];
  following.follow({
    run: 'r', personId: 'a', after: 17,
    async send({ events: some, through }) {
      got.push(...some.map(({ seq }) => seq));
      throughs.push(through);
      if (got.length === 500) {
        events.push(event(1235)); // while it is still reading
        following.told('r');
      }
      await settle();
    },
  }); // prettier-ignore
  while (got.at(-1) !== 1235) await settle();
  events.push(event(1236));
  following.told('r');
  await settle();
  expect(got).toEqual(Array.from({ length: 1236 - 17 }, (_, i) => i + 18));
  expect(throughs.at(-1)).toBe(1236);
});

test('[SY12] a screen that reads slowly gets larger batches, one at a time', async () => {
  const events = [event(1)];
  const { following } = openRun(events, 1000);
  const batches: number[] = [];
  let take: () => void = () => undefined;
  let sending = 0;
  const stop = following.follow({
    run: 'r', personId: 'a', after: 0,
    async send({ events: some }: Batch) {
      expect(++sending).toBe(1);
      batches.push(some.length);
      await new Promise<void>((done) => (take = done));
      sending--;
    },
  }); // prettier-ignore
  await settle();
  for (let seq = 2; seq <= 100; seq++) {
    events.push(event(seq));
    following.told('r');
  }
  take();
  await settle();
  expect(batches).toEqual([1, 99]);
  stop();
  take();
  following.told('r');
  await settle();
  expect([batches.length, following.isFollowed('r')]).toEqual([2, false]);
});

test('a screen that is up to date hears so at once, and many screens share the words of a batch', async () => {
  const events = [event(1), event(2)];
  const { following, reads } = openRun(events);
  const texts: string[] = [];
  for (let i = 0; i < 3; i++)
    following.follow({ run: 'r', personId: 'a', after: 0, send: async ({ text }) => void texts.push(text()) });
  const empty: Batch[] = [];
  following.follow({ run: 'r', personId: 'b', after: 2, send: async (batch) => void empty.push(batch) });
  await settle();
  expect(texts).toHaveLength(3);
  expect(new Set(texts).size).toBe(1);
  expect(JSON.parse(texts[0]!)).toEqual({ type: 'run', run: 'r', events, through: 2 });
  expect(empty).toMatchObject([{ events: [], through: 2 }]);
  expect(reads).toEqual([]);
});
