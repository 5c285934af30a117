// How often agents, skills and tools were used, and how it went: counted from the rows of runs that the asker may see.
import type { Figures } from '#shared/api/library.ts';
import type { Face } from '#shared/live.ts';
import type { DefinitionRef, RunStatus } from '#shared/run.ts';

/** What a run used, kept in its row. */
export type Used = {
  skills: { volume: string; path: string }[];
  tools: Record<string, { ok: number; failed: number }>;
};
export type UseRow = {
  id: string;
  parentId: string | null;
  agent: DefinitionRef | null;
  by: Face;
  goal: string;
  /** Null: it goes on, or it ended before this was counted. */
  used: Used | null;
  status: RunStatus;
  reason: string | null;
  money: number | null;
  createdAt: Date;
};
type Figure = Figures['figures'][number];

export const figureDays = 30;
/** The line of use has as many points. */
const points = 10;
const lastShown = 3;
const day = 86_400_000;

/** `rows`: newest first, none older than `figureDays`. */
export function figuresOf({ rows, now }: { rows: UseRow[]; now: number }): Figure[] {
  const found = new Map<string, Figure>();
  const byId = new Map(rows.map((row) => [row.id, row]));
  const of = (key: Pick<Figure, 'kind' | 'volume' | 'path' | 'tool'>): Figure => {
    const name = JSON.stringify([key.kind, key.volume, key.path, key.tool]);
    const known = found.get(name);
    if (known) return known;
    const figure = {
      ...key,
      uses: 0,
      finished: 0,
      failed: 0,
      points: Array(points).fill(0),
      last: [],
      delegatedBy: [],
    };
    found.set(name, figure);
    return figure;
  };
  const count = (figure: Figure, row: UseRow, times: { ok: number; failed: number; uses: number }) => {
    figure.uses += times.uses;
    figure.finished += times.ok;
    figure.failed += times.failed;
    const at = points - 1 - Math.floor((now - row.createdAt.getTime()) / ((figureDays * day) / points));
    figure.points[Math.min(points - 1, Math.max(0, at))]! += times.uses;
    if (figure.last.length < lastShown) {
      const { id, goal, status, money, by, createdAt } = row;
      figure.last.push({ run: id, goal, status, money, by, at: createdAt.toISOString() });
    }
  };
  for (const row of rows) {
    const once = { uses: 1, ok: row.status === 'done' ? 1 : 0, failed: failedItself(row) ? 1 : 0 };
    if (row.agent) {
      const figure = of({ kind: 'agent', volume: row.agent.volume, path: row.agent.path, tool: null });
      count(figure, row, once);
      const above = row.parentId === null ? null : byId.get(row.parentId)?.agent;
      if (above) {
        const known = figure.delegatedBy.find(({ volume, path }) => volume === above.volume && path === above.path);
        if (known) known.runs++;
        else figure.delegatedBy.push({ name: above.name, volume: above.volume, path: above.path, runs: 1 });
      }
    }
    for (const { volume, path } of row.used?.skills ?? [])
      count(of({ kind: 'skill', volume, path, tool: null }), row, once);
    for (const [tool, { ok, failed }] of Object.entries(row.used?.tools ?? {}))
      count(of({ kind: 'tool', volume: null, path: null, tool }), row, { uses: ok + failed, ok, failed });
  }
  return [...found.values()];
}

/** A server that stopped and a provider that cannot be reached say nothing about a definition. */
const elsewhere = /^(interrupted$|The provider |The model cannot be reached)/;
const failedItself = ({ status, reason }: UseRow) => status === 'failed' && !elsewhere.test(reason ?? '');
