// Where the entries of memory stand in the picture: time goes to the right, each type has a lane, links are lines between them.
import type { MemoryRow } from '#shared/api/memory.ts';

/** `label`: as much of its title as fits before the next one in its row. */
export type Node = { entry: MemoryRow; x: number; y: number; label: string };
export type Edge = { from: Node; to: Node; kind: string };
export type Graph = {
  nodes: Node[];
  edges: Edge[];
  lanes: { type: MemoryRow['type']; y: number }[];
  width: number;
  height: number;
};

export const laneHeight = 96;
const [leastStep, mostStep, margin, rowsInLane] = [34, 110, 28, 3];
/** From a node to its name, and of one letter. */
const [beside, letter] = [12, 6.2];

/** `entries` newest first, as they are listed. `room`: the width that there is; few entries take it, many go beyond. */
export function layOut(entries: MemoryRow[], room = 0): Graph {
  const stepX = Math.min(mostStep, Math.max(leastStep, (room - 2 * margin) / (entries.length + rowsInLane)));
  const letters = Math.floor((rowsInLane * stepX - 2 * beside) / letter);
  const types = [...new Set(entries.map(({ type }) => type))];
  const inLane = new Map<string, number>();
  const nodes = entries.toReversed().map((entry, i): Node => {
    const nth = inLane.get(entry.type) ?? 0;
    inLane.set(entry.type, nth + 1);
    const row = nth % rowsInLane; // neighbours in time do not cover each other's lines
    return {
      entry,
      x: margin + i * stepX,
      y: types.indexOf(entry.type) * laneHeight + margin + row * 22,
      label: cut(entry.title, letters),
    };
  });
  const byFile = new Map(nodes.map((node) => [node.entry.fileId, node]));
  const edges = nodes.flatMap((to) =>
    to.entry.links.flatMap(({ file, kind }) => {
      const from = file === null ? undefined : byFile.get(file);
      return from && from !== to ? [{ from, to, kind }] : [];
    }),
  );
  return {
    nodes,
    edges,
    lanes: types.map((type, i) => ({ type, y: i * laneHeight })),
    width: (nodes.length + rowsInLane) * stepX + 2 * margin,
    height: Math.max(1, types.length) * laneHeight,
  };
}

/** A line that leaves to the right and arrives from the left. */
export function curve({ from, to }: Edge): string {
  const bend = Math.max(16, Math.abs(to.x - from.x) / 2);
  return `M${from.x},${from.y} C${from.x + bend},${from.y} ${to.x - bend},${to.y} ${to.x},${to.y}`;
}

const cut = (title: string, most: number): string =>
  title.length <= most ? title : `${title.slice(0, most - 1).trimEnd()}…`;
