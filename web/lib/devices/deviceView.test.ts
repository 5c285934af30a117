import { expect, test } from 'vitest';
import { frameTypes } from '#shared/devices.ts';
import { DeviceView } from './deviceView.svelte.ts';
import { testNetwork } from './testSocket.ts';
import { deviceState, driver, lease } from './testState.ts';

function watching() {
  const network = testNetwork();
  let ids = 0;
  const view = new DeviceView({
    id: 'board',
    origin: 'http://here',
    outside: network.outside,
    newId: () => `job${++ids}`,
  });
  view.open();
  const greet = (from = 0, end = from) => {
    network.last.opened();
    network.last.says({ type: 'hello', you: 'ben', from, end, marks: [] });
  };
  const text = () => {
    let all = '';
    view.scrollback.read({
      entry: (entry) => (all += entry.kind === 'bytes' ? new TextDecoder().decode(entry.bytes) : ''),
      restart: () => {},
    });
    return all;
  };
  return { network, view, greet, text };
}

test('[DE1] after a break it asks for the next missing byte and has the same bytes', () => {
  const { network, view, greet, text } = watching();
  greet();
  network.last.brings(frameTypes.output, 'hello ', { offset: 0 });
  network.last.broke();
  expect(view.link).toBe('offline');
  expect(view.since).not.toBeNull();
  network.pass();
  expect(network.last.address).toBe('ws://here/devices/board?from=6');
  greet(6, 11);
  network.last.brings(frameTypes.output, 'world', { offset: 6 });
  expect([text(), view.end, view.since]).toEqual(['hello world', 11, null]);
});

test('it is not live before the server has said hello', () => {
  const { view, greet } = watching();
  expect(view.link).toBe('connecting');
  greet();
  expect(view.link).toBe('open');
});

test('[DE2] a turn that is asked for before the first connection stands is asked for then; without a connection it is said so', () => {
  const { network, view, greet } = watching();
  const heard: string[] = [];
  view.onRefusal(({ of, text }) => heard.push(`${of}: ${text}`));
  expect(view.say({ type: 'ask' })).toBe(true);
  expect(network.last.messages).toEqual([]);
  greet();
  expect(network.last.messages).toEqual([{ type: 'ask' }]);
  network.last.says({ type: 'state', state: deviceState() });
  network.last.broke();
  expect(view.say({ type: 'ask' })).toBe(false);
  expect(heard).toEqual(['ask: There is no connection to the server. Nothing was sent.']);
  network.pass();
  greet();
  expect(network.last.messages).toEqual([]);
});

test('[DE2] keys go under the epoch of my lease; without it they go nowhere', () => {
  const { network, view, greet } = watching();
  greet();
  const keys = Uint8Array.of(3);
  network.last.says({ type: 'state', state: deviceState({ lease: lease(7, 'Mei') }) });
  expect(view.type(keys)).toBe(false);
  network.last.says({ type: 'state', state: deviceState({ lease: lease(8, 'Ben') }) });
  expect(view.type(keys)).toBe(true);
  network.last.says({ type: 'state', state: deviceState({ lease: lease(8, 'Ben', { state: 'offered' }) }) });
  expect([view.type(keys), view.offered]).toEqual([false, true]);
  network.last.says({ type: 'state', state: deviceState({ lease: lease(9, 'Mei', { with: driver('Ben') }) }) });
  expect(view.type(keys)).toBe(true);
  network.last.says({
    type: 'state',
    state: deviceState({ lease: lease(9, 'Ben'), stop: { by: driver('Mei').person, at: 0, done: true } }),
  });
  expect(view.type(keys)).toBe(false);
  expect(network.last.frames.map((frame) => frame.epoch)).toEqual([8, 9]);
});

test('a job has an answer: of the board, of the server that refuses, or of a lost connection', async () => {
  const { network, view, greet } = watching();
  greet();
  network.last.says({ type: 'state', state: deviceState({ lease: lease(1, 'Ben') }) });
  const one = view.perform({ kind: 'list', path: '/' });
  network.last.says({ type: 'job-result', result: { id: 'job1', ok: true, text: 'ok' } });
  expect(await one).toMatchObject({ ok: true });
  const two = view.perform({ kind: 'list', path: '/' });
  network.last.says({ type: 'refused', of: 'job', code: 'busy', text: 'Mei flashes' });
  expect(await two).toMatchObject({ ok: false, code: 'busy', text: 'Mei flashes' });
  const cancel = new AbortController();
  const three = view.perform({ kind: 'list', path: '/' }, cancel.signal);
  cancel.abort();
  expect(network.last.messages.at(-1)).toEqual({ type: 'cancel-job', id: 'job3' });
  network.last.broke();
  expect(await three).toMatchObject({ ok: false, code: 'lost' });
  expect(await view.perform({ kind: 'list', path: '/' })).toMatchObject({ ok: false, code: 'lost' });
});

test('a last word of the server ends the tries', () => {
  const { network, view, greet } = watching();
  greet();
  network.last.broke(4404, 'gone');
  network.pass();
  expect(network.sockets).toHaveLength(1);
  expect(view.refusal).toEqual({ code: 4404, reason: 'gone' });
});
