// The robot's world: the same steps, the same place; walls and obstacles hold; sensors see what is there.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mapNames, maps } from './maps.ts';
import { readDistances, readLine, takePicture } from './sensors.ts';
import { obey, readWorldCommand } from './worldCommand.ts';
import { decodeWorld, encodeWorld, worldStateMostBytes } from './worldState.ts';
import {
  bumpers,
  changeMap,
  createWorld,
  moveObstacle,
  placeRobot,
  robot,
  setMotors,
  stepWorld,
  wallsOfWorld,
  type World,
} from './world.ts';
import { distanceBetween, nearestOn } from './geometry.ts';

const steps = (world: World, count: number) => {
  for (let i = 0; i < count; i++) stepWorld(world);
  return world;
};

test('[VB1] power 100 on both wheels is one metre in a second, straight ahead, and a thousand ticks of each wheel', () => {
  const world = createWorld('arena');
  setMotors(world, 100, 100);
  steps(world, 100);
  expect(world.x).toBeCloseTo(1, 6);
  expect(world.y).toBe(0);
  expect(world.encoderLeft).toBeCloseTo(1000, 6);
});

test('[VB1] opposite wheels turn on the spot: 0.5 m between them, left wheel back is to the left', () => {
  const world = createWorld('arena');
  setMotors(world, -50, 50);
  steps(world, 50);
  expect(world.rotation).toBeCloseTo(1, 6); // (0.5 + 0.5) m/s / 0.5 m = 2 rad/s for half a second
  expect(Math.hypot(world.x, world.y)).toBe(0);
});

test('[VB1] the same steps end in the same bytes', () => {
  const drive = () => {
    const world = createWorld('oval');
    for (let i = 0; i < 400; i++) {
      setMotors(world, (i * 37) % 200, (i * 53) % 200);
      stepWorld(world);
    }
    return encodeWorld(world);
  };
  expect(drive()).toEqual(drive());
});

test('[VB2] the robot stops at a wall, its bumper says where, its wheels turn on', () => {
  const world = createWorld('oval');
  setMotors(world, 255, 255);
  steps(world, 400);
  expect(world.x).toBeCloseTo(maps.oval.bounds.right - robot.radius, 6);
  expect(world.bump & bumpers.front).toBe(bumpers.front);
  expect(world.bump & bumpers.back).toBe(0);
  expect(world.encoderLeft).toBeCloseTo(255 * 0.01 * 4 * 1000, 3);
  setMotors(world, -100, -100);
  steps(world, 10);
  expect(world.bump).toBe(0);
});

test('[VB2] whatever the wheels do, on every map, the robot is never inside a wall or an obstacle', () => {
  const power = fc.integer({ min: -255, max: 255 });
  fc.assert(
    fc.property(
      fc.constantFrom(...mapNames),
      fc.array(fc.tuple(power, power, fc.integer({ min: 1, max: 60 })), { minLength: 5, maxLength: 25 }),
      (map, moves) => {
        const world = createWorld(map);
        for (const [left, right, count] of moves) {
          setMotors(world, left, right);
          steps(world, count);
          for (const wall of wallsOfWorld(world))
            expect(distanceBetween(world, nearestOn(wall, world))).toBeGreaterThan(robot.radius - 0.03);
          expect(decodeWorld(encodeWorld(world))).not.toBeNull();
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('[VB2] an obstacle that is dragged onto the robot pushes it aside, and cannot leave the room', () => {
  const world = createWorld('arena');
  moveObstacle(world, 0, { x: 0.3, y: 0 });
  stepWorld(world);
  const first = world.obstacles[0]!;
  expect(distanceBetween(world, first)).toBeGreaterThanOrEqual(robot.radius + first.r - 1e-9);
  expect(world.bump & bumpers.front).toBe(bumpers.front);
  moveObstacle(world, 0, { x: 999, y: -999 });
  expect(world.obstacles[0]).toMatchObject({
    x: maps.arena.bounds.right - first.r,
    y: maps.arena.bounds.bottom + first.r,
  });
  moveObstacle(world, 99, { x: 0, y: 0 });
});

test('[VB3] distances are from the edge of the robot to the nearest thing in eight directions', () => {
  const world = createWorld('arena');
  world.obstacles = [{ x: 1.5, y: 0, r: 0.5 }];
  const [front, , , left, right, back] = readDistances(world);
  expect(front).toBeCloseTo(0.7, 6);
  expect(left).toBe(2.55); // the wall is 3.7 m away: out of range
  expect(right).toBe(2.55);
  expect(back).toBeCloseTo(0.9, 6);
  placeRobot(world, { x: 0, y: 0, rotation: Math.PI / 2 });
  expect(readDistances(world)[4]).toBeCloseTo(0.7, 6); // now it is on its right
});

test('[VB3] the line is under the middle sensor at the start, and under the left ones when the robot drifts to the right', () => {
  const world = createWorld('oval');
  expect(readLine(world)).toEqual([0, expect.any(Number), 255, expect.any(Number), 0]);
  placeRobot(world, { x: 0, y: -0.12, rotation: 0 });
  const [farLeft, left, centre, right] = readLine(world);
  expect(left).toBe(255);
  expect(farLeft! + left!).toBeGreaterThan(centre! + right!);
});

test('[VB3] a camera sees a near obstacle brighter than a far wall', () => {
  const world = createWorld('arena');
  world.obstacles = [{ x: 1.2, y: 0, r: 0.3 }];
  const picture = new Uint8Array(160 * 120);
  takePicture(world, picture);
  expect(picture[60 * 160 + 80]).toBeGreaterThan(150);
  expect(picture[60 * 160]).toBe(0);
});

test('[VB1] a robot that keeps the line under its middle sensor goes around the oval and the eight', () => {
  for (const map of ['oval', 'eight'] as const) {
    const world = createWorld(map);
    let away = 0;
    let back = false;
    for (let i = 0; i < 8000 && !back; i++) {
      const line = readLine(world);
      const sum = line.reduce((all, value) => all + value, 0);
      const error = sum > 0 ? line.reduce((all, value, at) => all + value * (at - 2), 0) / sum : 0;
      setMotors(world, 70 + 45 * error, 70 - 45 * error);
      stepWorld(world);
      expect(sum, `${map} at ${world.x} ${world.y}`).toBeGreaterThan(0);
      const far = Math.hypot(world.x, world.y);
      away = Math.max(away, far);
      back = away > 3 && far < 0.2;
    }
    expect(back, map).toBe(true);
  }
});

test('[VB2] in the maze a way leads from the start to the goal', () => {
  const { bounds, goal } = maps.maze;
  const world = createWorld('maze');
  const cell = 1.3;
  const seen = new Set<string>();
  const open = [{ x: 0, y: 0 }];
  while (open.length > 0) {
    const at = open.pop()!;
    const key = `${Math.round(at.x / cell)} ${Math.round(at.y / cell)}`;
    if (seen.has(key)) continue;
    seen.add(key);
    for (const [dx, dy] of [
      [1, 0],
      [-1, 0],
      [0, 1],
      [0, -1],
    ] as const) {
      placeRobot(world, { ...at, rotation: Math.atan2(dy, dx) });
      setMotors(world, 100, 100);
      steps(world, 130);
      if (Math.hypot(world.x - at.x, world.y - at.y) > 1.25) open.push({ x: at.x + dx * cell, y: at.y + dy * cell });
    }
  }
  expect(seen).toContain(`${Math.round(goal!.x / cell)} ${Math.round(goal!.y / cell)}`);
  expect(bounds.right - bounds.left).toBeCloseTo(10.4, 6);
  expect(seen.size).toBe(48);
});

test('[VB4] a world comes back from its bytes; bytes of anybody are refused', () => {
  const world = createWorld('arena');
  setMotors(world, 120, -30);
  world.led = [1, 2, 3];
  steps(world, 77);
  const bytes = encodeWorld(world);
  expect(bytes.length).toBeLessThanOrEqual(worldStateMostBytes);
  const again = decodeWorld(bytes)!;
  expect(again).toMatchObject({ map: 'arena', ticks: 77, left: 120, right: -30, led: [1, 2, 3], bump: world.bump });
  expect(again.x).toBeCloseTo(world.x, 5);
  expect(encodeWorld(again)).toEqual(bytes);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => {
      const read = decodeWorld(noise);
      if (read) expect(mapNames).toContain(read.map);
    }),
  );
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, value) => {
      const changed = bytes.slice();
      changed[at] = value;
      const read = decodeWorld(changed);
      if (read) for (const number of [read.x, read.y, read.rotation]) expect(Number.isFinite(number)).toBe(true);
    }),
  );
});

test('[VB4] commands of hands: what is not one is refused, what is one is obeyed', () => {
  for (const wrong of [
    null,
    7,
    {},
    { do: 'map', map: 'moon' },
    { do: 'pose', x: 1, y: NaN, rotation: 0 },
    { do: 'obstacle', index: 0.5, x: 0, y: 0 },
    { do: 'pose', x: 1e9, y: 0, rotation: 0 },
  ])
    expect(readWorldCommand(wrong)).toBeNull();
  const world = createWorld('oval');
  obey(world, readWorldCommand({ do: 'map', map: 'maze' })!);
  expect(world.map).toBe('maze');
  obey(world, readWorldCommand({ do: 'pose', x: 500, y: 0, rotation: 9 })!);
  expect(world.x).toBeCloseTo(maps.maze.bounds.right - robot.radius, 6);
  obey(world, { do: 'reset' });
  expect([world.x, world.y, world.rotation]).toEqual([0, 0, 0]);
  changeMap(world, 'oval');
  obey(world, { do: 'obstacle', index: 1, x: 2, y: 2 });
  expect(world.obstacles[1]).toMatchObject({ x: 2, y: 2 });
});
