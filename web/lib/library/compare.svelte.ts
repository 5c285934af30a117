// Two texts beside each other: a definition, and the one that it hides or came from.
import type { LibraryDetail, LibraryEntry } from '#shared/api/library.ts';
import { isProblem, type Problem } from '#shared/errors.ts';
import type { Api } from '#lib/api.ts';
import { levelOf } from './libraryWords.ts';

/** `origin`: what it came from; else the name of the volume whose one it is compared with. */
export type Other = { value: string; label: string };

/** What a definition can be compared with: what it came from, and those of its name in other volumes, the nearest first. */
export function othersOf(detail: LibraryDetail): Other[] {
  const { entry, lookup } = detail;
  const there = lookup.filter(({ volume, found }) => found && volume !== entry.volume);
  return [
    ...(entry.origin.from && /^(system|team\/|user\/)/.test(entry.origin.from)
      ? [{ value: 'origin', label: 'what it came from' }]
      : []),
    ...there.map(({ volume, used }) => ({
      value: volume,
      label: `${levelOf(volume)}’s${used ? ', used' : ', hidden'}`,
    })),
  ];
}

export type Side = { volume: string; path: string; note: string; text: string };

export class Comparison {
  state = $state.raw<'loading' | 'ready' | Problem>('loading');
  before = $state.raw<Side | null>(null);
  after = $state.raw<Side | null>(null);
  readonly #api: Api;
  #asked = 0;

  constructor(api: Api) {
    this.#api = api;
  }

  async show({ entry, lookup }: Pick<LibraryDetail, 'entry' | 'lookup'>, other: string): Promise<void> {
    const mine = ++this.#asked;
    this.state = 'loading';
    try {
      const [mineText, found] = await Promise.all([this.#text(entry), this.#other({ entry, lookup }, other)]);
      if (mine !== this.#asked) return;
      const here: Side = { volume: entry.volume, path: entry.path, note: noteOf(entry), text: mineText };
      // the one that is farther away, or older, is on the left
      const [before, after] = found.nearer ? [here, found.side] : [found.side, here];
      [this.before, this.after, this.state] = [before, after, 'ready'];
    } catch (error) {
      if (!isProblem(error)) throw error;
      if (mine === this.#asked) this.state = error;
    }
  }

  #text = ({ volume, path }: { volume: string; path: string }): Promise<string> =>
    this.#api('GET /volumes/:volume/files/*path', { params: { volume, path } });

  async #other(
    { entry, lookup }: Pick<LibraryDetail, 'entry' | 'lookup'>,
    other: string,
  ): Promise<{ side: Side; nearer: boolean }> {
    if (other === 'origin') {
      const { volume, path, oid, text } = await this.#api('GET /library/origin', {
        query: { in: entry.volume, path: entry.path },
      });
      return { side: { volume, path, note: oid ? `version ${oid.slice(0, 7)}` : 'as it is now', text }, nearer: false };
    }
    const at = lookup.findIndex(({ volume }) => volume === other);
    const found = lookup[at]?.found;
    if (!found) return { side: { volume: other, path: entry.path, note: 'nothing here', text: '' }, nearer: false };
    const side = {
      volume: other,
      path: found.path,
      note: lookup[at]!.used ? 'used' : 'hidden',
      text: await this.#text(found),
    };
    return { side, nearer: at < lookup.findIndex(({ volume }) => volume === entry.volume) };
  }
}

const noteOf = ({ hiddenBy }: LibraryEntry) => (hiddenBy ? 'hidden' : 'used');
