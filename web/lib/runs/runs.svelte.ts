// Runs as a list, newest first: of one volume or of all, with a state or any. Read again when news says that one changed.
import type { RunSummary } from '#shared/api/runs.ts';
import { isProblem, type Problem } from '#shared/errors.ts';
import type { RunStatus } from '#shared/run.ts';
import type { Api } from '#lib/api.ts';

export type RunFilter = { volume: string | null; status: RunStatus | null };

export class RunList {
  all = $state.raw<readonly RunSummary[]>([]);
  state = $state.raw<'loading' | 'ready' | Problem>('loading');
  filter = $state.raw<RunFilter>({ volume: null, status: null });
  more = $state(false);
  busy = $state(false);
  readonly #api: Api;
  #cursor: string | null = null;
  #turn = 0;

  constructor(api: Api) {
    this.#api = api;
  }

  change(filter: Partial<RunFilter>): Promise<void> {
    this.filter = { ...this.filter, ...filter };
    return this.read();
  }

  /** From the top, as many as are shown. */
  async read(): Promise<void> {
    const turn = ++this.#turn;
    try {
      const { runs, cursor } = await this.#page(null, Math.min(100, Math.max(50, this.all.length)));
      if (turn !== this.#turn) return; // another filter was chosen meanwhile
      this.all = runs;
      this.#cursor = cursor;
      this.more = cursor !== null;
      this.state = 'ready';
    } catch (error) {
      if (!isProblem(error)) throw error;
      if (turn === this.#turn && this.state !== 'ready') this.state = error;
    }
  }

  async readMore(): Promise<void> {
    if (this.#cursor === null || this.busy) return;
    const turn = this.#turn;
    this.busy = true;
    try {
      const { runs, cursor } = await this.#page(this.#cursor, 50);
      if (turn !== this.#turn) return;
      const known = new Set(this.all.map((run) => run.id));
      this.all = [...this.all, ...runs.filter((run) => !known.has(run.id))];
      this.#cursor = cursor;
      this.more = cursor !== null;
    } finally {
      this.busy = false;
    }
  }

  #page(cursor: string | null, limit: number) {
    const { volume, status } = this.filter;
    return this.#api('GET /runs', {
      query: { limit, ...(volume && { volume }), ...(status && { status }), ...(cursor && { cursor }) },
    });
  }
}
