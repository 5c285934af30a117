// Runs a Robot4 program of the board's files in real time, 60 times a second, until Ctrl-C or until it fails.
import type { World } from '../robot/world.ts';
import { openRobot4, robot4PerSecond } from '../robot/robot4.ts';
import { setMotors } from '../robot/world.ts';

/** Empty: Ctrl-C ended it. Else what went wrong, for people. */
export function runProgram({
  bytes,
  world,
  print,
  sleep,
}: {
  bytes: Uint8Array;
  world: World;
  print: (text: string) => void;
  /** The world moves meanwhile. false: Ctrl-C. */
  sleep: (ms: number) => boolean;
}): string {
  try {
    const program = openRobot4({ bytes, world, print, sleep });
    const from = performance.now();
    for (let frame = 0; ; frame++) {
      const ahead = from + (frame * 1000) / robot4PerSecond - performance.now();
      if (!sleep(Math.max(0, ahead)) || program.update() === 'interrupted') return '';
    }
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    setMotors(world, 0, 0);
  }
}
