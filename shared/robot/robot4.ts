// A robot's own program in WebAssembly, with the memory map of Robot4: sensors are read and motors driven by reading and writing fixed
// addresses of its memory (docs/DEVICES.md has the map). `start` is called once, `update` 60 times a second; each call has a supply of
// steps, so that a program without an end is ended and the board lives on.
import { instrumentProgram, stepsExport } from '../board/instrument.ts';
import { batteryShare, readDistances, readLine, takePicture } from './sensors.ts';
import { robot, setMotors, tick, type World } from './world.ts';

export const robot4PerSecond = 60;
/** Loop rounds and calls of one `start` or `update`: some 10 to 20 ms of a usual computer. */
export const robot4Steps = 2_000_000;
/** Of a program, in pages of 64 KiB. */
const mostPages = 256;
const mostBytes = 4 * 2 ** 20;
const mostPrints = 50;

const at = {
  motors: 0x00,
  encoders: 0x04,
  imu: 0x0c,
  battery: 0x18,
  led: 0x19,
  distances: 0x1c,
  line: 0x24,
  buttons: 0x29,
  cameraCommand: 0x2a,
  cameraStatus: 0x2b,
  flags: 0x2c,
  ticks: 0x30,
  picture: 0x1000,
} as const;

export const robot4Flags = { camera: 1, motors: 2, led: 4, sensors: 8, wifi: 0x80 } as const;
const cameraReady = 2;
const gravity = 1000;

export type Robot4 = {
  /** Throws a sentence for people when the program fails. */
  update: () => 'done' | 'interrupted';
};

class Interrupted extends Error {}

export function openRobot4({
  bytes,
  world,
  print,
  sleep,
  steps = robot4Steps,
}: {
  bytes: Uint8Array;
  world: World;
  print: (text: string) => void;
  /** Milliseconds in which the world moves on; false: the program is to end. */
  sleep: (ms: number) => boolean;
  steps?: number;
}): Robot4 {
  if (bytes.length > mostBytes) throw new Error('The program is larger than 4 MiB.');
  const { bytes: bounded, memory: wanted } = instrumentProgram({ bytes, steps, mostPages });
  const module = new WebAssembly.Module(bounded);
  let memory: WebAssembly.Memory | null = null;
  let printed = 0;
  // the same for each start: what a program does can be repeated
  let chance = 0x2545f491;

  const bytesOf = () => new Uint8Array(memory!.buffer);
  const text = (from: number, end: number) =>
    new TextDecoder().decode(bytesOf().subarray(from, Math.min(end, from + 400)));
  const say = (words: string) => {
    printed += 1;
    if (printed <= mostPrints) print(words);
    else if (printed === mostPrints + 1) print('(it says too much at once; the rest of this second is left out)');
  };
  const env: Record<string, (...values: number[]) => number | void> = {
    trace(pointer) {
      const from = pointer! >>> 0;
      const end = bytesOf().indexOf(0, from);
      say(text(from, end < 0 ? from + 400 : end));
    },
    delay_ms(ms) {
      writeOut();
      if (!sleep(Math.min(60_000, Math.max(0, ms!)))) throw new Interrupted();
      readIn();
    },
    random() {
      chance ^= chance << 13;
      chance ^= chance >>> 17;
      chance ^= chance << 5;
      return chance | 0;
    },
    tone(frequency, duration, volume) {
      world.tone = volume! > 0 ? Math.min(10_000, Math.max(0, frequency!)) : 0;
      world.toneUntil = world.ticks + Math.ceil(Math.min(60_000, Math.max(0, duration!)) / (tick * 1000));
    },
    /** What AssemblyScript calls when it gives up: message, file (UTF-16, their length before them), line, column. */
    abort(message, _file, line, column) {
      throw new Error(`The program gave up${wide(message!)} at ${line}:${column}.`);
    },
  };
  const wide = (pointer: number) => {
    if (!pointer || !memory) return '';
    const length = new DataView(memory.buffer).getUint32(pointer - 4, true);
    return `: ${new TextDecoder('utf-16le').decode(bytesOf().subarray(pointer, pointer + Math.min(400, length)))}`;
  };

  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    if (from === 'env' && kind === 'memory')
      memory = new WebAssembly.Memory({
        initial: wanted!.least,
        maximum: Math.min(wanted!.most ?? mostPages, mostPages),
      });
    else if (from !== 'env' || kind !== 'function' || !Object.hasOwn(env, name))
      throw new Error(`The program asks for ${from}.${name}; a robot has only ${Object.keys(env).join(', ')} of env.`);
  }
  const instance = new WebAssembly.Instance(module, { env: { ...env, ...(memory ? { memory } : {}) } });
  const { start, update, [stepsExport]: supply, memory: own } = instance.exports;
  memory ??= own instanceof WebAssembly.Memory ? own : null;
  if (!memory) throw new Error('The program has no memory: it must export "memory", or import env.memory.');
  if (typeof update !== 'function') throw new Error('The program has no function "update".');
  if (memory.buffer.byteLength < 0x6000) throw new Error('The memory of the program ends before the picture does.');

  const readIn = () => {
    const view = new DataView(memory!.buffer);
    const left = world.left * robot.speedOfPower;
    const right = world.right * robot.speedOfPower;
    const turning = ((right - left) / robot.wheelBase) * (180 / Math.PI) * 1000;
    view.setInt32(at.encoders, Math.round(world.encoderLeft), true);
    view.setInt32(at.encoders + 4, Math.round(world.encoderRight), true);
    view.setInt16(at.imu + 4, gravity, true);
    view.setInt16(at.imu + 10, Math.min(32_767, Math.max(-32_768, Math.round(turning))), true);
    view.setUint8(at.battery, batteryShare(world));
    readDistances(world).forEach((far, i) => view.setUint8(at.distances + i, Math.min(255, Math.round(far * 100))));
    readLine(world).forEach((dark, i) => view.setUint8(at.line + i, dark));
    view.setUint8(at.buttons, world.bump);
    view.setUint32(at.ticks, Math.round(world.ticks * tick * 1000), true);
    if (view.getUint8(at.flags) & robot4Flags.camera || view.getUint8(at.cameraCommand) !== 0) {
      takePicture(world, bytesOf().subarray(at.picture, at.picture + 160 * 120));
      view.setUint8(at.cameraStatus, cameraReady);
    }
  };
  const writeOut = () => {
    const view = new DataView(memory!.buffer);
    setMotors(world, view.getInt16(at.motors, true), view.getInt16(at.motors + 2, true));
    world.led = [view.getUint8(at.led), view.getUint8(at.led + 1), view.getUint8(at.led + 2)];
  };
  const call = (work: unknown): 'done' | 'interrupted' => {
    if (typeof work !== 'function') return 'done';
    readIn();
    (supply as WebAssembly.Global).value = steps;
    try {
      work();
    } catch (error) {
      if (error instanceof Interrupted) return 'interrupted';
      throw new Error(wordsFor(error, (supply as WebAssembly.Global).value as number), { cause: error });
    }
    writeOut();
    return 'done';
  };

  let started = false;
  let second = -1;
  return {
    update() {
      const now = Math.floor(world.ticks * tick);
      if (now !== second) [second, printed] = [now, 0];
      if (!started) {
        started = true;
        new DataView(memory!.buffer).setUint8(at.flags, robot4Flags.motors | robot4Flags.led | robot4Flags.sensors);
        if (call(start) === 'interrupted') return 'interrupted';
      }
      return call(update);
    },
  };
}

function wordsFor(error: unknown, left: number): string {
  if (left < 0)
    return 'The program took too many steps in one update, and was ended. Its update has to come to an end.';
  const words = error instanceof Error ? error.message : String(error);
  return words.startsWith('The program') ? words : `The program failed: ${words}.`;
}
