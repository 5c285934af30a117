// What somebody dropped or picked, on its way into a volume: looked at first, written when they say so.
import type { ImportAsked, ImportPlan } from '#shared/api/library.ts';
import { isProblem, Problem } from '#shared/errors.ts';
import type { Api } from '#lib/api.ts';
import type { Upload } from '#lib/workspace/upload.ts';

export type ImportItem = ImportPlan['items'][number];
export type ToldKind = 'agent' | 'skill' | 'tool';

const most = 16 * 2 ** 20;
const archive = /\.(zip|tar|tar\.gz|tgz)$/i;

export class DefinitionImport {
  state = $state.raw<'reading' | 'ready' | 'writing' | Problem>('reading');
  plan = $state.raw<ImportPlan | null>(null);
  to = $state('');
  /** `from` of those that are not wanted. */
  without = $state.raw<ReadonlySet<string>>(new Set());
  readonly #api: Api;
  readonly #uploads: Upload[];
  #sent: Pick<ImportAsked, 'files' | 'archive'> | null = null;
  #as: Record<string, ToldKind> = {};
  #asked = 0;

  constructor({ api, uploads, to }: { api: Api; uploads: Upload[]; to: string }) {
    this.#api = api;
    this.#uploads = uploads;
    this.to = to;
  }

  chosen: ImportItem[] = $derived(this.plan?.items.filter(({ from }) => !this.without.has(from)) ?? []);

  /** What would come, and what is odd in it. */
  async check(): Promise<void> {
    const mine = ++this.#asked;
    this.state = 'reading';
    try {
      const body = await this.#body();
      const plan = await this.#api('POST /library/import/check', { body });
      if (mine === this.#asked) [this.plan, this.state] = [plan, 'ready'];
    } catch (error) {
      if (!isProblem(error)) throw error;
      if (mine === this.#asked) this.state = error;
    }
  }

  async into(volume: string): Promise<void> {
    this.to = volume;
    await this.check();
  }
  async tell(from: string, kind: ToldKind): Promise<void> {
    this.#as = { ...this.#as, [from]: kind };
    await this.check();
  }
  want(from: string, wanted: boolean): void {
    const without = new Set(this.without);
    if (wanted) without.delete(from);
    else without.add(from);
    this.without = without;
  }

  /** Throws a Problem: nothing was written then. */
  async bring(): Promise<ImportPlan & { conflicts: number }> {
    this.state = 'writing';
    try {
      return await this.#api('POST /library/import', {
        body: { ...(await this.#body()), without: [...this.without] },
      });
    } finally {
      this.state = 'ready';
    }
  }

  async #body(): Promise<ImportAsked> {
    this.#sent ??= await pack(this.#uploads);
    return { to: this.to, as: this.#as, ...this.#sent };
  }
}

async function pack(uploads: Upload[]): Promise<Pick<ImportAsked, 'files' | 'archive'>> {
  const size = uploads.reduce((sum, { bytes }) => sum + bytes.size, 0);
  if (size > most)
    throw new Problem('too-large', 'This is more than 16 MB. Import it in the files place, as an archive.');
  const [first] = uploads;
  if (uploads.length === 1 && first && archive.test(first.path))
    return { files: [], archive: await base64Of(first.bytes) };
  const files = await Promise.all(uploads.map(async ({ path, bytes }) => ({ path, base64: await base64Of(bytes) })));
  return { files };
}

async function base64Of(bytes: Blob): Promise<string> {
  const read = new Uint8Array(await bytes.arrayBuffer());
  let text = '';
  for (let at = 0; at < read.length; at += 0x8000) text += String.fromCharCode(...read.subarray(at, at + 0x8000));
  return btoa(text);
}
