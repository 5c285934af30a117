// What the tabs of a board's page share: one job at a time in this person's name, its bytes on their way, and what went wrong, in words.
import type { Device } from '#shared/api/devices.ts';
import type { Artifact, DeviceState, Job, JobResult } from '#shared/devices.ts';
import { sentenceOf, type Api } from '#lib/api.ts';
import { sha256Hex } from '../jobs/bytes.ts';

/** A job without its id. */
export type Work = Job extends infer Each ? (Each extends Job ? Omit<Each, 'id'> : never) : never;
type Done = Extract<JobResult, { ok: true }>;
/** Of a board as this browser sees it, what the tools use. */
export type BoardView = {
  readonly id: string;
  readonly state: DeviceState | null;
  /** I drive, or ride along. */
  readonly mine: boolean;
  /** Bytes of mine reach the board now. */
  readonly mayType: boolean;
  perform(work: Work, signal?: AbortSignal): Promise<JobResult>;
  say(message: { type: 'ask' }): boolean;
};

export type Failure = { text: string; partial: string | null };

export class BoardTools {
  /** What runs in this person's name. */
  doing = $state.raw<{ what: string; stop: AbortController } | null>(null);
  failed = $state.raw<Failure | null>(null);
  readonly #api: Api;
  readonly #view: () => BoardView;

  constructor({ api, view }: { api: Api; view: () => BoardView }) {
    this.#api = api;
    this.#view = view;
  }

  /** null: it was not done, and `failed` says why. `prepare`: what has to be fetched or sent before the board is asked. */
  async perform(what: string, prepare: Work | ((signal: AbortSignal) => Promise<Work>)): Promise<Done | null> {
    if (this.doing) return null;
    const stop = new AbortController();
    this.doing = { what, stop };
    this.failed = null;
    try {
      const work = typeof prepare === 'function' ? await prepare(stop.signal) : prepare;
      const result = await this.#view().perform(work, stop.signal);
      if (result.ok) return result;
      if (result.code !== 'cancelled' || result.partial)
        this.failed = { text: result.text, partial: result.partial ?? null };
    } catch (error) {
      if (!stop.signal.aborted) this.failed = { text: sentenceOf(error), partial: null };
    } finally {
      this.doing = null;
    }
    return null;
  }

  cancel(): void {
    this.doing?.stop.abort();
  }

  /** Its hash goes with it: the server refuses what arrived otherwise. */
  async send(file: Blob, name: string): Promise<Artifact> {
    const bytes = new Uint8Array(await file.arrayBuffer());
    return this.#api('POST /devices/:id/artifacts', {
      params: { id: this.#view().id },
      query: { name, sha256: sha256Hex(bytes) },
      body: bytes,
    });
  }
  fromVolume(path: string): Promise<Artifact> {
    return this.#api('POST /devices/:id/artifacts/from-file', {
      params: { id: this.#view().id },
      body: { from: path },
    });
  }
  async fetch(artifact: Artifact): Promise<Uint8Array<ArrayBuffer>> {
    const answer: unknown = await this.#api('GET /devices/:id/artifacts/:artifact', {
      params: { id: this.#view().id, artifact: artifact.id },
    });
    const bytes = new Uint8Array(await new Response(answer as Blob | string).arrayBuffer());
    if (sha256Hex(bytes) !== artifact.sha256)
      throw new Error(`What arrived of ${artifact.name} is not what was sent. Try again.`);
    return bytes;
  }
}

/** Why this person cannot act on the board now, as a title and a sentence; null: they can. */
export function whyNot({
  view,
  may,
}: {
  view: BoardView;
  may: Device['may'];
}): { title: string; text: string; ask: boolean } | null {
  const state = view.state;
  const name = state?.label ?? 'This board';
  if (!state)
    return { title: 'Not connected', text: 'As soon as the server answers, this is there again.', ask: false };
  if (state.connection !== 'online')
    return {
      title: `${name} is ${state.connection === 'lost' ? 'unplugged' : 'offline'}`,
      text: state.why ?? 'No browser holds it now.',
      ask: false,
    };
  if (state.stop)
    return {
      title: `${name} is stopped`,
      text: `${state.stop.by.name} pressed the emergency stop. Clear it to go on.`,
      ask: false,
    };
  if (view.mine) return null;
  if (may === 'watch')
    return {
      title: 'You can watch here',
      text: 'Acting on a board needs the right to write in its volume.',
      ask: false,
    };
  const lease = state.lease;
  if (!lease) return { title: 'Nobody drives', text: 'Ask for a turn: then this is yours to use.', ask: true };
  const who = lease.holder.run ? `A run of ${lease.holder.person.name}` : lease.holder.person.name;
  return { title: `${who} drives`, text: 'You see what happens in the console. Ask for a turn to act.', ask: true };
}
