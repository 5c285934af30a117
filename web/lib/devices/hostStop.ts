// How a board comes to rest: in the emergency stop, and gently when nobody drives any more. No step waits for a timer: the tab may be
// hidden, where timers sleep; they only say when a step is given up.
import type { BoardPort } from './port.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);
const ctrlC = Uint8Array.of(3, 3);
const jsonStop = bytesOf('\r\n{"action":"stop"}\r\n');
/** A program that was interrupted leaves its motors as they were: MicroPython is asked to turn those of the robot off. */
const motorsOff = bytesOf("import sys; 'robot' in sys.modules and sys.modules['robot'].stop()\r\n");
const patience = 1500;

/** Nobody drives any more. */
export async function restBoard(port: BoardPort): Promise<void> {
  for (const bytes of [ctrlC, jsonStop, motorsOff]) await port.write(bytes).catch(() => {});
}

/** Each step is tried whatever became of the one before. Resolves with what was done, for people. */
export async function stopBoard(port: BoardPort, pause: (ms: number) => Promise<void>): Promise<string> {
  const done: string[] = [];
  const step = async (what: string, work: () => Promise<unknown>) => {
    const late = pause(patience).then(() => Promise.reject(new Error('late')));
    await Promise.race([Promise.resolve().then(work), late]).then(
      () => done.push(what),
      () => {}, // the next step is stronger
    );
  };
  await step('Ctrl-C', () => port.write(ctrlC));
  await step('stop', () => port.write(jsonStop));
  await step('reset', () => port.reset('hard'));
  return done.length > 0 ? `Sent: ${done.join(', ')}` : 'The board took nothing. Cut its power.';
}
