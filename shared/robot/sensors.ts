// What the robot feels of its world: eight distances, five line sensors, and what a camera of 160 x 120 grey dots would see.
import { distanceBetween, nearestOn, rayToCircle, rayToSegment, type Point } from './geometry.ts';
import { lineHalf, maps } from './maps.ts';
import { robot, wallsOfWorld, type World } from './world.ts';

/** Degrees to the left of where it looks, in the order of the Robot4 memory map. */
export const distanceAngles = [0, 45, -45, 90, -90, 180, 135, -135] as const;
/** Metres; farther is the same as nothing. */
export const farthest = 2.55;

/** Metres ahead of the axle, and to the left of the middle: far left, left, centre, right, far right. */
export const lineAhead = 0.22;
export const lineAside = [0.16, 0.08, 0, -0.08, -0.16] as const;
const softEdge = 0.03;

/** Metres from the edge of the robot, at most `farthest`. */
export function readDistances(world: World): number[] {
  return distanceAngles.map((degrees) => {
    const far = look(world, world.rotation + (degrees / 180) * Math.PI) - robot.radius;
    return Math.min(farthest, Math.max(0, far));
  });
}

/** From the middle of the robot; Infinity where there is nothing. */
function look(world: World, angle: number): number {
  const direction = { x: Math.cos(angle), y: Math.sin(angle) };
  let nearest = Infinity;
  for (const wall of wallsOfWorld(world)) nearest = Math.min(nearest, rayToSegment(world, direction, wall));
  for (const obstacle of world.obstacles) nearest = Math.min(nearest, rayToCircle(world, direction, obstacle));
  return nearest;
}

/** 0 (floor) to 255 (line). */
export function readLine(world: World): number[] {
  const cos = Math.cos(world.rotation);
  const sin = Math.sin(world.rotation);
  return lineAside.map((aside) =>
    darkness(world, { x: world.x + lineAhead * cos - aside * sin, y: world.y + lineAhead * sin + aside * cos }),
  );
}

function darkness({ map }: World, at: Point): number {
  const far = distanceToLine(maps[map].line, at);
  if (far <= lineHalf) return 255;
  return Math.round(255 * Math.max(0, 1 - (far - lineHalf) / softEdge));
}

function distanceToLine(line: Point[], at: Point): number {
  let nearest = Infinity;
  for (let i = 0; i < line.length; i++)
    nearest = Math.min(nearest, distanceBetween(at, nearestOn({ a: line[i]!, b: line[(i + 1) % line.length]! }, at)));
  return nearest;
}

export const batteryShare = ({ volts }: World) =>
  Math.round((100 * (volts - robot.emptyBattery)) / (robot.fullBattery - robot.emptyBattery));

export const cameraWidth = 160;
export const cameraHeight = 120;
const cameraFar = 3;
const cameraAngle = Math.PI / 3;

/** What is near is bright, and ends the higher the nearer it is; the line is not seen. One ray for each column. */
export function takePicture(world: World, into: Uint8Array): void {
  for (let column = 0; column < cameraWidth; column++) {
    const angle = world.rotation + cameraAngle / 2 - (column / (cameraWidth - 1)) * cameraAngle;
    const far = Math.max(0.05, look(world, angle) - robot.radius);
    const bright = far >= cameraFar ? 0 : Math.round(255 * (1 - far / cameraFar));
    const half = Math.min(cameraHeight / 2, (cameraHeight / 2) * (0.4 / far));
    for (let row = 0; row < cameraHeight; row++)
      into[row * cameraWidth + column] = Math.abs(row - cameraHeight / 2) <= half ? bright : 0;
  }
}
