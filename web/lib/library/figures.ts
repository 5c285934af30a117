// What was counted of a definition, in numbers and words.
import type { Figures, LibraryEntry } from '#shared/api/library.ts';
import { toolNamed } from '#shared/toolNames.ts';

export type Figure = Figures['figures'][number];

/** `figures` by what they are of. */
export const byDefinition = ({ figures }: Figures): Map<string, Figure> =>
  new Map(figures.map((figure) => [figure.tool ? `tool ${figure.tool}` : `${figure.volume}: ${figure.path}`, figure]));

/** A tool is counted by what runs call it, whichever file describes it. Null: never used, or nothing that is counted. */
export const figureOf = (
  { kind, id, volume, path }: Pick<LibraryEntry, 'kind' | 'id' | 'volume' | 'path'>,
  figures: ReadonlyMap<string, Figure>,
): Figure | null => figures.get(kind === 'tool' ? `tool ${toolNamed(id)}` : `${volume}: ${path}`) ?? null;

/** Only these are used in runs: an applet and a workflow run in the browser, a kernel file is always there. */
export const isCounted = (kind: LibraryEntry['kind']): boolean =>
  kind === 'agent' || kind === 'skill' || kind === 'tool';

/** `82 %`; `–` while nothing came to an end. */
export function finishedShare({ finished, failed }: Pick<Figure, 'finished' | 'failed'>): string {
  const ended = finished + failed;
  return ended === 0 ? '–' : `${Math.round((finished / ended) * 100)}\u00a0%`;
}

/** A line through the points, as the path of an SVG. Empty: there is nothing to compare. */
export function sparkPath(points: number[], { width, height }: { width: number; height: number }): string {
  const most = Math.max(...points);
  if (points.length < 2 || points.filter((n) => n > 0).length < 2) return '';
  const at = (n: number, i: number) =>
    `${(1 + (i * (width - 2)) / (points.length - 1)).toFixed(1)} ${(height - 2 - (n / most) * (height - 4)).toFixed(1)}`;
  return `M${points.map(at).join('L')}`;
}
