// Who wins: the nearest definition of a kind and id, in the person's own volume, then the team's, then the system's (LI2). In one volume
// the file nearer to its root wins. Kernel files hide nothing: a team's rules stand beside the system's.
import { slugOf } from '#shared/typedDefinition.ts';
import type { LibraryKind } from './types.ts';

export type Ranked<T> = { entry: T; hides: T[]; hiddenBy: T | null };
type Known = { path: string; definition: { kind: LibraryKind; id: string } };

/** In one volume the file nearer to its root comes first. */
export function inOrder<T extends Known>(entries: Iterable<T>): T[] {
  const placed = Array.from(entries, (entry) => ({ entry, depth: entry.path.split('/').length }));
  placed.sort((a, b) => a.depth - b.depth || (a.entry.path < b.entry.path ? -1 : a.entry.path > b.entry.path ? 1 : 0));
  return placed.map(({ entry }) => entry);
}

/** `volumes`: entries by volume, the nearest volume first, each as `inOrder` gives them. The winners and the hidden, in that order of volumes. */
export function rank<T extends Known>(volumes: readonly (readonly T[])[]): Ranked<T>[] {
  const winners = new Map<string, Ranked<T>>();
  const all: Ranked<T>[] = [];
  for (const entries of volumes) {
    for (const entry of entries) {
      const { kind, id } = entry.definition;
      const key = `${kind} ${id}`;
      const winner = kind === 'kernel' ? undefined : winners.get(key);
      const ranked: Ranked<T> = { entry, hides: [], hiddenBy: winner?.entry ?? null };
      if (winner) winner.hides.push(entry);
      else winners.set(key, ranked);
      all.push(ranked);
    }
  }
  return all;
}

/** How somebody may call for a definition. */
export type Call = { id: string } | { name: string } | { path: string };

/** By its path, else by its id, else by its name in any spelling (`@PlanningAgent`, `planning agent`). */
export function findCalled<T extends Known & { definition: { name: string } }>(
  ranked: Ranked<T>[],
  kind: LibraryKind,
  call: Call,
): Ranked<T> | null {
  if ('path' in call)
    return ranked.find(({ entry }) => entry.path === call.path && entry.definition.kind === kind) ?? null;
  const wanted = slugOf('id' in call ? call.id : call.name.replace(/^[@/]/, ''));
  if (wanted === '') return null;
  const winners = ranked.filter(({ entry, hiddenBy }) => entry.definition.kind === kind && hiddenBy === null);
  return (
    winners.find(({ entry }) => entry.definition.id === wanted) ??
    winners.find(({ entry }) => slugOf(entry.definition.name) === wanted) ??
    null
  );
}
