// Names of agents, skills and models that can be used from a volume: read when somebody begins to write, and again after a while.
import { isProblem } from '#shared/errors.ts';
import type { Api } from '#lib/api.ts';
import type { ChoiceName } from './choices.ts';

const fresh = 15_000;

export class Names {
  all = $state.raw<readonly ChoiceName[]>([]);
  models = $state.raw<readonly string[]>([]);
  /** Why no agent can answer here, in a sentence; null: one can. */
  problem = $state<string | null>(null);
  /** False until they were read: then nothing can be called unknown. */
  known = $state(false);
  readonly #api: Api;
  readonly #volume: string;
  #readAt = -Infinity;

  constructor({ api, volume }: { api: Api; volume: string }) {
    this.#api = api;
    this.#volume = volume;
  }

  async read(): Promise<void> {
    if (performance.now() - this.#readAt < fresh) return;
    this.#readAt = performance.now();
    try {
      const [{ names }, usable] = await Promise.all([
        this.#api('GET /library/names', { query: { volume: this.#volume } }),
        this.#api('GET /volumes/:volume/models', { params: { volume: this.#volume } }),
      ]);
      this.all = names;
      this.models = [...Object.keys(usable.aliases), ...usable.models.map(({ name }) => name)];
      this.problem = usable.default === null ? (usable.problem ?? 'No model is set up.') : null;
      this.known = true;
    } catch (error) {
      this.#readAt = -Infinity;
      if (!isProblem(error)) throw error; // writing goes on without a list
    }
  }

  isAgent(name: string): boolean {
    const wanted = name.toLowerCase();
    return this.all.some(
      (one) => one.kind === 'agent' && (one.name.toLowerCase() === wanted || one.id.toLowerCase() === wanted),
    );
  }
}
