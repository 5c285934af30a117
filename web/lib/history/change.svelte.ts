// The change that is on the screen: the files that differ between two versions, and the texts of the one that is looked at.
import { isProblem, type Problem } from '#shared/errors.ts';
import type { BlameRun, DiffFile } from '#shared/api.ts';
import type { Api } from '#lib/api.ts';
import type { Ends } from './history.svelte.ts';

export type Shown = {
  volume: string;
  ends: Ends;
  /** Only this file; all that differ without it. */ path: string | null;
};

export class Change {
  files = $state.raw<DiffFile[]>([]);
  /** With its texts. */
  file = $state.raw<DiffFile | null>(null);
  state = $state.raw<'loading' | 'ready' | Problem>('loading');
  blame = $state.raw<BlameRun[] | null>(null);
  /** The text that the names are of, while the newer side is being typed. */
  liveBase = $state.raw<string | null>(null);
  /** What is on the screen now; it stays until the next one is here, so that nothing flickers. */
  shown = $state.raw<Shown | null>(null);
  readonly #api: Api;
  #asked = 0;

  constructor(api: Api) {
    this.#api = api;
  }

  async show(shown: Shown): Promise<void> {
    const mine = ++this.#asked;
    if (this.state !== 'ready') this.state = 'loading';
    try {
      const files = await this.#read(shown, shown.path);
      if (mine !== this.#asked) return;
      const keep = this.shown?.volume === shown.volume ? files.find((one) => one.path === this.file?.path) : undefined;
      const first = shown.path === null ? (keep ?? files[0]) : files[0];
      const whole =
        shown.path === null && first ? ((await this.#read(shown, first.path))[0] ?? first) : (first ?? null);
      if (mine !== this.#asked) return;
      this.#put(shown, files, whole);
    } catch (error) {
      if (!isProblem(error)) throw error;
      if (mine === this.#asked) this.state = error;
    }
  }

  /** One of several files. */
  async choose(path: string): Promise<void> {
    const shown = this.shown;
    if (!shown) return;
    const mine = ++this.#asked;
    try {
      const [whole] = await this.#read(shown, path);
      if (mine === this.#asked && whole) this.#put(shown, this.files, whole);
    } catch (error) {
      if (!isProblem(error)) throw error;
      if (mine === this.#asked) this.state = error;
    }
  }

  /** The living text moved on. */
  async refresh(): Promise<void> {
    if (!this.shown || this.state !== 'ready') return;
    const mine = this.#asked;
    const [next] = await this.#read(this.shown, this.file?.path ?? this.shown.path).catch(() => []);
    if (mine === this.#asked && next && (next.after !== this.file?.after || next.before !== this.file?.before))
      this.file = next;
  }

  async #read({ volume, ends }: Shown, path: string | null): Promise<DiffFile[]> {
    const { files } = await this.#api('GET /volumes/:volume/diff', {
      params: { volume },
      query: { ...ends, path: path ?? undefined },
    });
    return files;
  }

  #put(shown: Shown, files: DiffFile[], file: DiffFile | null): void {
    this.shown = shown;
    this.files = files;
    this.file = file;
    this.blame = this.liveBase = null;
    this.state = 'ready';
    if (file && !file.binary && file.after !== null) void this.#readBlame(shown, file);
  }

  /** Who wrote the newer side; it may come after the text. */
  async #readBlame({ volume, ends }: Shown, file: DiffFile): Promise<void> {
    try {
      const at = ends.to === 'live' ? undefined : ends.to;
      const params = { volume, path: file.path };
      const { oid, runs } = await this.#api('GET /volumes/:volume/blame/*path', { params, query: { at } });
      const base =
        at || !oid ? null : await this.#api('GET /volumes/:volume/files/*path', { params, query: { at: oid } });
      if (this.file?.path === file.path && this.shown?.ends === ends) [this.blame, this.liveBase] = [runs, base];
    } catch (error) {
      if (!isProblem(error)) throw error; // the diff reads well without names
    }
  }
}
