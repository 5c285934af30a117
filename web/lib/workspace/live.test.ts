import { expect, test } from 'vitest';
import { longestWait, type Outside } from './lastingSocket.ts';
import { openLive } from './live.ts';

function fakeOutside() {
  const sockets: {
    sent: string[];
    readyState: number;
    send: (text: string) => void;
    close: () => void;
    onopen: () => void;
    onmessage: (event: { data: string }) => void;
    onclose: (event: { code: number }) => void;
  }[] = [];
  const waits: { milliseconds: number; run: () => void; stopped: boolean }[] = [];
  let heard: (online: boolean) => void = () => {};
  const outside: Outside = {
    connect: () => {
      const socket = {
        sent: [] as string[],
        readyState: 0,
        send: (text: string) => socket.sent.push(text),
        close: () => {},
        onopen: () => {},
        onmessage: () => {},
        onclose: () => {},
      };
      sockets.push(socket);
      return socket as never;
    },
    network: (listener) => {
      heard = listener;
      return () => (heard = () => {});
    },
    after: (milliseconds, run) => {
      const wait = { milliseconds, run, stopped: false };
      waits.push(wait);
      return () => (wait.stopped = true);
    },
    random: () => 1,
  };
  const open = (at = sockets.length - 1) => {
    sockets[at]!.readyState = 1;
    sockets[at]!.onopen();
  };
  const fall = (code = 1006) => sockets.at(-1)!.onclose({ code });
  const pass = () => {
    for (const wait of waits.splice(0)) if (!wait.stopped) wait.run();
  };
  return { outside, sockets, waits, open, fall, pass, network: (online: boolean) => heard(online) };
}

function listen(outside: Outside) {
  const heard: string[] = [];
  const live = openLive(
    {
      message: (message) => heard.push(message.type),
      state: (state) => heard.push(state),
      opened: (again) => heard.push(again ? 'again' : 'first'),
      refused: () => heard.push('refused'),
    },
    { address: 'ws://here/live', outside },
  );
  return { heard, live };
}

test('it says whether it opened for the first time or after a gap', () => {
  const fake = fakeOutside();
  const { heard } = listen(fake.outside);
  fake.open();
  fake.sockets[0]!.onmessage({ data: '{"type":"access"}' });
  fake.fall();
  fake.pass();
  fake.open();
  expect(heard).toEqual(['connecting', 'open', 'first', 'access', 'offline', 'connecting', 'open', 'again']);
});

test('it waits longer each time, never longer than the longest', () => {
  const fake = fakeOutside();
  listen(fake.outside);
  const waited: number[] = [];
  for (let n = 0; n < 8; n++) {
    fake.fall();
    waited.push(fake.waits.at(-1)!.milliseconds);
    fake.pass();
  }
  expect(waited).toEqual([500, 1000, 2000, 4000, 8000, longestWait, longestWait, longestWait]);
});

test('the network’s return is not waited for, its loss is seen at once', () => {
  const fake = fakeOutside();
  const { heard } = listen(fake.outside);
  fake.open();
  fake.network(false);
  expect(heard.at(-1)).toBe('offline');
  fake.network(true);
  expect(heard.at(-1)).toBe('connecting');
  expect(fake.sockets).toHaveLength(2);
  fake.sockets[0]!.onclose({ code: 1006 }); // the old one's end comes late and means nothing
  fake.open(1);
  expect(heard.at(-1)).toBe('again');
});

test('an ended session is final', () => {
  const fake = fakeOutside();
  const { heard } = listen(fake.outside);
  fake.open();
  fake.fall(4401);
  fake.pass();
  expect(heard.slice(-2)).toEqual(['offline', 'refused']);
  expect(fake.sockets).toHaveLength(1);
});

test('words are sent only while it is open, and nothing happens after close', () => {
  const fake = fakeOutside();
  const { live, heard } = listen(fake.outside);
  live.send({ type: 'watch', volume: 'system' });
  fake.open();
  live.send({ type: 'watch', volume: 'system' });
  expect(fake.sockets[0]!.sent).toEqual(['{"type":"watch","volume":"system"}']);
  live.close();
  fake.network(true);
  fake.pass();
  expect(fake.sockets).toHaveLength(1);
  expect(heard.at(-1)).toBe('first');
});
