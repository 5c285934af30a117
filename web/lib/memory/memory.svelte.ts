// The memory page's state: what a volume remembers, newest first, or what a question finds.
import { isProblem, type Problem } from '#shared/errors.ts';
import type { ConsolidationState, MemoryMatch, MemoryRow } from '#shared/api/memory.ts';
import type { Api } from '#lib/api.ts';

export type TypeFilter = MemoryRow['type'] | 'all';
export type StateFilter = MemoryRow['state'] | 'all';

export class MemoryView {
  state = $state.raw<'loading' | 'ready' | Problem>('loading');
  volume = $state('');
  entries = $state.raw<MemoryRow[]>([]);
  total = $state(0);
  /** Entries whose meaning is not measured yet. */
  indexing = $state(0);
  type = $state<TypeFilter>('all');
  lifecycle = $state<StateFilter>('all');
  question = $state('');
  /** Null: nothing was asked. */
  found = $state.raw<{ matches: MemoryMatch[]; summary: string; ms: number } | null>(null);
  asking = $state(false);
  readonly #api: Api;
  #asked = 0;
  #read = 0;

  constructor(api: Api) {
    this.#api = api;
  }

  shown: MemoryRow[] = $derived(
    this.entries.filter(
      (entry) =>
        (this.type === 'all' || entry.type === this.type) &&
        (this.lifecycle === 'all' || entry.state === this.lifecycle),
    ),
  );
  /** Of the traces that wait for a lesson. Null: not known. */
  consolidation = $state.raw<ConsolidationState | null>(null);

  async read(volume = this.volume): Promise<void> {
    if (volume !== this.volume)
      [this.state, this.entries, this.found, this.consolidation] = ['loading', [], null, null];
    this.volume = volume;
    const mine = ++this.#read;
    try {
      const [answer, consolidation] = await Promise.all([
        this.#api('GET /volumes/:volume/memory', { params: { volume } }),
        this.#api('GET /volumes/:volume/consolidation', { params: { volume } }),
      ]);
      if (mine !== this.#read) return;
      this.consolidation = consolidation;
      [this.entries, this.total, this.indexing, this.state] = [answer.entries, answer.total, answer.indexing, 'ready'];
    } catch (error) {
      if (!isProblem(error)) throw error;
      if (mine === this.#read && this.state !== 'ready') this.state = error;
    }
  }

  /** Gives the address of the run. */
  async consolidate(): Promise<string> {
    const { run } = await this.#api('POST /volumes/:volume/consolidation', { params: { volume: this.volume } });
    return `/run/${run}`;
  }

  /** QueryMemory in this volume; an empty question shows everything again. */
  async ask(): Promise<void> {
    const query = this.question.trim();
    const mine = ++this.#asked;
    if (query === '') {
      this.found = null;
      return;
    }
    this.asking = true;
    try {
      const {
        matches,
        query_summary: summary,
        search_time_ms: ms,
      } = await this.#api('POST /memory/query', {
        body: {
          query,
          volume: this.volume,
          scope: 'project',
          limit: 30,
          memory_type: this.type,
          ...(this.lifecycle === 'all' ? {} : { filters: { state: this.lifecycle } }),
        },
      });
      if (mine === this.#asked) this.found = { matches, summary, ms };
    } finally {
      if (mine === this.#asked) this.asking = false;
    }
  }
}
