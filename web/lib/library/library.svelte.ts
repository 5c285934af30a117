// The state of the library page: what can be used from a volume, filtered and searched, and the one that is looked at.
import type { LibraryDetail, LibraryEntry } from '#shared/api/library.ts';
import { isProblem, type Problem } from '#shared/errors.ts';
import type { Api } from '#lib/api.ts';
import { byDefinition, type Figure } from './figures.ts';
import { byName, sorted, type Sort } from './sorting.ts';

export type KindFilter = LibraryEntry['kind'] | 'all';
/** In the order in which they are shown. */
export const kinds: readonly LibraryEntry['kind'][] = ['agent', 'skill', 'tool', 'workflow', 'applet', 'kernel'];
export type Section = { kind: LibraryEntry['kind']; entries: LibraryEntry[] };

const mostLate = 40;

export class LibraryView {
  state = $state.raw<'loading' | 'ready' | Problem>('loading');
  volume = $state('');
  entries = $state.raw<LibraryEntry[]>([]);
  kind = $state<KindFilter>('all');
  /** Also those that a nearer one hides. */
  hidden = $state(false);
  /** Null: by name, and of what was searched for the best first. */
  sort = $state.raw<Sort | null>(null);
  question = $state('');
  /** What `entries` were found by. */
  answered = $state('');
  searching = $state(false);
  selected = $state<string | null>(null);
  detail = $state.raw<LibraryDetail | null>(null);
  /** How often each was used; null until that is known. */
  figures = $state.raw<ReadonlyMap<string, Figure> | null>(null);
  /** Over so many days. */
  days = $state(30);
  readonly #api: Api;
  #asked = 0;
  #looked = 0;
  /** How often one question was asked again. */
  #late = 0;

  constructor(api: Api) {
    this.#api = api;
  }

  shown: LibraryEntry[] = $derived(
    this.entries.filter(
      (entry) => (this.kind === 'all' || entry.kind === this.kind) && (this.hidden || entry.hiddenBy === null),
    ),
  );
  /** By kind, and in each by name or as somebody sorts it; what was searched for the best first. */
  sections: Section[] = $derived.by(() => {
    const present = kinds.map((kind) => ({ kind, entries: this.shown.filter((entry) => entry.kind === kind) }));
    const filled = present.filter(({ entries }) => entries.length > 0);
    const { sort, figures } = this;
    if (sort) return filled.map(({ kind, entries }) => ({ kind, entries: sorted(entries, sort, figures) }));
    if (this.answered !== '') return filled;
    return filled.map(({ kind, entries }) => ({ kind, entries: entries.toSorted(byName) }));
  });
  rows: LibraryEntry[] = $derived(this.sections.flatMap(({ entries }) => entries));
  current: LibraryEntry | null = $derived(this.entries.find(({ fileId }) => fileId === this.selected) ?? null);

  async read(volume = this.volume): Promise<void> {
    if (volume !== this.volume) {
      [this.state, this.entries, this.selected, this.detail] = ['loading', [], null, null];
      this.volume = volume;
    }
    const mine = ++this.#asked;
    const q = this.question.trim();
    this.searching = q !== '';
    try {
      const { entries, late } = await this.#api('GET /library', {
        query: { volume, hidden: '1', ...(q ? { q } : {}), limit: 5000 },
      });
      if (mine !== this.#asked) return;
      [this.entries, this.answered, this.state, this.searching] = [entries, q, 'ready', late];
      // the first who searches finds by words at once, and by meaning a moment later
      this.#late = late && this.answered === q ? this.#late + 1 : 0;
      if (late && this.#late < mostLate)
        setTimeout(() => mine === this.#asked && void this.read().catch(() => {}), 700);
      else this.searching = false;
      if (this.selected) void this.look(this.selected);
    } catch (error) {
      if (mine !== this.#asked) return;
      this.searching = false;
      if (!isProblem(error)) throw error;
      if (this.state !== 'ready') this.state = error;
    }
  }

  /** Runs change it, files do not; the list does not wait for it. */
  async count(): Promise<void> {
    try {
      const answer = await this.#api('GET /library/figures');
      [this.figures, this.days] = [byDefinition(answer), answer.days];
    } catch (error) {
      if (!isProblem(error)) throw error; // the numbers stay as they were
    }
  }

  /** Shows one; its details come a moment later. */
  async look(fileId: string | null): Promise<void> {
    if (fileId !== this.selected) this.detail = null;
    this.selected = fileId;
    const entry = this.current;
    if (!entry) return;
    const mine = ++this.#looked;
    try {
      const detail = await this.#api('GET /library/definition', {
        query: { volume: this.volume, in: entry.volume, path: entry.path },
      });
      if (mine === this.#looked) this.detail = detail;
    } catch (error) {
      if (!isProblem(error)) throw error;
      if (mine === this.#looked) this.detail = null; // it is gone: the next list will not have it
    }
  }

  /** To the next or previous row. */
  step(by: 1 | -1): void {
    const at = this.rows.findIndex(({ fileId }) => fileId === this.selected);
    const next = this.rows[at < 0 ? 0 : Math.min(this.rows.length - 1, Math.max(0, at + by))];
    if (next) void this.look(next.fileId);
  }
}
