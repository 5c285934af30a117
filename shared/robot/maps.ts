// The places that a robot drives in: an oval track, a maze, a figure of eight, an arena of obstacles. Metres; x to the right, y up. The
// robot starts at (0, 0) and looks along x, so that a pose that is reset is the zero that programs expect.
import type { Circle, Point, Segment } from './geometry.ts';

export const mapNames = ['oval', 'maze', 'eight', 'arena'] as const;
export type MapName = (typeof mapNames)[number];

export type RobotMap = {
  name: MapName;
  title: string;
  /** The outer walls. */
  bounds: { left: number; bottom: number; right: number; top: number };
  walls: Segment[];
  /** A dark line on the floor, closed: the last point leads to the first. */
  line: Point[];
  /** Where they stand at first; people may drag them. */
  obstacles: Circle[];
  goal: Circle | null;
};

export const isMapName = (name: unknown): name is MapName => mapNames.includes(name as MapName);

/** Half of the line's width, and of the soft edge that a sensor sees. */
export const lineHalf = 0.06;

const turn = 2 * Math.PI;

function curve(count: number, at: (t: number) => Point): Point[] {
  return Array.from({ length: count }, (_, i) => at((i / count) * turn));
}

const oval: RobotMap = {
  name: 'oval',
  title: 'Oval track',
  bounds: { left: -5.5, bottom: -1, right: 5.5, top: 7 },
  walls: [],
  line: curve(120, (t) => ({ x: 4.4 * Math.sin(t), y: 3 - 3 * Math.cos(t) })),
  obstacles: [
    { x: 0, y: 3, r: 0.35 },
    { x: -1.4, y: 3.4, r: 0.25 },
  ],
  goal: null,
};

/** From a quarter of the way, where the curve is level and runs along x. */
const eight: RobotMap = {
  name: 'eight',
  title: 'Figure of eight',
  bounds: { left: -8.6, bottom: -6.6, right: 2.4, top: 1.4 },
  walls: [],
  line: curve(160, (t) => {
    const s = t + Math.PI / 4;
    return { x: 4.4 * (Math.sin(s) - Math.SQRT1_2), y: 2.6 * (Math.sin(2 * s) - 1) };
  }),
  obstacles: [{ x: -3.1, y: -0.4, r: 0.3 }],
  goal: null,
};

const arena: RobotMap = {
  name: 'arena',
  title: 'Obstacle arena',
  bounds: { left: -1.2, bottom: -4, right: 9.8, top: 4 },
  walls: [
    { a: { x: 4.2, y: 4 }, b: { x: 4.2, y: 2.4 } },
    { a: { x: 4.2, y: -4 }, b: { x: 4.2, y: -2.4 } },
  ],
  line: [],
  obstacles: [
    { x: 2.2, y: 1.1, r: 0.45 },
    { x: 2.6, y: -1.6, r: 0.35 },
    { x: 4.4, y: 0.2, r: 0.5 },
    { x: 6.1, y: 2.1, r: 0.4 },
    { x: 6.4, y: -1.3, r: 0.55 },
    { x: 8.2, y: 0.6, r: 0.4 },
    { x: 8, y: -2.9, r: 0.3 },
  ],
  goal: { x: 9, y: 3.2, r: 0.5 },
};

// one sign is a wall or a corner, or the room between: S is where the robot starts, G where it should come to
const plan = [
  '+-+-+-+-+-+-+-+-+',
  '|     |     |  G|',
  '+ +-+ + +-+ + + +',
  '| |   | |   | | |',
  '+ + +-+ + +-+ + +',
  '| |     |   | | |',
  '+ +-+-+-+-+ + +-+',
  '|   |     |     |',
  '+-+ + +-+ + +-+ +',
  '|   |   | |   | |',
  '+ +-+-+ + +-+ + +',
  '|S      |     | |',
  '+-+-+-+-+-+-+-+-+',
];
const cell = 1.3;

function readPlan(rows: string[]): RobotMap {
  let start = { column: 0, row: 0 };
  let end = start;
  rows.forEach((text, row) => {
    if (text.includes('S')) start = { column: text.indexOf('S'), row };
    if (text.includes('G')) end = { column: text.indexOf('G'), row };
  });
  // two signs are one cell
  const place = (column: number, row: number): Point => ({
    x: ((column - start.column) / 2) * cell,
    y: ((start.row - row) / 2) * cell,
  });
  const corner = place(0, rows.length - 1);
  const opposite = place(rows[0]!.length - 1, 0);
  const walls: Segment[] = [];
  rows.forEach((text, row) =>
    [...text].forEach((sign, column) => {
      if (sign === '-') walls.push({ a: place(column - 1, row), b: place(column + 1, row) });
      if (sign === '|') walls.push({ a: place(column, row - 1), b: place(column, row + 1) });
    }),
  );
  return {
    name: 'maze',
    title: 'Maze',
    bounds: { left: corner.x, bottom: corner.y, right: opposite.x, top: opposite.y },
    walls,
    line: [],
    obstacles: [],
    goal: { ...place(end.column, end.row), r: 0.4 },
  };
}

export const maps: Record<MapName, RobotMap> = { oval, maze: readPlan(plan), eight, arena };

/** All that a ray or the robot can run into, but for the obstacles, which move. */
export function wallsOf({ bounds: { left, bottom, right, top }, walls }: RobotMap): Segment[] {
  const corners = [
    { x: left, y: bottom },
    { x: right, y: bottom },
    { x: right, y: top },
    { x: left, y: top },
  ];
  return [...corners.map((a, i) => ({ a, b: corners[(i + 1) % 4]! })), ...walls];
}
