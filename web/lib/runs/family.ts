// The runs around one: up to where it came from, and down to all that it started.
import type { RunSummary } from '#shared/api/runs.ts';
import { isProblem } from '#shared/errors.ts';
import type { RunEvent } from '#shared/run.ts';
import type { Api } from '#lib/api.ts';
import type { FamilyRun } from './traceGraph.ts';

/** More than these are not drawn. */
const most = 40;

export async function readFamily(api: Api, id: string): Promise<FamilyRun[]> {
  const read = new Map<string, FamilyRun & { children: RunSummary[] }>();
  const wanted = [id];
  while (wanted.length > 0 && read.size < most) {
    const next = wanted.shift()!;
    if (read.has(next)) continue;
    try {
      const { run, events, children } = await api('GET /runs/:id', { params: { id: next } });
      read.set(next, { summary: run, events: events as RunEvent[], children });
      for (const above of [run.parent, run.branchOf?.run]) if (above) wanted.push(above);
      wanted.push(...children.map((child) => child.id));
    } catch (error) {
      if (!isProblem(error)) throw error; // not ours to see: the graph goes as far as it may
    }
  }
  return [...read.values()].map(({ summary, events }) => ({ summary, events }));
}
