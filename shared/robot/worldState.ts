// A world as bytes: what the board's worker tells its page, the hub every viewer (at most 20 times a second), and a page keeps over a
// reload. 48 bytes and 12 for each obstacle, big-endian like every frame of a board.
import { isMapName, mapNames, maps } from './maps.ts';
import { mostObstacles, robot, type World } from './world.ts';

const version = 1;
const headBytes = 48;
const obstacleBytes = 12;
/** Of one state at most. */
export const worldStateMostBytes = headBytes + mostObstacles * obstacleBytes;
/** Milliseconds between two of them at least. */
export const worldStateEvery = 50;

export function encodeWorld(world: World): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(headBytes + world.obstacles.length * obstacleBytes);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, version);
  view.setUint8(1, mapNames.indexOf(world.map));
  view.setUint8(2, world.bump);
  view.setUint8(3, world.obstacles.length);
  view.setUint32(4, world.ticks);
  view.setFloat32(8, world.x);
  view.setFloat32(12, world.y);
  view.setFloat32(16, world.rotation);
  view.setInt16(20, world.left);
  view.setInt16(22, world.right);
  view.setFloat64(24, world.encoderLeft);
  view.setFloat64(32, world.encoderRight);
  world.led.forEach((part, i) => view.setUint8(40 + i, part));
  view.setUint16(43, Math.round(world.volts * 10_000));
  view.setUint16(45, Math.min(65_535, world.tone));
  world.obstacles.forEach(({ x, y, r }, i) => {
    const at = headBytes + i * obstacleBytes;
    view.setFloat32(at, x);
    view.setFloat32(at + 4, y);
    view.setFloat32(at + 8, r);
  });
  return bytes;
}

/** null: not a world, or one that cannot be. It came from a board, so from anybody. */
export function decodeWorld(bytes: Uint8Array): World | null {
  if (bytes.length < headBytes || bytes.length > worldStateMostBytes) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const map = mapNames[view.getUint8(1)];
  const count = view.getUint8(3);
  if (view.getUint8(0) !== version || !isMapName(map) || bytes.length !== headBytes + count * obstacleBytes)
    return null;
  const { left, bottom, right, top } = maps[map].bounds;
  const inside = (x: number, y: number) => x >= left && x <= right && y >= bottom && y <= top;
  const world: World = {
    map,
    bump: view.getUint8(2) & 15,
    ticks: view.getUint32(4),
    x: view.getFloat32(8),
    y: view.getFloat32(12),
    rotation: view.getFloat32(16),
    left: view.getInt16(20),
    right: view.getInt16(22),
    encoderLeft: view.getFloat64(24),
    encoderRight: view.getFloat64(32),
    led: [view.getUint8(40), view.getUint8(41), view.getUint8(42)],
    volts: view.getUint16(43) / 10_000,
    tone: view.getUint16(45),
    toneUntil: view.getUint32(4),
    obstacles: [],
  };
  for (let i = 0; i < count; i++) {
    const at = headBytes + i * obstacleBytes;
    world.obstacles.push({ x: view.getFloat32(at), y: view.getFloat32(at + 4), r: view.getFloat32(at + 8) });
  }
  const fine =
    inside(world.x, world.y) &&
    Math.abs(world.rotation) <= Math.PI + 1e-5 &&
    Math.max(Math.abs(world.left), Math.abs(world.right)) <= robot.mostPower &&
    Number.isFinite(world.encoderLeft + world.encoderRight) &&
    world.volts <= robot.fullBattery &&
    world.obstacles.every(({ x, y, r }) => inside(x, y) && r > 0 && r < 2);
  return fine ? world : null;
}
