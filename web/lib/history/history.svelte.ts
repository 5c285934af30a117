// The history that is on the screen: of one file (through its renames) or of a volume. Holds what was read of it, which version is
// chosen, and what it is compared with. The page reads it again when the socket says that versions came.
import { isProblem, type Problem } from '#shared/errors.ts';
import type { Commit } from '#shared/api.ts';
import type { Api } from '#lib/api.ts';
import { actOf, mergeCommits, readEntries, type Entry } from './timeline.ts';

export type Ends = { from: string; to: string };
const pageSize = 50;

export class History {
  readonly volume: string;
  readonly path: string | null;
  landed = $state.raw<Commit[]>([]);
  unreviewed = $state.raw<Commit[]>([]);
  total = $state(0);
  unreviewedTotal = $state(0);
  /** `loading` until the first page is here. */
  state = $state.raw<'loading' | 'ready' | Problem>('loading');
  reading = $state(false);
  selected = $state<string | null>(null);
  /** Two versions that somebody chose to compare, instead of a version with the one before. */
  compared = $state.raw<Ends | null>(null);
  /** A pause is shown whole; this shows the chosen version alone. */
  alone = $state(false);
  now = $state.raw(new Date());
  #cursor: string | null = null;
  #unreviewedCursor: string | null = null;
  #known = $state.raw(new Map<string, Commit>());
  readonly #api: Api;

  constructor({ api, volume, path }: { api: Api; volume: string; path: string | null }) {
    this.#api = api;
    this.volume = volume;
    this.path = path;
  }

  entries: Entry[] = $derived.by(() => readEntries(this));
  /** Versions in the order of the screen, for J and K. */
  order: string[] = $derived(this.entries.flatMap((entry) => (entry.kind === 'version' ? [entry.key] : [])));
  chosen: Commit | null = $derived(this.selected === null ? null : this.find(this.selected));
  act: Commit[] = $derived.by(() => (this.chosen ? (this.alone ? [this.chosen] : actOf(this.chosen, this)) : []));
  /** What the diff shows. */
  ends: Ends | null = $derived.by(
    () =>
      this.compared ?? (this.act.length > 0 ? { from: this.#before(this.act.at(-1)!), to: this.act[0]!.oid } : null),
  );
  hasMore: boolean = $derived(this.landed.length < this.total);

  find(oid: string): Commit | null {
    const is = (commit: Commit) => commit.oid === oid;
    return this.landed.find(is) ?? this.unreviewed.find(is) ?? this.#known.get(oid) ?? null;
  }

  /** In the history of a file its version before, which says more than the volume's; the text of the file is the same in both. */
  #before(commit: Commit): string {
    if (this.path !== null) {
      const at = this.landed.findIndex((other) => other.oid === commit.oid);
      const older = at >= 0 ? this.landed[at + 1] : undefined;
      if (older) return older.oid;
    }
    return commit.parent ?? 'none';
  }

  #query(more: Record<string, unknown> = {}) {
    return { params: { volume: this.volume }, query: { limit: pageSize, path: this.path ?? undefined, ...more } };
  }

  /** The first pages, or what is new since they were read. */
  async read(): Promise<void> {
    this.reading = true;
    try {
      const [landed, unreviewed] = await Promise.all([
        this.#api('GET /volumes/:volume/commits', this.#query()),
        this.#api('GET /volumes/:volume/commits', this.#query({ review: 'unreviewed' })),
      ]);
      const overlaps = this.landed.length === 0 || landed.commits.some((commit) => commit.oid === this.landed[0]?.oid);
      // after a long gap the pages do not touch: start over rather than hide what lies between
      if (this.landed.length === 0 || !overlaps) [this.landed, this.#cursor] = [landed.commits, landed.cursor];
      else this.landed = mergeCommits(this.landed, landed.commits);
      this.unreviewed = unreviewed.commits;
      this.#unreviewedCursor = unreviewed.cursor;
      [this.total, this.unreviewedTotal] = [landed.total, unreviewed.total];
      this.now = new Date();
      this.state = 'ready';
      if (this.selected === null && this.compared === null) this.selected = this.order[0] ?? null;
    } catch (error) {
      if (!isProblem(error)) throw error;
      if (this.state !== 'ready') this.state = error;
    } finally {
      this.reading = false;
    }
    if (this.selected && !this.find(this.selected)) await this.#readOne(this.selected);
  }

  async readMore(): Promise<void> {
    if (this.reading || !this.#cursor) return;
    this.reading = true;
    try {
      const page = await this.#api('GET /volumes/:volume/commits', this.#query({ cursor: this.#cursor }));
      const known = new Set(this.landed.map((commit) => commit.oid));
      this.landed = [...this.landed, ...page.commits.filter((commit) => !known.has(commit.oid))];
      [this.#cursor, this.total] = [page.cursor, page.total];
    } catch (error) {
      if (!isProblem(error)) throw error; // the next scroll tries again
    } finally {
      this.reading = false;
    }
  }

  async readMoreUnreviewed(): Promise<void> {
    const cursor = this.#unreviewedCursor;
    if (!cursor || this.reading) return;
    this.reading = true;
    try {
      const page = await this.#api('GET /volumes/:volume/commits', this.#query({ review: 'unreviewed', cursor }));
      const known = new Set(this.unreviewed.map((commit) => commit.oid));
      this.unreviewed = [...this.unreviewed, ...page.commits.filter((commit) => !known.has(commit.oid))];
      [this.#unreviewedCursor, this.unreviewedTotal] = [page.cursor, page.total];
    } catch (error) {
      if (!isProblem(error)) throw error; // the next scroll tries again
    } finally {
      this.reading = false;
    }
  }

  /** A version that the pages have not reached, as from a link. */
  async #readOne(oid: string): Promise<Commit | null> {
    try {
      const commit = await this.#api('GET /volumes/:volume/commits/:oid', { params: { volume: this.volume, oid } });
      this.#known = new Map([...this.#known, [oid, commit]]);
      return commit;
    } catch (error) {
      if (!isProblem(error)) throw error;
      return null;
    }
  }

  async need(oid: string): Promise<void> {
    if (/^[0-9a-f]{40}$/.test(oid) && !this.find(oid)) await this.#readOne(oid);
  }

  choose(oid: string): void {
    this.selected = oid;
    this.compared = null;
    this.alone = false;
  }

  /** Down to older versions with 1, up with -1. Gives the version it went to. */
  step(by: 1 | -1): string | null {
    const at = this.selected === null ? -1 : this.order.indexOf(this.selected);
    const next = this.order[Math.min(Math.max(at + by, 0), this.order.length - 1)];
    if (next === undefined || next === this.selected) return null;
    this.choose(next);
    if (this.order.indexOf(next) > this.order.length - 10) void this.readMore();
    return next;
  }

  compare(ends: Ends): void {
    this.compared = ends;
    for (const oid of Object.values(ends)) void this.need(oid);
  }

  /** `withdrawn`: takes back that I approved them. */
  async review(oids: string[], verdict: 'approved' | 'withdrawn'): Promise<void> {
    await this.#api('POST /volumes/:volume/reviews', { params: { volume: this.volume }, body: { oids, verdict } });
    await this.read();
  }
}
