// Distances between points, segments and circles, in metres. Everything that the robot's world needs of geometry, and nothing else.

export type Point = { x: number; y: number };
export type Segment = { a: Point; b: Point };
export type Circle = Point & { r: number };

/** The point of the segment that is nearest to `to`. */
export function nearestOn({ a, b }: Segment, to: Point): Point {
  const dx = b.x - a.x;
  const dy = b.y - a.y;
  const length2 = dx * dx + dy * dy;
  const along = length2 === 0 ? 0 : ((to.x - a.x) * dx + (to.y - a.y) * dy) / length2;
  const t = Math.min(1, Math.max(0, along));
  return { x: a.x + t * dx, y: a.y + t * dy };
}

export const distanceBetween = (a: Point, b: Point) => Math.hypot(a.x - b.x, a.y - b.y);

/** How far a ray from `from` in `direction` (a unit vector) goes until it meets the segment; Infinity: never. */
export function rayToSegment(from: Point, direction: Point, { a, b }: Segment): number {
  const sx = b.x - a.x;
  const sy = b.y - a.y;
  const across = direction.x * sy - direction.y * sx;
  if (Math.abs(across) < 1e-12) return Infinity;
  const ox = a.x - from.x;
  const oy = a.y - from.y;
  const far = (ox * sy - oy * sx) / across;
  const along = (ox * direction.y - oy * direction.x) / across;
  return far >= 0 && along >= 0 && along <= 1 ? far : Infinity;
}

/** The same for a circle; 0 from inside. */
export function rayToCircle(from: Point, direction: Point, circle: Circle): number {
  const ox = circle.x - from.x;
  const oy = circle.y - from.y;
  if (Math.hypot(ox, oy) <= circle.r) return 0;
  const ahead = ox * direction.x + oy * direction.y;
  if (ahead <= 0) return Infinity;
  const aside2 = ox * ox + oy * oy - ahead * ahead;
  const inside2 = circle.r * circle.r - aside2;
  return inside2 < 0 ? Infinity : ahead - Math.sqrt(inside2);
}
