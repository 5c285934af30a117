// A robot with two wheels in a small world. The same steps give the same world everywhere: no clock, no chance, no DOM. The board that
// drives it (shared/board) advances it by whole ticks; every viewer draws the state that comes of it (worldState.ts).
import { distanceBetween, nearestOn, type Circle, type Point, type Segment } from './geometry.ts';
import { maps, wallsOf, type MapName } from './maps.ts';

/** Seconds of one tick. */
export const tick = 0.01;

/** The robot of the skill "ESP32 Cube Robot Controller": half a metre between the wheels, 1 cm/s for each step of power. */
export const robot = {
  wheelBase: 0.5,
  speedOfPower: 0.01,
  mostPower: 255,
  /** It is as round as far as collisions go. */
  radius: 0.3,
  ticksPerMetre: 1000,
  fullBattery: 4.2,
  emptyBattery: 3,
  /** Volts in a second at full power. */
  drain: 0.001,
} as const;

export const bumpers = { front: 1, left: 2, right: 4, back: 8 } as const;
export const mostObstacles = 16;

export type World = {
  map: MapName;
  /** Ticks since it was made. */
  ticks: number;
  /** Metres; radians, to the left is more, from -pi to pi. */
  x: number;
  y: number;
  rotation: number;
  /** Power, -255 to 255. */
  left: number;
  right: number;
  /** Ticks of the wheels; fractions are kept. */
  encoderLeft: number;
  encoderRight: number;
  /** What it touches now, bits of `bumpers`. */
  bump: number;
  led: [red: number, green: number, blue: number];
  volts: number;
  /** What the buzzer plays, Hz, and until which tick. */
  tone: number;
  toneUntil: number;
  obstacles: Circle[];
};

export function createWorld(map: MapName = 'oval'): World {
  return {
    map,
    ticks: 0,
    x: 0,
    y: 0,
    rotation: 0,
    left: 0,
    right: 0,
    encoderLeft: 0,
    encoderRight: 0,
    bump: 0,
    led: [0, 0, 0],
    volts: robot.fullBattery,
    tone: 0,
    toneUntil: 0,
    obstacles: maps[map].obstacles.map((obstacle) => ({ ...obstacle })),
  };
}

export function setMotors(world: World, left: number, right: number): void {
  world.left = powerOf(left);
  world.right = powerOf(right);
}

const powerOf = (power: number) =>
  Number.isFinite(power) ? Math.round(Math.min(robot.mostPower, Math.max(-robot.mostPower, power))) : 0;

/** What a reset of the chip does: everything that it drives falls still. The robot stays where it is. */
export function calm(world: World): void {
  setMotors(world, 0, 0);
  world.led = [0, 0, 0];
  world.tone = 0;
}

/** As if somebody put it back to the start (or elsewhere) by hand. */
export function placeRobot(world: World, { x, y, rotation }: Point & { rotation: number }): void {
  Object.assign(world, { x, y, rotation: within(rotation), encoderLeft: 0, encoderRight: 0, bump: 0 });
  collide(world);
}

/** Another map, the robot at its start. What it drives goes on, as on a bench where somebody lifts it from one floor to another. */
export function changeMap(world: World, map: MapName): void {
  world.map = map;
  world.obstacles = maps[map].obstacles.map((obstacle) => ({ ...obstacle }));
  placeRobot(world, { x: 0, y: 0, rotation: 0 });
}

/** By hand: not into a wall, and what stands in the way of the robot pushes it aside in the next tick. */
export function moveObstacle(world: World, index: number, to: Point): void {
  const obstacle = world.obstacles[index];
  if (!obstacle) return;
  const { left, bottom, right, top } = maps[world.map].bounds;
  obstacle.x = clamp(to.x, left + obstacle.r, right - obstacle.r);
  obstacle.y = clamp(to.y, bottom + obstacle.r, top - obstacle.r);
}

export function stepWorld(world: World): void {
  const left = world.left * robot.speedOfPower;
  const right = world.right * robot.speedOfPower;
  const ahead = (left + right) / 2;
  world.rotation = within(world.rotation + ((right - left) / robot.wheelBase) * tick);
  world.x += ahead * Math.cos(world.rotation) * tick;
  world.y += ahead * Math.sin(world.rotation) * tick;
  // wheels turn on while the robot pushes against a wall
  world.encoderLeft += left * tick * robot.ticksPerMetre;
  world.encoderRight += right * tick * robot.ticksPerMetre;
  const load = (Math.abs(world.left) + Math.abs(world.right)) / (2 * robot.mostPower);
  world.volts = Math.max(robot.emptyBattery, world.volts - load * robot.drain * tick);
  world.ticks += 1;
  if (world.tone > 0 && world.ticks >= world.toneUntil) world.tone = 0;
  collide(world);
}

const walls = new Map<MapName, Segment[]>();

export function wallsOfWorld({ map }: World): Segment[] {
  let found = walls.get(map);
  if (!found) walls.set(map, (found = wallsOf(maps[map])));
  return found;
}

/** Pushes the robot out of what it ran into, and says where it touches. Three rounds settle a corner. */
function collide(world: World): void {
  world.bump = 0;
  for (let round = 0; round < 3; round++) {
    let touched = false;
    for (const wall of wallsOfWorld(world)) touched = pushOut(world, nearestOn(wall, world), robot.radius) || touched;
    for (const obstacle of world.obstacles) touched = pushOut(world, obstacle, robot.radius + obstacle.r) || touched;
    if (!touched) break;
  }
  const { left, bottom, right, top } = maps[world.map].bounds;
  world.x = clamp(world.x, left + robot.radius, right - robot.radius);
  world.y = clamp(world.y, bottom + robot.radius, top - robot.radius);
}

function pushOut(world: World, from: Point, apart: number): boolean {
  const far = distanceBetween(world, from);
  if (far >= apart) return false;
  const direction = Math.atan2(from.y - world.y, from.x - world.x);
  world.bump |= bumperAt(within(direction - world.rotation));
  // exactly upon it: backwards, where the robot came from
  const away = far > 1e-9 ? direction + Math.PI : world.rotation + Math.PI;
  world.x += Math.cos(away) * (apart - far);
  world.y += Math.sin(away) * (apart - far);
  return true;
}

/** Each covers a quarter and a bit: what comes from the corner presses two. */
function bumperAt(angle: number): number {
  const reach = (55 / 180) * Math.PI;
  let pressed = 0;
  if (Math.abs(angle) <= reach) pressed |= bumpers.front;
  if (Math.abs(angle - Math.PI / 2) <= reach) pressed |= bumpers.left;
  if (Math.abs(angle + Math.PI / 2) <= reach) pressed |= bumpers.right;
  if (Math.PI - Math.abs(angle) <= reach) pressed |= bumpers.back;
  return pressed;
}

/** The same angle between -pi and pi. */
export function within(angle: number): number {
  const turns = Math.round(angle / (2 * Math.PI));
  return angle - turns * 2 * Math.PI;
}

const clamp = (value: number, least: number, most: number) => Math.min(most, Math.max(least, value));
