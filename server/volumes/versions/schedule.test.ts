import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openSchedule } from './schedule.ts';

let made: { at: number; fileIds: string[] }[] = [];
let told: { fileId: string; people: string[]; due: number }[] = [];
let fails = false;
let schedule: ReturnType<typeof openSchedule>;

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
  [made, told, fails] = [[], [], false];
  schedule = openSchedule({
    clock: { now: () => Date.now() },
    times: { quietMs: 30_000, latestMs: 300_000, leaveMs: 1000, retryMs: 10_000, putOffMs: 120_000 },
    pending: ({ fileId, people, due }) => told.push({ fileId, people: [...people], due }),
    async makeVersion(volumeId, fileIds) {
      const taken = schedule.take(volumeId, fileIds);
      made.push({ at: Date.now(), fileIds });
      if (fails) schedule.giveBack(taken);
    },
  });
});
afterEach(() => {
  schedule.close();
  vi.useRealTimers();
});

const type = (fileId: string, person: string | null = 'ada', volumeId = 'v') =>
  schedule.edited({ volumeId, fileId, person });
const pass = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1000);

test('[GI1] a version is made after 30 s of quiet in the volume, of everything that was typed', async () => {
  type('a');
  await pass(20);
  type('b', 'ben');
  await pass(29);
  expect(made).toEqual([]);
  await pass(1);
  expect(made).toEqual([{ at: 50_000, fileIds: ['a', 'b'] }]);
  await pass(1000);
  expect(made).toHaveLength(1);
});

test('[GI1] at the latest after 5 min of continuous typing', async () => {
  for (let second = 0; second < 700; second++) {
    type('a');
    await pass(1);
  }
  expect(made.map(({ at }) => at)).toEqual([300_000, 600_000]);
});

test('[GI1] soon after the last person left a file, of that file alone; who comes back and types stops it', async () => {
  type('a');
  type('b');
  schedule.left({ volumeId: 'v', fileId: 'a' });
  schedule.left({ volumeId: 'v', fileId: 'untouched' });
  await pass(2);
  expect(made).toEqual([{ at: 1000, fileIds: ['a'] }]);
  schedule.left({ volumeId: 'v', fileId: 'b' });
  await pass(0.5);
  type('b');
  await pass(10);
  expect(made).toHaveLength(1);
});

test('[GI1] no pause becomes a version while somebody writes the sentence of one, nor when the last person leaves', async () => {
  type('a');
  await pass(10);
  const goOn = schedule.putOff('v');
  schedule.left({ volumeId: 'v', fileId: 'a' });
  type('b', 'ben');
  type('c', 'ben', 'w');
  await pass(60);
  expect(made).toEqual([{ at: 40_000, fileIds: ['c'] }]);
  goOn();
  goOn();
  await pass(1);
  expect(made[1]).toEqual({ at: 70_000, fileIds: ['a', 'b'] });
});

test('[GI1] a sentence puts versions off for two minutes at most, and never past five minutes of typing', async () => {
  type('a');
  const goOn = [schedule.putOff('v')];
  await pass(60);
  goOn.push(schedule.putOff('v')); // somebody else
  await pass(200);
  expect(made).toEqual([{ at: 180_000, fileIds: ['a'] }]);
  for (let second = 0; second < 400; second += 50) {
    goOn.push(schedule.putOff('v'));
    type('a');
    await pass(50);
  }
  expect(made[1]).toEqual({ at: 260_000 + 300_000, fileIds: ['a'] });
  for (const done of goOn) done();
});

test('people are told when a version is put off, and when it goes on', async () => {
  type('a');
  await pass(10);
  const goOn = schedule.putOff('v');
  await pass(10);
  goOn();
  expect(told.map(({ due }) => due)).toEqual([30_000, 130_000, 30_000]);
});

test('volumes wait on their own', async () => {
  type('a', 'ada', 'v');
  await pass(10);
  type('b', 'ada', 'w');
  await pass(20);
  expect(made).toEqual([{ at: 30_000, fileIds: ['a'] }]);
  await pass(10);
  expect(made[1]).toEqual({ at: 40_000, fileIds: ['b'] });
});

test('[GI1] what failed is tried again later, with everything typed meanwhile, and nobody is forgotten', async () => {
  fails = true;
  type('a', 'ada');
  await pass(30);
  type('b', 'ben');
  await pass(9);
  expect(made).toHaveLength(1);
  fails = false;
  await pass(21);
  expect(made[1]).toEqual({ at: 60_000, fileIds: ['a', 'b'] });
  expect(schedule.waiting('v')).toEqual([]);
});

test('[GI1] a pause that failed is tried again although nobody types any more', async () => {
  fails = true;
  type('a');
  await pass(30);
  fails = false;
  await pass(10);
  expect(made.map(({ at }) => at)).toEqual([30_000, 40_000]);
});

test('what is typed while a version is made waits for the next one', async () => {
  type('a', 'ada');
  const taken = schedule.take('v', ['a']);
  expect(taken.order).toEqual(['ada']);
  type('a', 'ben');
  expect(schedule.waiting('v')).toEqual(['a']);
  expect(schedule.peopleOf('v', 'a')).toEqual(['ben']);
  await pass(30);
  expect(made).toHaveLength(1);
});

test('people are told who waits and until when, but not with every letter', async () => {
  for (let second = 0; second < 12; second++) {
    type('a', second < 6 ? 'ada' : 'ben');
    await pass(1);
  }
  expect(told).toEqual([
    { fileId: 'a', people: ['ada'], due: 30_000 },
    { fileId: 'a', people: ['ada'], due: 35_000 },
    { fileId: 'a', people: ['ada', 'ben'], due: 36_000 },
    { fileId: 'a', people: ['ada', 'ben'], due: 41_000 },
  ]);
});

test('[GI1] a clock that is set back by an hour delays no version', async () => {
  type('a');
  await pass(10);
  type('b', 'ben');
  vi.setSystemTime(Date.now() - 3_600_000);
  await pass(61);
  expect(made.map(({ fileIds }) => fileIds)).toEqual([['a', 'b']]);
  fails = true;
  type('c');
  await pass(31);
  fails = false;
  vi.setSystemTime(Date.now() - 3_600_000);
  await pass(61);
  expect(made.map(({ fileIds }) => fileIds)).toEqual([['a', 'b'], ['c'], ['c']]);
});
