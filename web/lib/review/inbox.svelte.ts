// What waits for me: versions of others that nobody has looked at, or that I have not, across my volumes. Read again when something lands or is reviewed.
import { isProblem, type Problem } from '#shared/errors.ts';
import type { RouteAnswer } from '#shared/api.ts';
import type { Api } from '#lib/api.ts';
import { afterAct, readSections, stepAct, type Act, type InboxSection } from './inbox.ts';

export type Unseen = 'nobody' | 'me';

export class Inbox {
  state = $state.raw<'loading' | 'ready' | Problem>('loading');
  total = $state(0);
  /** Whose look is missing: anybody's, or mine. */
  unseen = $state<Unseen>('nobody');
  totals = $state.raw<Record<Unseen, number>>({ nobody: 0, me: 0 });
  selected = $state<string | null>(null);
  busy = $state(false);
  now = $state.raw(new Date());
  #items = $state.raw<RouteAnswer<'GET /reviews'>['items']>([]);
  #cursor = $state<string | null>(null);
  readonly #api: Api;
  #asked = 0;

  constructor(api: Api) {
    this.#api = api;
  }

  sections: InboxSection[] = $derived.by(() => readSections(this.#items));
  acts: Act[] = $derived(this.sections.flatMap((section) => section.acts));
  current: Act | null = $derived(this.acts.find((act) => act.key === this.selected) ?? null);
  get hasMore(): boolean {
    return this.#cursor !== null;
  }

  async read(): Promise<void> {
    const mine = ++this.#asked;
    try {
      const { items, total, totals, cursor } = await this.#api('GET /reviews', { query: { unseen: this.unseen } });
      if (mine !== this.#asked) return;
      const next = this.selected ? afterAct(this.acts, this.selected) : null;
      [this.#items, this.total, this.totals, this.#cursor] = [items, total, totals, cursor];
      [this.now, this.state] = [new Date(), 'ready'];
      // what one looked at may be dealt with by somebody else meanwhile
      if (this.selected && !this.current)
        this.selected = this.acts.some((act) => act.key === next) ? next : (this.acts[0]?.key ?? null);
    } catch (error) {
      if (!isProblem(error)) throw error;
      if (mine === this.#asked && this.state !== 'ready') this.state = error;
    }
  }

  async readMore(): Promise<void> {
    if (!this.#cursor || this.busy) return;
    this.busy = true;
    const mine = this.#asked;
    try {
      const { items, cursor } = await this.#api('GET /reviews', {
        query: { cursor: this.#cursor, unseen: this.unseen },
      });
      if (mine === this.#asked) [this.#items, this.#cursor] = [[...this.#items, ...items], cursor];
    } finally {
      this.busy = false;
    }
  }

  /** Shows the other list. */
  async show(unseen: Unseen): Promise<void> {
    [this.unseen, this.selected] = [unseen, null];
    await this.read();
  }

  step(by: 1 | -1): void {
    this.selected = stepAct(this.acts, this.selected, by);
  }

  /** Takes back that I approved it. */
  async withdraw({ volume, commits }: Act): Promise<void> {
    const oids = commits.map((commit) => commit.oid);
    await this.#api('POST /volumes/:volume/reviews', { params: { volume }, body: { oids, verdict: 'withdrawn' } });
    await this.read();
  }

  /** Approves an act; the next one comes into view. */
  async approve(act: Act): Promise<void> {
    this.busy = true;
    try {
      const oids = act.commits.map((commit) => commit.oid);
      await this.#api('POST /volumes/:volume/reviews', { params: { volume: act.volume }, body: { oids } });
      this.selected = afterAct(this.acts, act.key);
      this.#items = this.#items.map(({ volume, commits }) => ({
        volume,
        commits: commits.filter((one) => volume !== act.volume || !oids.includes(one.oid)),
      }));
      this.total = Math.max(0, this.total - oids.length);
    } finally {
      this.busy = false;
    }
    await this.read();
  }
}
