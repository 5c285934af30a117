// The runs around one: up to where it came from, down to all that it started, and beside them those that they built on or that built on
// them.
import type { RunLink, RunSummary } from '#shared/api/runs.ts';
import { isProblem } from '#shared/errors.ts';
import type { RunEvent } from '#shared/run.ts';
import type { Api } from '#lib/api.ts';
import type { Dependency, FamilyRun } from './traceGraph.ts';

/** More than these are not drawn. */
const [most, mostLinked] = [40, 12];

export type Family = { runs: FamilyRun[]; dependencies: Dependency[] };

export async function readFamily(api: Api, id: string): Promise<Family> {
  const read = new Map<string, FamilyRun>();
  const wanted = [id];
  while (wanted.length > 0 && read.size < most) {
    const next = wanted.shift()!;
    if (read.has(next)) continue;
    const found = await seen(api('GET /runs/:id', { params: { id: next } }));
    if (!found) continue;
    const { run, events, children } = found;
    read.set(next, { summary: run, events: events as RunEvent[] });
    for (const above of [run.parent, run.branchOf?.run]) if (above) wanted.push(above);
    wanted.push(...children.map((child) => child.id));
  }
  return linked(api, [...read.values()]);
}

/** What a run built on is known with its trace, at its end. */
async function linked(api: Api, runs: FamilyRun[]): Promise<Family> {
  const ids = new Set(runs.map(({ summary }) => summary.id));
  const beside = new Map<string, RunSummary>();
  const dependencies = new Map<string, Dependency>();
  const isDrawn = ({ run }: RunLink) => {
    if (ids.has(run.id) || beside.has(run.id)) return true;
    if (beside.size >= mostLinked) return false;
    beside.set(run.id, run);
    return true;
  };
  const add = (from: string, to: string, { file, how }: RunLink) =>
    dependencies.set(`${from} ${to}`, { from, to, file, how });
  const ended = runs.filter(({ summary }) => summary.endedAt !== null).slice(0, mostLinked);
  await Promise.all(
    ended.map(async ({ summary: { id } }) => {
      const links = await seen(api('GET /runs/:id/links', { params: { id } }));
      for (const link of links?.builtOn ?? []) if (isDrawn(link)) add(link.run.id, id, link);
      for (const link of links?.usedBy ?? []) if (isDrawn(link)) add(id, link.run.id, link);
    }),
  );
  const others = [...beside.values()].map((summary): FamilyRun => ({ summary, events: [] }));
  return { runs: [...runs, ...others], dependencies: [...dependencies.values()] };
}

/** Null: not ours to see; the graph goes as far as it may. */
const seen = <T>(work: Promise<T>): Promise<T | null> =>
  work.catch((error: unknown) => {
    if (isProblem(error)) return null;
    throw error;
  });
