// Draws a robot's world on a canvas, in the colours of the design: floor, line, walls, obstacles, the way it came, the robot itself.
import { maps, lineHalf } from '#shared/robot/maps.ts';
import { distanceAngles, farthest, readDistances } from '#shared/robot/sensors.ts';
import { bumpers, robot, type World } from '#shared/robot/world.ts';
import type { Point } from '#shared/robot/geometry.ts';

export type Colours = Record<
  'floor' | 'grid' | 'track' | 'line' | 'wall' | 'obstacle' | 'ink' | 'surface' | 'accent' | 'danger' | 'goal',
  string
>;

/** From metres to dots of the canvas and back; y is up in the world. */
export type View = { scale: number; left: number; top: number };

export function fitView({ map, width, height }: { map: World['map']; width: number; height: number }): View {
  const { left, right, bottom, top } = maps[map].bounds;
  const margin = 0.25;
  const wide = right - left + 2 * margin;
  const high = top - bottom + 2 * margin;
  const scale = Math.min(width / wide, height / high);
  return {
    scale,
    left: (width - wide * scale) / 2 - (left - margin) * scale,
    top: (height - high * scale) / 2 + (top + margin) * scale,
  };
}

export const toScreen = ({ scale, left, top }: View, { x, y }: Point): Point => ({
  x: left + x * scale,
  y: top - y * scale,
});
export const toWorld = ({ scale, left, top }: View, { x, y }: Point): Point => ({
  x: (x - left) / scale,
  y: (top - y) / scale,
});

export function readColours(element: Element): Colours {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(`--color-${name}`).trim();
  return {
    floor: colour('sunken'),
    grid: colour('line'),
    track: colour('active'),
    line: colour('ink-3'),
    wall: colour('ink-2'),
    obstacle: colour('active'),
    ink: colour('ink'),
    surface: colour('surface'),
    accent: colour('accent'),
    danger: colour('danger'),
    goal: colour('ok'),
  };
}

export function drawWorld({
  context,
  view,
  world,
  trail,
  colours,
  held,
}: {
  context: CanvasRenderingContext2D;
  view: View;
  world: World;
  trail: Point[];
  colours: Colours;
  /** The obstacle that is dragged, or has the focus. */ held: number | null;
}): void {
  const { bounds, walls, line, goal } = maps[world.map];
  const at = (point: Point) => toScreen(view, point);
  const far = (metres: number) => metres * view.scale;
  const path = (points: Point[], closed = false) => {
    context.beginPath();
    points.forEach((point, i) => {
      const { x, y } = at(point);
      if (i === 0) context.moveTo(x, y);
      else context.lineTo(x, y);
    });
    if (closed) context.closePath();
  };
  const stroke = (colour: string, width: number) => {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.stroke();
  };
  const circle = ({ x, y }: Point, r: number) => {
    const middle = at({ x, y });
    context.beginPath();
    context.arc(middle.x, middle.y, far(r), 0, 2 * Math.PI);
  };

  context.lineJoin = 'round';
  context.lineCap = 'round';
  context.fillStyle = colours.floor;
  context.fillRect(0, 0, context.canvas.width, context.canvas.height);
  for (let x = Math.ceil(bounds.left); x <= bounds.right; x++) {
    path([
      { x, y: bounds.bottom },
      { x, y: bounds.top },
    ]);
    stroke(colours.grid, 1);
  }
  for (let y = Math.ceil(bounds.bottom); y <= bounds.top; y++) {
    path([
      { x: bounds.left, y },
      { x: bounds.right, y },
    ]);
    stroke(colours.grid, 1);
  }
  if (line.length > 0) {
    path(line, true);
    stroke(colours.track, far(0.7));
    stroke(colours.line, far(lineHalf * 2));
  }
  if (goal) {
    circle(goal, goal.r);
    context.setLineDash([6, 6]);
    stroke(colours.goal, 2);
    context.setLineDash([]);
  }
  for (const { a, b } of walls) {
    path([a, b]);
    stroke(colours.wall, 3);
  }
  const { left, right, bottom, top } = bounds;
  path(
    [
      { x: left, y: bottom },
      { x: right, y: bottom },
      { x: right, y: top },
      { x: left, y: top },
    ],
    true,
  );
  stroke(colours.wall, 3);
  world.obstacles.forEach((obstacle, i) => {
    circle(obstacle, obstacle.r);
    context.fillStyle = colours.obstacle;
    context.fill();
    stroke(i === held ? colours.accent : colours.wall, i === held ? 3 : 1.5);
  });
  if (trail.length > 1) {
    path(trail);
    stroke(colours.accent, 2);
  }
  drawRobot();

  function drawRobot(): void {
    const distances = readDistances(world);
    context.save();
    context.globalAlpha = 0.13;
    context.fillStyle = colours.accent;
    for (const i of [0, 1, 2]) {
      const angle = world.rotation + (distanceAngles[i]! / 180) * Math.PI;
      const reach = robot.radius + Math.min(farthest, distances[i]!);
      const spread = 0.12;
      const from = at(world);
      context.beginPath();
      context.moveTo(from.x, from.y);
      context.arc(from.x, from.y, far(reach), -angle - spread, -angle + spread);
      context.closePath();
      context.fill();
    }
    context.restore();
    const middle = at(world);
    context.save();
    context.translate(middle.x, middle.y);
    context.rotate(-world.rotation);
    const box = (x: number, y: number, width: number, height: number, round: number) => {
      context.beginPath();
      context.roundRect(far(x), far(y), far(width), far(height), far(round));
    };
    context.fillStyle = colours.ink;
    for (const side of [-0.25, 0.19]) {
      box(-0.14, side, 0.28, 0.06, 0.02);
      context.fill();
    }
    box(-0.24, -0.2, 0.48, 0.4, 0.07);
    context.fillStyle = colours.surface;
    context.fill();
    stroke(world.bump & bumpers.front ? colours.danger : colours.ink, 1.5);
    context.beginPath();
    context.arc(far(0.15), 0, Math.max(2, far(0.05)), 0, 2 * Math.PI);
    const [red, green, blue] = world.led;
    context.fillStyle = red + green + blue > 0 ? `rgb(${red} ${green} ${blue})` : colours.accent;
    context.fill();
    if (world.led.some((part) => part > 0)) stroke(colours.ink, 1);
    context.restore();
  }
}
