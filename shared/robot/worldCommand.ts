// What a hand may do to a robot's world: another map, back to the start, lift the robot, drag an obstacle (shared/devices.ts).
import type { WorldCommand } from '../devices.ts';
import { isMapName } from './maps.ts';
import { changeMap, moveObstacle, placeRobot, type World } from './world.ts';

/** null: not a command. It comes from any browser of the team. */
export function readWorldCommand(value: unknown): WorldCommand | null {
  if (typeof value !== 'object' || value === null) return null;
  const { do: what, map, x, y, rotation, index } = value as Record<string, unknown>;
  if (what === 'reset') return { do: 'reset' };
  if (what === 'map') return isMapName(map) ? { do: 'map', map } : null;
  if (!isNumber(x) || !isNumber(y)) return null;
  if (what === 'pose') return isNumber(rotation) ? { do: 'pose', x, y, rotation } : null;
  if (what === 'obstacle') return Number.isInteger(index) ? { do: 'obstacle', index: index as number, x, y } : null;
  return null;
}

const isNumber = (value: unknown): value is number => Number.isFinite(value) && Math.abs(value as number) < 1000;

export function obey(world: World, command: WorldCommand): void {
  if (command.do === 'reset') placeRobot(world, { x: 0, y: 0, rotation: 0 });
  else if (command.do === 'pose') placeRobot(world, command);
  else if (command.do === 'obstacle') moveObstacle(world, command.index, command);
  else if (isMapName(command.map)) changeMap(world, command.map);
}
