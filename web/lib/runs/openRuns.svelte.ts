// The runs that are on a screen together, each opened once and closed when it leaves.
import { OpenRun, type RunOutside } from './openRun.svelte.ts';

export class OpenRuns {
  all = $state.raw<readonly OpenRun[]>([]);
  readonly #outside: RunOutside;

  constructor(outside: RunOutside) {
    this.#outside = outside;
  }

  show(ids: readonly string[]): void {
    if (ids.length === this.all.length && ids.every((id, i) => this.all[i]!.id === id)) return;
    const before = new Map(this.all.map((run) => [run.id, run]));
    const next = ids.map((id) => before.get(id) ?? new OpenRun(id, this.#outside));
    for (const run of this.all) if (!next.includes(run)) run.close();
    this.all = next;
    for (const run of next) run.open();
  }

  find(id: string): OpenRun | null {
    return this.all.find((run) => run.id === id) ?? null;
  }

  close(): void {
    this.show([]);
  }
}
