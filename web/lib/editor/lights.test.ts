import { expect, test } from 'vitest';
import { afterEvent, firstState, readLights, spoken, type LightsEvent, type LightsState } from './lights.ts';

const play = (events: [number, LightsEvent][], { reader = false } = {}): LightsState =>
  events.reduce((state, [at, event]) => afterEvent(state, event, at), firstState({ reader, now: 0 }));
const open: [number, LightsEvent][] = [
  [10, { type: 'connection', state: 'open' }],
  [20, { type: 'synced' }],
];
const shapes = (state: LightsState, now: number) =>
  readLights(state, now)
    .map((light) => `${light.name} ${light.shape}`)
    .join(', ');
const sentence = (state: LightsState, now: number, name: string) =>
  readLights(state, now).find((light) => light.name === name)!.sentence;

test('[SY7] all is lit when everything typed is durable and in a version', () => {
  const state = play([...open, [30, { type: 'committed', oid: '1a2b3c4d'.padEnd(40, '0') }]]);
  expect(shapes(state, 40)).toBe('Here done, Server done, Commit done');
  expect(sentence(state, 40, 'Commit')).toContain('1a2b3c4');
  expect(spoken(readLights(state, 40))).toBe('');
});

test('[SY7] unacknowledged edits: on their way, late after 5 s, stopped after 60 s, true again when confirmed', () => {
  let state = play([...open, [1000, { type: 'typed' }], [1000, { type: 'unsent', count: 3 }]]);
  expect(shapes(state, 5_999)).toBe('Here done, Server busy, Commit busy');
  expect(shapes(state, 6_000)).toBe('Here done, Server late, Commit wait');
  expect(sentence(state, 8_000, 'Server')).toBe('3 edits not confirmed for 7 s.');
  expect(spoken(readLights(state, 8_000))).toContain('Server');
  expect(shapes(state, 60_999)).toBe('Here done, Server late, Commit wait');
  expect(shapes(state, 61_000)).toBe('Here done, Server stop, Commit wait');
  state = afterEvent(state, { type: 'unsent', count: 0 }, 62_000);
  expect(shapes(state, 62_000)).toBe('Here done, Server done, Commit busy');
});

test('[SY7] more typing does not make an old unconfirmed edit young', () => {
  const state = play([...open, [0, { type: 'unsent', count: 1 }], [4_000, { type: 'unsent', count: 2 }]]);
  expect(shapes(state, 5_000)).toContain('Server late');
});

test('[SY7] a confirmation of a part starts the clock again for the rest', () => {
  const state = play([...open, [0, { type: 'unsent', count: 2 }], [4_000, { type: 'unsent', count: 1 }]]);
  expect(shapes(state, 5_000)).toContain('Server busy');
});

test('[SY7] a final close code stops at once and says what is kept', () => {
  const state = play([
    ...open,
    [30, { type: 'unsent', count: 14 }],
    [40, { type: 'ended', title: 'This file was rebuilt on the server.' }],
  ]);
  expect(shapes(state, 50)).toBe('Here done, Server stop, Commit wait');
  expect(sentence(state, 50, 'Server')).toBe('This file was rebuilt on the server. 14 edits kept here and not sent.');
});

test('[SY7] a lost connection is not hidden when nothing of mine is waiting', () => {
  const state = play([...open, [1_000, { type: 'connection', state: 'closed' }]]);
  expect(shapes(state, 2_000)).toBe('Here done, Server busy, Commit wait');
  expect(shapes(state, 6_000)).toBe('Here done, Server late, Commit wait');
  expect(sentence(state, 121_000, 'Server')).toContain('No connection for 2 min');
});

test('[SY7] after a reconnect the server light waits for the content, not for the socket', () => {
  const state = play([
    ...open,
    [1_000, { type: 'connection', state: 'closed' }],
    [2_000, { type: 'connection', state: 'open' }],
  ]);
  expect(shapes(state, 2_100)).toContain('Server busy');
  expect(shapes(afterEvent(state, { type: 'synced' }, 2_200), 2_300)).toContain('Server done');
});

test('[SY7] the commit light says who and when', () => {
  const state = play([...open, [100, { type: 'pending', authors: ['Ben', 'Mei', 'you'], due: 18_100, held: false }]]);
  expect(shapes(state, 100)).toBe('Here done, Server done, Commit busy');
  expect(sentence(state, 100, 'Commit')).toBe('Next version in 18 s at the latest. Ben, Mei and you: one commit each.');
  expect(sentence(state, 20_000, 'Commit')).toContain('Next version now');
});

test('[GI1] a held file says so on the commit light', () => {
  const state = play([...open, [100, { type: 'pending', authors: ['you'], due: null, held: true }]]);
  expect(shapes(state, 100)).toBe('Here done, Server done, Commit late');
});

test('[SY7] a browser without an offline copy does not claim one', () => {
  const state = play([...open, [5, { type: 'kept', here: false }]]);
  expect(shapes(state, 30)).toContain('Here late');
});

test('[SY7] a reader has no light for what they typed; a remote has one only where it exists', () => {
  expect(shapes(play(open, { reader: true }), 30)).toBe('Server done, Commit done');
  expect(shapes(play([...open, [30, { type: 'remote', name: 'GitHub', behind: 2 }]]), 30)).toContain('GitHub wait');
  expect(shapes(play([...open, [30, { type: 'remote', name: 'GitHub', behind: 0 }]]), 30)).toContain('GitHub done');
});
