import { expect, test } from 'vitest';
import { decodeFrame, frameTypes, type DeviceState, type ToViewer } from '#shared/devices.ts';
import { deviceLimits } from './limits.ts';
import { Output } from './output.ts';

/** A viewer whose connection takes nothing while `full`. */
function openViewer() {
  const heard: ToViewer[] = [];
  const frames: { offset: number; bytes: Buffer }[] = [];
  const line = {
    isOpen: true,
    waiting: 0,
    send: (message: object, text = JSON.stringify(message)) => void heard.push(JSON.parse(text) as ToViewer),
    sendFrame(data: Uint8Array) {
      const { type, offset, bytes } = decodeFrame(data)!;
      if (type === frameTypes.output) frames.push({ offset, bytes: Buffer.from(bytes) });
    },
  };
  return { line, heard, frames };
}
const stateOf = (why: string) => ({ why }) as unknown as DeviceState;

test('[DE1] who takes nothing is sent nothing; then it sees what is held, what is not is told, and how the board is by now', () => {
  const limits = { ...deviceLimits, scrollback: 1000 };
  const output = new Output({ limits, clock: { now: () => 1 }, begin: 500, said: () => undefined });
  const { line, heard, frames } = openViewer();
  const view = output.enter({ line, you: 'person:ben', asked: null });
  output.tellState(stateOf('before'));
  line.waiting = limits.waiting + 1;
  const said = Buffer.from(Array.from({ length: 3000 }, (_, i) => i % 251));
  for (let at = 0; at < said.length; at += 100) {
    output.add(said.subarray(at, at + 100));
    output.flush();
  }
  output.tellState(stateOf('after'));
  output.mark('lease', 'DAN drives');
  expect([frames.length, heard.at(-1)]).toEqual([0, { type: 'state', state: { why: 'before' } }]);
  line.waiting = 0;
  output.catchUp(view);
  expect(Buffer.concat(frames.map(({ bytes }) => bytes)).equals(said.subarray(2000))).toBe(true);
  expect(frames[0]!.offset).toBe(2500);
  expect(heard.slice(-3)).toMatchObject([
    { type: 'mark', mark: { kind: 'skipped', offset: 2500, text: expect.stringMatching(/^2000 bytes/) } },
    { type: 'mark', mark: { kind: 'lease' } },
    { type: 'state', state: { why: 'after' } },
  ]);
  output.close();
});
